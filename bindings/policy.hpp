#pragma once
/// \file
/// Compiled policies as Python sees them.

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
    std::shared_ptr<const void> memory;  ///< what it needs; nobody else can draw from the policy's streams meanwhile
};

/// Of a policy that draws, or may: made when they are first needed.
class Streams {
public:
    /// \param seed its 32-bit words
    explicit Streams(const std::vector<std::uint32_t>& seed) : streams_(seed) {}

    /// Nobody else draws from the streams while it lives. \throws std::runtime_error when somebody does
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

/// What `rollout` and `evaluate` ask for actions without Python.
class Policy {
public:
    virtual ~Policy() = default;

    /// The function for copies of an environment.
    /// \param parameters of the copies
    /// \throws std::invalid_argument when it does not fit them, std::runtime_error when another thread draws from it
    virtual BoundPolicy bind(const EnvironmentDescription& environment, const ParameterTable& parameters,
                             std::size_t num_envs) = 0;
};

/// A function that somebody else has compiled, with the signature of `PolicyFunction::act`.
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

/// What a policy sees and does, apart from environments.
struct Row {
    bool discrete_observation;     ///< one int64, or float32 numbers
    std::size_t observation_size;  ///< numbers in an observation, or the n of a discrete one; 0: any
    ActionChoices actions;         ///< of one copy
};

/// One of Operant's own, or of a library.
class ChoosingPolicy : public Policy {
public:
    using Observations = nb::ndarray<nb::c_contig, nb::device::cpu>;

    /// \param actions None: of the environment
    ChoosingPolicy(nb::handle actions, const std::vector<std::uint32_t>& seed);

    BoundPolicy bind(const EnvironmentDescription& environment, const ParameterTable& parameters, std::size_t num_envs) override;

    /// \param observations float32 (num_envs, size) or int64 (num_envs,), checked by the Python package
    /// \param actions kind, low, high, n, as Environment::spaces has them; used if the constructor had None
    /// \return int32 or float32, (num_envs,) or (num_envs, size)
    nb::object act(const Observations& observations, nb::handle actions);

    /// Where the streams stand, and back to there.
    nb::bytes save() const;
    void load(const nb::bytes& bytes);

protected:
    /// The function for copies that see and do this.
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

/// Uniformly among all actions.
class PyRandomPolicy : public ChoosingPolicy {
public:
    using ChoosingPolicy::ChoosingPolicy;

protected:
    BoundPolicy bind_to(const Row& row, std::size_t num_envs) override;
};

/// The description of a policy of a library, which stays loaded for ever.
class PolicyClass {
public:
    explicit PolicyClass(const PolicyDescription& description);

    const PolicyDescription& description() const { return *description_; }
    /// The parameters, for ParameterTable and Python.
    const EnvironmentDescription& parameters() const { return parameters_; }
    /// What it chooses, as Environment::spaces has it, with bounds that are infinite.
    ActionChoices actions() const;

private:
    const PolicyDescription* description_;
    EnvironmentDescription parameters_{};
};

/// One of a library.
class PyCompiledPolicy : public ChoosingPolicy {
public:
    /// \param numbers of the parameters
    /// \throws std::invalid_argument when the parameters are refused
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
