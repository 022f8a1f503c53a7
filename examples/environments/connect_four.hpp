#pragma once
// ConnectFour: drop a piece into one of seven columns, so that four of them stand in a line before four of the opponent's do.
//
// J. Tromp, "John's Connect Four Playground" (tromp.github.io/c4/c4.html), for the rules and for a board as bits.
//
// This environment shows a board of bits that becomes the planes of the observation without a loop, an action mask, and an
// opponent as a part of the environment, which plays at random.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

// Observation: two planes of six rows, the lowest first, with ones for the player's and the opponent's pieces. Reward: 1 for a
// line, -1 for a line of the opponent or a piece into a full column. Each of these ends the episode; so does a full board.
// The opponent chooses uniformly among the columns that are not full, and begins every other episode on average.
struct ConnectFour : operant::Environment {
    static constexpr std::string_view name = "ConnectFour";
    static constexpr std::int32_t max_episode_steps = operant::unlimited;  // 21 pieces fill the board
    static constexpr int rows = 6, columns = 7, cells = rows * columns;
    using ActionSpace = operant::Discrete<columns>;

    // Bit 7 * row + column of a board is 1 if there is a piece; row 0 is the lowest.
    struct State {
        std::uint64_t mine, theirs;

        OPERANT_MEMBERS(mine, theirs)
    };

    using Planes = operant::BoxOf<std::uint8_t, 2, rows, columns>;
    static constexpr Planes observation_space(const Parameters&) { return Planes::bounded(0, 1); }

    static void check_state(const Parameters&, const State& state) {
        operant::check_integer("mine", static_cast<std::int64_t>(state.mine), 0, whole_board);
        operant::check_integer("theirs", static_cast<std::int64_t>(state.theirs), 0, whole_board);
    }

    static XSIMD_INLINE State reset(const Parameters&, Random& random) {
        State state{};
        if (random.random() < 0.5) state.theirs = random_piece(state, random);
        return state;
    }

    static XSIMD_INLINE operant::Outcome<double> step(const Parameters&, State& state, std::int64_t column, Random& random) {
        if ((free_columns(state) >> column & 1) == 0) return {-1, true};
        state.mine |= piece(state, static_cast<int>(column));
        if (has_line(state.mine)) return {1, true};
        if (free_columns(state) == 0) return {0, true};
        state.theirs |= random_piece(state, random);
        if (has_line(state.theirs)) return {-1, true};
        return {0, free_columns(state) == 0};
    }

    static XSIMD_INLINE operant::Bits<2 * cells> observation(const Parameters&, const State& state) {
        return {{state.mine | state.theirs << cells, state.theirs >> (64 - cells)}};
    }

    static XSIMD_INLINE std::uint8_t action_mask(const Parameters&, const State& state) { return free_columns(state); }

private:
    static constexpr std::uint64_t each_row = 0x810204081;  // bit 0 of each row
    static constexpr std::int64_t whole_board = (std::int64_t{1} << cells) - 1;

    // A bit for each column, 1 if its highest cell is free.
    static XSIMD_INLINE std::uint8_t free_columns(const State& state) {
        constexpr std::uint64_t all_columns = (1 << columns) - 1;
        return static_cast<std::uint8_t>(~(state.mine | state.theirs) >> (columns * (rows - 1)) & all_columns);
    }

    // The bit of the lowest free cell of a column. Counting the pieces avoids a loop, whose branches would be mispredicted.
    static XSIMD_INLINE std::uint64_t piece(const State& state, int column) {
        const std::uint64_t in_column = (state.mine | state.theirs) & each_row << column;
        return std::uint64_t{1} << (column + columns * std::popcount(in_column));
    }

    // A piece in a random column that is not full: the drawn number is the position among the free columns. The product is
    // faster than `integers`, which makes a 64-bit draw only in every second call, so its branch is often mispredicted.
    static XSIMD_INLINE std::uint64_t random_piece(const State& state, Random& random) {
        const std::uint32_t free = free_columns(state);
        const auto drawn = static_cast<int>(random.random() * std::popcount(free));
        int column = 0;
        for (int i = 0; i < columns - 1; ++i) column += std::popcount(free & ((2u << i) - 1)) <= drawn;
        return piece(state, column);
    }

    // True if a board has four bits in a line. A line to the side must not go around an edge.
    static XSIMD_INLINE bool has_line(std::uint64_t board) {
        constexpr std::uint64_t starts_to_the_right = each_row * 0b0001111, starts_to_the_left = each_row * 0b1111000;
        const auto lines = [&](int distance) {
            const std::uint64_t pairs = board & board >> distance;
            return pairs & pairs >> 2 * distance;
        };
        return (lines(columns) | (lines(1) & starts_to_the_right) | (lines(columns + 1) & starts_to_the_right) |
                (lines(columns - 1) & starts_to_the_left)) != 0;
    }
};
