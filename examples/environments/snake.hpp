#pragma once
// Snake: a snake on a board of ten by ten cells has to eat as many fruits as it can without biting itself or the wall.
//
// This environment shows an image of uint8 as the observation, arrays and small integers in the state, and random integers.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

// Observation: an image with the head in red, the body in green and the fruit in blue, each 255. Reward: 1 for a fruit, -1 for
// a bite. A bite ends the episode; so does a snake that fills the board. An episode starts with a snake of one cell. When the
// snake eats a fruit, it grows by one cell, and the next fruit lies in a random free cell.
struct Snake : operant::Environment {
    static constexpr std::string_view name = "Snake";
    static constexpr std::int32_t max_episode_steps = 500;
    static constexpr int side = 10;
    static constexpr int cells = side * side;
    using ActionSpace = operant::Discrete<4>;  // up, right, down, left
    using Random = operant::BufferedPcg64;     // the generator that draws integers

    // Cell 10 * row + column; row 0 is at the top.
    struct State {
        std::array<std::uint8_t, cells> body;  // the cells from the head to the tail; those beyond the length are not used
        std::uint8_t length;
        std::uint8_t fruit;

        OPERANT_MEMBERS(body, length, fruit)
    };

    using Image = operant::BoxOf<std::uint8_t, side, side, 3>;
    static constexpr Image observation_space(const Parameters&) { return Image::bounded(0, 255); }

    static void check_state(const Parameters&, const State& state) {
        for (const std::uint8_t cell : state.body) operant::check_integer("body", cell, 0, cells - 1);
        operant::check_integer("length", state.length, 1, cells);
        operant::check_integer("fruit", state.fruit, 0, cells - 1);
    }

    static XSIMD_INLINE State reset(const Parameters&, Random& random) {
        State state{};
        state.body[0] = static_cast<std::uint8_t>(random.integers(cells));
        state.length = 1;
        state.fruit = free_cell(state, random);
        return state;
    }

    static XSIMD_INLINE operant::Outcome<double> step(const Parameters&, State& state, std::int64_t action, Random& random) {
        constexpr std::array<int, 4> down = {-1, 0, 1, 0}, right = {0, 1, 0, -1};
        const auto direction = static_cast<std::size_t>(action);
        const int row = state.body[0] / side + down[direction], column = state.body[0] % side + right[direction];
        if (row < 0 || row >= side || column < 0 || column >= side) return {-1, true};
        const auto head = static_cast<std::uint8_t>(side * row + column);
        const bool eats = head == state.fruit;
        // The tail leaves its cell, so the head may enter it, unless the snake grows.
        if (covers(state, head, state.length - (eats ? 0 : 1))) return {-1, true};
        std::copy_backward(state.body.begin(), state.body.end() - 1, state.body.end());
        state.body[0] = head;
        if (!eats) return {0, false};
        ++state.length;
        if (state.length == cells) return {1, true};
        state.fruit = free_cell(state, random);
        return {1, false};
    }

    static XSIMD_INLINE std::array<std::uint8_t, 3 * cells> observation(const Parameters&, const State& state) {
        std::array<std::uint8_t, 3 * cells> image{};
        image[3 * state.body[0]] = 255;
        for (std::size_t i = 1; i < state.length; ++i) image[3 * state.body[i] + 1] = 255;
        image[3 * state.fruit + 2] = 255;
        return image;
    }

private:
    // True if one of the first `length` cells of the snake is the given one.
    static XSIMD_INLINE bool covers(const State& state, std::uint8_t cell, int length) {
        for (int i = 0; i < length; ++i)
            if (state.body[static_cast<std::size_t>(i)] == cell) return true;
        return false;
    }

    // Draws cells until one is free.
    static XSIMD_INLINE std::uint8_t free_cell(const State& state, Random& random) {
        std::uint8_t cell;
        do cell = static_cast<std::uint8_t>(random.integers(cells));
        while (covers(state, cell, state.length));
        return cell;
    }
};
