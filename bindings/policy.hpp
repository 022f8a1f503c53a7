#pragma once
/// \file
/// Policies that run without Python, as Python sees them.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/environment_library.hpp>
#include <operant/network_policy.hpp>
#include <operant/parameter_table.hpp>
#include <operant/policy.hpp>
#include <operant/policy_streams.hpp>

namespace operant::bindings {

namespace nb = nanobind;

/// A policy for certain copies.
struct BoundPolicy {
    PolicyFunction function;           ///< valid as long as `memory`
    std::shared_ptr<const void> memory;  ///< what the function needs; while it lives, nobody else can draw from the streams
};

/// The random streams of a policy. They are made when they are first needed.
class Streams {
public:
    /// \param seed the 32-bit words of the seed
    explicit Streams(const std::vector<std::uint32_t>& seed) : streams_(seed) {}

    /// While an object lives, nobody else can draw from the streams.
    /// \throws std::runtime_error if somebody else has such an object
    class Exclusive {
    public:
        Exclusive(std::shared_ptr<Streams> streams, std::size_t num_envs);
        ~Exclusive() { streams_->busy_.clear(std::memory_order_release); }
        Exclusive(const Exclusive&) = delete;
        Exclusive& operator=(const Exclusive&) = delete;

        Pcg64* random() const { return random_; }
        PolicyStreams& all() const { return streams_->streams_; }

    private:
        std::shared_ptr<Streams> streams_;
        Pcg64* random_;
    };

private:
    std::atomic_flag busy_;
    PolicyStreams streams_;
};

/// A policy that `rollout` and `evaluate` can call without Python.
class Policy {
public:
    virtual ~Policy() = default;

    /// The function for the copies of an environment.
    /// \param parameters of the copies
    /// \throws std::invalid_argument if the policy does not fit the environment, std::runtime_error if another thread draws
    ///         from the policy's streams
    virtual BoundPolicy bind(const EnvironmentDescription& environment, const ParameterTable& parameters,
                             std::size_t num_envs) = 0;
};

/// A compiled function from elsewhere, with the signature of `PolicyFunction::act`.
class FunctionPolicy : public Policy {
public:
    /// \param act address of the function
    /// \param policy address of its first argument
    FunctionPolicy(std::uintptr_t act, std::uintptr_t policy)
        : function_{reinterpret_cast<decltype(PolicyFunction::act)>(act), reinterpret_cast<const void*>(policy)} {}

    BoundPolicy bind(const EnvironmentDescription&, const ParameterTable&, std::size_t) override { return {function_, nullptr}; }

private:
    PolicyFunction function_;
};

/// The observation and the action of one copy.
struct Row {
    bool discrete_observation;     ///< whether an observation is an int64; otherwise it consists of float32 numbers
    std::size_t observation_size;  ///< numbers in an observation, or n of a Discrete space; 0 if unknown
    ActionChoices actions;         ///< the action space
};

/// A policy of Operant or of a library.
class ChoosingPolicy : public Policy {
public:
    using Observations = nb::ndarray<nb::c_contig, nb::device::cpu>;

    /// \param actions the action space as in `act`, or None for that of the environment
    ChoosingPolicy(nb::handle actions, const std::vector<std::uint32_t>& seed);

    BoundPolicy bind(const EnvironmentDescription& environment, const ParameterTable& parameters, std::size_t num_envs) override;

    /// \param observations float32 (num_envs, size) or int64 (num_envs,), checked by the Python package
    /// \param actions (kind, low, high, n) as in Environment::spaces; used if the constructor got None
    /// \return int32 or float32, (num_envs,) or (num_envs, size)
    nb::object act(const Observations& observations, nb::handle actions);

    /// The state of the random streams.
    nb::bytes save() const;
    /// Continues from what save() returned.
    void load(const nb::bytes& bytes);

protected:
    /// The function for copies with such observations and actions.
    virtual BoundPolicy bind_to(const Row& row, std::size_t num_envs) = 0;

    std::shared_ptr<Streams> streams_;

private:
    std::optional<ActionChoices> actions_;
};

/// A neural network, or a population of them.
class PyNetworkPolicy : public ChoosingPolicy {
public:
    PyNetworkPolicy(std::shared_ptr<const NetworkWeights> weights, bool sample, std::vector<double> noise, nb::handle actions,
                    const std::vector<std::uint32_t>& seed)
        : ChoosingPolicy(actions, seed), weights_(std::move(weights)), sample_(sample), noise_(std::move(noise)) {}

protected:
    BoundPolicy bind_to(const Row& row, std::size_t num_envs) override;

private:
    std::shared_ptr<const NetworkWeights> weights_;
    bool sample_;
    std::vector<double> noise_;
};

/// Chooses uniformly among all actions.
class PyRandomPolicy : public ChoosingPolicy {
public:
    using ChoosingPolicy::ChoosingPolicy;

protected:
    BoundPolicy bind_to(const Row& row, std::size_t num_envs) override;
};

/// The description of a policy of a library, which is never unloaded.
class PolicyClass {
public:
    explicit PolicyClass(const PolicyDescription& description);

    const PolicyDescription& description() const { return *description_; }
    /// The parameters, in the form that ParameterTable and Python take.
    const EnvironmentDescription& parameters() const { return parameters_; }
    /// The action space. Bounds of continuous actions are infinite.
    ActionChoices actions() const;

private:
    const PolicyDescription* description_;
    EnvironmentDescription parameters_{};
};

/// A policy of a library.
class PyCompiledPolicy : public ChoosingPolicy {
public:
    /// \param numbers the parameters
    /// \throws std::invalid_argument if the parameters are invalid
    PyCompiledPolicy(const PolicyClass& policy, const std::vector<double>& numbers, const std::vector<std::uint32_t>& seed);

protected:
    BoundPolicy bind_to(const Row& row, std::size_t num_envs) override;

private:
    const PolicyClass* policy_;
    std::shared_ptr<const ParameterTable> parameters_;
};

/// The policies of a library.
std::vector<PolicyClass> policies_of(const EnvironmentLibrary& library);

/// Adds the classes to the module.
void bind_policies(nb::module_& module);

}  // namespace operant::bindings
