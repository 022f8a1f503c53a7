#include "vector_env.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <operant/block_run.hpp>
#include <operant/dispatch.hpp>
#include <operant/evaluation.hpp>

#include "chunks.hpp"
#include "released_gil.hpp"
#include "seeds.hpp"

namespace operant::bindings {
namespace {

template <class Action>
std::span<const Action> span_of(const void* data, std::size_t size) {
    return {static_cast<const Action*>(data), size};
}

/// The numbers of an array, or null for None.
void* data_of(nb::handle array, std::size_t bytes) {
    if (array.is_none()) return nullptr;
    const auto numbers = nb::cast<nb::ndarray<nb::c_contig, nb::device::cpu>>(array);
    if (numbers.nbytes() != bytes)
        throw std::invalid_argument("expected an array of " + std::to_string(bytes) + " bytes, got " +
                                    std::to_string(numbers.nbytes()));
    return numbers.data();
}

}  // namespace

PyVectorEnv::PyVectorEnv(const Environment& environment, std::size_t num_envs, const Options& options,
                         const Numbers& parameters, nb::object as_actions, nb::object fitting_actions,
                         nb::object final_observations, nb::object final_tuples)
    : shared_(std::make_shared<SharedCore>(
          environment.description(), choose_kernels(environment.description(), options.float64, active_architecture()), num_envs,
          CoreOptions{options.workers, options.max_episode_steps, autoreset_mode_of(options.autoreset_mode)},
          std::vector<double>(parameters.data(), parameters.data() + parameters.size()), options.record_episode_statistics)),
      core_(shared_->core),
      began_(shared_->began),
      frames_(output_list(environment.description(), core_->autoreset_mode(), options.record_episode_statistics), num_envs,
              core_->padded(), std::move(final_observations)),
      infos_(frames_.list(), std::move(final_tuples)),
      narrow_(environment.description().action.kind == SpaceDescription::Kind::box ? ActionType::float32 : ActionType::int32),
      wide_(environment.description().action.kind == SpaceDescription::Kind::box ? ActionType::float64 : ActionType::int64),
      as_actions_(std::move(as_actions)),
      fitting_actions_(std::move(fitting_actions)) {}

nb::object PyVectorEnv::reset(nb::handle seed, const Numbers& bounds, const std::optional<Mask>& mask) {
    const Exclusive exclusive(*shared_);
    const auto seeds = seed_sequences(seed, core_->num_envs());
    Frame& frame = frames_.take();  // this may fail, so nothing is changed before
    Outputs outputs = frame.outputs();
    outputs.final_infos = nullptr;
    {
        const ReleasedGil released;
        shared_->reset(seeds, {bounds.data(), bounds.size()}, mask ? mask->data() : nullptr, outputs);
    }
    return nb::make_tuple(frame.observations(), core_->environment().has_reset_info ? infos_.of(frame, 0) : nb::dict());
}

void PyVectorEnv::seed(std::uint64_t first) {
    const Exclusive exclusive(*shared_);
    core_->seed_all(first);
}

nb::object PyVectorEnv::generators() {
    const Exclusive exclusive(*shared_);
    const std::size_t words = core_->environment().random_size / sizeof(std::uint64_t), size = core_->num_envs() * words;
    auto* data = new std::uint64_t[size];
    const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<std::uint64_t*>(p); });
    core_->get_generators(std::as_writable_bytes(std::span(data, size)));
    return nb::ndarray<nb::numpy, std::uint64_t, nb::ndim<2>>(data, {core_->num_envs(), words}, owner).cast();
}

void PyVectorEnv::set_generators(const Generators& generators) {
    const Exclusive exclusive(*shared_);
    core_->set_generators(std::as_bytes(std::span(generators.data(), generators.size())));
}

nb::object PyVectorEnv::step(nb::handle actions) {
    const Exclusive exclusive(*shared_);
    const std::size_t action_size = core_->environment().action.size;
    nb::object array = nb::borrow(actions);
    auto view = view_actions(array, core_->num_envs(), action_size);
    for (const nb::object* convert : {&as_actions_, &fitting_actions_}) {
        if (view.type == narrow_ || view.type == wide_) break;
        array = (*convert)(array);
        view = view_actions(array, core_->num_envs(), action_size);
    }
    Frame& frame = frames_.take();
    std::int64_t ended;
    {
        // A step of few copies takes less time than to release the GIL and to get it back.
        std::optional<ReleasedGil> released;
        if (core_->num_envs() > lanes_per_word) released.emplace();
        ended = shared_->step(view, frame.outputs(), frame.episodes());
    }
    const std::size_t first = frame.parts();
    return nb::make_tuple(frame.observations(), frame.array(first), frame.array(first + 1), frame.array(first + 2),
                          infos_.of(frame, ended));
}

nb::object PyVectorEnv::state() {
    const Exclusive exclusive(*shared_);
    const std::size_t state_size = core_->environment().state_size;
    const std::size_t size = core_->num_envs() * state_size;
    auto* data = new double[size];
    const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<double*>(p); });
    core_->get_state({data, size});
    return nb::ndarray<nb::numpy, double, nb::ndim<2>>(data, {core_->num_envs(), state_size}, owner).cast();
}

void PyVectorEnv::set_state(const StateArray& state) {
    const Exclusive exclusive(*shared_);
    core_->set_state({state.data(), state.size()});
}

