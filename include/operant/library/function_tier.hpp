#pragma once
/// \file
/// The kernels of environments whose functions are given at run time, such as those that are written in Python: one set of
/// kernels serves them all, and EnvArrays::context is the FunctionTable of an environment. Functions step up to 64 envs in a
/// call. Autoreset, time limits, statistics and infos are the same as in the other tiers.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/environment.hpp>
#include <operant/kernel/episodes.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/returns.hpp>
#include <operant/kernel/state.hpp>
#include <operant/library/caught_error.hpp>
#include <operant/math/arithmetic.hpp>
#include <operant/math/prefetch.hpp>

namespace operant {

/// The argument of a function: a run of envs, at most `envs_per_word`. Arrays begin with the row of the first env. The members
/// have 8 bytes each, so that a function can read the struct as an array of integers.
struct FunctionCall {
    const void* parameters;         ///< a row of 8-byte numbers, or one per env
    std::int64_t parameter_stride;  ///< bytes from one env's parameters to the next; 0 if all envs have the same
    void* random;                   ///< a BufferedPcg64 per env
    const void* actions;            ///< of a step: rows of int64 or float64
    float* rewards;                 ///< of a step
    double* returns;                ///< of a step: the returns, to which it adds the rewards
    std::uint8_t* flags;            ///< of a step: 64 bytes for terminations, one per env, and 64 for truncations
    std::uint64_t pending;          ///< of a step: one bit per env that it leaves out
    std::int64_t count;             ///< the number of envs
    void* const* arrays;            ///< of the state, the leaves of observations, and the infos
    void* before;                   ///< room for the state and the generator of an env before the function changed them
    std::int64_t env;               ///< written by the function: the env that it processes
};

/// A function of an environment. Writes its results to the arrays of the call.
/// \param result,exception memory for the function's own use
/// \return 0, or another number if the code of env FunctionCall::env has raised an exception
using EnvFunction = std::int32_t (*)(std::int64_t* result, void** exception, FunctionCall* call);

/// An environment as functions.
struct FunctionTable {
    /// The functions.
    enum Function : std::uint32_t { step, restart, observe };

    EnvFunction functions[3] = {};  ///< in the order of the enum; null until they are needed
    /// Describes the exception that a function has raised, in at most `size` characters.
    /// \param env the index of the env among all envs; in a rollout, among those of its block
    void (*explain)(Function, const FunctionCall*, std::int64_t env, char* message, std::size_t size) = nullptr;

    std::vector<StateVariable> variables;       ///< as Kernels::state_variables
    std::vector<std::size_t> strides;           ///< as Kernels::state_strides
    std::vector<bool> integers;                 ///< for each parameter: true if its 8 bytes are an int64, false if a double
    std::vector<std::int64_t> action_limits;    ///< for each number of an action; empty if actions are floats
    std::size_t action_size = 1;                ///< the number of numbers of an action
    std::vector<std::size_t> observation_rows;  ///< bytes of an env's row of each leaf
    std::vector<std::size_t> info_rows;         ///< bytes of an env's row of each info
    bool has_reset_info = false;                ///< true if the restart writes infos
    Kernels kernels = {};                       ///< the table, with the pointers to this object's arrays
};

/// The kernels, for every FunctionTable.
class FunctionTier {
    struct Runtime : Environment {};
    using Arch = xsimd::default_arch;  // of the compiler flags of the unit that includes this
    using Bytes = xsimd::batch<std::uint8_t, Arch>;
    using Error = detail::CaughtError<Runtime>;
    static constexpr std::size_t random_size = sizeof(BufferedPcg64);

public:
    /// Fills the table of kernels of an environment that has all its functions.
    static void complete(FunctionTable& table) {
        static const ActionKernels discrete[] = {kernels_of<std::int32_t>(), kernels_of<std::int64_t>()};
        static const ActionKernels real[] = {kernels_of<float>(), kernels_of<double>()};
        table.kernels = {.actions = table.action_limits.empty() ? real : discrete,
                         .action_type_count = 2,
                         .restart = &restart,
                         .observe = &observe,
                         .envs_per_batch = 1,
                         .dynamics_size = 0,
                         .prepare = [](const void*, std::size_t, void*) { return true; },
                         .state_variables = table.variables.data(),
                         .state_strides = table.strides.data(),
                         .state_array_count = table.strides.size(),
                         .get_state = &get_state,
                         .set_state = &set_state,
                         .add_rewards = &Returns<Arch>::add,
                         .take_error = &Error::take};
    }

