#pragma once
/// \file
/// Thousands of envs of an environment that is known at compile time.

#include <operant/math/quiet_xsimd.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <operant/core/output_list.hpp>
#include <operant/contract/check_environment.hpp>
#include <operant/core/engine.hpp>
#include <operant/library/describe.hpp>
#include <operant/library/dispatch.hpp>
#include <operant/library/table.hpp>

namespace operant {

/// The results of a step: views of arrays that belong to the VectorEnv, valid until its next `step` or `reset`.
template <class Observation>
struct StepResult {
    std::span<const Observation> observations;  ///< num_envs x observation size, row-major
    std::span<const float> rewards;             ///< num_envs
    std::span<const bool> terminations;         ///< num_envs: true if the episode ended because of its state
    std::span<const bool> truncations;          ///< num_envs: true if the episode ended for another reason, usually its length
};

/// Arrays of the caller into which a step writes its results.
template <class Observation>
struct StepArrays {
    std::span<Observation> observations;  ///< num_envs x observation size, row-major
    std::span<float> rewards;             ///< num_envs
    std::span<bool> terminations;         ///< num_envs
    std::span<bool> truncations;          ///< num_envs
};

namespace detail {

/// Programs that are compiled for the first 64-bit processors call this, so that the compiler prints a warning.
template <class E>
[[deprecated("this program is compiled for a processor without AVX2: add -march=native, or -mavx2 -mfma (MSVC: /arch:AVX2), "
             "or define OPERANT_NO_ARCH_WARNING")]]
inline void compiled_for_old_processors() {}

}  // namespace detail

/// The description of E. It lists no kernels: `kernels_of` gives those for the instruction set that the calling translation unit
/// is compiled for.
template <class E>
const EnvironmentDescription& description_of() {
    static const detail::Description<E> description({});
    return description.data();
}

/// Steps `num_envs` envs of the environment E. `Scalar` is the precision of the simulation: float is fast, double gives
/// exactly Gymnasium's results. Engine describes what happens when an episode ends.
template <class E, class Scalar = float>
class VectorEnv {
    static_assert(CheckEnvironment<E>::passed);
    template <std::size_t leaf>
    using LeafAt = typename ObservationTraits<E>::template LeafAt<leaf>;

public:
    using Narrow = typename E::ActionSpace::Narrow;  ///< actions of 32 bits: std::int32_t or float
    using Wide = typename E::ActionSpace::Wide;      ///< actions of 64 bits: std::int64_t or double
    /// The type of a number in the observations of a leaf.
    template <std::size_t leaf>
    using Element = typename LeafAt<leaf>::Element;
    using Observation = Element<0>;          ///< the type of a number of an observation; of a tuple or a dict, of its first leaf
    using Result = StepResult<Observation>;  ///< the results of a step
    using Arrays = StepArrays<Observation>;  ///< the caller's arrays for the results of a step

    /// The arguments of the constructor that have defaults.
    struct Options {
        Workers workers = {};                                     ///< the number of threads that step, including the caller's
        std::int32_t max_episode_steps = E::max_episode_steps;    ///< the length at which episodes are truncated, or `unlimited`
        AutoresetMode autoreset_mode = AutoresetMode::next_step;  ///< the rule for envs whose episode has ended
        typename E::Parameters parameters = {};                          ///< of all envs; set_parameters() takes one per env
    };

    /// \param num_envs from 1 to `Engine::largest_num_envs`
    /// \param options the options: `{.workers = 2, .parameters = {...}}`
    /// \throws std::invalid_argument if an argument is out of range, std::bad_alloc if there is not enough memory
    explicit VectorEnv(std::size_t num_envs, Options options = {})
        : VectorEnv(num_envs, options, description_of<E>(), *detail::narrow_kernels_of<E, Scalar, xsimd::default_arch>()) {
        has_all_kernels_ = false;
#if (defined(__x86_64__) || defined(_M_X64)) && !defined(__AVX2__) && !defined(OPERANT_NO_ARCH_WARNING)
        if constexpr (UsesLanes<E>) detail::compiled_for_old_processors<E>();
#endif
    }

    /// Uses the kernels of a library for several instruction sets, which CMake's
    /// `operant_add_environments(... TYPE STATIC ...)` builds.
    /// \param num_envs,options as above
    /// \param library a library that contains E
    /// \param architecture the instruction set; by default, the best that this processor has
    /// \throws std::invalid_argument also if the library has no environment of E's name, std::runtime_error if it has no
    ///         kernels for the architecture
    VectorEnv(std::size_t num_envs, Options options, const EnvironmentLibrary& library,
              std::string_view architecture = choose_architecture())
        : VectorEnv(num_envs, options, find_environment(library, E::name),
                    choose_kernels(find_environment(library, E::name), std::is_same_v<Scalar, double>, architecture)) {}

