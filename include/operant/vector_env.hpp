#pragma once
/// \file
/// Thousands of copies of an environment that is known at compile time.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <operant/check_environment.hpp>
#include <operant/describe.hpp>
#include <operant/dispatch.hpp>
#include <operant/kernel/table.hpp>
#include <operant/vector_env_core.hpp>

namespace operant {

/// The results of a step: views of arrays that belong to the VectorEnv, valid until its next `step` or `reset`.
template <class Observation>
struct StepResult {
    std::span<const Observation> observations;  ///< num_envs x observation size, row-major
    std::span<const float> rewards;             ///< num_envs
    std::span<const bool> terminations;         ///< num_envs: whether the episode ended because of its state
    std::span<const bool> truncations;          ///< num_envs: whether the episode ended for another reason, usually its length
};

namespace detail {

/// Programs that are compiled for the first 64-bit processors call this, so that the compiler warns of it.
template <class E>
[[deprecated("this program is compiled for a processor without AVX2: add -march=native, or -mavx2 -mfma (MSVC: /arch:AVX2), "
             "or define OPERANT_NO_ARCH_WARNING")]]
inline void compiled_for_old_processors() {}

}  // namespace detail

/// The description of E, with kernels for the instruction set that the calling translation unit is compiled for.
template <class E>
const EnvironmentDescription& description_of() {
    using Arch = xsimd::default_arch;
    static const detail::Description<E> description({{Arch::name(), &kernels_of<E, float, Arch>, &kernels_of<E, double, Arch>}});
    return description.data();
}

/// `num_envs` copies of the environment E. `Scalar` is the precision of the simulation: float is fast, double gives exactly
/// Gymnasium's results. VectorEnvCore explains what a step does.
template <class E, class Scalar = float>
class VectorEnv {
    static_assert(CheckEnvironment<E>::passed);
    static constexpr bool is_box = ObservationTraits<E>::is_box;

public:
    using Narrow = typename E::ActionSpace::Narrow;                          ///< actions of 32 bits: std::int32_t or float
    using Wide = typename E::ActionSpace::Wide;                              ///< actions of 64 bits: std::int64_t or double
    using Observation = std::conditional_t<is_box, float, std::int64_t>;  ///< type of a number of an observation
    using Result = StepResult<Observation>;                                  ///< the results of a step

    /// Arguments of the constructor that have defaults.
    struct Options {
        std::size_t workers = 1;                                  ///< how many threads step, including the caller's
        std::int32_t max_episode_steps = E::max_episode_steps;    ///< after so many steps an episode is truncated; or `unlimited`
        AutoresetMode autoreset_mode = AutoresetMode::next_step;  ///< what follows the end of an episode
        ParametersOf<E> parameters = {};                          ///< of all copies; set_parameters() takes one per copy
    };

    /// \param num_envs from 1 to `VectorEnvCore::largest_num_envs`
    /// \param options by name: `{.workers = 2, .parameters = {...}}`
    /// \throws std::invalid_argument if an argument is out of range, std::bad_alloc if there is not enough memory
    explicit VectorEnv(std::size_t num_envs, Options options = {})
        : VectorEnv(num_envs, options, description_of<E>(), *kernels_of<E, Scalar, xsimd::default_arch>()) {
#if (defined(__x86_64__) || defined(_M_X64)) && !defined(__AVX2__) && !defined(OPERANT_NO_ARCH_WARNING)
        if constexpr (BatchTier<E>) detail::compiled_for_old_processors<E>();
#endif
    }

    /// With the kernels of a library for several instruction sets, as CMake's `operant_add_environments(... TYPE STATIC ...)`
    /// builds it.
    /// \param num_envs,options as above
    /// \param library which has E
    /// \param architecture the instruction set; by default, the best that this processor has
    /// \throws std::invalid_argument also if the library has no environment of E's name, std::runtime_error if it has no
    ///         kernels for the architecture
    VectorEnv(std::size_t num_envs, Options options, const EnvironmentLibrary& library,
              std::string_view architecture = choose_architecture())
        : VectorEnv(num_envs, options, find_environment(library, E::name),
                    choose_kernels(find_environment(library, E::name), std::is_same_v<Scalar, double>, architecture)) {}

    /// The number of copies.
    std::size_t num_envs() const { return core_.num_envs(); }
    /// The number of threads that step, including the caller's.
    std::size_t workers() const { return core_.workers(); }
    /// The length at which episodes are truncated, or `unlimited`.
    std::int32_t max_episode_steps() const { return core_.max_episode_steps(); }
    /// What follows the end of an episode.
    AutoresetMode autoreset_mode() const { return core_.autoreset_mode(); }
    /// The parameters of one copy.
    /// \param copy below num_envs; without effect if all copies have the same parameters
    const ParametersOf<E>& parameters(std::size_t copy = 0) const {
        return *static_cast<const ParametersOf<E>*>(core_.parameters().of_copy(copy));
    }

    /// Replaces the parameters of all copies, from the next step on. States, elapsed steps, random streams and totals do not
    /// change.
    /// \throws std::invalid_argument if one is out of range, or if a fixed reward would change after the first reset, because
    ///         the returns of all episodes are computed from it. Nothing is changed then.
    void set_parameters(const ParametersOf<E>& parameters) { core_.set_parameters(numbers_of(parameters)); }

    /// The same with parameters for each copy. Their numbers may differ, but not flags, choices and fixed rewards.
    /// \param parameters num_envs of them
    /// \throws std::invalid_argument also if there is another number of them
    void set_parameters(std::span<const ParametersOf<E>> parameters) {
        if (parameters.size() != num_envs())
            throw std::invalid_argument("parameters: expected " + std::to_string(num_envs()) + ", one for each copy, got " +
                                        std::to_string(parameters.size()));
        std::vector<double> numbers;
        for (const ParametersOf<E>& one : parameters) visit_parameters<E>(one, detail::WriteNumbers(numbers));
        core_.set_parameters(std::move(numbers));
    }

