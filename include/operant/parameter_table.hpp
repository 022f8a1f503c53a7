#pragma once
/// \file
/// The parameters of an environment's copies: the same for all copies, or a set for each copy.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <operant/aligned_array.hpp>
#include <operant/environment_library.hpp>
#include <operant/parameters.hpp>

namespace operant {

/// Checked parameters, in the form in which kernels take them.
class ParameterTable {
public:
    /// \param environment whose parameters these are
    /// \param numbers `number_count` doubles for all copies together, or as many for each copy, one copy after the other;
    ///        empty for the defaults
    /// \param num_envs how many copies there are
    /// \throws std::invalid_argument, with the parameter's name, if there is another number of doubles, if one of them has a
    ///         value that it must not have, or if the environment's own check fails
    ParameterTable(const EnvironmentDescription& environment, std::vector<double> numbers, std::size_t num_envs)
        : environment_(&environment), numbers_(std::move(numbers)) {
        const std::size_t count = environment.number_count;
        if (numbers_.empty()) numbers_.assign(environment.default_numbers, environment.default_numbers + count);
        if (numbers_.size() != count && numbers_.size() != count * num_envs)
            throw std::invalid_argument("parameters: expected " + std::to_string(count) + " numbers, or as many for each of " +
                                        std::to_string(num_envs) + " copies, got " + std::to_string(numbers_.size()));
        rows_ = numbers_.size() == count ? 1 : num_envs;
        per_copy_ = rows_ != 1;
        structs_ = make_aligned_array<std::byte>(rows_ * environment.parameters_size);
        for (std::size_t row = 0; row < rows_; ++row) {
            const std::string suffix = per_copy_ ? "[" + std::to_string(row) + "]" : "";
            check_numbers(numbers_.data() + row * count, suffix);
            environment.read_parameters(numbers_.data() + row * count, at(row));
            char message[512];
            if (!environment.check_parameters(at(row), message, sizeof(message)))
                throw std::invalid_argument(message + (per_copy_ ? ", of copy " + std::to_string(row) : ""));
        }
    }

    /// Whether copies may have parameters of their own.
    bool per_copy() const { return per_copy_; }
    /// One `E::Parameters`, or with per_copy() an array with one per copy.
    const void* data() const { return structs_.get(); }
    /// The `E::Parameters` of one copy.
    const void* of_copy(std::size_t copy) const { return at(per_copy_ ? copy : 0); }
    /// The numbers that the constructor was given, or the defaults.
    const std::vector<double>& numbers() const { return numbers_; }

    /// The fixed reward, if the environment has one.
    /// \throws std::invalid_argument if it differs between copies
    std::pair<double, double> fixed_reward() const {
        std::pair<double, double> reward{0, 0};
        for (std::size_t row = 0; row < rows_ && environment_->get_fixed_reward; ++row) {
            std::pair<double, double> own;
            environment_->get_fixed_reward(at(row), own.first, own.second);
            if (row != 0 && own != reward)
                throw std::invalid_argument("parameters: expected the same rewards for all copies, as " +
                                            std::string(environment_->name) + " has a fixed reward");
            reward = own;
        }
        return reward;
    }

    /// For messages: the names of the parameters that are different in another table of the same environment.
    std::string changed_in(const ParameterTable& other) const {
        std::string names;
        for (std::size_t i = 0; i < environment_->parameter_count; ++i) {
            const ParameterDescription& parameter = environment_->parameters[i];
            bool same = true;
            for (std::size_t row = 0; row < std::max(rows_, other.rows_); ++row)
                same = same && std::equal(row_of(row) + parameter.first, row_of(row) + parameter.first + parameter.size,
                                          other.row_of(row) + parameter.first);
            if (!same) names += (names.empty() ? "" : ", ") + std::string(parameter.name);
        }
        return names;
    }

private:
    const double* row_of(std::size_t copy) const { return numbers_.data() + (per_copy_ ? copy * environment_->number_count : 0); }
    std::byte* at(std::size_t row) const { return structs_.get() + row * environment_->parameters_size; }

    void check_numbers(const double* numbers, const std::string& suffix) const {
        using Kind = ParameterDescription::Kind;
        for (std::size_t i = 0; i < environment_->parameter_count; ++i) {
            const ParameterDescription& parameter = environment_->parameters[i];
            if (parameter.kind == Kind::grid) check_grid(parameter, numbers, suffix);
            if (parameter.kind != Kind::number && parameter.kind != Kind::numbers) continue;
            const char* expected = parameter.sign == Sign::positive       ? "a positive number"
                                   : parameter.sign == Sign::not_negative ? "a number that is not negative"
                                                                          : "a finite number";
            for (std::size_t k = 0; k < parameter.size; ++k) {
                const double value = numbers[parameter.first + k];
                const bool valid = std::isfinite(value) && (parameter.sign == Sign::any || value > 0 ||
                                                            (parameter.sign == Sign::not_negative && value == 0));
                if (!valid)
                    throw std::invalid_argument(parameter.name + suffix + ": expected " + expected + ", got " + shortest(value));
            }
        }
    }

    static void check_grid(const ParameterDescription& parameter, const double* numbers, const std::string& suffix) {
        constexpr double largest = Grid::largest;
        for (std::size_t k = 0; k < 2; ++k) {
            const double count = numbers[parameter.first + k];
            if (!(count >= 1 && count <= largest))
                throw std::invalid_argument(parameter.name + suffix + ": expected from 1 to " + shortest(largest) +
                                            (k == 0 ? " rows" : " columns") + ", got " + shortest(count));
        }
    }

    const EnvironmentDescription* environment_;
    std::vector<double> numbers_;
    AlignedArray<std::byte> structs_;
    std::size_t rows_ = 1;
    bool per_copy_ = false;
};

}  // namespace operant
