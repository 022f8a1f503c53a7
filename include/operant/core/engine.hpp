#pragma once
/// \file
/// Steps thousands of envs together. The environment is data: a description and a table of kernels.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/core/env_memory.hpp>
#include <operant/core/input_checks.hpp>
#include <operant/core/parameter_table.hpp>
#include <operant/core/prepared_parameters.hpp>
#include <operant/core/saved_bytes.hpp>
#include <operant/core/statistics.hpp>
#include <operant/core/worker_pool.hpp>
#include <operant/core/workers.hpp>
#include <operant/random/random.hpp>

namespace operant {

namespace detail {

/// Throws the exception of the kernels that this thread has called, if they have kept a message instead of throwing.
/// \param take_error of these kernels
inline void throw_error_of(decltype(Kernels::take_error) take_error) {
    if (take_error == nullptr) return;
    if (const char* message = take_error()) throw std::runtime_error(message);
}

}  // namespace detail

/// Thrown if `step` is called before `reset`.
class ResetNeeded : public std::logic_error {
    using std::logic_error::logic_error;
};

/// Thrown if the environment's own code or a policy throws an exception during a step or a reset. Some envs have made the step
/// then, others have not, so the environment is closed: later steps, resets, rollouts, saves, loads and snapshots throw this,
/// too. The first EnvironmentFailed nests the original exception.
class EnvironmentFailed : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Options of an Engine that do not depend on the environment.
struct EngineOptions {
    Workers workers = {};                                     ///< the number of threads, including the caller's
    std::int32_t max_episode_steps = unlimited;               ///< the number of steps after which an episode is truncated
    AutoresetMode autoreset_mode = AutoresetMode::next_step;  ///< the reaction to the end of an episode
};

/// Steps and resets `num_envs` envs. `EngineOptions::autoreset_mode` determines what happens to an env whose episode has
/// ended. By default, the next step ignores the env's action and returns the first observation of a new episode, reward 0
/// and no flags.
///
/// The results do not depend on `workers`, and those of env i do not depend on `num_envs`. Only one thread at a time may
/// use an object.
class Engine {
public:
    /// The largest number of envs.
    static constexpr std::size_t largest_num_envs = std::size_t{1} << 31;
    /// The largest number of threads.
    static constexpr std::size_t most_workers = 1024;

    /// \param environment the description, which has to outlive this object
    /// \param kernels the environment's kernels for an instruction set that the processor has
    /// \param num_envs from 1 to `largest_num_envs`
    /// \param options the options
    /// \param parameters the checked parameters, which were made for `num_envs` envs of this environment
    /// \throws std::invalid_argument if an argument is out of range, or if the description has a mistake; std::bad_alloc if
    ///         there is not enough memory
    Engine(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs,
           const EngineOptions& options, std::shared_ptr<const ParameterTable> parameters)
        : environment_(detail::checked(environment)),
          kernels_(kernels),
          num_envs_(detail::checked_count("num_envs", num_envs, largest_num_envs)),
          options_(options),
          pool_(checked(options.workers)),
          parameters_(std::make_shared<const PreparedParameters>(environment, kernels, std::move(parameters), num_envs)),
          memory_(environment, kernels_, num_envs),
          block_totals_(make_aligned_array<StepTotals>(memory_.blocks())) {
        if (options.max_episode_steps < 1)
            throw std::invalid_argument("max_episode_steps: expected a positive integer, got " +
                                        std::to_string(options.max_episode_steps));
    }

    /// As above.
    /// \param numbers the parameters as ParameterTable takes them
    Engine(const EnvironmentDescription& environment, const Kernels& kernels, std::size_t num_envs,
           const EngineOptions& options, std::vector<double> numbers = {})
        : Engine(environment, kernels, num_envs, options,
                 std::make_shared<const ParameterTable>(detail::checked(environment), std::move(numbers),
                                                        detail::checked_count("num_envs", num_envs, largest_num_envs))) {}

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// The environment's description.
    const EnvironmentDescription& environment() const { return environment_; }
    /// The number of envs.
    std::size_t num_envs() const { return num_envs_; }
    /// The number of threads that step, including the caller's.
    std::size_t workers() const { return pool_.workers(); }
    /// The length at which episodes are truncated, or `unlimited`.
    std::int32_t max_episode_steps() const { return options_.max_episode_steps; }
    /// The message of EnvironmentFailed if the environment is closed; otherwise empty.
    const std::string& failure() const { return failure_; }
    /// Returns true if every env has been reset.
    bool started() const { return started_; }
    /// The rule for envs whose episode has ended.
    AutoresetMode autoreset_mode() const { return options_.autoreset_mode; }
    /// Returns true if `step` takes actions of this type.
    bool takes_actions(ElementType type) const { return kernels_for(type) != nullptr; }
    /// Replaces the kernels by others of the same environment, precision and instruction set, which may take more types of actions.
    void set_kernels(const Kernels& kernels) { kernels_ = kernels; }
    /// The parameters of the envs.
    const ParameterTable& parameters() const { return parameters_->table(); }