    /// Seeds copy i with `seed + i` and starts an episode in every copy.
    /// \return the first observations, num_envs x observation size, row-major, valid until the next `step` or `reset`
    /// \throws std::invalid_argument if `seed + num_envs - 1` does not fit in 64 bits
    std::span<const Observation> reset(std::uint64_t seed) {
        core_.seed_all(seed);
        return reset();
    }

    /// Starts an episode in every copy. Copies go on with their random streams; those that were never seeded get random
    /// seeds from the operating system.
    /// \return as reset(seed)
    std::span<const Observation> reset() {
        core_.reset({}, outputs_.outputs());
        return observations();
    }

    /// As reset(), with these bounds instead of the default ones.
    /// \throws std::invalid_argument if a bound is not finite. Nothing is changed then.
    std::span<const Observation> reset(const ResetBoundsOf<E>& bounds) {
        core_.reset(numbers_of(bounds), outputs_.outputs());
        return observations();
    }

    /// Starts an episode in the copies that `mask` selects. The others do not change.
    /// \throws ResetNeeded, std::invalid_argument as VectorEnvCore::reset
    std::span<const Observation> reset(std::span<const bool> mask, const ResetBoundsOf<E>& bounds = {}) {
        core_.reset(mask, numbers_of(bounds), outputs_.outputs());
        return observations();
    }

    /// Restarts the random stream of one copy from a seed. The next `reset` draws from it.
    /// \throws std::out_of_range unless `copy` is below num_envs
    void seed(std::size_t copy, const SeedSequence& seed) { core_.seed(copy, seed); }

    /// Steps every copy.
    /// \param actions a row for each copy
    /// \throws std::invalid_argument if there are too few or too many actions, or one is out of range; ResetNeeded before the
    ///         first `reset`, or if a copy has finished and autoreset is disabled. Nothing is stepped then.
    Result step(std::span<const Narrow> actions) { return step_own(actions); }
    /// The same with actions of 64 bits.
    Result step(std::span<const Wide> actions) { return step_own(actions); }

    /// With AutoresetMode::same_step: the observations of the last `step` before the restarts, num_envs x observation size,
    /// row-major, valid until the next `step`. Otherwise empty.
    std::span<const Observation> final_observations() const {
        const auto& outputs = outputs_.outputs();
        return outputs.final_observations ? rows(outputs.final_observations[0]) : std::span<const Observation>();
    }

    /// All arrays that the last `step` wrote, including infos, final infos and the parts of tuple observations.
    const Outputs& outputs() const { return outputs_.outputs(); }

    /// Totals of the episodes that ended since clear_logs().
    Logs logs() const { return core_.logs(); }
    /// Sets the totals to zero. An episode that is under way counts with its whole length and return when it ends.
    void clear_logs() { core_.clear_logs(); }
    /// Everything that future steps depend on: state, elapsed steps, random streams, logs.
    std::vector<std::byte> save() const { return core_.save(); }
    /// Continues where another object was saved.
    /// \param bytes from save() of an object with the same arguments; only `workers` may differ
    /// \throws std::invalid_argument if they are something else, or visibly damaged. Nothing is changed then.
    void load(std::span<const std::byte> bytes) { core_.load(bytes); }
    /// Copies the state, num_envs x state variables, row-major. \throws std::invalid_argument if `state` has another size
    void get_state(std::span<double> state) const { core_.get_state(state); }
    /// Replaces the state. Elapsed steps and random streams do not change.
    /// \throws std::invalid_argument if it has another size, or a variable cannot hold its number. Nothing is changed then.
    void set_state(std::span<const double> state) { core_.set_state(state); }

    /// The object that does the work.
    VectorEnvCore& core() { return core_; }

private:
    VectorEnv(std::size_t num_envs, const Options& options, const EnvironmentDescription& environment, const Kernels& kernels)
        : core_(environment, kernels, num_envs, {options.workers, options.max_episode_steps, options.autoreset_mode},
                numbers_of(options.parameters)) {
        const auto list = output_list(environment, options.autoreset_mode, false);
        std::vector<void*> data;
        for (const OutputDescription& output : list) {
            arrays_.push_back(make_aligned_array<std::byte>(core_.padded() * output.row_size()));
            data.push_back(arrays_.back().get());
        }
        outputs_ = OutputArrays(list, data);
    }

    static std::vector<double> numbers_of(const ParametersOf<E>& parameters) {
        std::vector<double> numbers;
        visit_parameters<E>(parameters, detail::WriteNumbers(numbers));
        return numbers;
    }

    static std::vector<double> numbers_of(const ResetBoundsOf<E>& bounds) {
        std::vector<double> numbers;
        visit_reset_bounds<E>(bounds, [&](const char*, double bound) { numbers.push_back(bound); });
        return numbers;
    }

    std::span<const Observation> rows(const void* array) const {
        return {static_cast<const Observation*>(array), num_envs() * (is_box ? ObservationTraits<E>::numbers : 1)};
    }
    std::span<const Observation> observations() const { return rows(outputs_.outputs().observations[0]); }

    template <class Action>
    Result step_own(std::span<const Action> actions) {
        core_.step(actions, outputs_.outputs());
        const Outputs& outputs = outputs_.outputs();
        return {observations(),
                {outputs.rewards, num_envs()},
                {outputs.terminations, num_envs()},
                {outputs.truncations, num_envs()}};
    }

    VectorEnvCore core_;
    std::vector<AlignedArray<std::byte>> arrays_;
    OutputArrays outputs_;
};

}  // namespace operant
