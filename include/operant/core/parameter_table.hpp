#pragma once
/// \file
/// The parameters of the envs: one set for all envs, or one set for each env.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/contract/parameters.hpp>
#include <operant/core/aligned_array.hpp>

namespace operant {

/// The bounds of the action and observation spaces for one set of parameters, one element per number. A Box uses the vectors of
/// lowest and highest values, a discrete space those of counts. Observations have the numbers of all leaves.
struct SpaceNumbers {
    std::vector<float> action_low, action_high;             ///< the bounds of an action
    std::vector<std::int64_t> action_n;                     ///< the number of values of each number of an action
    std::vector<double> observation_low, observation_high;  ///< the bounds of an observation
    std::vector<std::int64_t> observation_n;                ///< the number of values of each number of an observation

    /// Makes room for the numbers of an action and of an observation.
    SpaceNumbers(std::size_t action, std::size_t observation)
        : action_low(action),
          action_high(action),
          action_n(action),
          observation_low(observation),
          observation_high(observation),
          observation_n(observation) {}
};

/// Checked parameters, in the form that kernels take.
class ParameterTable {
public:
    /// \param environment the description of the environment, which has to outlive this object
    /// \param numbers `number_count` doubles for all envs, or as many for each env, one env after the other; empty for the
    ///        defaults
    /// \param num_envs the number of envs
    /// \throws std::invalid_argument, with the parameter's name, if there is another number of doubles, if one of them is out
    ///         of range, or if the environment's own check fails
    ParameterTable(const EnvironmentDescription& environment, std::vector<double> numbers, std::size_t num_envs)
        : environment_(&environment), numbers_(std::move(numbers)) {
        const std::size_t count = environment.number_count;
        if (numbers_.empty()) numbers_.assign(environment.default_numbers, environment.default_numbers + count);
        if (numbers_.size() != count && numbers_.size() != count * num_envs)
            throw std::invalid_argument("parameters: expected " + std::to_string(count) + " numbers, or as many for each of " +
                                        std::to_string(num_envs) + " envs, got " + std::to_string(numbers_.size()));
        rows_ = numbers_.size() == count ? 1 : num_envs;
        per_env_ = rows_ != 1;
        structs_ = make_aligned_array<std::byte>(rows_ * environment.parameters_size);
        for (std::size_t row = 0; row < rows_; ++row) {
            std::string suffix;
            if (per_env_) suffix.append("[").append(std::to_string(row)).append("]");  // GCC 12 warns of operator+
            check_numbers(numbers_.data() + row * count, suffix);
            environment.read_parameters(environment.context, numbers_.data() + row * count, at(row));
            char message[512];
            if (!environment.check_parameters(at(row), message, sizeof(message)))
                throw std::invalid_argument(message + (per_env_ ? ", of env " + std::to_string(row) : ""));
        }
    }

    /// The description of the environment.
    const EnvironmentDescription& environment() const { return *environment_; }
    /// Returns true if each env has its own parameters.
    bool per_env() const { return per_env_; }
    /// The number of sets of parameters: 1, or num_envs.
    std::size_t rows() const { return rows_; }
    /// One `E::Parameters`, or with per_env() an array with one per env.
    const void* data() const { return structs_.get(); }
    /// The `E::Parameters` of one env.
    const void* of_env(std::size_t env) const { return at(per_env_ ? env : 0); }

    /// The bounds of the spaces of one env.
    SpaceNumbers spaces(std::size_t env) const {
        SpaceNumbers numbers(environment_->action.size, environment_->observation.size);
        environment_->get_spaces(environment_->context, of_env(env), {
            .action_low = numbers.action_low.data(),
            .action_high = numbers.action_high.data(),
            .action_n = numbers.action_n.data(),
            .observation_low = numbers.observation_low.data(),
            .observation_high = numbers.observation_high.data(),
            .observation_n = numbers.observation_n.data(),
        });
        return numbers;
    }

    /// The fixed reward, if the environment has one.
    /// \throws std::invalid_argument if it differs between envs
    std::pair<double, double> fixed_reward() const {
        std::pair<double, double> reward{0, 0};
        for (std::size_t row = 0; row < rows_ && environment_->get_fixed_reward; ++row) {
            std::pair<double, double> own;
            environment_->get_fixed_reward(at(row), own.first, own.second);
            if (row != 0 && own != reward)
                throw std::invalid_argument("parameters: expected the same rewards for all envs, as " +
                                            std::string(environment_->name) + " has a fixed reward");
            reward = own;
        }
        return reward;
    }

    /// Returns true if the flags, choices and grids of all envs are equal.
    bool has_equal_switches() const {
        using Kind = ParameterDescription::Kind;
        for (std::size_t i = 0; i < environment_->parameter_count; ++i) {
            const ParameterDescription& parameter = environment_->parameters[i];
            if (parameter.kind == Kind::number || parameter.kind == Kind::numbers) continue;
            const double* values = numbers_.data() + parameter.first;
            for (std::size_t row = 1; row < rows_; ++row)
                if (!std::equal(values, values + parameter.size, row_of(row) + parameter.first)) return false;
        }
        return true;
    }

    /// Lists the parameters that differ in another table of the same environment, for messages.
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
    const double* row_of(std::size_t env) const { return numbers_.data() + (per_env_ ? env * environment_->number_count : 0); }
    std::byte* at(std::size_t row) const { return structs_.get() + row * environment_->parameters_size; }

    void check_numbers(const double* numbers, const std::string& suffix) const {
        using Kind = ParameterDescription::Kind;
        for (std::size_t i = 0; i < environment_->parameter_count; ++i) {
            const ParameterDescription& parameter = environment_->parameters[i];
            if (parameter.kind == Kind::grid) check_grid(parameter, numbers, suffix);
            if (parameter.kind != Kind::number && parameter.kind != Kind::numbers) continue;
            for (std::size_t k = 0; k < parameter.size; ++k) {
                const double value = numbers[parameter.first + k];
                const bool valid = value >= parameter.low && value <= parameter.high &&
                                   (!parameter.integer || std::trunc(value) == value) &&
                                   (parameter.sign != Sign::positive || value > 0);
                if (!valid)
                    throw std::invalid_argument(parameter.name + suffix + ": expected " + expected(parameter) + ", got " +
                                                digits(parameter, value));
            }
        }
    }

    /// Describes the numbers that a parameter may have.
    static std::string expected(const ParameterDescription& parameter) {
        if (!parameter.integer && parameter.sign == Sign::positive) return "a positive number";
        if (!parameter.integer && parameter.sign == Sign::not_negative) return "a number that is not negative";
        if (parameter.low == std::numeric_limits<double>::lowest() && parameter.high == std::numeric_limits<double>::max())
            return "a finite number";
        return (parameter.integer ? "an integer from " : "a number from ") + digits(parameter, parameter.low) + " to " +
               digits(parameter, parameter.high);
    }

    static std::string digits(const ParameterDescription& parameter, double value) {
        constexpr double most = 9.2e18;  // an int64 can hold it
        if (!parameter.integer || std::trunc(value) != value || std::abs(value) > most) return shortest(value);
        return std::to_string(static_cast<std::int64_t>(value));
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
    bool per_env_ = false;
};

}  // namespace operant
