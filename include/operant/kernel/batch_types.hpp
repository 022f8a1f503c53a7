#pragma once
/// \file
/// The types of an environment whose dynamics are written on batches, for the files batch_*.hpp.

#include <cstddef>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/contract/calls.hpp>
#include <operant/environment.hpp>
#include <operant/abi/env_arrays.hpp>
#include <operant/kernel/action_masks.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/state.hpp>
#include <operant/random/random.hpp>

namespace operant {

/// The types of environment E in the precision of Scalar for one instruction set.
template <class E, class Scalar_, class Arch>
struct BatchTypes {
    using Scalar = Scalar_;                                             ///< float or double
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

    /// The infos of a step that has led to a state.
    static XSIMD_INLINE decltype(auto) step_infos(const StepOutcome& outcome, [[maybe_unused]] const Dynamics& dynamics,
                                                  [[maybe_unused]] const State& state) {
        if constexpr (HasActionMask<E>)
            return MaskedInfo{info_of(outcome), batch_action_mask_of<E>(dynamics, state)};
        else
            return info_of(outcome);
    }

    /// The infos of a step, with the action mask.
    using Infos = std::remove_cvref_t<decltype(step_infos(std::declval<const StepOutcome&>(), std::declval<const Dynamics&>(),
                                                          std::declval<const State&>()))>;
    static constexpr bool has_infos = !std::is_same_v<Infos, NoInfo>;  ///< true if steps have infos

private:
    static constexpr bool has_static_reset_info = requires(const State& state) { E::reset_info(state); };
    static constexpr bool has_own_reset_info =
        has_static_reset_info || requires(const Dynamics& dynamics, const State& state) { dynamics.reset_info(state); };

    static XSIMD_INLINE auto own_reset_info([[maybe_unused]] const Dynamics& dynamics, [[maybe_unused]] const State& state) {
        if constexpr (has_static_reset_info)
            return E::reset_info(state);
        else if constexpr (has_own_reset_info)
            return dynamics.reset_info(state);
        else
            return NoInfo{};
    }

public:
    static constexpr bool has_reset_info = has_own_reset_info || HasActionMask<E>;  ///< true if resets have infos, too

    /// The infos of a reset that has led to a state.
    static XSIMD_INLINE Infos reset_infos(const Dynamics& dynamics, const State& state) {
        if constexpr (HasActionMask<E>)
            return {own_reset_info(dynamics, state), batch_action_mask_of<E>(dynamics, state)};
        else
            return own_reset_info(dynamics, state);
    }

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
