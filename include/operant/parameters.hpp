#pragma once
/// \file
/// The values that a parameter of an environment may have, and functions for an environment's own checks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace operant {

/// The sign that a parameter must have. It must be finite in any case.
enum class Sign : std::uint32_t { any, not_negative, positive };

/// A map of characters, rows from top to bottom, as a parameter of grid worlds.
struct Grid {
    static constexpr std::size_t largest = 64;  ///< the largest number of rows, and of columns

    std::int32_t rows = 0;                         ///< from 1 to `largest`
    std::int32_t columns = 0;                      ///< from 1 to `largest`
    std::array<char, largest * largest> cells{};  ///< row after row

    /// An empty map.
    constexpr Grid() = default;

    /// \param lines one after the other, all of the same length
    /// \param columns_ the length of a line
    constexpr Grid(std::string_view lines, std::int32_t columns_)
        : rows(static_cast<std::int32_t>(lines.size()) / columns_), columns(columns_) {
        for (std::size_t i = 0; i < lines.size(); ++i) cells[i] = lines[i];
    }

    /// The character at a place.
    constexpr char at(std::int32_t row, std::int32_t column) const {
        return cells[static_cast<std::size_t>(row * columns + column)];
    }
};

/// A number for a message, with as few digits as identify it: 0.02 rather than 0.020000.
inline std::string shortest(double value) {
    char text[32];
    for (int digits = 1; digits <= 17; ++digits) {
        std::snprintf(text, sizeof(text), "%.*g", digits, value);
        if (std::strtod(text, nullptr) == value) break;
    }
    return text;
}

/// For an environment's `check`: \throws std::invalid_argument unless low < high
inline void check_ordered(std::string_view low_name, double low, std::string_view high_name, double high) {
    if (!(low < high))
        throw std::invalid_argument(std::string(low_name) + ": expected a number below " + std::string(high_name) + " = " +
                                    shortest(high) + ", got " + shortest(low));
}

/// For an environment's `check`: \throws std::invalid_argument unless 0 <= value <= 1
inline void check_probability(std::string_view name, double value) {
    if (!(value >= 0 && value <= 1))
        throw std::invalid_argument(std::string(name) + ": expected a probability, from 0 to 1, got " + shortest(value));
}

}  // namespace operant