void PyVectorEnv::rollout(nb::handle source, std::size_t steps, const nb::list& arrays, nb::handle chosen_actions,
                          nb::handle returns, nb::handle progress) {
    const Exclusive exclusive(*shared_);
    const std::size_t rows = steps * core_->num_envs(), action_size = core_->environment().action.size;
    RolloutArrays into;
    into.list = frames_.list();
    for (const OutputDescription& output : into.list)
        into.data.push_back(data_of(arrays[into.data.size()], rows * output.row_size()));
    into.returns = static_cast<double*>(data_of(returns, core_->num_envs() * sizeof(double)));
    into.chosen_actions = data_of(chosen_actions, rows * action_size * sizeof(std::int32_t));
    into.episodes_began = began_.get();
    if (Policy* policy = nullptr; nb::try_cast(source, policy)) {
        const BoundPolicy bound = policy->bind(core_->environment(), core_->parameters(), core_->num_envs());
        RolloutRun run(*core_, bound.function, steps, std::move(into));
        return run_rollout(run, progress);
    }
    const auto view = view_actions(source, rows, action_size);
    const auto run_with = [&]<class Action>(std::span<const Action> actions) {
        std::optional<RolloutRun> run;
        {
            const ReleasedGil released;  // because the constructor checks all actions
            run.emplace(*core_, actions, std::move(into));
        }
        run_rollout(*run, progress);
    };
    switch (view.type) {
        case ActionType::int32: return run_with(span_of<std::int32_t>(view.data, rows * action_size));
        case ActionType::int64: return run_with(span_of<std::int64_t>(view.data, rows * action_size));
        case ActionType::float32: return run_with(span_of<float>(view.data, rows * action_size));
        case ActionType::float64: return run_with(span_of<double>(view.data, rows * action_size));
        default: throw std::invalid_argument("actions: expected an array that needs no conversion");
    }
}

void PyVectorEnv::run_rollout(RolloutRun& run, nb::handle progress) {
    const auto note_steps = [&](nb::handle error) {
        const nb::object steps = nb::int_(run.done());
        if (PyObject_SetAttrString(error.ptr(), "steps", steps.ptr()) != 0) PyErr_Clear();
    };
    try {
        run_in_chunks(run, core_->num_envs(), run.steps(), progress);
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

void PyVectorEnv::evaluate(Policy& policy, std::size_t episodes, nb::handle returns, nb::handle lengths, nb::handle progress) {
    const Exclusive exclusive(*shared_);
    const std::size_t total = episodes * core_->num_envs();
    const BoundPolicy bound = policy.bind(core_->environment(), core_->parameters(), core_->num_envs());
    EvaluationRun run(*core_, bound.function, episodes,
                      static_cast<double*>(data_of(returns, total * sizeof(double))),
                      static_cast<std::int64_t*>(data_of(lengths, total * sizeof(std::int64_t))));
    run_in_chunks(run, core_->num_envs(), total, progress);
}

nb::object PyVectorEnv::observe() {
    const Exclusive exclusive(*shared_);
    Frame& frame = frames_.take();
    core_->observe(frame.outputs());
    return frame.observations();
}

void PyVectorEnv::set_parameters(const Numbers& parameters) {
    const Exclusive exclusive(*shared_);
    core_->set_parameters({parameters.data(), parameters.data() + parameters.size()});
}

PyVectorEnv::Snapshot PyVectorEnv::snapshot(nb::object note) {
    const Exclusive exclusive(*shared_);
    std::vector<double> began;
    if (began_) began.assign(began_.get(), began_.get() + core_->num_envs());
    return {Branching::take(*core_), std::move(began), std::move(note)};
}

nb::object PyVectorEnv::restore(const Snapshot& snapshot) {
    const Exclusive exclusive(*shared_);
    Branching::restore(*core_, snapshot.core);
    if (began_) std::ranges::copy(snapshot.began, began_.get());
    return snapshot.note;
}

void PyVectorEnv::copy_state(const Copies& source, const Copies& target, bool random) {
    const Exclusive exclusive(*shared_);
    Branching::copy_state(*core_, {source.data(), source.size()}, {target.data(), target.size()}, random);
    if (!began_) return;
    std::vector<double> began;
    for (std::size_t i = 0; i < source.size(); ++i) began.push_back(began_[static_cast<std::size_t>(source.data()[i])]);
    for (std::size_t i = 0; i < target.size(); ++i) began_[static_cast<std::size_t>(target.data()[i])] = began[i];
}

nb::tuple PyVectorEnv::logs() {
    const Exclusive exclusive(*shared_);
    const Logs logs = core_->logs();
    return nb::make_tuple(logs.episode_count, logs.total_reward, logs.total_steps);
}

void PyVectorEnv::clear_logs() {
    const Exclusive exclusive(*shared_);
    core_->clear_logs();
}

nb::bytes PyVectorEnv::save() {
    const Exclusive exclusive(*shared_);
    const auto bytes = core_->save();
    return nb::bytes(bytes.data(), bytes.size());
}

void PyVectorEnv::load(const nb::bytes& bytes) {
    const Exclusive exclusive(*shared_);
    core_->load({static_cast<const std::byte*>(bytes.data()), bytes.size()});
}

std::uint32_t PyVectorEnv::foreign_number() {
    const Exclusive exclusive(*shared_);
    if (!foreign_) foreign_ = ForeignEnvironment::enlist(shared_, frames_.list());
    return foreign_->number();
}

void PyVectorEnv::close() {
    const Exclusive exclusive(*shared_, true);
    core_.reset();
    frames_ = FramePool({}, 0, 0, {});
    foreign_.reset();
}

}  // namespace operant::bindings
