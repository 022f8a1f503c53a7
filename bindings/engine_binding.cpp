#include "engine_binding.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include <operant/evaluation.hpp>
#include <operant/library/dispatch.hpp>
#include <operant/workers.hpp>

#include "chunks.hpp"
#include "released_gil.hpp"

namespace operant::bindings {
namespace {

/// The numbers of an array, or null for None.
void* data_of(nb::handle array, std::size_t bytes) {
    if (array.is_none()) return nullptr;
    const auto numbers = nb::cast<nb::ndarray<nb::c_contig, nb::device::cpu>>(array);
    if (numbers.nbytes() != bytes)
        throw std::invalid_argument("expected an array of " + std::to_string(bytes) + " bytes, got " +
                                    std::to_string(numbers.nbytes()));
    return numbers.data();
}

/// Converts a Python integer of any size to numpy's SeedSequence.
SeedSequence sequence_of(nb::handle integer) {
    std::uint64_t small;
    if (nb::try_cast(integer, small)) return SeedSequence(small);
    // The integer has more than 64 bits: pass it as 32-bit words.
    const auto bits = nb::cast<std::size_t>(integer.attr("bit_length")());
    std::vector<std::uint32_t> words((bits + 31) / 32);
    const nb::object digits = integer.attr("to_bytes")(4 * words.size(), "little");
    std::memcpy(words.data(), nb::borrow<nb::bytes>(digits).data(), 4 * words.size());
    return SeedSequence(words);
}

/// Returns the seeds of all envs, or an empty vector if `seed` is None.
/// \param seed None, an int (env i is seeded with `seed + i`), or a list with one int or None per env. The Python package
///        checks that ints are not negative and that the list has `num_envs` elements.
std::vector<std::optional<SeedSequence>> seed_sequences(nb::handle seed, std::size_t num_envs) {
    std::vector<std::optional<SeedSequence>> sequences;
    if (seed.is_none()) return sequences;
    sequences.reserve(num_envs);
    std::uint64_t first;
    if (nb::isinstance<nb::int_>(seed)) {
        if (nb::try_cast(seed, first) && first <= std::numeric_limits<std::uint64_t>::max() - num_envs) {
            for (std::size_t env = 0; env < num_envs; ++env) sequences.emplace_back(SeedSequence(first + env));
        } else {
            for (std::size_t env = 0; env < num_envs; ++env)
                sequences.emplace_back(sequence_of(nb::borrow(seed) + nb::int_(env)));
        }
    } else {
        for (const nb::handle one : seed)
            sequences.push_back(one.is_none() ? std::nullopt : std::optional(sequence_of(one)));
    }
    return sequences;
}

}  // namespace

EngineBinding::EngineBinding(const ParametersBinding& parameters, std::size_t num_envs, std::size_t workers,
                             std::int32_t max_episode_steps, const std::string& autoreset_mode, bool float64,
                             bool record_episode_statistics, nb::object as_actions, nb::object fitting_actions,
                             nb::object lazy_infos, nb::object final_observations)
    : shared_(std::make_shared<SharedEngine>(
          parameters.table()->environment(),
          choose_kernels(parameters.table()->environment(), float64, active_architecture()), num_envs,
          EngineOptions{workers, max_episode_steps, autoreset_mode_of(autoreset_mode)}, parameters.table(),
          record_episode_statistics)),
      core_(shared_->core),
      began_(shared_->began),
      tree_(core_->environment().observation),
      frames_(output_list(core_->environment(), core_->autoreset_mode(), record_episode_statistics), num_envs,
              core_->padded(), std::move(final_observations)),
      infos_(frames_.list(), std::move(lazy_infos)),
      as_actions_(std::move(as_actions)),
      fitting_actions_(std::move(fitting_actions)) {}

EngineBinding::~EngineBinding() {
    if (generators_.empty()) return;
    if (shared_->busy.test_and_set(std::memory_order_acquire)) {
        // An XLA program holds the lock and writes to the generators when it is done, so they are never freed.
        for (auto& [env, generator] : generators_) generator.release();
        return;
    }
    shared_->streams.end_if([](std::size_t) { return true; });
    shared_->busy.clear(std::memory_order_release);
}

nb::object EngineBinding::reset(nb::handle seed, const Numbers& bounds, const std::optional<Mask>& mask) {
    const EngineLock lock(*shared_);
    drop_generators();
    const auto seeds = seed_sequences(seed, core_->num_envs());
    Frame& frame = frames_.take();  // before any change, because it may fail
    Outputs outputs = frame.outputs();
    outputs.final_infos = nullptr;
    {
        const ReleasedGil released;
        shared_->reset(seeds, {bounds.data(), bounds.size()}, mask ? mask->data() : nullptr, outputs);
    }
    return nb::make_tuple(frame.observations(tree_), core_->environment().has_reset_info ? infos_.of(frame, 0) : nb::dict());
}

void EngineBinding::seed(std::uint64_t first) {
    const EngineLock lock(*shared_);
    core_->seed_all(first);
    shared_->streams.restart_if([](std::size_t) { return true; });
}

void EngineBinding::share(std::size_t env, nb::object generator) {
    const NumpyPcg64 stream(generator.attr("bit_generator"));
    const nb::object former = std::exchange(generators_[env], std::move(generator));
    shared_->streams.share(env, stream);
}

nb::tuple EngineBinding::generators(nb::handle make) {
    const EngineLock lock(*shared_);
    const std::vector<bool> is_shared = shared_->streams.is_shared(core_->num_envs());
    nb::list generators;
    for (std::size_t env = 0; env < core_->num_envs(); ++env) {
        if (!is_shared[env]) share(env, make(env));
        generators.append(generators_.at(env));
    }
    return nb::tuple(generators);
}

std::map<std::size_t, nb::object> EngineBinding::shared_generators() {
    const EngineLock lock(*shared_);
    const std::vector<bool> is_shared = shared_->streams.is_shared(core_->num_envs());
    auto generators = generators_;
    std::erase_if(generators, [&](const auto& entry) { return !is_shared[entry.first]; });
    return generators;
}

void EngineBinding::take_generator(std::size_t env, nb::object generator) {
    const EngineLock lock(*shared_);
    NumpyPcg64(generator.attr("bit_generator")).check();
    core_->seed(env, SeedSequence(0));  // marks the streams as started
    share(env, std::move(generator));
    shared_->streams.pull(*core_);
}

/// Stops sharing streams with generators that nobody else refers to, because each of them costs time at every call.
void EngineBinding::drop_generators() {
#ifndef Py_GIL_DISABLED  // reference counts prove nothing there: another thread may be about to take a reference
    constexpr std::size_t few = 64;
    if (shared_->streams.size() <= few) return;
    std::vector<bool> is_dropped(core_->num_envs());
    for (auto& [env, generator] : generators_) {
        if (Py_REFCNT(generator.ptr()) != 1) continue;
        const nb::object bits = generator.attr("bit_generator");
        if (Py_REFCNT(bits.ptr()) != 2) continue;
        // Keep a generator that has spawned children, because a new one would spawn the same children again.
        is_dropped[env] = nb::cast<int>(bits.attr("seed_seq").attr("n_children_spawned")) == 0;
    }
    shared_->streams.end_if([&](std::size_t env) { return is_dropped[env]; });
    std::erase_if(generators_, [&](const auto& entry) { return is_dropped[entry.first]; });
#endif
}

SharedStreams::Halves EngineBinding::halves() {
    const EngineLock lock(*shared_);
    return shared_->streams.halves();
}

void EngineBinding::set_halves(SharedStreams::Halves halves) {
    const EngineLock lock(*shared_);
    if (!halves.empty() && halves.rbegin()->first >= core_->num_envs())
        throw std::invalid_argument("halves: expected those of " + std::to_string(core_->num_envs()) + " envs, got one of " +
                                    std::to_string(halves.rbegin()->first));
    shared_->streams.set_halves(std::move(halves));
}

nb::object EngineBinding::step(nb::handle actions) {
    const EngineLock lock(*shared_);
    if (!generators_.empty()) drop_generators();
    nb::object array = nb::borrow(actions);
    ActionArray view = view_actions(array, *core_, core_->num_envs());
    for (const nb::object* convert : {&as_actions_, &fitting_actions_}) {
        if (view.data) break;
        {
            const PythonTurn turn(*shared_);
            array = (*convert)(array);
        }
        view = view_actions(array, *core_, core_->num_envs());
    }
    Frame& frame = frames_.take();
    std::int64_t ended;
    {
        // Releasing the GIL takes longer than a step of few envs.
        std::optional<ReleasedGil> released;
        if (core_->num_envs() > envs_per_word) released.emplace();
        ended = shared_->step(view, frame.outputs(), frame.episodes());
    }
    const std::size_t first = frame.leaves();
    return nb::make_tuple(frame.observations(tree_), frame.array(first), frame.array(first + 1), frame.array(first + 2),
                          infos_.of(frame, ended));
}

nb::object EngineBinding::state() {
    const EngineLock lock(*shared_);
    const std::size_t state_size = core_->environment().state_size;
    void* data;
    nb::object state = new_array<double>(core_->num_envs(), state_size, data);
    core_->get_state({static_cast<double*>(data), core_->num_envs() * state_size});
    return state;
}

void EngineBinding::set_state(const StateArray& state, const std::optional<Mask>& mask) {
    const EngineLock lock(*shared_);
    core_->set_state({state.data(), state.size()},
                     mask ? std::span(mask->data(), mask->size()) : std::span<const bool>());
}

void EngineBinding::rollout(nb::handle source, std::size_t steps, const nb::list& arrays, nb::handle chosen_actions,
                          nb::handle returns, nb::handle log_probs, nb::handle values, const NetworkPolicyBinding* critic,
                          nb::handle progress) {
    const EngineLock lock(*shared_);
    drop_generators();
    const std::size_t rows = steps * core_->num_envs(), action_size = core_->environment().action.size;
    RolloutArrays into;
    into.list = frames_.list();
    for (const OutputDescription& output : into.list)
        into.data.push_back(data_of(arrays[into.data.size()], rows * output.row_size()));
    into.returns = static_cast<double*>(data_of(returns, core_->num_envs() * sizeof(double)));
    into.chosen_actions = data_of(chosen_actions, rows * action_size * sizeof(std::int32_t));
    into.episodes_began = began_.get();
    into.log_probs = static_cast<float*>(data_of(log_probs, rows * sizeof(float)));
    into.values = static_cast<float*>(data_of(values, rows * sizeof(float)));
    BoundPolicy bound_critic{};  // lives as long as the run
    if (into.values) bound_critic = critic->bind_critic(core_->parameters(), core_->num_envs());
    into.critic = bound_critic.function;
    if (NativePolicy* policy = nullptr; nb::try_cast(source, policy)) {
        const BoundPolicy bound = policy->bind(core_->parameters(), core_->num_envs());
        RolloutRun run(*core_, bound.function, steps, std::move(into));
        return run_rollout(run, progress);
    }
    const ActionArray view = view_actions(source, *core_, rows);
    if (!view.data) throw std::invalid_argument("actions: expected an array that needs no conversion");
    std::optional<RolloutRun> run;
    {
        const ReleasedGil released;  // the constructor checks all actions
        run.emplace(*core_, view, std::move(into));
    }
    run_rollout(*run, progress);
}

void EngineBinding::run_rollout(RolloutRun& run, nb::handle progress) {
    const auto note_steps = [&](nb::handle error) {
        const nb::object steps = nb::int_(run.done());
        if (PyObject_SetAttrString(error.ptr(), "steps", steps.ptr()) != 0) PyErr_Clear();
    };
    try {
        run_in_chunks(*shared_, run, run.steps(), progress);
    } catch (nb::python_error& error) {
        note_steps(error.value());
        throw;
    } catch (const ResetNeeded& needed) {
        const nb::object type = nb::module_::import_("gymnasium.error").attr("ResetNeeded");
        const nb::object error = type(needed.what());
        note_steps(error);
        PyErr_SetObject(type.ptr(), error.ptr());
        throw nb::python_error();
    }
}

void EngineBinding::evaluate(NativePolicy& policy, std::size_t episodes, nb::handle returns, nb::handle lengths,
                             nb::handle progress) {
    const EngineLock lock(*shared_);
    const std::size_t total = episodes * core_->num_envs();
    const BoundPolicy bound = policy.bind(core_->parameters(), core_->num_envs());
    EvaluationRun run(*core_, bound.function, episodes,
                      static_cast<double*>(data_of(returns, total * sizeof(double))),
                      static_cast<std::int64_t*>(data_of(lengths, total * sizeof(std::int64_t))));
    run_in_chunks(*shared_, run, total, progress);
}

nb::object EngineBinding::observe() {
    const EngineLock lock(*shared_);
    Frame& frame = frames_.take();
    core_->observe(frame.outputs());
    return frame.observations(tree_);
}

nb::object EngineBinding::action_masks() {
    const EngineLock lock(*shared_);
    Frame& frame = frames_.take();
    core_->observe(frame.outputs());
    const auto& list = frames_.list();
    for (std::size_t i = 0; i < list.size(); ++i)
        if (list[i].role == OutputDescription::Role::info && list[i].index + 1 == core_->environment().info_count)
            return frame.array(i);
    return nb::none();
}

EngineBinding::Snapshot EngineBinding::snapshot(nb::object note) {
    const EngineLock lock(*shared_);
    std::vector<double> began;
    if (began_) began.assign(began_.get(), began_.get() + core_->num_envs());
    return {Branching::take(*core_), std::move(began), shared_->streams.halves(), std::move(note)};
}

nb::object EngineBinding::restore(const Snapshot& snapshot) {
    const EngineLock lock(*shared_);
    Branching::restore(*core_, snapshot.core);
    if (began_) std::ranges::copy(snapshot.began, began_.get());
    shared_->streams.set_halves(snapshot.halves);
    return snapshot.note;
}

void EngineBinding::copy_state(const EnvIndices& source, const EnvIndices& target, bool random) {
    const EngineLock lock(*shared_);
    Branching::copy_state(*core_, {source.data(), source.size()}, {target.data(), target.size()}, random);
    if (random) shared_->streams.copy_halves({source.data(), source.size()}, {target.data(), target.size()});
    if (!began_) return;
    std::vector<double> began;
    for (std::size_t i = 0; i < source.size(); ++i) began.push_back(began_[static_cast<std::size_t>(source.data()[i])]);
    for (std::size_t i = 0; i < target.size(); ++i) began_[static_cast<std::size_t>(target.data()[i])] = began[i];
}

std::uint32_t EngineBinding::foreign_number() {
    const EngineLock lock(*shared_);
    if (!foreign_) foreign_ = ForeignEnvironment::enlist(shared_, frames_.list());
    return foreign_->number();
}

void EngineBinding::close() {
    const EngineLock lock(*shared_, true);
    shared_->streams.end_if([](std::size_t) { return true; });
    generators_.clear();
    core_.reset();
    frames_ = FramePool({}, 0, 0, {});
    foreign_.reset();
}

}  // namespace operant::bindings
