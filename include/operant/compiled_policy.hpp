#pragma once
/// \file
/// The contract of a policy: the members with which a struct can choose the actions of thousands of envs, one per SIMD lane.
///
///     static constexpr std::string_view policy_name;                    the policy's name
///     static constexpr std::size_t observation_size;                    numbers in an observation
///     using ActionSpace = Discrete<n>, MultiDiscrete<n...> or Box<n>;
///     template <class Batch>
///     ... action(const std::array<Batch, observation_size>&[, mask][, random]) const;   one number, or a std::array of
///                                                                       several: Integer<Batch>, or Batch for a Box
///
/// The struct's data members are the policy's parameters. The struct can name and check them:
///
///     static void visit_parameters(p, visit);    visit(name, member, limits...) for each, as in environments
///     void check() const;                        throws std::invalid_argument
///
/// `mask` is a `const std::array<typename Batch::batch_bool_type, n>&`: the lanes that may take each action, all of them if the
/// environment has no action mask. n is that of a Discrete, and the sum over a MultiDiscrete. A policy without this argument
/// may choose actions that are not allowed. `random` is a BatchRandom, in which each env has its own stream. Integers outside
/// the action space are replaced by the nearest integer in it. As in an environment, mark every function `XSIMD_INLINE`.

#include <operant/math/quiet_xsimd.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/abi/policy_function.hpp>
#include <operant/core/policy_streams.hpp>
#include <operant/environment.hpp>
#include <operant/policies/compiled.hpp>

namespace operant {

/// A policy that is part of a C++ program, compiled for the instruction set of the program.
template <class P, class Arch = xsimd::default_arch>
class CompiledPolicy {
    static_assert(CheckPolicy<P>::passed);

public:
    /// For policies that draw no random numbers.
    explicit CompiledPolicy(const P& policy = {})
        requires(!detail::PolicyDraws<P, Arch>)
        : policy_(policy), streams_(0), data_{&policy_, nullptr} {}
    /// For policies that draw random numbers.
    /// \param policy the policy with its parameters
    /// \param num_envs the number of envs
    /// \param seed the seed of the random streams
    CompiledPolicy(const P& policy, std::size_t num_envs, std::uint64_t seed)
        : policy_(policy), streams_(seed), data_{&policy_, streams_.of_envs(num_envs)} {}

    CompiledPolicy(const CompiledPolicy&) = delete;
    CompiledPolicy& operator=(const CompiledPolicy&) = delete;

    /// The policy for a rollout, valid as long as this object.
    PolicyFunction function() const { return {&PolicyKernels<P, Arch>::act, &data_}; }
    /// \copydoc function
    operator PolicyFunction() const { return function(); }

private:
    P policy_;
    PolicyStreams streams_;
    PolicyData data_;
};

}  // namespace operant