    /// As EnvironmentDescription::read_parameters: 8 bytes for each parameter.
    static void read_parameters(const void* context, const double* numbers, void* parameters) {
        const FunctionTable& table = table_of(context);
        auto* place = static_cast<std::byte*>(parameters);
        for (std::size_t i = 0; i < table.integers.size(); ++i) {
            const std::int64_t integer = table.integers[i] ? static_cast<std::int64_t>(numbers[i]) : 0;
            std::memcpy(place + 8 * i, table.integers[i] ? static_cast<const void*>(&integer) : numbers + i, 8);
        }
    }

private:
    template <class Action>
    static ActionKernels kernels_of() {
        return {.type = element_type_of<Action>(), .step = &step<Action>, .are_valid = &are_valid<Action>};
    }

    static const FunctionTable& table_of(const void* context) { return *static_cast<const FunctionTable*>(context); }

    /// Memory for calls: pointers to arrays, and arrays for outputs that nobody wants. It belongs to one call of a kernel, as a
    /// function in plain Python may step another environment.
    class Scratch {
    public:
        /// \param most the most envs in a call of a function
        Scratch(FunctionCall& call, const FunctionTable& table, const EnvArrays& envs, const Outputs& outputs, std::size_t most)
            : call_(call), envs_(envs) {
            const auto rounded = [](std::size_t size) { return (size + 63) / 64 * 64; };
            std::size_t state = random_size, unwanted = 0;
            for (const std::size_t stride : table.strides) state += rounded(stride);
            for (const std::size_t row : table.observation_rows) unwanted += outputs.observations ? 0 : rounded(most * row);
            for (const std::size_t row : table.info_rows) unwanted += outputs.infos ? 0 : rounded(most * row);
            bytes_ = std::make_unique_for_overwrite<std::byte[]>(state + unwanted);
            std::byte* free = bytes_.get() + state;
            arrays_.reserve(table.strides.size() + table.observation_rows.size() + table.info_rows.size());
            for (std::size_t i = 0; i < table.strides.size(); ++i)
                arrays_.push_back({static_cast<std::byte*>(envs.state[i]), table.strides[i]});
            const auto add = [&](void* const* given, const std::vector<std::size_t>& rows) {
                for (std::size_t i = 0; i < rows.size(); ++i) {
                    arrays_.push_back({given ? static_cast<std::byte*>(given[i]) : free, given ? rows[i] : 0});
                    if (!given) free += rounded(most * rows[i]);
                }
            };
            add(outputs.observations, table.observation_rows);
            add(outputs.infos, table.info_rows);
            pointers_.resize(arrays_.size());
            call.arrays = pointers_.data();
            call.before = bytes_.get();
            call.parameter_stride = envs.per_env ? static_cast<std::int64_t>(8 * table.integers.size()) : 0;
        }

        /// Points the call to the rows of the envs from `first` on.
        void point(std::size_t first) {
            for (std::size_t i = 0; i < arrays_.size(); ++i) pointers_[i] = arrays_[i].begin + first * arrays_[i].row;
            call_.parameters = static_cast<const std::byte*>(envs_.parameters) + static_cast<std::size_t>(call_.parameter_stride) * first;
            call_.random = static_cast<std::byte*>(envs_.random) + random_size * first;
        }

    private:
        struct Array {
            std::byte* begin;
            std::size_t row;  // bytes from one env to the next
        };
        FunctionCall& call_;
        const EnvArrays& envs_;
        std::vector<Array> arrays_;
        std::vector<void*> pointers_;
        std::unique_ptr<std::byte[]> bytes_;
    };

    /// Calls a function for the envs from `first` on.
    /// \return false if it raised an exception, whose message is then kept
    static bool run(const FunctionTable& table, FunctionTable::Function function, FunctionCall& call, std::size_t first) {
        std::int64_t result = 0;
        void* exception = nullptr;
        call.env = 0;
        if (table.functions[function](&result, &exception, &call) == 0) return true;
        char message[1024] = "";
        table.explain(function, &call, static_cast<std::int64_t>(first) + call.env, message, sizeof(message));
        Error::keep(message);
        return false;
    }