    /// Replaces the parameters, from the next step on. States, elapsed steps, random streams and totals do not change.
    /// \param table the checked parameters, which were made for `num_envs` envs of this environment
    /// \throws std::invalid_argument as the constructor; if a fixed reward would change after the first reset, because the
    ///         returns of all episodes are computed from it; and if the environment's own check refuses the state of an env
    ///         with its new parameters. Nothing is changed then.
    void set_parameters(std::shared_ptr<const ParameterTable> table) {
        auto prepared = std::make_shared<const PreparedParameters>(environment_, kernels_, std::move(table), num_envs_);
        if (started_ && prepared->fixed_reward() != parameters_->fixed_reward())
            throw std::invalid_argument(parameters().changed_in(prepared->table()) +
                                        ": expected the same rewards as before, as returns are computed from them; other ones "
                                        "have to be chosen before the first reset");
        if (environment_.check_state && started_) check_own_states(memory_, *prepared, "state");
        parameters_ = std::move(prepared);
    }

    /// As above.
    /// \param numbers the parameters as ParameterTable takes them
    void set_parameters(std::vector<double> numbers) {
        set_parameters(std::make_shared<const ParameterTable>(environment_, std::move(numbers), num_envs_));
    }

    /// The number of rows for which the arrays of `Outputs` must have room.
    std::size_t padded() const { return memory_.padded(); }

    /// Restarts the random stream of one env from a seed. The next `reset` draws from it.
    /// \throws std::out_of_range unless `env` is below num_envs
    void seed(std::size_t env, const SeedSequence& seed) {
        if (env >= num_envs_)
            throw std::out_of_range("env: expected an integer below num_envs = " + std::to_string(num_envs_) + ", got " +
                                    std::to_string(env));
        seed_if_needed();
        memory_.set_generator(env, Pcg64(seed));
    }

    /// Seeds env i with `seed + i`.
    /// \throws std::invalid_argument if `seed + num_envs - 1` does not fit in 64 bits
    void seed_all(std::uint64_t seed) {
        if (seed > std::numeric_limits<std::uint64_t>::max() - (num_envs_ - 1))
            throw std::invalid_argument("seed: " + std::to_string(seed) + " + num_envs - 1 does not fit in 64 bits");
        for (std::size_t env = 0; env < num_envs_; ++env) memory_.set_generator(env, Pcg64(SeedSequence(seed + env)));
        seeded_ = true;
    }

    /// The random stream of one env: `random_size` bytes, which begin with a Pcg64. Its increment has to stay odd.
    std::span<std::byte> generator(std::size_t env) const {
        return memory_.generators().subspan(env * environment_.random_size, environment_.random_size);
    }

    /// Checks the arguments of a reset.
    /// \param mask the selected envs, num_envs elements; empty for a reset of all envs
    /// \param bounds the bounds
    /// \throws ResetNeeded, std::invalid_argument, EnvironmentFailed as `reset`
    void check_reset(std::span<const bool> mask, std::span<const double> bounds) const {
        check_open();
        if (!started_ && std::find(mask.begin(), mask.end(), false) != mask.end())
            throw ResetNeeded("reset: the first reset must reset every env, but reset_mask leaves some out");
        detail::check_reset_bounds(environment_, bounds);
    }

    /// Starts an episode in every env. The random streams continue; envs that were never seeded get random seeds from the
    /// operating system.
    /// \param bounds one number for each bound of the environment's resets; empty for the defaults
    /// \param outputs arrays for the observations, and for the infos if they are wanted
    /// \throws std::invalid_argument if a bound is not finite, or if there is another number of bounds. Nothing is changed
    ///         then. EnvironmentFailed if the environment's code throws.
    void reset(std::span<const double> bounds, const Outputs& outputs) {
        check_reset({}, bounds);
        start_episodes({}, bounds, outputs);
    }