    /// The number of envs.
    std::size_t num_envs() const { return core_.num_envs(); }
    /// The number of threads that step, including the caller's.
    std::size_t workers() const { return core_.workers(); }
    /// The length at which episodes are truncated, or `unlimited`.
    std::int32_t max_episode_steps() const { return core_.max_episode_steps(); }
    /// The rule for envs whose episode has ended.
    AutoresetMode autoreset_mode() const { return core_.autoreset_mode(); }
    /// The parameters of one env.
    /// \param env an index below num_envs; without effect if all envs have the same parameters
    const typename E::Parameters& parameters(std::size_t env = 0) const {
        return *static_cast<const typename E::Parameters*>(core_.parameters().of_env(env));
    }

    /// Replaces the parameters of all envs, from the next step on. States, elapsed steps, random streams and totals do not
    /// change.
    /// \throws std::invalid_argument as Engine::set_parameters. Nothing is changed then.
    void set_parameters(const typename E::Parameters& parameters) { core_.set_parameters(numbers_of(parameters)); }

    /// Replaces the parameters of each env. Numbers may differ between envs, but not flags, choices and fixed rewards.
    /// \param parameters num_envs sets of parameters
    /// \throws std::invalid_argument also if `parameters` has another length
    void set_parameters(std::span<const typename E::Parameters> parameters) {
        if (parameters.size() != num_envs())
            throw std::invalid_argument("parameters: expected " + std::to_string(num_envs()) + ", one for each env, got " +
                                        std::to_string(parameters.size()));
        std::vector<double> numbers;
        for (const typename E::Parameters& one : parameters) E::visit_parameters(one, detail::write_numbers(numbers));
        core_.set_parameters(std::move(numbers));
    }

    /// Seeds env i with `seed + i` and starts an episode in every env.
    /// \return the first observations, num_envs x observation size, row-major, valid until the next `step` or `reset`
    /// \throws std::invalid_argument if `seed + num_envs - 1` does not fit in 64 bits
    std::span<const Observation> reset(std::uint64_t seed) {
        core_.seed_all(seed);
        return reset();
    }

    /// Starts an episode in every env. The random streams continue; envs that were never seeded get random seeds from the
    /// operating system.
    /// \return as reset(seed)
    std::span<const Observation> reset() {
        core_.reset({}, outputs_.outputs());
        return observations();
    }

    /// As reset(), but with these bounds instead of the defaults.
    /// \throws std::invalid_argument if a bound is not finite. Nothing is changed then.
    std::span<const Observation> reset(const typename E::ResetBounds& bounds) {
        core_.reset(numbers_of(bounds), outputs_.outputs());
        return observations();
    }

    /// Starts an episode in the envs that `mask` selects. The others do not change.
    /// \throws ResetNeeded, std::invalid_argument as Engine::reset
    std::span<const Observation> reset(std::span<const bool> mask, const typename E::ResetBounds& bounds = {}) {
        core_.reset(mask, numbers_of(bounds), outputs_.outputs());
        return observations();
    }

    /// Restarts the random stream of one env from a seed. The next `reset` draws from it.
    /// \throws std::out_of_range unless `env` is below num_envs
    void seed(std::size_t env, const SeedSequence& seed) { core_.seed(env, seed); }

    /// Steps every env.
    /// \param actions a row for each env
    /// \throws std::invalid_argument if there are too few or too many actions, or one is out of range; ResetNeeded before the
    ///         first `reset`, or if an env has finished and autoreset is disabled. Nothing is stepped then.
    Result step(std::span<const Narrow> actions) { return step_own(actions); }
    /// As above, with actions of 64 bits.
    Result step(std::span<const Wide> actions) {
        use_all_kernels();
        return step_own(actions);
    }

    /// Steps every env and writes the results into the caller's arrays.
    /// \param actions a row for each env
    /// \param out the arrays
    /// \throws std::invalid_argument also if an array has another length. Nothing is stepped then.
    void step(std::span<const Narrow> actions, const Arrays& out)
        requires(ObservationTraits<E>::parts == 1)
    {
        step_into(actions, out);
    }
    /// As above, with actions of 64 bits.
    void step(std::span<const Wide> actions, const Arrays& out)
        requires(ObservationTraits<E>::parts == 1)
    {
        step_into(actions, out);
    }

    /// With AutoresetMode::same_step: the observations of the last `step` before the restarts, num_envs x observation size,
    /// row-major, valid until the next `step`. Otherwise empty. Those of a tuple or a dict are of one leaf.
    template <std::size_t leaf = 0>
    std::span<const Element<leaf>> final_observations() const {
        const auto& outputs = outputs_.outputs();
        return outputs.final_observations ? rows<leaf>(outputs.final_observations) : std::span<const Element<leaf>>();
    }