    /// Returns one bit for each of 64 bytes: 1 if the byte is not 0.
    static std::uint64_t bits_of(const std::uint8_t* bytes) {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < envs_per_word; i += Bytes::size)
            bits |= static_cast<std::uint64_t>((Bytes::load_aligned(bytes + i) != Bytes(0)).mask()) << i;
        return bits;
    }

    /// The type of a function's actions.
    template <class Action>
    using Number = std::conditional_t<std::is_floating_point_v<Action>, double, std::int64_t>;

    /// Writes actions as functions take them. As in the other tiers, a float64 is rounded to float32.
    template <class Action>
    static void convert_actions(const Action* actions, std::size_t count, Number<Action>* numbers) {
        if constexpr (std::is_same_v<Action, std::int64_t>) {
            std::memcpy(numbers, actions, count * sizeof(Action));
        } else if constexpr (std::is_same_v<Action, std::int32_t>) {
            constexpr std::size_t size = 8;
            std::size_t i = 0;
            for (; i + size <= count; i += size) convert<size>(actions + i, numbers + i);
            for (; i < count; ++i) numbers[i] = actions[i];
        } else {
            for (std::size_t i = 0; i < count; ++i) {
                const auto number = static_cast<double>(static_cast<float>(actions[i]));
                // As in Actions::without_nan: another thread may have written a NaN since the actions were checked.
                numbers[i] = number == number ? number : 0;
            }
        }
    }

    template <class Action>
    static StepTotals step(const EnvArrays& envs, const void* actions, const Outputs& outputs, std::size_t begin,
                           std::size_t end, EnvList& restarting) {
        const FunctionTable& table = table_of(envs.context);
        StepTotals totals;
        FunctionCall call{};
        Scratch scratch(call, table, envs, outputs, envs_per_word);
        const auto numbers = std::make_unique_for_overwrite<Number<Action>[]>(envs_per_word * table.action_size);
        call.actions = numbers.get();
        alignas(64) std::uint8_t flags[2 * envs_per_word];
        call.flags = flags;
        for (std::size_t word = begin; word < end; word += envs_per_word) {
            const std::size_t count = end - word < envs_per_word ? end - word : envs_per_word;
            convert_actions(static_cast<const Action*>(actions) + word * table.action_size, count * table.action_size, numbers.get());
            call.rewards = outputs.rewards + word;
            call.returns = envs.returns + word;
            call.pending = envs.pending[word / envs_per_word];
            call.count = static_cast<std::int64_t>(count);
            for (std::size_t i = 0; i < sizeof(flags); i += Bytes::size) Bytes(0).store_aligned(flags + i);
            scratch.point(word);
            if (!run(table, FunctionTable::step, call, word)) return totals;
            Episodes<Runtime, Arch>::finish_word(envs, outputs, word, end, bits_of(flags), bits_of(flags + envs_per_word), totals,
                                                 restarting);
        }
        const bool same_step = envs.autoreset_mode == AutoresetMode::same_step;
        totals.steps = static_cast<std::int64_t>(end - begin - (same_step ? 0 : restarting.count));
        for (std::size_t i = 0; same_step && outputs.final_observations && i < table.observation_rows.size(); ++i) {
            const std::size_t row = table.observation_rows[i];
            std::memcpy(static_cast<std::byte*>(outputs.final_observations[i]) + begin * row,
                        static_cast<const std::byte*>(outputs.observations[i]) + begin * row, (end - begin) * row);
        }
        clear_final_infos(infos_of(table), outputs, begin, end);
        return totals;
    }

    /// Returns the list of infos in the form of InfoRows.
    static auto infos_of(const FunctionTable& table) {
        return [&](const auto& visit) {
            for (std::size_t i = 0; i < table.info_rows.size(); ++i) visit(i, table.info_rows[i]);
        };
    }

