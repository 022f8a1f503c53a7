#pragma once
/// \file
/// Checks of what callers pass to an environment: sizes, reset bounds, states and actions. Each throws an exception that
/// names the argument, what was expected and what it got.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <operant/environment_library.hpp>
#include <operant/parameter_table.hpp>
#include <operant/worker_pool.hpp>

namespace operant::detail {

/// \return the value
/// \throws std::invalid_argument unless it is from 1 to `largest`
inline std::size_t checked_count(const char* argument, std::size_t value, std::size_t largest) {
    if (value == 0 || value > largest)
        throw std::invalid_argument(std::string(argument) + ": expected an integer from 1 to " + std::to_string(largest) +
                                    ", got " + std::to_string(value));
    return value;
}

/// \throws std::invalid_argument unless there are no bounds, or a finite one for each bound of the environment's resets
inline void check_reset_bounds(const EnvironmentDescription& environment, std::span<const double> bounds) {
    if (!bounds.empty() && bounds.size() != environment.reset_bound_count)
        throw std::invalid_argument("bounds: expected " + std::to_string(environment.reset_bound_count) + " numbers, got " +
                                    std::to_string(bounds.size()));
    for (std::size_t i = 0; i < bounds.size(); ++i)
        if (!std::isfinite(bounds[i]))
            throw std::invalid_argument(std::string(environment.reset_bounds[i].name) + ": expected a finite number, got " +
                                        shortest(bounds[i]));
}

/// \throws std::invalid_argument unless it is num_envs x state_size
inline void check_state_size(const EnvironmentDescription& environment, std::size_t num_envs, std::size_t size) {
    if (size != num_envs * environment.state_size)
        throw std::invalid_argument("state: expected " + std::to_string(num_envs * environment.state_size) +
                                    " numbers, num_envs x state_size, got " + std::to_string(size));
}

/// \throws std::invalid_argument unless it is num_envs x random_size
inline void check_generators_size(const EnvironmentDescription& environment, std::size_t num_envs, std::size_t size) {
    if (size != num_envs * environment.random_size)
        throw std::invalid_argument("generators: expected " + std::to_string(num_envs * environment.random_size) +
                                    " bytes, got " + std::to_string(size));
}

/// Whether an element of this type can hold the number.
inline bool holds(ElementType type, double value) {
    const auto is_integer = [&](double low, double high) { return value >= low && value <= high && std::trunc(value) == value; };
    switch (type) {
        case ElementType::float32: return std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max());
        case ElementType::float64: return std::isfinite(value);
        case ElementType::int8: return is_integer(-128, 127);
        case ElementType::int32: return is_integer(-0x1p31, 0x1p31 - 1);
        case ElementType::uint32: return is_integer(0, 0x1p32 - 1);
        case ElementType::int64: return is_integer(-0x1p53, 0x1p53);
        default: return value == 0 || value == 1;
    }
}

/// For messages: the numbers that an element of this type can hold.
inline std::string expected_of(ElementType type) {
    switch (type) {
        case ElementType::float32:
        case ElementType::float64: return "a finite number of the state's precision";
        case ElementType::boolean: return "0 or 1";
        default: return "an integer that the state can hold";
    }
}

/// \throws std::invalid_argument unless the state has the right size, and every variable can hold its number
inline void check_state(const EnvironmentDescription& environment, const ElementType* state_types, std::size_t num_envs,
                        std::span<const double> state) {
    check_state_size(environment, num_envs, state.size());
    for (std::size_t i = 0; i < state.size(); ++i) {
        const std::size_t variable = i % environment.state_size;
        if (!holds(state_types[variable], state[i]))
            throw std::invalid_argument("state[" + std::to_string(i / environment.state_size) + ", " +
                                        std::to_string(variable) + "]: expected " + expected_of(state_types[variable]) +
                                        " for " + environment.state_names[variable] + ", got " + shortest(state[i]));
    }
}

/// Checks the actions of one step or of several.
template <class Action>
class ActionCheck {
public:
    /// \param environment,parameters which determine the action space
    /// \param num_envs how many copies
    /// \param actions a row for each copy, of one step or of several steps, one after the other
    /// \param steps how many; 0 for one step, whose messages do not mention steps
    ActionCheck(const EnvironmentDescription& environment, const ParameterTable& parameters, std::size_t num_envs,
                std::span<const Action> actions, std::size_t steps)
        : environment_(environment), parameters_(parameters), num_envs_(num_envs), actions_(actions), steps_(steps) {}

    /// Looks at all actions, with all workers if there are so many actions that this saves time.
    /// \throws std::invalid_argument if there are too few or too many, or one cannot be used
    void run(Kernels::AreValid are_valid, WorkerPool& pool) const {
        const std::size_t size = environment_.action.size, rows = std::max<std::size_t>(steps_, 1) * num_envs_;
        if (actions_.size() != rows * size)
            throw std::invalid_argument("actions: expected " + std::to_string(rows * size) + " numbers, " +
                                        std::to_string(size) + " per copy, got " + std::to_string(actions_.size()));
        constexpr std::size_t part_size = 4 * lanes_per_block, worthwhile = 8 * part_size;
        if (pool.workers() == 1 || rows < worthwhile) {
            if (!are_valid(actions_.data(), rows)) throw_invalid();
            return;
        }
        std::atomic<bool> valid = true;
        pool.run((rows + part_size - 1) / part_size, [&](std::size_t part) {
            const std::size_t begin = part * part_size, end = std::min(begin + part_size, rows);
            if (!are_valid(actions_.data() + begin * size, end - begin)) valid.store(false, std::memory_order_relaxed);
        });
        if (!valid.load(std::memory_order_relaxed)) throw_invalid();
    }

private:
    /// Finds the first action that cannot be used. If another thread has corrected it meanwhile, the last action is named.
    [[noreturn]] void throw_invalid() const {
        const std::size_t size = environment_.action.size, last = actions_.size() - 1;
        std::size_t i = 0;
        std::string expected;
        if constexpr (std::is_integral_v<Action>) {
            const std::vector<std::int64_t> limits = action_limits();
            while (i < last && actions_[i] >= 0 && actions_[i] < limits[i % size]) ++i;
            expected = "an integer from 0 to " + std::to_string(limits[i % size] - 1) + ", got " + std::to_string(actions_[i]);
        } else {
            while (i < last && actions_[i] == actions_[i]) ++i;
            expected = "a number, got nan";
        }
        const std::size_t copy = i / size % num_envs_;
        std::string place = steps_ != 0 ? std::to_string(i / size / num_envs_) + ", " : "";
        place += size == 1 ? std::to_string(copy) : std::to_string(copy) + ", " + std::to_string(i % size);
        throw std::invalid_argument("actions[" + place + "]: expected " + expected);
    }

    /// How many values each number of a discrete action has.
    std::vector<std::int64_t> action_limits() const {
        const std::size_t action = environment_.action.size, observation = environment_.observation.size;
        std::vector<std::int64_t> limits(action), observation_n(observation);
        std::vector<float> floats(2 * (action + observation));
        float* next = floats.data();
        const auto take = [&](std::size_t count) { return std::exchange(next, next + count); };
        environment_.get_spaces(parameters_.data(), {take(action), take(action), limits.data(), take(observation),
                                                     take(observation), observation_n.data()});
        return limits;
    }

    const EnvironmentDescription& environment_;
    const ParameterTable& parameters_;
    std::size_t num_envs_;
    std::span<const Action> actions_;
    std::size_t steps_;
};

}  // namespace operant::detail
