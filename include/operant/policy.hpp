#pragma once
/// \file
/// What chooses the actions of many steps.

#include <cstddef>

namespace operant {

struct Network;

/// How a policy chooses actions: plain data and a function compiled for one instruction set, as Kernels are.
struct PolicyFunction {
    /// Chooses the actions of the copies [begin, end), at most lanes_per_block.
    /// \param policy the weights and whatever else the function knows
    /// \param observations row of copy `begin`: float32 vectors, or int64 for discrete observations (one part)
    /// \param actions row of copy `begin`: int32 or float32, action_size numbers each
    void (*act)(const void* policy, const void* observations, void* actions, std::size_t begin, std::size_t end);
    const void* policy;  ///< the first argument; random streams of its own, one per copy, live behind it
    /// If the function is NetworkKernels::act and the network has one layer and draws nothing: the network. Environments
    /// may then apply it inside their steps.
    const Network* linear = nullptr;
};

}  // namespace operant
