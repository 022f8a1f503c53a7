#pragma once
/// \file
/// The contract of a policy: what a struct must have so that it can choose the actions of thousands of copies, one per SIMD
/// lane.
///
///     static constexpr std::string_view policy_name;                    the policy's name
///     static constexpr std::size_t observation_size;                    numbers in an observation
///     using ActionSpace = Discrete<n>, MultiDiscrete<n...> or Box<n>;
///     template <class Batch>
///     ... action(const std::array<Batch, observation_size>&[, random]) const;   one number, or a std::array of several:
///                                                                       Integer<Batch>, or Batch for a Box
///
/// Its members are its parameters. It can give them names and check them:
///
///     static void visit_parameters(p, visit);    visit(name, member, limits...) for each, as in environments
///     void check() const;                        throws std::invalid_argument
///
/// `random` is a BatchRandom, in which each copy has its own stream. Integers outside of the action space are replaced by the
/// nearest one in it. As in an environment, mark every function `XSIMD_INLINE`.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/kernel/policy.hpp>
#include <operant/policy.hpp>
#include <operant/policy_streams.hpp>

namespace operant {

/// A policy of a C++ program, compiled for the instruction set of the program.
template <class P, class Arch = xsimd::default_arch>
class CompiledPolicy {
    static_assert(CheckPolicy<P>::passed);

public:
    /// A policy that draws nothing.
    explicit CompiledPolicy(const P& policy = {})
        requires(!detail::PolicyDraws<P, Arch>)
        : policy_(policy), streams_(0), data_{&policy_, nullptr} {}
    /// A policy that draws random numbers.
    /// \param policy with its parameters
    /// \param num_envs the number of copies
    /// \param seed for the random streams of the copies
    CompiledPolicy(const P& policy, std::size_t num_envs, std::uint64_t seed)
        : policy_(policy), streams_(seed), data_{&policy_, streams_.of_copies(num_envs)} {}

    CompiledPolicy(const CompiledPolicy&) = delete;
    CompiledPolicy& operator=(const CompiledPolicy&) = delete;

    /// The policy for a rollout, valid as long as this object.
    PolicyFunction function() const { return {&PolicyKernels<P, Arch>::act, &data_}; }
    /// As function().
    operator PolicyFunction() const { return function(); }

private:
    P policy_;
    PolicyStreams streams_;
    PolicyData data_;
};

}  // namespace operant
