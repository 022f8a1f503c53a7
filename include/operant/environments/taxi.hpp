#pragma once
/// \file
/// Taxi: drive to a passenger, pick the passenger up, drive to the destination and drop the passenger off there.
///
/// T. G. Dietterich, "Hierarchical Reinforcement Learning with the MAXQ Value Function Decomposition", Journal of Artificial
/// Intelligence Research 13, 2000, with the rain and the fickle passenger of section 7.1. The rules are those of
/// Gymnasium's Taxi-v4.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/environments/grid_world.hpp>

namespace operant {

namespace detail {

/// The cumulative probabilities of Taxi's 300 starts, with the roundings of numpy.cumsum.
constexpr std::array<double, 300> taxi_start_sums = [] {
    std::array<double, 300> sums{};
    double sum = 0;
    for (double& one : sums) one = sum += 1.0 / 300;
    return sums;
}();

}  // namespace detail

/// The description of Gymnasium's Taxi-v4; `VectorEnv<Taxi>` steps many envs of it.
///
///     +---------+
///     |R: | : :G|      R, G, Y, B: the stands 0 to 3
///     | : | : : |      |           walls
///     | : : : : |
///     | | : | : |
///     |Y| : |B: |
///     +---------+
///
/// Observation: ((row * 5 + col) * 5 + passenger) * 4 + destination. Reward: 20 for the step that brings the passenger to
/// the destination and terminates the episode, -10 for an impossible attempt to pick up or drop off, -1 for every other
/// step.
struct Taxi : Environment {
    static constexpr std::string_view name = "Taxi";        ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = 200;  ///< after so many steps an episode is truncated
    using ActionSpace = Discrete<6>;                        ///< see Action
    using Random = BufferedPcg64;                           ///< draws integers, which the fickle passenger needs

    /// The first four are also the directions of the taxi.
    enum Action : std::int64_t { south, north, east, west, pick_up, drop_off };

    static constexpr int size = 5;         ///< the number of rows, and of columns
    static constexpr int stands = 4;       ///< the number of stands, where passengers wait and want to go
    static constexpr int in_taxi = stands;  ///< the place of a passenger who is in the taxi

    /// With Gymnasium's names.
    struct State {
        std::int8_t taxi_row;          ///< from the top
        std::int8_t taxi_col;          ///< from the left
        std::int8_t pass_loc;          ///< the passenger's stand, or `in_taxi`
        std::int8_t dest_idx;          ///< the stand to go to
        std::int8_t fickle_step;       ///< 1 if the passenger will change the destination on the way
        std::int8_t taxi_orientation;  ///< the last direction that was chosen; only a picture shows it

        OPERANT_MEMBERS(taxi_row, taxi_col, pass_loc, dest_idx, fickle_step, taxi_orientation)
    };

    /// Gymnasium's arguments of the same names.
    struct Parameters {
        bool is_rainy = false;
        bool fickle_passenger = false;
        double rainy_probability = 0.8;
        double fickle_probability = 0.3;

        OPERANT_PARAMETERS(
            (is_rainy, "true lets the taxi drift to its left or right"),
            (fickle_passenger, "true lets a passenger change the destination"),
            (rainy_probability, Sign::any, "the probability to go straight ahead in the rain, from 0 to 1"),
            (fickle_probability, Sign::any, "the probability that the destination changes, once per episode, from 0 to 1"))
    };

    /// \throws std::invalid_argument if a probability is not between 0 and 1
    static void check(const Parameters& p) {
        check_probability("rainy_probability", p.rainy_probability);
        check_probability("fickle_probability", p.fickle_probability);
    }

    /// \throws std::invalid_argument if there is no such state
    static void check_state(const Parameters&, const State& state) {
        check_integer("taxi_row", state.taxi_row, 0, size - 1);
        check_integer("taxi_col", state.taxi_col, 0, size - 1);
        check_integer("pass_loc", state.pass_loc, 0, in_taxi);
        check_integer("dest_idx", state.dest_idx, 0, stands - 1);
        check_integer("fickle_step", state.fickle_step, 0, 1);
        check_integer("taxi_orientation", state.taxi_orientation, 0, west);
    }

    /// A number for every state, including those that cannot be reached.
    static constexpr Discrete<size * size * (stands + 1) * stands> observation_space(const Parameters&) { return {}; }

    using Info = GridWorld::Info;      ///< the info of a step
    using Result = GridWorld::Result;  ///< the result of a step

    /// Puts the taxi anywhere, and the passenger at a stand other than the destination: 300 states, all equally likely.
    static XSIMD_INLINE State reset(const Parameters& p, BufferedPcg64& random) {
        State state{};
        const std::size_t start = choose_start(random.random());
        // Otherwise rounding has left the last sum not larger than the drawn number, and Gymnasium starts from state 0.
        if (start < starts) {
            const int place = static_cast<int>(start) / 12, pair = static_cast<int>(start) % 12;
            const int passenger = pair / 3, destination = pair % 3;
            state.taxi_row = static_cast<std::int8_t>(place / size);
            state.taxi_col = static_cast<std::int8_t>(place % size);
            state.pass_loc = static_cast<std::int8_t>(passenger);
            state.dest_idx = static_cast<std::int8_t>(destination + (destination >= passenger));
        }
        state.fickle_step = p.fickle_passenger && random.random() < p.fickle_probability;
        return state;
    }