    /// Starts an episode in the envs that `mask` selects. The others do not change.
    /// \param mask num_envs elements
    /// \param bounds,outputs as above. The other envs get their last observations, and no infos.
    /// \throws ResetNeeded if the first reset does not select all envs; std::invalid_argument if the
    ///         mask has another length, or as above. Nothing is changed then. EnvironmentFailed as above.
    void reset(std::span<const bool> mask, std::span<const double> bounds, const Outputs& outputs) {
        if (mask.size() != num_envs_)
            throw std::invalid_argument("reset_mask: expected " + std::to_string(num_envs_) + " elements, one per env, got " +
                                        std::to_string(mask.size()));
        check_reset(mask, bounds);
        start_episodes(started_ ? mask : std::span<const bool>(), bounds, outputs);
    }

    /// Steps every env.
    /// \param actions a row for each env, such as a std::span: int32 or int64 if actions are discrete, otherwise float or double
    /// \param outputs arrays with room for `padded()` rows
    /// \return the number of episodes that ended
    /// \throws std::invalid_argument if actions have another type, if there are too few or too many, or if one cannot be used;
    ///         ResetNeeded before the first `reset`, or if an env has finished and autoreset is disabled. Nothing is stepped then.
    ///         EnvironmentFailed if the environment's code throws.
    std::int64_t step(const ActionArray& actions, const Outputs& outputs) {
        check_started("step: call reset before the first step");
        const ActionKernels& kernels = check_actions(actions);
        if (options_.autoreset_mode == AutoresetMode::disabled && finished_ != 0)
            throw ResetNeeded("step: " + std::to_string(finished_) +
                              " of the envs have finished, and autoreset is disabled: reset them first");
        memory_.set_clock(memory_.clock() + 1);
        // The closure holds copies of everything that other threads need. Each cache line of this object or of the stack that
        // they read instead would have to move from core to core.
        for_blocks([envs = envs(), outputs, actions = actions.data, totals = block_totals_.get(), step = kernels.step,
                    restart = kernels_.restart, take_error = kernels_.take_error](std::size_t begin, std::size_t end) {
            EnvList restarting;
            totals[begin / envs_per_block] = step(envs, actions, outputs, begin, end, restarting);
            if (restarting.count != 0) restart(nullptr, envs, outputs, restarting);
            detail::throw_error_of(take_error);
        });
        const std::int64_t ended = statistics_.add({block_totals_.get(), blocks()});
        finished_ += ended;
        return ended;
    }

    /// Lets envs whose episodes have ended continue without a reset.
    void resume() {
        memory_.clear_pending();
        finished_ = 0;
    }

    /// Writes the present observations of all envs.
    /// \param outputs arrays with room for `padded()` rows
    /// \throws ResetNeeded before the first reset
    void observe(const Outputs& outputs) const {
        check_started("observe: call reset first");
        kernels_.observe(envs(), outputs, 0, num_envs_);
        detail::throw_error_of(kernels_.take_error);
    }

    /// Totals of the episodes that ended since clear_logs().
    Logs logs() const {
        return statistics_.logs(memory_.elapsed_in_episodes(),
                                environment_.get_fixed_reward ? &parameters_->fixed_reward() : nullptr);
    }

    /// Sets the totals to zero. An episode that is under way counts with its whole length and return when it ends.
    void clear_logs() { statistics_.clear(memory_.elapsed_in_episodes()); }

    /// Saves everything that future steps depend on: state, elapsed steps, random streams, logs. After `load`, an object that
    /// was constructed with the same arguments continues from here, bit for bit.
    std::vector<std::byte> save() const {
        check_open();
        SnapshotWriter writer;
        memory_.write_kind(writer);
        writer.write(std::uint8_t{seeded_});
        writer.write(std::uint8_t{started_});
        writer.write(statistics_);
        memory_.save(writer);
        return writer.take();
    }

