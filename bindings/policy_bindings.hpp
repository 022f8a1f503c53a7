#pragma once
/// \file
/// `_core.NativePolicy` and its subclasses: policies that rollouts call without Python.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/abi/library.hpp>
#include <operant/abi/policy_function.hpp>
#include <operant/core/parameter_table.hpp>
#include <operant/core/policy_streams.hpp>
#include <operant/network_policy.hpp>

namespace operant::bindings {

namespace nb = nanobind;

/// An array of float32.
using Floats = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;

/// A policy that is bound to the envs of an environment.
struct BoundPolicy {
    PolicyFunction function;             ///< valid as long as `memory`
    std::shared_ptr<const void> memory;  ///< the data of the function, and the lock of the random streams
};

/// The random streams of a policy, with a lock. They are made when they are first needed.
struct LockedStreams {
    /// \param seed the 32-bit words of the seed
    explicit LockedStreams(const std::vector<std::uint32_t>& seed) : streams(seed) {}

    PolicyStreams streams;
    std::atomic_flag busy;
};

/// Locks the random streams of a policy.
class StreamsLock {
public:
    /// \throws std::runtime_error if another thread holds the lock
    explicit StreamsLock(std::shared_ptr<LockedStreams> streams);
    ~StreamsLock() { streams_->busy.clear(std::memory_order_release); }
    StreamsLock(const StreamsLock&) = delete;
    StreamsLock& operator=(const StreamsLock&) = delete;

    PolicyStreams* operator->() const { return &streams_->streams; }

private:
    std::shared_ptr<LockedStreams> streams_;
};

/// A policy that `rollout` and `evaluate` call without Python.
class NativePolicy {
public:
    virtual ~NativePolicy() = default;

    /// Binds the policy to the envs of an environment.
    /// \param parameters the parameters of the envs, which also determine the environment
    /// \throws std::invalid_argument if the policy does not fit the environment, std::runtime_error if another thread draws
    ///         from the policy's streams
    virtual BoundPolicy bind(const ParameterTable& parameters, std::size_t num_envs) = 0;
};

/// A compiled function of the caller, with the signature of `PolicyFunction::act`.
class FunctionPolicy : public NativePolicy {
public:
    /// \param act the address of the function
    /// \param policy the address that is its first argument
    FunctionPolicy(std::uintptr_t act, std::uintptr_t policy)
        : function_{reinterpret_cast<decltype(PolicyFunction::act)>(act), reinterpret_cast<const void*>(policy)} {}

    BoundPolicy bind(const ParameterTable&, std::size_t) override { return {function_, nullptr}; }

private:
    PolicyFunction function_;
};

/// The spaces of one env.
struct PolicySpaces {
    bool discrete_observation;     ///< true if an observation is an int64; otherwise it consists of float32 numbers
    std::size_t observation_size;  ///< the number of numbers in an observation, or n of a Discrete space; 0 if unknown
    ActionChoices actions;         ///< the action space
};

/// A policy of Operant or of a library. It chooses actions in rollouts and when Python calls it.
class ChoosingPolicy : public NativePolicy {
public:
    using Observations = nb::ndarray<nb::c_contig, nb::device::cpu>;
    using ActionMasks = nb::ndarray<const std::int8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

    /// \param actions the action space as in `act`, or None for the action space of the environment
    ChoosingPolicy(nb::handle actions, const std::vector<std::uint32_t>& seed);

    BoundPolicy bind(const ParameterTable& parameters, std::size_t num_envs) override;

    /// \param observations float32 (num_envs, size) or int64 (num_envs,), checked by the Python package; ignored by a policy
    ///        that does not look at them
    /// \param actions (kind, low, high, n) as in ParametersBinding::spaces; used if the constructor got None
    /// \param masks the action masks, as PolicyFunction::act takes them; None if all actions are allowed
    /// \return int32 or float32, (num_envs,) or (num_envs, size)
    nb::object act(const Observations& observations, nb::handle actions, const std::optional<ActionMasks>& masks);

    /// Saves the random streams.
    nb::bytes save() const;
    /// Restores the random streams from the bytes of save().
    void load(const nb::bytes& bytes);

protected:
    /// Returns true if the policy looks at the observations.
    virtual bool looks() const { return true; }
    /// Binds the policy to envs with these spaces.
    virtual BoundPolicy bind_to(const PolicySpaces& spaces, std::size_t num_envs) = 0;

    /// The action space of the constructor.
    const std::optional<ActionChoices>& actions() const { return actions_; }

    std::shared_ptr<LockedStreams> streams_;

private:
    std::optional<ActionChoices> actions_;
};

/// A neural network, or a population of neural networks.
class NetworkPolicyBinding : public ChoosingPolicy {
public:
    /// Weights, biases and the name of the activation.
    using Layer = std::tuple<Floats, std::optional<Floats>, std::string>;

    /// \throws std::invalid_argument if layers do not fit each other, a number is not finite, or actions are given and cannot
    ///         be drawn, or cannot have noise
    NetworkPolicyBinding(const std::vector<Layer>& layers, const std::vector<double>& mean, const std::vector<double>& variance,
                         double epsilon, bool sample, std::vector<double> noise, nb::handle actions,
                         const std::vector<std::uint32_t>& seed);

    /// Binds the network as a critic, whose one output values an observation. Nothing is drawn or clipped.
    /// \throws std::invalid_argument if the network does not fit the environment or has several outputs
    BoundPolicy bind_critic(const ParameterTable& parameters, std::size_t num_envs) const;

protected:
    BoundPolicy bind_to(const PolicySpaces& spaces, std::size_t num_envs) override;

private:
    void check_inputs(const char* name, const PolicySpaces& spaces) const;

    std::shared_ptr<const NetworkWeights> weights_;
    bool sample_;
    std::vector<double> noise_;
};

/// Chooses uniformly among all actions.
class RandomPolicyBinding : public ChoosingPolicy {
public:
    using ChoosingPolicy::ChoosingPolicy;

protected:
    bool looks() const override { return false; }
    BoundPolicy bind_to(const PolicySpaces& spaces, std::size_t num_envs) override;
};

/// A policy of a library.
class LibraryPolicy : public ChoosingPolicy {
public:
    /// \param numbers the parameters
    /// \throws std::invalid_argument if the parameters are invalid
    LibraryPolicy(const PolicyDescription& policy, const std::vector<double>& numbers, const std::vector<std::uint32_t>& seed);

protected:
    BoundPolicy bind_to(const PolicySpaces& spaces, std::size_t num_envs) override;

private:
    const PolicyDescription& description_;  ///< never destroyed, because libraries are never unloaded
    EnvironmentDescription as_environment_;  ///< its parameters in the form that ParameterTable takes
    std::shared_ptr<const ParameterTable> parameters_;
};

/// Adds the classes to the module.
void bind_policies(nb::module_& module);

}  // namespace operant::bindings
