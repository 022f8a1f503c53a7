#pragma once
/// \file
/// Compiled policies as Python sees them.

#include <cstddef>
#include <cstdint>

#include <operant/environment_library.hpp>
#include <operant/policy.hpp>

namespace operant::bindings {

/// What `rollout` and `evaluate` ask for actions without Python.
class Policy {
public:
    virtual ~Policy() = default;
    /// The function for so many copies of the environment, valid as long as this object.
    /// \throws std::invalid_argument when it does not fit them
    virtual PolicyFunction function(const EnvironmentDescription& environment, std::size_t num_envs) = 0;
};

/// A function that somebody else has compiled, with the signature of `PolicyFunction::act`.
class FunctionPolicy : public Policy {
public:
    /// \param act address of the function
    /// \param policy address of its first argument
    FunctionPolicy(std::uintptr_t act, std::uintptr_t policy)
        : function_{reinterpret_cast<decltype(PolicyFunction::act)>(act), reinterpret_cast<const void*>(policy)} {}

    PolicyFunction function(const EnvironmentDescription&, std::size_t) override { return function_; }

private:
    PolicyFunction function_;
};

}  // namespace operant::bindings
