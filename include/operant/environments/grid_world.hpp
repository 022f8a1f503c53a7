#pragma once
/// \file
/// The common part of FrozenLake and CliffWalking: a player on a grid, which may be slippery.

#include <array>
#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

namespace operant {

/// Base of FrozenLake and CliffWalking.
struct GridWorld : Environment {
    using ActionSpace = Discrete<4>;  ///< a direction; neighbouring numbers are at right angles

    /// The player's cell.
    struct State {
        std::int8_t row;  ///< from the top
        std::int8_t col;  ///< from the left

        OPERANT_MEMBERS(row, col)
    };

    /// The info of a step.
    struct Info {
        double prob;  ///< the probability with which the step went this way

        OPERANT_MEMBERS(prob)
    };

    /// The result of a step.
    struct Result {
        double reward;    ///< of the step
        bool terminated;  ///< true if the episode has ended
        Info info;        ///< of the step
    };

    /// The info of a reset: Gymnasium reports probability 1 for any number of starts.
    template <class Parameters>
    static XSIMD_INLINE Info reset_info(const Parameters&, const State&) {
        return {1};
    }

protected:
    /// \throws std::invalid_argument if the player is outside the grid
    static void check_place(const State& state, int rows, int columns) {
        check_integer("row", state.row, 0, rows - 1);
        check_integer("col", state.col, 0, columns - 1);
    }

    /// A direction in which the player may move, with its probability.
    struct Direction {
        std::int64_t number;  ///< as actions are numbered
        double prob;          ///< the probability of this direction
    };

    /// On dry ground the player goes as wanted. Gymnasium draws a random number here, too.
    static XSIMD_INLINE Direction walk(std::int64_t wanted, Pcg64& random) {
        random.random();
        return {wanted, 1};
    }

    /// On slippery ground the player goes as wanted, or at a right angle to it.
    /// \param wanted the direction, as actions are numbered
    /// \param random the env's stream
    /// \param straight,sideways the probabilities to go as wanted, and to go to each of the two sides
    static XSIMD_INLINE Direction slip(std::int64_t wanted, double straight, double sideways, Pcg64& random) {
        const std::array<double, 3> cumulative{sideways, sideways + straight, sideways + straight + sideways};
        const auto turn = static_cast<std::int64_t>(random.choice(cumulative));
        return {(wanted + turn + 3) % 4, turn == 1 ? straight : sideways};
    }

    /// The place `down` rows below and `right` columns to the right, or the nearest place on the grid.
    static XSIMD_INLINE State moved(const State& from, int down, int right, int rows, int columns) {
        return {within(from.row + down, rows), within(from.col + right, columns)};
    }

private:
    static XSIMD_INLINE std::int8_t within(int place, int count) {
        return static_cast<std::int8_t>(place < 0 ? 0 : place >= count ? count - 1 : place);
    }
};

}  // namespace operant
