#pragma once
/// \file
/// `VectorEnv` as Python sees it: checks who calls, finds arrays for the results, lets other threads run meanwhile.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/vector_env.hpp>

#include "actions.hpp"
#include "frames.hpp"
#include "released_gil.hpp"
#include "seeds.hpp"

namespace operant::bindings {

namespace nb = nanobind;

/// The environment has been closed: `gymnasium.error.ClosedEnvironmentError`.
class ClosedEnvironment : public std::logic_error {
    using std::logic_error::logic_error;
};

template <class E, class Scalar>
class PyVectorEnv {
public:
    using Core = VectorEnv<E, Scalar>;

    /// \param record_episode_statistics whether steps report returns and lengths of the episodes that ended in them
    /// \param as_actions Python callable that makes an array that step() takes of anything else, or raises
    /// \param make_infos Python callable that makes the infos of a step in which episodes ended, of the arrays ended,
    ///        final_observations, and the episodes' returns, lengths and seconds; each None where the environment has none
    PyVectorEnv(std::size_t num_envs, typename Core::Options options, bool record_episode_statistics,
                nb::object as_actions, nb::object make_infos, const Kernels<E, Scalar>& kernels)
        : core_(std::in_place, num_envs, std::move(options), kernels),
          frames_(FrameLayout{num_envs, core_->padded(), E::observation_size,
                              core_->autoreset_mode() == AutoresetMode::same_step, record_episode_statistics}),
          as_actions_(std::move(as_actions)),
          make_infos_(std::move(make_infos)) {
        if (record_episode_statistics) {
            began_ = make_aligned_array<double>(core_->padded());
            std::fill_n(began_.get(), num_envs, now());
        }
    }

    using Mask = nb::ndarray<const bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

    /// \param seed None, an integer that copy i adds i to, or a sequence of one integer or None a copy
    /// \param bounds the two numbers of E::ResetBounds
    /// \param mask which copies to reset; all without one
    /// \return the observations
    nb::object reset(nb::handle seed, std::pair<double, double> bounds, const std::optional<Mask>& mask) {
        const Exclusive exclusive(*this);
        if (mask && !core_->started()) throw ResetNeeded("reset: the first reset must be without a reset_mask");
        const auto seeds = seed_sequences(seed, core_->num_envs());
        Frame& frame = frames_.take();  // the last thing that may fail: nothing has been changed yet
        for (std::size_t copy = 0; copy < seeds.size(); ++copy)
            if (seeds[copy] && (!mask || mask->data()[copy])) core_->seed(copy, *seeds[copy]);
        if (began_)
            for (std::size_t copy = 0; copy < core_->num_envs(); ++copy)
                if (!mask || mask->data()[copy]) began_[copy] = now();
        {
            const ReleasedGil released;
            const typename E::ResetBounds reset_bounds{bounds.first, bounds.second};
            if (mask)
                core_->reset({mask->data(), mask->size()}, reset_bounds, frame.outputs().observations);
            else
                core_->reset(reset_bounds, frame.outputs().observations);
        }
        return frame.observations.array();
    }

    /// \return (observations, rewards, terminations, truncations, infos)
    nb::object step(nb::handle actions) {
        const Exclusive exclusive(*this);
        nb::object array = nb::borrow(actions);
        auto view = view_actions(array, core_->num_envs());
        if (view.type != narrow && view.type != wide) {
            array = as_actions_(actions);
            view = view_actions(array, core_->num_envs());
        }
        Frame& frame = frames_.take();
        Outputs outputs = frame.outputs();
        std::optional<EpisodeStatistics> episodes;
        if (began_) {
            episodes = EpisodeStatistics{static_cast<double*>(frame.episode_returns->data()),
                                         static_cast<std::int64_t*>(frame.episode_lengths->data()),
                                         static_cast<double*>(frame.episode_seconds->data()),
                                         frame.episodes_written.get(), began_.get(), now()};
            outputs.episodes = &*episodes;
        }
        std::int64_t ended;
        {
            // Few copies are stepped in less time than it takes to let go of the GIL and get it back.
            std::optional<ReleasedGil> released;
            if (core_->num_envs() > lanes_per_word) released.emplace();
            if (view.type == narrow)
                ended = core_->step(std::span(static_cast<const Narrow*>(view.data), view.size), outputs);
            else
                ended = core_->step(std::span(static_cast<const Wide*>(view.data), view.size), outputs);
        }
        nb::object infos = ended != 0 && frame.ended ? make_infos_of(frame) : nb::object(nb::dict());
        return nb::make_tuple(frame.observations.array(), frame.rewards.array(), frame.terminations.array(),
                              frame.truncations.array(), std::move(infos));
    }