    /// Continues from a saved state.
    /// \param bytes from save() of an object with the same arguments; only `workers` may differ
    /// \throws std::invalid_argument if the bytes are something else or visibly damaged, or if the environment's own check
    ///         refuses a state. Nothing is changed then.
    void load(std::span<const std::byte> bytes) {
        check_open();
        SnapshotReader reader(bytes);
        SnapshotWriter kind;
        memory_.write_kind(kind);
        if (!reader.skip(kind.take()))
            throw std::invalid_argument("saved state: not one of " + std::to_string(num_envs_) + " envs of " +
                                        environment_.name + " in this precision and version");
        const auto seeded = reader.read<std::uint8_t>();
        const auto started = reader.read<std::uint8_t>();
        const auto statistics = reader.read<Statistics>();
        const EnvMemory::Saved saved = memory_.read(reader);
        reader.finish();
        if (seeded > 1 || started > seeded || !statistics.is_valid() ||
            !memory_.can_be(saved, options_.autoreset_mode, options_.max_episode_steps))
            throw std::invalid_argument("saved state: damaged");
        if (environment_.check_state && started != 0) {
            EnvMemory loaded(environment_, kernels_, num_envs_);
            loaded.load(saved);
            check_own_states(loaded, *parameters_, "saved state");
        }
        memory_.load(saved);
        seeded_ = seeded != 0;
        started_ = started != 0;
        statistics_ = statistics;
        finished_ = memory_.count_pending();
    }

    /// Copies the state to `state`, num_envs x state_size, row-major.
    /// \throws std::invalid_argument if `state` has another size
    void get_state(std::span<double> state) const {
        detail::check_state_size(environment_, num_envs_, state.size());
        kernels_.get_state(envs(), num_envs_, state.data());
    }

    /// Replaces the state. Elapsed steps and random streams do not change.
    /// \param state num_envs x state_size numbers, row-major
    /// \param mask the envs to change, num_envs elements; empty for all of them. Rows of the others have no effect.
    /// \throws std::invalid_argument if an argument has another size, if a variable cannot hold its number, or if the
    ///         environment's own check refuses a state. Nothing is changed then.
    void set_state(std::span<const double> state, std::span<const bool> mask = {}) {
        detail::check_state_size(environment_, num_envs_, state.size());
        if (!mask.empty() && mask.size() != num_envs_)
            throw std::invalid_argument("mask: expected " + std::to_string(num_envs_) + " elements, one per env, got " +
                                        std::to_string(mask.size()));
        const std::size_t size = environment_.state_size;
        for (std::size_t env = 0; env < num_envs_; ++env)
            if (mask.empty() || mask[env])
                detail::check_state(environment_, kernels_.state_variables, parameters(), env, state.subspan(env * size, size),
                                    "state");
        kernels_.set_state(envs(), num_envs_, state.data(), mask.empty() ? nullptr : mask.data());
    }

private:
    friend struct CounterAccess;  // tests set counters to values that a run reaches after hours
    // These advance envs by more than one step at a time, or move them to other states.
    friend class BlockStepper;
    friend class BlockSteppers;
    friend class RolloutRun;
    friend class EvaluationRun;
    friend class Branching;

    EnvArrays envs() const { return memory_.envs(*parameters_, options_.autoreset_mode, options_.max_episode_steps); }
    std::size_t blocks() const { return memory_.blocks(); }

    /// \throws std::invalid_argument if the environment's own check refuses the state of an env whose episode has not ended
    void check_own_states(const EnvMemory& memory, const PreparedParameters& parameters, const char* argument) const {
        std::vector<double> rows(num_envs_ * environment_.state_size);
        kernels_.get_state(memory.envs(parameters, options_.autoreset_mode, options_.max_episode_steps), num_envs_, rows.data());
        for (std::size_t env = 0; env < num_envs_; ++env)
            if (memory.progress(env) >= 0)
                detail::check_own_state(environment_, parameters.table(), env, rows.data() + env * environment_.state_size,
                                        argument);
    }

    void seed_if_needed() {
        if (!seeded_) memory_.seed_from_entropy();
        seeded_ = true;
    }

    void check_open() const {
        if (!failure_.empty()) throw EnvironmentFailed(failure_);
    }

    /// \param advice the message of ResetNeeded
    void check_started(const char* advice) const {
        if (started_) return;
        check_open();
        throw ResetNeeded(advice);
    }

    /// Does work in which the environment's own code or a policy may throw.
    template <class Work>
    void attempt(const Work& work) {
        check_open();
        try {
            work();
        } catch (const std::exception& error) {
            fail(error.what());
        } catch (...) {
            fail("an exception that is not a std::exception");
        }
    }

