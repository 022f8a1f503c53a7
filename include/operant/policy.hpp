#pragma once
/// \file
/// How a policy is passed to rollouts and evaluations.

#include <cstddef>

namespace operant {

struct Network;

/// A policy: a function that is compiled for one instruction set, and its data. Plain data, as Kernels are.
struct PolicyFunction {
    /// Chooses the actions of the copies [begin, end), at most lanes_per_block.
    /// \param policy the data of the policy, such as weights
    /// \param observations from copy `begin` on: rows of float32, or an int64 per copy for a Discrete space
    /// \param actions from copy `begin` on: rows of action_size numbers, int32 or float32
    void (*act)(const void* policy, const void* observations, void* actions, std::size_t begin, std::size_t end);
    const void* policy;  ///< the first argument of `act`; a policy that draws keeps its random streams there, one per copy
    /// The network, if `act` is NetworkKernels::act and the network has one layer and draws nothing; otherwise null. Steps can
    /// apply such a network themselves, which is faster.
    const Network* linear = nullptr;
};

}  // namespace operant
