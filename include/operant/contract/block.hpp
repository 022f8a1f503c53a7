#pragma once
/// \file
/// The block tier: an environment that steps many envs in one call. It may sort them first, for example because they need
/// different code, and step each kind on SIMD lanes. Apart from `step_block`, it is an environment of the scalar tier.

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/contract/calls.hpp>
#include <operant/environment.hpp>

namespace operant {

namespace detail {

/// The outcome of a step in the block tier: the result of `step`; without a `step`, the struct `E::Result`, or else Outcome.
template <class E, class Number>
constexpr auto block_outcome() {
    using Returned = StepOutcomeOf<E, Number>;
    if constexpr (!std::is_void_v<Returned>)
        return std::type_identity<Returned>();
    else if constexpr (requires { typename E::Result; })
        return std::type_identity<typename E::Result>();
    else
        return std::type_identity<Outcome<double>>();
}

}  // namespace detail

/// Some envs, with the data that resets and steps need. An env has the same index in all arrays.
/// \tparam Number if `E::State` is a template, its argument: float or double
template <class E, class Number = double>
struct ListedEnvs {
    using State = StateOf<E, Number>;            ///< the state of an env
    using Parameters = typename E::Parameters;  ///< the keywords of the constructor
    using Random = typename E::Random;          ///< the generator of an env
    static constexpr std::size_t most = 512;    ///< the largest `count`

    const std::uint32_t* envs;  ///< the indices of the listed envs, ascending
    std::size_t count;          ///< the number of listed envs, at most `most`
    State* states;              ///< one per env
    Random* randoms;            ///< one per env

    const Parameters* all_parameters;  ///< of one env, or of all
    bool per_env;                      ///< true if each env has its own parameters

    /// Returns the parameters of an env.
    XSIMD_INLINE const Parameters& parameters(std::size_t env) const { return all_parameters[per_env ? env : 0]; }
};

/// The envs that `step_block` steps.
template <class E, class Number = double>
struct BlockOf : ListedEnvs<E, Number> {
    using Action = PlainActionOf<E>;  ///< an integer or a float, or an array of them
    /// The outcome of a step: the result of `step`. If E has no `step`, it is the struct `E::Result`, or else Outcome<double>.
    using StepOutcome = typename decltype(detail::block_outcome<E, Number>())::type;

    std::size_t first;       ///< the first env of the block
    const Action* actions;   ///< from env `first` on
    StepOutcome* outcomes;  ///< from env `first` on

    /// Returns the action of an env.
    XSIMD_INLINE const Action& action(std::size_t env) const { return actions[env - first]; }
    /// Returns the outcome of an env's step, for `step_block` to write. Before the call, all its members are 0 or false.
    XSIMD_INLINE StepOutcome& outcome(std::size_t env) const { return outcomes[env - first]; }
};

namespace detail {

/// The number type of a state: one type for all precisions, unless the state is a template.
template <class E, class Number>
using StateNumber = std::conditional_t<requires { typename E::template State<Number>; }, Number, double>;

}  // namespace detail

/// True if E steps many envs in one call.
template <class E>
concept BlockTier = !BatchTier<E> && requires(const BlockOf<E>& block) { E::template step_block<xsimd::default_arch>(block); };

/// True if E also starts the episodes of many envs in one call.
template <class E>
concept ResetsBlocks = BlockTier<E> && requires(const ListedEnvs<E>& envs, const typename E::ResetBounds& bounds) {
    E::template reset_block<xsimd::default_arch>(envs, bounds);
};

/// True if E has kernels for each instruction set. The scalar tier uses no lanes, so one kernel serves all processors.
template <class E>
concept UsesLanes = BatchTier<E> || BlockTier<E>;

}  // namespace operant