    /// The observations of one leaf that the last `reset` or `step` wrote, num_envs x numbers of the leaf, row-major, valid until
    /// the next one. The leaves of a tuple or a dict are counted from the first to the last.
    template <std::size_t leaf = 0>
    std::span<const Element<leaf>> observations() const {
        return rows<leaf>(outputs_.outputs().observations);
    }

    /// All arrays that the last `step` wrote, including infos, final infos and all leaves of the observations. A step into the
    /// caller's arrays writes observations, rewards and flags there and everything else here.
    const Outputs& outputs() const { return outputs_.outputs(); }

    /// Totals of the episodes that ended since clear_logs().
    Logs logs() const { return core_.logs(); }
    /// Sets the totals to zero. An episode that is under way counts with its whole length and return when it ends.
    void clear_logs() { core_.clear_logs(); }
    /// Saves everything that future steps depend on: state, elapsed steps, random streams, logs.
    std::vector<std::byte> save() const { return core_.save(); }
    /// Continues from a saved state.
    /// \param bytes from save() of an object with the same arguments; only `workers` may differ
    /// \throws std::invalid_argument if the bytes are something else or visibly damaged. Nothing is changed then.
    void load(std::span<const std::byte> bytes) { core_.load(bytes); }
    /// Copies the state to `state`, num_envs x state variables, row-major.
    /// \throws std::invalid_argument if `state` has another size
    void get_state(std::span<double> state) const { core_.get_state(state); }
    /// Replaces the state. Elapsed steps and random streams do not change.
    /// \param state num_envs x state variables, row-major
    /// \param mask the envs to change; empty for all of them
    /// \throws std::invalid_argument if an argument has another size, if a variable cannot hold its number, or if E's
    ///         `check_state` refuses a state. Nothing is changed then.
    void set_state(std::span<const double> state, std::span<const bool> mask = {}) { core_.set_state(state, mask); }

    /// The Engine that does the work.
    Engine& core() {
        use_all_kernels();
        return core_;
    }

private:
    VectorEnv(std::size_t num_envs, const Options& options, const EnvironmentDescription& environment, const Kernels& kernels)
        : core_(environment, kernels, num_envs, {options.workers, options.max_episode_steps, options.autoreset_mode},
                numbers_of(options.parameters)) {
        outputs_ = OutputArrays(output_list(environment, options.autoreset_mode, false), core_.padded());
    }

    static std::vector<double> numbers_of(const typename E::Parameters& parameters) {
        std::vector<double> numbers;
        E::visit_parameters(parameters, detail::write_numbers(numbers));
        return numbers;
    }

    static std::vector<double> numbers_of(const typename E::ResetBounds& bounds) {
        std::vector<double> numbers;
        E::visit_reset_bounds(bounds, [&](const char*, double bound) { numbers.push_back(bound); });
        return numbers;
    }

    /// Gives the Engine the kernels that the constructor left out. Only programs that need them compile this.
    void use_all_kernels() {
        if (has_all_kernels_) return;
        core_.set_kernels(*kernels_of<E, Scalar, xsimd::default_arch>());
        has_all_kernels_ = true;
    }

    template <std::size_t leaf>
    std::span<const Element<leaf>> rows(void* const* arrays) const {
        return {static_cast<const Element<leaf>*>(arrays[leaf]), num_envs() * LeafAt<leaf>::size};
    }

    template <class Action>
    Result step_own(std::span<const Action> actions) {
        core_.step(actions, outputs_.outputs());
        const Outputs& outputs = outputs_.outputs();
        return {observations(),
                {outputs.rewards, num_envs()},
                {outputs.terminations, num_envs()},
                {outputs.truncations, num_envs()}};
    }

    template <class Action>
    void step_into(std::span<const Action> actions, const Arrays& out) {
        const auto check = [](const char* name, std::size_t size, std::size_t expected) {
            if (size != expected)
                throw std::invalid_argument(std::string("out.") + name + ": expected " + std::to_string(expected) +
                                            " elements, got " + std::to_string(size));
        };
        const std::span<const Observation> own = observations();
        check("observations", out.observations.size(), own.size());
        check("rewards", out.rewards.size(), num_envs());
        check("terminations", out.terminations.size(), num_envs());
        check("truncations", out.truncations.size(), num_envs());
        const Result result = step(actions);
        std::copy(result.observations.begin(), result.observations.end(), out.observations.begin());
        std::copy(result.rewards.begin(), result.rewards.end(), out.rewards.begin());
        std::copy(result.terminations.begin(), result.terminations.end(), out.terminations.begin());
        std::copy(result.truncations.begin(), result.truncations.end(), out.truncations.begin());
    }

    Engine core_;
    bool has_all_kernels_ = true;
    OutputArrays outputs_;
};

}  // namespace operant
