#pragma once
/// \file
/// Checks of arguments: sizes, reset bounds, states and actions. Each throws an exception whose message has the argument, what
/// was expected and the value.

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
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/core/parameter_table.hpp>
#include <operant/core/worker_pool.hpp>
#include <operant/library/mistakes.hpp>

namespace operant {

/// The caller's actions, an array of any type that the environment takes.
struct ActionArray {
    ElementType type = ElementType::int64;  ///< of the numbers
    const void* data = nullptr;             ///< a row for each env, for one step or for several consecutive steps
    std::size_t size = 0;                   ///< the number of numbers

    /// No actions.
    ActionArray() = default;
    /// Actions of a type that is known at run time only.
    ActionArray(ElementType type_, const void* data_, std::size_t size_) : type(type_), data(data_), size(size_) {}
    /// Actions of a type that is known.
    template <class Action>
    ActionArray(std::span<const Action> actions)
        : type(element_type_of<Action>()), data(actions.data()), size(actions.size()) {}

    /// The actions from number `i` on.
    const std::byte* from(std::size_t i) const { return static_cast<const std::byte*>(data) + i * size_of(type); }
};

namespace detail {

/// \return the environment
/// \throws std::invalid_argument if its description has a mistake
inline const EnvironmentDescription& checked(const EnvironmentDescription& environment) {
    const std::string mistake = mistake_in(environment);
    if (!mistake.empty()) throw std::invalid_argument(environment.name + (": " + mistake));
    return environment;
}

/// \return the value
/// \throws std::invalid_argument unless it is from 1 to `largest`
inline std::size_t checked_count(const char* argument, std::size_t value, std::size_t largest) {
    if (value == 0 || value > largest)
        throw std::invalid_argument(std::string(argument) + ": expected an integer from 1 to " + std::to_string(largest) +
                                    ", got " + std::to_string(value));
    return value;
}

/// \throws std::invalid_argument unless `bounds` is empty or has a finite number for each bound of the environment's resets
inline void check_reset_bounds(const EnvironmentDescription& environment, std::span<const double> bounds) {
    if (!bounds.empty() && bounds.size() != environment.reset_bound_count)
        throw std::invalid_argument("bounds: expected " + std::to_string(environment.reset_bound_count) + " numbers, got " +
                                    std::to_string(bounds.size()));
    for (std::size_t i = 0; i < bounds.size(); ++i)
        if (!std::isfinite(bounds[i]))
            throw std::invalid_argument(std::string(environment.reset_bounds[i].name) + ": expected a finite number, got " +
                                        shortest(bounds[i]));
}

/// \throws std::invalid_argument unless `size` is num_envs x state_size
inline void check_state_size(const EnvironmentDescription& environment, std::size_t num_envs, std::size_t size) {
    if (size != num_envs * environment.state_size)
        throw std::invalid_argument("state: expected " + std::to_string(num_envs * environment.state_size) +
                                    " numbers, num_envs x state_size, got " + std::to_string(size));
}

/// Returns true if an element of this type can hold the number.
inline bool holds(ElementType type, double value) {
    return with_element_type(type, [&]<class Number>(std::type_identity<Number>) {
        using Limits = std::numeric_limits<Number>;
        // Beyond 2^53, a double is not the only integer that it can stand for.
        constexpr double most = std::is_integral_v<Number> ? 0x1p53 : std::numeric_limits<double>::max();
        return value >= std::max(static_cast<double>(Limits::lowest()), -most) &&
               value <= std::min(static_cast<double>(Limits::max()), most) &&
               (std::is_floating_point_v<Number> || std::trunc(value) == value);
    });
}

/// Describes the numbers that an element of this type can hold, for messages.
inline std::string expected_of(ElementType type) {
    switch (type) {
        case ElementType::float32:
        case ElementType::float64: return "a finite number of the state's precision";
        case ElementType::boolean: return "0 or 1";
        default: return "an integer that the state can hold";
    }
}

/// Runs the environment's own check of a state, if it has one.
/// \param environment,parameters the description and the parameters of all envs
/// \param env the index of the env
/// \param state `state_size` numbers
/// \param argument the name in the message
/// \throws std::invalid_argument if the environment refuses the state
inline void check_own_state(const EnvironmentDescription& environment, const ParameterTable& parameters, std::size_t env,
                            const double* state, const char* argument) {
    char message[512];
    if (environment.check_state && !environment.check_state(parameters.of_env(env), state, message, sizeof(message)))
        throw std::invalid_argument(std::string(argument) + "[" + std::to_string(env) + "]: " + message);
}

/// Checks the state of one env.
/// \param variables the places and types of the variables
/// \param environment,parameters,env,state,argument as above
/// \throws std::invalid_argument unless every variable can hold its number and the environment accepts the state
inline void check_state(const EnvironmentDescription& environment, const StateVariable* variables,
                        const ParameterTable& parameters, std::size_t env, std::span<const double> state,
                        const char* argument) {
    for (std::size_t i = 0; i < state.size(); ++i)
        if (!holds(variables[i].type, state[i]))
            throw std::invalid_argument(std::string(argument) + "[" + std::to_string(env) + ", " + std::to_string(i) +
                                        "]: expected " + expected_of(variables[i].type) + " for " + environment.state_names[i] +
                                        ", got " + shortest(state[i]));
    check_own_state(environment, parameters, env, state.data(), argument);
}

/// Checks the actions of one step or of several.
class ActionCheck {
public:
    /// \param environment,parameters the description and the parameters, which determine the action space
    /// \param num_envs the number of envs
    /// \param actions a row for each env, for one step or for several consecutive steps
    /// \param steps the number of steps; 0 for one step whose messages do not mention steps
    ActionCheck(const EnvironmentDescription& environment, const ParameterTable& parameters, std::size_t num_envs,
                const ActionArray& actions, std::size_t steps)
        : environment_(environment), parameters_(parameters), num_envs_(num_envs), actions_(actions), steps_(steps) {}

