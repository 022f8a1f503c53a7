#pragma once
/// \file
/// What the description of an environment consists of; `cartpole.hpp` is one to learn from.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/parameters.hpp>
#include <operant/numerics/random.hpp>

namespace operant {

/// What a step of many copies is told besides their state; one lane a copy.
template <class E, class Batch>
struct Input {
    /// Actions of a Discrete space are integers, those of an Interval numbers.
    using Actions = std::conditional_t<std::is_integral_v<typename E::ActionSpace::Narrow>, xsimd::as_integer_t<Batch>, Batch>;

    Actions action;                                  ///< as the caller passed them, not clipped
    bool single_precision_actions;                   ///< the actions came as float32: Gymnasium computes with them as such
    typename Batch::batch_bool_type episode_begins;  ///< this is the first step since a reset
    Batch noise;                                     ///< what `E::draw_noise` drew, for an environment that has it
};

/// What a step brought, besides the new state.
template <class Batch>
struct Outcome {
    Batch reward;                                ///< of this step
    typename Batch::batch_bool_type terminated;  ///< the episode ended because of what happened in it
};

/// Rewards that depend on nothing but whether the episode terminates: an episode's return follows from its length.
struct FixedReward {
    double each_step;       ///< also the last
    double at_termination;  ///< added to the last
};

/// An environment's constants, spaces and dynamics. `E::Dynamics<Batch>` must be constructible from `E::Parameters` and
/// have `step(state, Input<E, Batch>) -> Outcome<Batch>` and `observation(state) -> std::array<Batch,
/// E::observation_size>`, where `state` is a `std::array<Batch, E::state_size>`.
///
/// It may also have `fixed_reward(parameters) -> FixedReward`, so that returns need not be summed up, and
/// `draw_noise(parameters, random) -> double` with `has_noise(parameters)`, for dynamics with a random part; and
/// `stored<Scalar>(i, value) -> Scalar` with `shown<Scalar>(i, stored) -> double`, when state variable i is not kept as
/// the number that it is. What the kernels call is `XSIMD_INLINE`, so that each has its own.
template <class E>
concept Environment = requires(typename E::Parameters& parameters, const typename E::ResetBounds& bounds,
                               Pcg64& random, const ParameterCheck& check) {
    { E::name } -> std::convertible_to<std::string_view>;
    { E::observation_size } -> std::convertible_to<std::size_t>;
    { E::max_episode_steps } -> std::convertible_to<std::int32_t>;
    { E::action_space(parameters) } -> std::same_as<typename E::ActionSpace>;
    { E::observation_space(parameters).low } -> std::convertible_to<std::array<float, E::observation_size>>;
    { E::reset(bounds, random) } -> std::same_as<std::array<double, E::state_size>>;
    E::visit_parameters(parameters, check);
};

/// Whether returns follow from lengths.
template <class E>
concept HasFixedReward = requires(const typename E::Parameters& parameters) {
    { E::fixed_reward(parameters) } -> std::same_as<FixedReward>;
};

/// Whether the dynamics may have a random part.
template <class E>
concept HasNoise = requires(const typename E::Parameters& parameters, Pcg64& random) {
    { E::has_noise(parameters) } -> std::same_as<bool>;
    { E::draw_noise(parameters, random) } -> std::same_as<double>;
};

}  // namespace operant
