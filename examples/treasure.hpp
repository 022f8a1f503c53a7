#pragma once
// Treasure: walk to a treasure on a grid of eight by eight cells.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <operant/environment.hpp>

struct Treasure : operant::Environment {
    static constexpr std::string_view name = "Treasure";
    static constexpr std::int32_t max_episode_steps = 50;
    static constexpr int side = 8;
    using ActionSpace = operant::Discrete<4>;  // up, right, down, left
    using Random = operant::BufferedPcg64;     // the generator that draws integers

    struct State {
        std::int32_t row, column;                    // the walker's place
        std::int32_t treasure_row, treasure_column;

        OPERANT_MEMBERS(row, column, treasure_row, treasure_column)
    };

    struct Parameters {
        double fee = 0.01;

        OPERANT_PARAMETERS((fee, operant::Sign::not_negative, "subtracted from the reward of every step"))
    };

    // An image of uint8: red where the walker is, green where the treasure is.
    using Image = operant::BoxOf<std::uint8_t, side, side, 3>;
    static Image observation_space(const Parameters&) { return Image::bounded(0, 255); }

    static std::array<std::uint8_t, side * side * 3> observation(const Parameters&, const State& s) {
        std::array<std::uint8_t, side * side * 3> image{};
        image[static_cast<std::size_t>(3 * (side * s.row + s.column))] = 255;
        image[static_cast<std::size_t>(3 * (side * s.treasure_row + s.treasure_column) + 1)] = 255;
        return image;
    }

    // `step` takes any state, but `observation` uses the places as indices.
    static void check_state(const Parameters&, const State& s) {
        for (const std::int32_t place : {s.row, s.column, s.treasure_row, s.treasure_column})
            operant::check_integer("place", place, 0, side - 1);
    }

    static State reset(const Parameters&, Random& random) {
        const auto place = [&] { return static_cast<std::int32_t>(random.integers(side)); };
        return {place(), place(), place(), place()};  // braces draw in this order
    }

    static operant::Outcome<double> step(const Parameters& p, State& s, std::int64_t action) {
        constexpr std::array<int, 4> down = {-1, 0, 1, 0}, right = {0, 1, 0, -1};
        const auto way = static_cast<std::size_t>(action);
        s.row = std::clamp(s.row + down[way], 0, side - 1);
        s.column = std::clamp(s.column + right[way], 0, side - 1);
        const bool found = s.row == s.treasure_row && s.column == s.treasure_column;
        return {(found ? 1 : 0) - p.fee, found};
    }
};