    [[noreturn]] void fail(const std::string& what) {
        started_ = false;
        failure_ = what + " (thrown during a step or a reset; the environment is now closed)";
        std::throw_with_nested(EnvironmentFailed(failure_));
    }

    /// Calls `work(begin, end)` for every block of envs, on all workers.
    template <class Work>
    void for_blocks(const Work& work) {
        constexpr std::size_t least = 4;  // as WorkerPool::run, for work of the size of a step
        attempt([&] {
            pool_.run(blocks(), [work, num_envs = num_envs_](std::size_t block) {
                const std::size_t begin = block * envs_per_block;
                work(begin, std::min(begin + envs_per_block, num_envs));
            }, least);
        });
    }

    /// Starts an episode in the envs that `mask` selects, or, if it is empty, in all.
    void start_episodes(std::span<const bool> mask, std::span<const double> bounds, const Outputs& outputs) {
        seed_if_needed();
        // The reset breaks the episodes of these envs off.
        if (mask.empty())
            for (std::size_t env = 0; env < num_envs_; ++env) statistics_.discard(memory_.elapsed(env));
        else
            for (std::size_t env = 0; env < num_envs_; ++env)
                if (mask[env]) statistics_.discard(memory_.elapsed(env));
        for_blocks([&](std::size_t begin, std::size_t end) {
            EnvList restarting;
            if (mask.empty()) {
                for (std::size_t env = begin; env < end; ++env) restarting.append(env);
            } else {
                for (std::size_t env = begin; env < end; ++env) {
                    if (!mask[env]) continue;
                    restarting.append(env);
                    memory_.set_pending(env, false);
                }
                kernels_.observe(envs(), outputs, begin, end);
                clear_infos(outputs, begin, end);
            }
            kernels_.restart(bounds.empty() ? nullptr : bounds.data(), envs(), outputs, restarting);
            detail::throw_error_of(kernels_.take_error);
        });
        if (mask.empty()) memory_.clear_pending();
        finished_ = memory_.count_pending();
        started_ = true;
    }

    /// Sets infos to 0. When only some envs are reset, the others have such infos, as in Gymnasium.
    void clear_infos(const Outputs& outputs, std::size_t begin, std::size_t end) const {
        if (outputs.has_infos) std::fill(outputs.has_infos + begin, outputs.has_infos + end, false);
        for (std::size_t i = 0; outputs.infos && i < environment_.info_count; ++i) {
            const InfoDescription& info = environment_.infos[i];
            const std::size_t row = size_of(info.type) * info.shape.size();
            std::memset(static_cast<std::byte*>(outputs.infos[i]) + begin * row, 0, (end - begin) * row);
        }
    }

    /// Returns the kernels for actions of a type; null if the environment does not take them.
    const ActionKernels* kernels_for(ElementType type) const {
        for (std::size_t i = 0; i < kernels_.action_type_count; ++i)
            if (kernels_.actions[i].type == type) return &kernels_.actions[i];
        return nullptr;
    }

    /// Returns the kernels for these actions.
    /// \throws std::invalid_argument if actions have another type, or as detail::ActionCheck, which explains the arguments
    const ActionKernels& check_actions(const ActionArray& actions, std::size_t steps = 0) {
        const ActionKernels* kernels = kernels_for(actions.type);
        if (!kernels)
            throw std::invalid_argument(environment_.action.has_real_actions() ? "actions: expected float32 or float64"
                                                                               : "actions: expected int32 or int64");
        detail::ActionCheck(environment_, parameters(), num_envs_, actions, steps).run(kernels->are_valid, pool_);
        return *kernels;
    }

    static Workers checked(const Workers& workers) {
        detail::checked_count("workers", workers.count(), most_workers);
        return workers;
    }

    static std::uint64_t next_number() {
        static std::atomic<std::uint64_t> last{0};
        return ++last;
    }

    const std::uint64_t number_ = next_number();  // unique in this process
    const EnvironmentDescription& environment_;
    Kernels kernels_;
    std::size_t num_envs_;
    EngineOptions options_;
    WorkerPool pool_;
    std::shared_ptr<const PreparedParameters> parameters_;
    bool seeded_ = false;
    bool started_ = false;
    std::string failure_;

    EnvMemory memory_;
    AlignedArray<StepTotals> block_totals_;  // of the last step, one per block, two in a cache line
    Statistics statistics_;
    std::int64_t finished_ = 0;              // if autoreset is disabled: the number of envs that wait for a reset
};

}  // namespace operant