    /// Checks all actions, on all workers if there are enough actions for that to save time.
    /// \throws std::invalid_argument if there are too few or too many, or if one cannot be used
    void run(ActionKernels::AreValid are_valid, WorkerPool& pool) const {
        const std::size_t size = environment_.action.size, rows = std::max<std::size_t>(steps_, 1) * num_envs_;
        if (actions_.size != rows * size)
            throw std::invalid_argument("actions: expected " + std::to_string(rows * size) + " numbers, " +
                                        std::to_string(size) + " per env, got " + std::to_string(actions_.size));
        constexpr std::size_t part_size = 4 * envs_per_block, worthwhile = 8 * part_size;
        if (pool.workers() == 1 || rows < worthwhile) {
            if (!are_valid(environment_.context, actions_.data, rows)) throw_invalid();
            return;
        }
        std::atomic<bool> valid = true;
        pool.run((rows + part_size - 1) / part_size, [&](std::size_t part) {
            const std::size_t begin = part * part_size, end = std::min(begin + part_size, rows);
            if (!are_valid(environment_.context, actions_.from(begin * size), end - begin))
                valid.store(false, std::memory_order_relaxed);
        });
        if (!valid.load(std::memory_order_relaxed)) throw_invalid();
    }

private:
    [[noreturn]] void throw_invalid() const {
        if (environment_.action.has_real_actions()) throw_first_of<float, double>();
        throw_first_of<std::int32_t, std::int64_t>();
    }

    /// Throws for the first action that cannot be used, or for the last action if another thread has corrected it meanwhile.
    /// Actions are of one of two types.
    template <class Narrow, class Wide>
    [[noreturn]] void throw_first_of() const {
        const auto number_at = [&](std::size_t i) -> Wide {
            if (actions_.type == element_type_of<Narrow>()) return static_cast<const Narrow*>(actions_.data)[i];
            return static_cast<const Wide*>(actions_.data)[i];
        };
        const std::vector<std::int64_t> limits = parameters_.spaces(0).action_n;
        std::size_t i = 0;
        while (i + 1 < actions_.size && is_action_number(number_at(i), limits[i % limits.size()])) ++i;
        const std::int64_t limit = limits[i % limits.size()];
        const std::string number =
            std::is_integral_v<Wide> ? std::to_string(number_at(i)) : shortest(static_cast<double>(number_at(i)));
        const std::string expected =
            limit == 0 ? "a number, got nan" : "an integer from 0 to " + std::to_string(limit - 1) + ", got " + number;
        const std::size_t size = environment_.action.size, env = i / size % num_envs_;
        std::string place = steps_ != 0 ? std::to_string(i / size / num_envs_) + ", " : "";
        const auto [name, column, columns] = part_of(i % size);
        place += columns == 1 ? std::to_string(env) : std::to_string(env) + ", " + std::to_string(column);
        throw std::invalid_argument(name + "[" + place + "]: expected " + expected);
    }

    struct Part {
        std::string name;
        std::size_t column, columns;
    };

    /// Returns the part of a tuple or a dict to which a column of the rows belongs.
    Part part_of(std::size_t column) const {
        const SpaceDescription& space = environment_.action;
        for (std::size_t i = 0; i < space.part_count; ++i) {
            const SpaceDescription& part = space.parts[i];
            if (column < part.size) {
                const std::string key = space.kind == SpaceKind::dict ? "'" + std::string(part.name) + "'" : std::to_string(i);
                return {"actions[" + key + "]", column, part.size};
            }
            column -= part.size;
        }
        return {"actions", column, space.size};
    }

    const EnvironmentDescription& environment_;
    const ParameterTable& parameters_;
    std::size_t num_envs_;
    ActionArray actions_;
    std::size_t steps_;
};

}  // namespace detail

}  // namespace operant