    /// \return a copy of the state, shape (num_envs, state_size)
    nb::object state() {
        const Exclusive exclusive(*this);
        const std::size_t size = core_->num_envs() * E::state_size;
        auto* data = new double[size];
        const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<double*>(p); });
        core_->get_state({data, size});
        return nb::ndarray<nb::numpy, double, nb::ndim<2>>(data, {core_->num_envs(), E::state_size}, owner).cast();
    }

    using StateArray = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

    /// \param state shape (num_envs, state_size), checked by the Python package
    void set_state(const StateArray& state) {
        const Exclusive exclusive(*this);
        core_->set_state({state.data(), state.size()});
    }

    /// \return (episode_count, total_reward, total_steps)
    nb::tuple logs() {
        const Exclusive exclusive(*this);
        const Logs logs = core_->logs();
        return nb::make_tuple(logs.episode_count, logs.total_reward, logs.total_steps);
    }

    void clear_logs() {
        const Exclusive exclusive(*this);
        core_->clear_logs();
    }

    nb::bytes save() {
        const Exclusive exclusive(*this);
        const auto bytes = core_->save();
        return nb::bytes(bytes.data(), bytes.size());
    }

    void load(const nb::bytes& bytes) {
        const Exclusive exclusive(*this);
        core_->load({static_cast<const std::byte*>(bytes.data()), bytes.size()});
    }

    void close() {
        const Exclusive exclusive(*this, true);
        core_.reset();
        frames_ = FramePool(FrameLayout{});
    }

private:
    using Narrow = typename Core::Narrow;
    using Wide = typename Core::Wide;
    static constexpr ActionType narrow = std::is_integral_v<Narrow> ? ActionType::int32 : ActionType::float32;
    static constexpr ActionType wide = std::is_integral_v<Wide> ? ActionType::int64 : ActionType::float64;

    /// The one thread that is inside of this environment.
    class Exclusive {
    public:
        explicit Exclusive(PyVectorEnv& env, bool may_be_closed = false) : busy_(env.busy_) {
            if (busy_.test_and_set(std::memory_order_acquire))
                throw std::runtime_error("another thread is inside of this environment, or was when this process was "
                                         "forked; give each thread and process its own");
            if (!env.core_ && !may_be_closed) {
                busy_.clear(std::memory_order_release);
                throw ClosedEnvironment("this environment has been closed");
            }
        }
        ~Exclusive() { busy_.clear(std::memory_order_release); }
        Exclusive(const Exclusive&) = delete;
        Exclusive& operator=(const Exclusive&) = delete;

    private:
        std::atomic_flag& busy_;
    };

    nb::object make_infos_of(const Frame& frame) const {
        const auto array = [](const std::optional<OutputArray>& output) {
            return output ? output->array() : nb::object(nb::none());
        };
        return make_infos_(array(frame.ended), array(frame.final_observations), array(frame.episode_returns),
                           array(frame.episode_lengths), array(frame.episode_seconds));
    }

    /// Seconds on a clock that never goes back.
    static double now() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    std::atomic_flag busy_;
    std::optional<Core> core_;
    AlignedArray<double> began_;  ///< when each copy's episode began, if episode statistics are recorded
    FramePool frames_;
    nb::object as_actions_, make_infos_;
};

}  // namespace operant::bindings
