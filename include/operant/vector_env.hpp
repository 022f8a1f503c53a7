#pragma once
/// \file
/// Thousands of copies of one environment for C++ programs that know which.

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

/// What a step returns: views of arrays that belong to the VectorEnv, valid until its next `step` or `reset`.
template <class Observation>
struct StepResult {
    std::span<const Observation> observations;  ///< num_envs x observation size, row-major
    std::span<const float> rewards;             ///< num_envs
    std::span<const bool> terminations;         ///< num_envs: the episode ended because of what happened in it
    std::span<const bool> truncations;          ///< num_envs: the episode ended because of its length
};

namespace detail {

/// Called, and so warned of, by programs that are compiled for the first 64-bit processors.
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

/// `num_envs` copies of the environment E, simulated in the precision of `Scalar` (float: fast, double: exactly
/// Gymnasium). VectorEnvCore says what a step does.
template <class E, class Scalar = float>
class VectorEnv {
    static_assert(CheckEnvironment<E>::passed);
    static constexpr bool is_box = ObservationTraits<E>::is_box;

public:
    using Narrow = typename E::ActionSpace::Narrow;                          ///< actions of 32 bits: std::int32_t or float
    using Wide = typename E::ActionSpace::Wide;                              ///< actions of 64 bits: std::int64_t or double
    using Observation = std::conditional_t<is_box, float, std::int64_t>;  ///< a number of an observation
    using Result = StepResult<Observation>;                                  ///< what a step returns

    /// What has a default.
    struct Options {
        std::size_t workers = 1;                                  ///< threads that step, the caller's among them
        std::int32_t max_episode_steps = E::max_episode_steps;    ///< or `unlimited`
        AutoresetMode autoreset_mode = AutoresetMode::next_step;  ///< what follows the end of an episode
        ParametersOf<E> parameters = {};                          ///< of all copies
    };

    /// \param num_envs from 1 to `VectorEnvCore::largest_num_envs`
    /// \param options by name: `{.workers = 2, .parameters = {...}}`
    /// \throws std::invalid_argument when an argument is out of range, std::bad_alloc when memory does not suffice
    explicit VectorEnv(std::size_t num_envs, Options options = {})
        : VectorEnv(num_envs, options, description_of<E>(), *kernels_of<E, Scalar, xsimd::default_arch>()) {
#if (defined(__x86_64__) || defined(_M_X64)) && !defined(__AVX2__) && !defined(OPERANT_NO_ARCH_WARNING)
        if constexpr (BatchTier<E>) detail::compiled_for_old_processors<E>();
#endif
    }

    /// With kernels for several instruction sets, compiled elsewhere: `operant_add_environments(... TYPE STATIC ...)`.
    /// \param num_envs,options as above
    /// \param library that has E
    /// \param architecture by default, the best that this processor has
    /// \throws std::invalid_argument also when the library has no environment of E's name, std::runtime_error when it has
    ///         no kernels for the architecture
    VectorEnv(std::size_t num_envs, Options options, const EnvironmentLibrary& library,
              std::string_view architecture = choose_architecture())
        : VectorEnv(num_envs, options, find_environment(library, E::name),
                    choose_kernels(find_environment(library, E::name), std::is_same_v<Scalar, double>, architecture)) {}

    /// The number of copies.
    std::size_t num_envs() const { return core_.num_envs(); }
    /// The number of threads that step, the caller's among them.
    std::size_t workers() const { return core_.workers(); }
    /// The length at which episodes are truncated, or `unlimited`.
    std::int32_t max_episode_steps() const { return core_.max_episode_steps(); }
    /// What follows the end of an episode.
    AutoresetMode autoreset_mode() const { return core_.autoreset_mode(); }
    /// Those of all copies, or of one where they differ.
    /// \param copy below num_envs
    const ParametersOf<E>& parameters(std::size_t copy = 0) const {
        return *static_cast<const ParametersOf<E>*>(core_.parameters().of_copy(copy));
    }

