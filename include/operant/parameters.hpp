#pragma once
/// \file
/// What values a physical parameter may have, and the check that every VectorEnv makes of them.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace operant {

/// Every parameter is finite; most must also have a sign to make sense.
enum class Sign { any, not_negative, positive };

/// Visits an environment's parameters and throws std::invalid_argument, with the parameter's name, for one that is
/// nonsense.
struct ParameterCheck {
    /// A number. \throws std::invalid_argument when it is not finite, or its sign makes no sense
    void operator()(std::string_view name, double value, Sign sign) const {
        const char* expected = sign == Sign::positive       ? "a positive number"
                               : sign == Sign::not_negative ? "a number that is not negative"
                                                            : "a finite number";
        if (!std::isfinite(value) || (sign == Sign::positive && value <= 0) || (sign == Sign::not_negative && value < 0))
            throw std::invalid_argument(std::string(name) + ": expected " + expected + ", got " + number(value));
    }

    /// Several numbers. \throws std::invalid_argument as for one
    template <std::size_t size>
    void operator()(std::string_view name, const std::array<double, size>& values, Sign sign) const {
        for (const double value : values) (*this)(name, value, sign);
    }

    /// A switch has no nonsense.
    void operator()(std::string_view, bool) const {}

    /// Nor has one of several names.
    template <class Choice, std::size_t size>
    void operator()(std::string_view, Choice, const std::array<std::string_view, size>&) const {}

    /// \throws std::invalid_argument unless low < high
    static void ordered(std::string_view low_name, double low, std::string_view high_name, double high) {
        if (!(low < high))
            throw std::invalid_argument(std::string(low_name) + ": expected a number below " + std::string(high_name) +
                                        " = " + number(high) + ", got " + number(low));
    }

private:
    /// As short as can be: 0.02 rather than 0.020000.
    static std::string number(double value) {
        char text[32];
        std::snprintf(text, sizeof(text), "%.17g", value);
        for (int digits = 1; digits < 17; ++digits) {
            char shorter[32];
            std::snprintf(shorter, sizeof(shorter), "%.*g", digits, value);
            // std::stod would throw where a short text is a number too small or too large.
            if (std::strtod(shorter, nullptr) == value) return shorter;
        }
        return text;
    }
};

}  // namespace operant
