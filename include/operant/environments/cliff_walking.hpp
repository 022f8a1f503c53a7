#pragma once
/// \file
/// CliffWalking: walk from one end of a cliff's edge to the other without stepping over it.
///
/// R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", second edition, 2018, example 6.6. The
/// rules are those of Gymnasium's CliffWalking-v1.

#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environments/grid_world.hpp>

namespace operant {

/// The description of Gymnasium's CliffWalking-v1; `VectorEnv<CliffWalking>` steps many envs of it.
///
///     o o o o o o o o o o o o
///     o o o o o o o o o o o o
///     o o o o o o o o o o o o
///     S C C C C C C C C C C G
///
/// Observation: the number of the player's place, row by row. Reward: -1 per step, and -100 for a step over the cliff C,
/// which leads back to the start S. An episode terminates at the goal G.
struct CliffWalking : GridWorld {
    static constexpr std::string_view name = "CliffWalking";      ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = unlimited;  ///< episodes are not truncated

    /// A direction.
    enum Action : std::int64_t { up, right, down, left };

    static constexpr int rows = 4;              ///< of the grid
    static constexpr int columns = 12;          ///< of the grid
    static constexpr State start{rows - 1, 0};  ///< of every episode

    /// Gymnasium's argument of the same name.
    struct Parameters {
        bool is_slippery = false;

        OPERANT_PARAMETERS(
            (is_slippery, "true lets the player slip to either side, with probability 1/3 each"))
    };

    /// \throws std::invalid_argument if the player is outside the grid
    static void check_state(const Parameters&, const State& state) { check_place(state, rows, columns); }

    /// A number for every place, including those of the cliff.
    static constexpr Discrete<rows * columns> observation_space(const Parameters&) { return {}; }

    /// Every episode starts at the same place. As in Gymnasium, a random number is drawn for it.
    static XSIMD_INLINE State reset(const Parameters&, Pcg64& random) {
        random.random();
        return start;
    }

    /// Moves the player.
    static XSIMD_INLINE Result step(const Parameters& p, State& state, std::int64_t action, Pcg64& random) {
        const Direction direction = p.is_slippery ? slip(action, 1.0 / 3, 1.0 / 3, random) : walk(action, random);
        state = moved(state, (direction.number == down) - (direction.number == up),
                      (direction.number == right) - (direction.number == left), rows, columns);

        const bool on_edge = state.row == rows - 1;
        const bool at_goal = on_edge && state.col == columns - 1;
        const bool over_cliff = on_edge && state.col > 0 && !at_goal;
        if (over_cliff) state = start;
        return {over_cliff ? -100.0 : -1.0, at_goal, {direction.prob}};
    }

    /// The observation of a state: the number of the place.
    static XSIMD_INLINE std::int64_t observation(const Parameters&, const State& state) {
        return state.row * columns + state.col;
    }
};

}  // namespace operant