    static void restart(const double*, const EnvArrays& envs, const Outputs& outputs, EnvList& list) {
        const FunctionTable& table = table_of(envs.context);
        Outputs written = outputs;
        if (!table.has_reset_info) written.infos = nullptr;
        FunctionCall call{};
        Scratch scratch(call, table, envs, written, 1);
        call.count = 1;
        if (outputs.infos) take_infos(infos_of(table), outputs, list.envs, list.count, table.has_reset_info);
        for (std::size_t k = 0; k < list.count; ++k) {
            const std::size_t env = list.envs[k];
            if (k + 1 < list.count) fetch(table, envs, list.envs[k + 1]);
            for (std::size_t i = 0; i < table.strides.size(); ++i)
                std::memset(static_cast<std::byte*>(envs.state[i]) + env * table.strides[i], 0, table.strides[i]);
            scratch.point(env);
            if (!run(table, FunctionTable::restart, call, env)) return;
            envs.began[env] = envs.clock;
            envs.returns[env] = 0;
        }
    }

    /// Prefetches the memory that a restart of an env writes.
    static void fetch(const FunctionTable& table, const EnvArrays& envs, std::size_t env) {
        prefetch(static_cast<BufferedPcg64*>(envs.random) + env);
        prefetch(envs.began + env);
        for (std::size_t i = 0; i < table.strides.size(); ++i)
            prefetch(static_cast<std::byte*>(envs.state[i]) + env * table.strides[i], table.strides[i]);
    }

    static void observe(const EnvArrays& envs, const Outputs& outputs, std::size_t begin, std::size_t end) {
        const FunctionTable& table = table_of(envs.context);
        FunctionCall call{};
        Scratch scratch(call, table, envs, outputs, envs_per_word);
        for (std::size_t word = begin; word < end; word += envs_per_word) {
            const std::size_t count = end - word < envs_per_word ? end - word : envs_per_word;
            call.count = static_cast<std::int64_t>(count);
            scratch.point(word);
            if (!run(table, FunctionTable::observe, call, word)) return;
        }
    }

    template <class Action>
    static bool are_valid(const void* context, const void* actions, std::size_t num_envs) {
        const FunctionTable& table = table_of(context);
        const auto* numbers = static_cast<const Action*>(actions);
        const std::size_t size = table.action_size;
        bool valid = true;
        if constexpr (std::is_floating_point_v<Action>) {
            for (std::size_t i = 0; i < num_envs * size; ++i) valid &= numbers[i] == numbers[i];
        } else {
            using Unsigned = std::make_unsigned_t<Action>;
            for (std::size_t column = 0; column < size; ++column) {
                const auto limit = static_cast<Unsigned>(table.action_limits[column]);
                const auto is_below = [&](std::size_t env) -> unsigned {
                    return static_cast<Unsigned>(numbers[env * size + column]) < limit;
                };
                std::size_t env = 0;
                for (; env + 4 <= num_envs; env += 4)
                    valid &= (is_below(env) & is_below(env + 1)) & (is_below(env + 2) & is_below(env + 3));
                for (; env < num_envs; ++env) valid &= is_below(env);
            }
        }
        return valid;
    }

    /// Calls `visit(number)` with a state variable of an env.
    template <class Visit>
    static void with_variable(const EnvArrays& envs, const FunctionTable& table, std::size_t i, std::size_t env, const Visit& visit) {
        const StateVariable& variable = table.variables[i];
        std::byte* place = static_cast<std::byte*>(envs.state[variable.array]) + env * table.strides[variable.array] + variable.offset;
        with_element_type(variable.type, [&]<class Number>(std::type_identity<Number>) {
            Number number;
            std::memcpy(&number, place, sizeof(number));
            visit(number);
            std::memcpy(place, &number, sizeof(number));
        });
    }

    static void get_state(const EnvArrays& envs, std::size_t num_envs, double* state) {
        const FunctionTable& table = table_of(envs.context);
        for (std::size_t env = 0; env < num_envs; ++env)
            for (std::size_t i = 0; i < table.variables.size(); ++i)
                with_variable(envs, table, i, env, [&]<class Number>(Number& number) { *state++ = MemberTraits<Number>::shown(number); });
    }

    static void set_state(const EnvArrays& envs, std::size_t num_envs, const double* state, const bool* mask) {
        const FunctionTable& table = table_of(envs.context);
        for (std::size_t env = 0; env < num_envs; ++env)
            for (std::size_t i = 0; i < table.variables.size(); ++i, ++state)
                if (!mask || mask[env])
                    with_variable(envs, table, i, env,
                                  [&]<class Number>(Number& number) { number = MemberTraits<Number>::stored(*state); });
    }
};

}  // namespace operant
