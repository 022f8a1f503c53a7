#pragma once
/// \file
/// `VectorEnv` as Python sees it: checks who calls, finds arrays for the results, lets other threads run meanwhile.

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/vector_env.hpp>

#include "actions.hpp"
#include "frames.hpp"
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

    /// \param as_actions Python callable that makes an array that step() takes of anything else, or raises
    PyVectorEnv(std::size_t num_envs, std::size_t workers, std::int32_t max_episode_steps,
                const typename E::Parameters& parameters, nb::object as_actions, const Kernels<E, Scalar>& kernels)
        : core_(std::in_place, num_envs, typename Core::Options{workers, max_episode_steps, parameters}, kernels),
          frames_(num_envs, core_->padded(), E::observation_size),
          as_actions_(std::move(as_actions)) {}

    /// \param seed None, an integer that copy i adds i to, or a sequence of one integer or None a copy
    /// \return the first observations
    nb::object reset(nb::handle seed, double low, double high) {
        const Exclusive exclusive(*this);
        const auto seeds = seed_sequences(seed, core_->num_envs());
        for (std::size_t copy = 0; copy < seeds.size(); ++copy)
            if (seeds[copy]) core_->seed(copy, *seeds[copy]);
        Frame& frame = frames_.take();
        {
            const nb::gil_scoped_release release;
            core_->reset({low, high}, frame.outputs().observations);
        }
        return frame.observations.array();
    }

    /// \return (observations, rewards, terminations, truncations, infos)
    nb::object step(nb::handle actions) {
        const Exclusive exclusive(*this);
        nb::object array = nb::borrow(actions);
        auto view = view_actions(array, core_->num_envs());
        if (view.type == ActionType::other) {
            array = as_actions_(actions);
            view = view_actions(array, core_->num_envs());
        }
        Frame& frame = frames_.take();
        {
            const nb::gil_scoped_release release;
            if (view.type == ActionType::int32)
                core_->step(std::span(static_cast<const std::int32_t*>(view.data), view.size), frame.outputs());
            else
                core_->step(std::span(static_cast<const std::int64_t*>(view.data), view.size), frame.outputs());
        }
        return nb::make_tuple(frame.observations.array(), frame.rewards.array(), frame.terminations.array(),
                              frame.truncations.array(), nb::dict());
    }

    /// \return a copy of the state, shape (num_envs, state_size)
    nb::object state() {
        const Exclusive exclusive(*this);
        const std::size_t size = core_->num_envs() * E::state_size;
        auto* data = new Scalar[size];
        const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<Scalar*>(p); });
        core_->get_state({data, size});
        return nb::ndarray<nb::numpy, Scalar, nb::ndim<2>>(data, {core_->num_envs(), E::state_size}, owner).cast();
    }

    using StateArray = nb::ndarray<const Scalar, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

    void set_state(const StateArray& state) {
        const Exclusive exclusive(*this);
        if (state.shape(0) != core_->num_envs() || state.shape(1) != E::state_size)
            throw std::invalid_argument("state: expected shape (" + std::to_string(core_->num_envs()) + ", " +
                                        std::to_string(E::state_size) + "), got (" + std::to_string(state.shape(0)) +
                                        ", " + std::to_string(state.shape(1)) + ")");
        core_->set_state({state.data(), state.size()});
    }

    void close() {
        if (!core_) return;
        const Exclusive exclusive(*this);
        core_.reset();
        frames_ = FramePool(0, 0, 0);
    }

private:
    /// The one thread that is inside of this environment.
    class Exclusive {
    public:
        explicit Exclusive(PyVectorEnv& env) : busy_(env.busy_) {
            if (busy_.test_and_set(std::memory_order_acquire))
                throw std::runtime_error("another thread is inside of this environment; give each thread its own");
            if (!env.core_) {
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

    std::atomic_flag busy_;
    std::optional<Core> core_;
    FramePool frames_;
    nb::object as_actions_;
};

}  // namespace operant::bindings