    /// Moves the taxi, picks the passenger up or drops the passenger off.
    static XSIMD_INLINE Result step(const Parameters& p, State& state, std::int64_t action, BufferedPcg64& random) {
        if (action == pick_up || action == drop_off) {
            random.random();  // Gymnasium draws even where there is only one outcome
            const int stand = stand_at(state.taxi_row, state.taxi_col);
            const bool is_possible = action == pick_up ? stand != none && state.pass_loc == stand  //
                                                       : stand != none && state.pass_loc == in_taxi;
            const bool arrived = is_possible && action == drop_off && stand == state.dest_idx;
            if (is_possible) state.pass_loc = static_cast<std::int8_t>(action == pick_up ? in_taxi : stand);
            return {arrived ? 20.0 : is_possible ? -1.0 : -10.0, arrived, {1}};
        }

        const int row = state.taxi_row, col = state.taxi_col;
        double prob = 1;
        std::int64_t heading = action;
        if (p.is_rainy) {
            constexpr std::int64_t left_of[] = {east, west, north, south}, right_of[] = {west, east, south, north};
            const double straight = p.rainy_probability, sideways = (1 - straight) / 2;
            const auto drift = random.choice(std::array{straight, straight + sideways, straight + sideways + sideways});
            prob = drift == 0 ? straight : sideways;
            // If the way ahead is blocked, the taxi stays where it is and does not drift.
            if (can_go(row, col, action)) heading = drift == 0 ? action : drift == 1 ? left_of[action] : right_of[action];
        } else {
            random.random();
        }
        const bool moves = can_go(row, col, heading);
        state.taxi_row = static_cast<std::int8_t>(row + moves * ((heading == south) - (heading == north)));
        state.taxi_col = static_cast<std::int8_t>(col + moves * ((heading == east) - (heading == west)));
        state.taxi_orientation = static_cast<std::int8_t>(action);

        if (p.fickle_passenger && state.fickle_step != 0 && state.pass_loc == in_taxi && moves) {
            state.fickle_step = 0;
            const std::int64_t other = random.integers(stands - 1);
            state.dest_idx = static_cast<std::int8_t>(other + (other >= state.dest_idx));
        }
        return {-1, false, {prob}};
    }

    /// The info of a reset.
    static XSIMD_INLINE Info reset_info(const Parameters&, const State&) { return {1}; }

    /// 1 for the actions that would change the state, in Gymnasium's type.
    static XSIMD_INLINE std::array<std::int8_t, 6> action_mask(const Parameters&, const State& state) {
        const int row = state.taxi_row, col = state.taxi_col, stand = stand_at(row, col);
        return {can_go(row, col, south),
                can_go(row, col, north),
                can_go(row, col, east),
                can_go(row, col, west),
                stand != none && state.pass_loc == stand,
                stand != none && state.pass_loc == in_taxi};
    }

    /// The observation of a state: its number.
    static XSIMD_INLINE std::int64_t observation(const Parameters&, const State& state) {
        return ((state.taxi_row * size + state.taxi_col) * (stands + 1) + state.pass_loc) * stands + state.dest_idx;
    }

private:
    static constexpr int none = -1;
    static constexpr std::size_t starts = detail::taxi_start_sums.size();

    /// The stand at a place, or `none`.
    static XSIMD_INLINE int stand_at(int row, int col) {
        return row == 0 && col == 0   ? 0
               : row == 0 && col == 4 ? 1
               : row == 4 && col == 0 ? 2
               : row == 4 && col == 3 ? 3
                                      : none;
    }

    /// Returns true if there is a wall between a place and the one to the east of it.
    static XSIMD_INLINE bool is_wall(int row, int col) {
        return (row < 2 && col == 1) || (row > 2 && (col == 0 || col == 2));
    }

    static XSIMD_INLINE bool can_go(int row, int col, std::int64_t heading) {
        return heading == south   ? row < size - 1
               : heading == north ? row > 0
               : heading == east  ? col < size - 1 && !is_wall(row, col)
                                  : col > 0 && !is_wall(row, col - 1);
    }

    /// The index of the first sum that is larger than `drawn`: at 300 times `drawn`, or next to it.
    static XSIMD_INLINE std::size_t choose_start(double drawn) {
        const auto& sums = detail::taxi_start_sums;
        auto start = static_cast<std::size_t>(drawn * starts);
        if (start > 0 && sums[start - 1] > drawn) --start;
        if (start < starts && sums[start] <= drawn) ++start;
        return start;
    }
};

}  // namespace operant
