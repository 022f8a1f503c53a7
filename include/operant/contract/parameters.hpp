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

/// The sign that a number must have, as limits of a parameter. It must be finite in any case.
enum class Sign : std::uint32_t { any, not_negative, positive };

/// The smallest and the largest number, as limits of a parameter.
struct Range {
    double low;   ///< the smallest
    double high;  ///< the largest
};

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

/// A number for a message, with as few digits as identify it: 0.02 rather than 0.020000, in any locale.
inline std::string shortest(double value) {
    char text[48];
    for (int digits = 1; digits <= 17; ++digits) {
        std::snprintf(text, sizeof(text), "%.*g", digits, value);
        if (std::strtod(text, nullptr) == value) break;
    }
    // The program's locale chooses the decimal point, which may have several bytes. std::to_chars needs macOS 13.3.
    std::string result = text;
    const std::size_t begin = result.find_first_not_of("+-0123456789abcdefghijklmnopqrstuvwxyz");
    if (begin == std::string::npos) return result;
    const std::size_t end = result.find_first_of("0123456789", begin);
    return result.replace(begin, end - begin, 1, '.');
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

/// For an environment's `check_state`: \throws std::invalid_argument unless low <= value <= high
inline void check_integer(std::string_view name, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value < low || value > high)
        throw std::invalid_argument(std::string(name) + ": expected an integer from " + std::to_string(low) + " to " +
                                    std::to_string(high) + ", got " + std::to_string(value));
}

}  // namespace operant
