#pragma once
/// \file
/// The types of an environment whose dynamics are written on batches, for the files batch_*.hpp.

#include <cstddef>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/contract/calls.hpp>
#include <operant/environment.hpp>
#include <operant/abi/env_arrays.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/state.hpp>
#include <operant/random/random.hpp>

namespace operant {

/// The types of environment E in the precision of Scalar for one instruction set.
template <class E, class Scalar, class Arch>
struct BatchTypes {
    using Batch = xsimd::batch<Scalar, Arch>;                           ///< one lane per env
    using Random = typename E::Random;                                         ///< the generator of an env
    using Dynamics = typename E::template Dynamics<Batch>;              ///< constants of the equations
    using State = StateOf<E, Batch>;                                    ///< the state of a batch
    static constexpr std::size_t state_size = sizeof(State) / sizeof(Batch);  ///< the number of state variables
    using Arrays = StateArrays<E, State, state_size>;                   ///< the arrays of all envs
    static constexpr std::size_t parts = ObservationTraits<E>::parts;   ///< the number of arrays of an observation

    static_assert(sizeof(State) % sizeof(Batch) == 0 && std::is_trivially_copyable_v<State>,
                  "every member of State<Batch> must be a Batch, an Integer<Batch>, an Angle<Batch> or an array of them");
    static_assert(std::is_trivially_copyable_v<Dynamics> && alignof(Dynamics) <= 64,
                  "Dynamics<Batch> must consist of Batches, and bools that follow from switches");

    /// The type that a step returns.
    using StepOutcome = StepOutcomeOf<E, Batch>;

    using OfInfos = InfosOf<E, Dynamics, State, StepOutcome>;  ///< the infos of steps and resets
    using Infos = typename OfInfos::Infos;                     ///< the infos of a step, with the action mask

    /// Calls `visit(i, member)` for every member of a state. Only the types of the members matter.
    template <class Visitor>
    static XSIMD_INLINE void for_each_kind(const Visitor& visit) {
        State state{};
        for_each_member<E>(state, visit);
    }

    /// Returns the dynamics of the batch that begins at an env.
    static XSIMD_INLINE const Dynamics& dynamics_of(const EnvArrays& envs, std::size_t env) {
        return static_cast<const Dynamics*>(envs.dynamics)[envs.per_env ? env / Batch::size : 0];
    }
};

}  // namespace operant
