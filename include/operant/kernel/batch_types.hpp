#pragma once
/// \file
/// The types of an environment whose dynamics are written on batches, as the files batch_*.hpp use them.

#include <cstddef>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/kernel/lanes.hpp>
#include <operant/kernel/state.hpp>
#include <operant/numerics/random.hpp>

namespace operant {

namespace detail {

/// What a step without random numbers returns.
template <class Dynamics, class State, class Input, class Random>
struct StepOutcomeOf {
    using type = decltype(std::declval<const Dynamics&>().step(std::declval<State&>(), std::declval<const Input&>()));
};
/// What a step that draws random numbers returns.
template <class Dynamics, class State, class Input, class Random>
    requires requires(const Dynamics& dynamics, State& state, const Input& input, Random& random) {
        dynamics.step(state, input, random);
    }
struct StepOutcomeOf<Dynamics, State, Input, Random> {
    using type = decltype(std::declval<const Dynamics&>().step(std::declval<State&>(), std::declval<const Input&>(),
                                                               std::declval<Random&>()));
};

}  // namespace detail

/// Environment E in the precision of Scalar for one architecture.
template <class E, class Scalar_, class Arch>
struct BatchTypes {
    using Scalar = Scalar_;                                             ///< float or double
    using Batch = xsimd::batch<Scalar, Arch>;                           ///< one lane per copy
    using Random = RandomOf<E>;                                         ///< the generator of a copy
    using Dynamics = typename E::template Dynamics<Batch>;              ///< constants of the equations
    using State = StateOf<E, Batch>;                                    ///< of a batch of copies
    static constexpr std::size_t state_size = sizeof(State) / sizeof(Batch);  ///< state variables
    using Arrays = StateArrays<E, State, state_size>;                   ///< of all copies
    static constexpr std::size_t parts = ObservationTraits<E>::parts;   ///< arrays of an observation

    static_assert(sizeof(State) % sizeof(Batch) == 0 && std::is_trivially_copyable_v<State>,
                  "every member of State<Batch> must be a Batch, an Integer<Batch>, an Angle<Batch> or an array of them");
    static_assert(std::is_trivially_copyable_v<Dynamics> && alignof(Dynamics) <= 64,
                  "Dynamics<Batch> must consist of Batches, and bools that follow from switches");

    /// What a step returns.
    using StepOutcome = typename detail::StepOutcomeOf<Dynamics, State, Input<E, Batch>, BatchRandom<Batch, Random>>::type;

    /// Calls `visit(i, member)` for every member of a state, whose types matter and whose values do not.
    template <class Visitor>
    static XSIMD_INLINE void for_each_kind(const Visitor& visit) {
        State state{};
        for_each_member<E>(state, visit);
    }

    /// The dynamics of the batch that begins at a lane.
    static XSIMD_INLINE const Dynamics& dynamics_of(const Lanes& lanes, std::size_t lane) {
        return static_cast<const Dynamics*>(lanes.dynamics)[lanes.per_copy ? lane / Batch::size : 0];
    }
};

}  // namespace operant
