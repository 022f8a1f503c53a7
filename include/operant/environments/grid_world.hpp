#pragma once
/// \file
/// What FrozenLake and CliffWalking share: a player on a grid, which may be slippery.

#include <array>
#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

namespace operant {

/// Base of FrozenLake and CliffWalking.
struct GridWorld {
    using ActionSpace = Discrete<4>;  ///< a direction; those next to each other are at right angles

    /// Of the player.
    struct State {
        std::int8_t row;  ///< from the top
        std::int8_t col;  ///< from the left
    };

    /// Calls `visit(name, member)` for every member of a state.
    template <class S, class Visitor>
    static XSIMD_INLINE void visit_state(S& s, const Visitor& visit) {
        visit("row", s.row);
        visit("col", s.col);
    }

    /// What a step tells besides.
    struct Info {
        double prob;  ///< how likely it was that the step went this way
    };

    /// Calls `visit(name, member)` for every member of an info.
    template <class I, class Visitor>
    static XSIMD_INLINE void visit_info(I& info, const Visitor& visit) {
        visit("prob", info.prob);
    }

    /// What a step brought.
    struct Result {
        double reward;
        bool terminated;
        Info info;
    };

    /// Where every episode starts is told without a doubt.
    template <class Parameters>
    static XSIMD_INLINE Info reset_info(const Parameters&, const State&) {
        return {1};
    }

protected:
    /// Where the player goes, and how likely that was.
    struct Direction {
        std::int64_t number;
        double prob;
    };

    /// On dry ground: as wanted. Gymnasium draws here, too.
    static XSIMD_INLINE Direction walk(std::int64_t wanted, Pcg64& random) {
        random.random();
        return {wanted, 1};
    }

    /// On slippery ground: as wanted, or at a right angle to it.
    /// \param straight,sideways how likely it is to go as wanted, and to go to each of the sides
    static XSIMD_INLINE Direction slip(std::int64_t wanted, double straight, double sideways, Pcg64& random) {
        const std::array<double, 3> cumulative{sideways, sideways + straight, sideways + straight + sideways};
        const auto turn = static_cast<std::int64_t>(random.choice(cumulative));
        return {(wanted + turn + 3) % 4, turn == 1 ? straight : sideways};
    }

    /// The place so many rows down and columns to the right, or the nearest one on the grid.
    static XSIMD_INLINE State moved(const State& from, int down, int right, int rows, int columns) {
        return {within(from.row + down, rows), within(from.col + right, columns)};
    }

private:
    static XSIMD_INLINE std::int8_t within(int place, int count) {
        return static_cast<std::int8_t>(place < 0 ? 0 : place >= count ? count - 1 : place);
    }
};

}  // namespace operant
