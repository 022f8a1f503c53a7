#pragma once
/// \file
/// FrozenLake: cross a frozen lake, whose ice is slippery, without falling into a hole.
///
/// The rules and the maps are those of Gymnasium's FrozenLake-v1.

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environments/grid_world.hpp>

namespace operant {

/// The description of Gymnasium's FrozenLake-v1; `VectorEnv<FrozenLake>` steps many envs of it.
///
/// Observation: the number of the player's tile, row by row. Reward: 1 for the goal. An episode starts on a tile S and
/// terminates on the goal G, or in a hole H.
struct FrozenLake : GridWorld {
    static constexpr std::string_view name = "FrozenLake";  ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = 100;  ///< after so many steps an episode is truncated

    /// A direction.
    enum Action : std::int64_t { left, down, right, up };

    /// Gymnasium's arguments of the same names.
    struct Parameters {
        Grid desc{"SFFF"
                  "FHFH"
                  "FFFH"
                  "HFFG", 4};
        bool is_slippery = true;
        double success_rate = 1.0 / 3.0;
        std::array<double, 3> reward_schedule{1, 0, 0};

        OPERANT_PARAMETERS(
            (desc, "the map: S start, G goal, H hole, all other letters are ice; at most 64 by 64"),
            (is_slippery, "true lets the player slip to either side"),
            (success_rate, Sign::any, "the probability not to slip, from 0 to 1"),
            (reward_schedule, Sign::any, "the rewards for reaching the goal, a hole, and ice"))
    };

    /// \throws std::invalid_argument if the map has no start, or if success_rate is not a probability
    static void check(const Parameters& p) {
        check_probability("success_rate", p.success_rate);
        if (count_starts(p.desc) == 0)
            throw std::invalid_argument("desc: expected a map with an S, where episodes start, got one without");
    }

    /// \throws std::invalid_argument if the player is outside the map
    static void check_state(const Parameters& p, const State& state) { check_place(state, p.desc.rows, p.desc.columns); }

    /// A number for every tile.
    static constexpr Discrete<> observation_space(const Parameters& p) { return {p.desc.rows * p.desc.columns}; }

    /// A start tile; if there are several, each is equally likely.
    static XSIMD_INLINE State reset(const Parameters& p, Pcg64& random) {
        const double prob = 1.0 / count_starts(p.desc);
        const double drawn = random.random();
        double cumulative = 0;
        for (std::int32_t row = 0; row < p.desc.rows; ++row)
            for (std::int32_t col = 0; col < p.desc.columns; ++col)
                if (p.desc.at(row, col) == 'S' && (cumulative += prob) > drawn)
                    return {static_cast<std::int8_t>(row), static_cast<std::int8_t>(col)};
        return {0, 0};  // as Gymnasium, when rounding has made the sum less than 1 and not larger than `drawn`
    }

    /// Moves the player.
    static XSIMD_INLINE Result step(const Parameters& p, State& state, std::int64_t action, Pcg64& random) {
        const auto moved_by = [&](int rows, int columns) { return moved(state, rows, columns, p.desc.rows, p.desc.columns); };
        if (is_end(p.desc.at(state.row, state.col))) return {0, true, {walk(action, random).prob}};

        const Direction direction =
            p.is_slippery ? slip(action, p.success_rate, (1 - p.success_rate) / 2, random) : walk(action, random);
        state = moved_by((direction.number == down) - (direction.number == up),
                         (direction.number == right) - (direction.number == left));

        const char tile = p.desc.at(state.row, state.col);
        const auto& [at_goal, in_hole, on_ice] = p.reward_schedule;
        return {tile == 'G' ? at_goal : tile == 'H' ? in_hole : on_ice, is_end(tile), {direction.prob}};
    }

    /// The observation of a state: the number of the tile.
    static XSIMD_INLINE std::int64_t observation(const Parameters& p, const State& state) {
        return state.row * p.desc.columns + state.col;
    }

private:
    static XSIMD_INLINE bool is_end(char tile) { return tile == 'G' || tile == 'H'; }

    static XSIMD_INLINE int count_starts(const Grid& desc) {
        int count = 0;
        for (std::int32_t i = 0; i < desc.rows * desc.columns; ++i) count += desc.cells[static_cast<std::size_t>(i)] == 'S';
        return count;
    }
};

}  // namespace operant