    /// Replaces the parameters of all copies: the next step is made with the new ones. States, elapsed steps, random
    /// streams and totals stay.
    /// \throws std::invalid_argument when one is out of range, or a fixed reward would change after the first reset: the
    ///         returns of all episodes are computed from it; nothing is changed then
    void set_parameters(const ParametersOf<E>& parameters) { core_.set_parameters(numbers_of(parameters)); }

    /// The same with parameters of each copy, which may differ in numbers, not in flags, choices or fixed rewards.
    /// \param parameters num_envs of them
    /// \throws std::invalid_argument also when there are not as many
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
    /// \throws std::invalid_argument when `seed + num_envs - 1` does not fit in 64 bits
    std::span<const Observation> reset(std::uint64_t seed) {
        core_.seed_all(seed);
        return reset();
    }

    /// Starts an episode in every copy, from its random stream as it stands; the first time, from fresh entropy.
    /// \return as reset(seed)
    std::span<const Observation> reset() {
        core_.reset({}, outputs_.outputs());
        return observations();
    }

    /// As reset(), within other bounds than the default ones.
    /// \throws std::invalid_argument when a bound is not finite; nothing is changed then
    std::span<const Observation> reset(const ResetBoundsOf<E>& bounds) {
        core_.reset(numbers_of(bounds), outputs_.outputs());
        return observations();
    }

    /// Starts an episode in the copies that `mask` selects, the others stay where they are.
    /// \throws ResetNeeded, std::invalid_argument as VectorEnvCore::reset
    std::span<const Observation> reset(std::span<const bool> mask, const ResetBoundsOf<E>& bounds = {}) {
        core_.reset(mask, numbers_of(bounds), outputs_.outputs());
        return observations();
    }

    /// Starts the random stream of one copy anew; the next `reset` draws from it.
    /// \throws std::out_of_range unless `copy` is below num_envs
    void seed(std::size_t copy, const SeedSequence& seed) { core_.seed(copy, seed); }

    /// Steps every copy.
    /// \param actions a row for each copy
    /// \throws std::invalid_argument when there are too few or too many actions or one is out of range, ResetNeeded
    ///         before the first `reset`; nothing is stepped then
    Result step(std::span<const Narrow> actions) { return step_own(actions); }
    /// The same with actions of 64 bits.
    Result step(std::span<const Wide> actions) { return step_own(actions); }

    /// With AutoresetMode::same_step, the observations of the last `step` before the restarts, num_envs x observation size,
    /// row-major; else empty. Valid until the next `step`.
    std::span<const Observation> final_observations() const {
        const auto& outputs = outputs_.outputs();
        return outputs.final_observations ? rows(outputs.final_observations[0]) : std::span<const Observation>();
    }

    /// The arrays that the last `step` wrote: parts of the observations, infos, final infos.
    const Outputs& outputs() const { return outputs_.outputs(); }

    /// Of the episodes that ended since clear_logs().
    Logs logs() const { return core_.logs(); }
    /// Starts the logs anew. Episodes under way count in full when they end.
    void clear_logs() { core_.clear_logs(); }
    /// Everything that future steps depend on.
    std::vector<std::byte> save() const { return core_.save(); }
    /// \param bytes what save() wrote, of an object with the same arguments (`workers` may differ)
    /// \throws std::invalid_argument when it is something else, or damaged in a way that shows; nothing is changed then
    void load(std::span<const std::byte> bytes) { core_.load(bytes); }
    /// Copies the state, num_envs x state variables, row-major. \throws std::invalid_argument when it has another size
    void get_state(std::span<double> state) const { core_.get_state(state); }
    /// Replaces the state; elapsed steps and random streams stay.
    /// \throws std::invalid_argument when it has another size, or a variable cannot hold its number; nothing is changed then
    void set_state(std::span<const double> state) { core_.set_state(state); }

    /// What does the work.
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
