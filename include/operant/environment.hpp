#pragma once
/// \file
/// What the description of an environment consists of; `cartpole.hpp` is one to learn from.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/random.hpp>

namespace operant {

/// What a step brought, besides the new state: one lane a copy.
template <class Batch>
struct Outcome {
    Batch reward;
    typename Batch::batch_bool_type terminated;
};

/// An environment's constants, spaces and dynamics. `E::Dynamics<Batch>` must be constructible from `E::Parameters` and
/// have `step(state, action) -> Outcome<Batch>` and `observation(state) -> std::array<Batch, E::observation_size>`, where
/// `state` is a `std::array<Batch, E::state_size>` and `action` has as many lanes.
template <class E>
concept Environment = requires(const typename E::Parameters& parameters, const typename E::ResetBounds& bounds,
                               Pcg64& random, float (&state)[E::state_size]) {
    { E::name } -> std::convertible_to<std::string_view>;
    { E::observation_size } -> std::convertible_to<std::size_t>;
    { E::max_episode_steps } -> std::convertible_to<std::int32_t>;
    typename E::ActionSpace;
    { E::observation_space(parameters).low } -> std::convertible_to<std::array<float, E::observation_size>>;
    { E::reset(bounds, random, state) } -> std::same_as<void>;
};

}  // namespace operant
