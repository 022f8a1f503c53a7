#include "vector_env.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include <operant/dispatch.hpp>

#include "released_gil.hpp"
#include "seeds.hpp"

namespace operant::bindings {
namespace {

/// Seconds on a clock that never goes back.
double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

template <class Action>
std::span<const Action> span_of(const void* data, std::size_t size) {
    return {static_cast<const Action*>(data), size};
}

}  // namespace

PyVectorEnv::Exclusive::Exclusive(PyVectorEnv& env, bool may_be_closed) : busy_(env.busy_) {
    if (busy_.test_and_set(std::memory_order_acquire))
        throw std::runtime_error(
            "another thread is inside of this environment, or was when this process was forked; give each thread and process "
            "its own");
    if (!env.core_ && !may_be_closed) {
        busy_.clear(std::memory_order_release);
        throw ClosedEnvironment("this environment has been closed");
    }
}

PyVectorEnv::PyVectorEnv(const Environment& environment, std::size_t num_envs, const Options& options,
                         const Numbers& parameters, nb::object as_actions, nb::object make_infos)
    : core_(std::in_place, environment.description(),
            choose_kernels(environment.description(), options.float64, active_architecture()), num_envs,
            CoreOptions{options.workers, options.max_episode_steps, autoreset_mode_of(options.autoreset_mode)},
            std::vector<double>(parameters.data(), parameters.data() + parameters.size())),
      frames_(output_list(environment.description(), core_->autoreset_mode(), options.record_episode_statistics), num_envs,
              core_->padded()),
      has_infos_(environment.description().info_count != 0),
      narrow_(environment.description().action.kind == SpaceDescription::Kind::box ? ActionType::float32 : ActionType::int32),
      wide_(environment.description().action.kind == SpaceDescription::Kind::box ? ActionType::float64 : ActionType::int64),
      as_actions_(std::move(as_actions)),
      make_infos_(std::move(make_infos)) {
    if (options.record_episode_statistics) {
        began_ = make_aligned_array<double>(core_->padded());
        std::fill_n(began_.get(), num_envs, now());
    }
}

nb::object PyVectorEnv::reset(nb::handle seed, const Numbers& bounds, const std::optional<Mask>& mask) {
    const Exclusive exclusive(*this);
    const bool all = !mask || std::all_of(mask->data(), mask->data() + mask->size(), [](bool selected) { return selected; });
    if (!all && !core_->started()) throw ResetNeeded("reset: the first reset must be without a reset_mask");
    const auto seeds = seed_sequences(seed, core_->num_envs());
    Frame& frame = frames_.take();  // the last thing that may fail: nothing has been changed yet
    for (std::size_t copy = 0; copy < seeds.size(); ++copy)
        if (seeds[copy] && (!mask || mask->data()[copy])) core_->seed(copy, *seeds[copy]);
    if (began_)
        for (std::size_t copy = 0; copy < core_->num_envs(); ++copy)
            if (!mask || mask->data()[copy]) began_[copy] = now();
    Outputs outputs = frame.outputs();
    outputs.final_infos = nullptr;
    {
        const ReleasedGil released;
        const std::span<const double> numbers(bounds.data(), bounds.size());
        if (mask)
            core_->reset({mask->data(), mask->size()}, numbers, outputs);
        else
            core_->reset(numbers, outputs);
    }
    nb::object infos = core_->environment().has_reset_info ? infos_of(frame, -1) : nb::object(nb::dict());
    return nb::make_tuple(frame.observations(), std::move(infos));
}

nb::object PyVectorEnv::step(nb::handle actions) {
    const Exclusive exclusive(*this);
    const std::size_t action_size = core_->environment().action.size;
    nb::object array = nb::borrow(actions);
    auto view = view_actions(array, core_->num_envs(), action_size);
    if (view.type != narrow_ && view.type != wide_) {
        array = as_actions_(actions);
        view = view_actions(array, core_->num_envs(), action_size);
    }
    Frame& frame = frames_.take();
    Outputs outputs = frame.outputs();
    EpisodeStatistics episodes;
    if (began_) {
        episodes = frame.episodes();
        episodes.began = began_.get();
        episodes.now = now();
        outputs.episodes = &episodes;
    }
    std::int64_t ended;
    {
        // Few copies are stepped in less time than it takes to let go of the GIL and get it back.
        std::optional<ReleasedGil> released;
        if (core_->num_envs() > lanes_per_word) released.emplace();
        const std::size_t size = core_->num_envs() * action_size;
        switch (view.type) {
            case ActionType::int32: ended = core_->step(span_of<std::int32_t>(view.data, size), outputs); break;
            case ActionType::int64: ended = core_->step(span_of<std::int64_t>(view.data, size), outputs); break;
            case ActionType::float32: ended = core_->step(span_of<float>(view.data, size), outputs); break;
            default: ended = core_->step(span_of<double>(view.data, size), outputs);
        }
    }
    const bool wanted = has_infos_ || (ended != 0 && outputs.ended != nullptr);
    const std::size_t first = core_->environment().observation.kind == SpaceDescription::Kind::tuple
                                  ? core_->environment().observation.size
                                  : 1;
    nb::object infos = wanted ? infos_of(frame, ended) : nb::object(nb::dict());
    return nb::make_tuple(frame.observations(), frame.array(first), frame.array(first + 1), frame.array(first + 2),
                          std::move(infos));
}

/// \param ended how many episodes did; -1 for a reset
nb::object PyVectorEnv::infos_of(const Frame& frame, std::int64_t ended) const {
    nb::list arrays;
    for (std::size_t i = 0; i < frames_.list().size(); ++i) arrays.append(frame.array(i));
    return make_infos_(arrays, ended);
}

nb::object PyVectorEnv::state() {
    const Exclusive exclusive(*this);
    const std::size_t state_size = core_->environment().state_size;
    const std::size_t size = core_->num_envs() * state_size;
    auto* data = new double[size];
    const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<double*>(p); });
    core_->get_state({data, size});
    return nb::ndarray<nb::numpy, double, nb::ndim<2>>(data, {core_->num_envs(), state_size}, owner).cast();
}

void PyVectorEnv::set_state(const StateArray& state) {
    const Exclusive exclusive(*this);
    core_->set_state({state.data(), state.size()});
}

nb::tuple PyVectorEnv::logs() {
    const Exclusive exclusive(*this);
    const Logs logs = core_->logs();
    return nb::make_tuple(logs.episode_count, logs.total_reward, logs.total_steps);
}

void PyVectorEnv::clear_logs() {
    const Exclusive exclusive(*this);
    core_->clear_logs();
}

nb::bytes PyVectorEnv::save() {
    const Exclusive exclusive(*this);
    const auto bytes = core_->save();
    return nb::bytes(bytes.data(), bytes.size());
}

void PyVectorEnv::load(const nb::bytes& bytes) {
    const Exclusive exclusive(*this);
    core_->load({static_cast<const std::byte*>(bytes.data()), bytes.size()});
}

void PyVectorEnv::close() {
    const Exclusive exclusive(*this, true);
    core_.reset();
    frames_ = FramePool({}, 0, 0);
}

}  // namespace operant::bindings
