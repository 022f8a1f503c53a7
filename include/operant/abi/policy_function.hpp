#pragma once
/// \file
/// A policy in the form in which rollouts and evaluations take it.

#include <cstddef>

namespace operant {

struct Network;

/// A function that is compiled for one instruction set, and its data.
struct PolicyFunction {
    /// Chooses the actions of the envs [begin, end), at most `envs_per_block`.
    /// \param policy the data of the policy, such as weights
    /// \param observations from env `begin` on: an int64 per env for a Discrete space; otherwise the numbers of the observation,
    ///        which is one array of any dtype and shape, as rows of float32. Null if the policy does not look at them.
    /// \param actions from env `begin` on: rows of action_size numbers, int32 or float32
    /// \param masks from env `begin` on: rows of one byte per action, which is not 0 if the action is allowed; with several
    ///        numbers per action, the bytes of one number follow those of the other. Null if all actions are allowed.
    void (*act)(const void* policy, const void* observations, void* actions, std::size_t begin, std::size_t end,
                const void* masks);
    const void* policy;  ///< the first argument of `act`; a policy that draws keeps its random streams there, one per env
    const Network* network = nullptr;  ///< the network, if `act` is NetworkKernels::act; otherwise null
    bool looks = true;                 ///< true if `act` looks at the observations
};

}  // namespace operant
