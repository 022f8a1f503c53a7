#pragma once
/// \file
/// The kernels of an environment that is plain C++, whose step is called once per copy. Autoreset, time limits, statistics
/// and infos are the same as in the batch tier.

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <operant/environment.hpp>
#include <operant/kernel/actions.hpp>
#include <operant/kernel/episodes.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/observations.hpp>
#include <operant/kernel/state.hpp>

namespace operant {

/// The kernels of environment E. If its State is a template, its numbers have the precision of Scalar.
template <class E, class Scalar, class Arch>
class ScalarTierKernels {
    using Parameters = ParametersOf<E>;
    using Bounds = ResetBoundsOf<E>;
    using Random = RandomOf<E>;
    using State = StateOf<E, Scalar>;
    using Number = std::conditional_t<is_discrete<typename E::ActionSpace>, std::int64_t, float>;
    using Action = decltype(Actions<E, Arch>::template load_one<Number>(static_cast<const double*>(nullptr)));
    /// Every member takes at least a byte. Members that visit_state leaves out are not kept.
    static constexpr std::size_t most_members = sizeof(State);
    using Arrays = StateArrays<E, State, most_members>;

    static_assert(std::is_trivially_copyable_v<State>, "State must be a plain struct of numbers");

    static XSIMD_INLINE auto call_step(const Parameters& parameters, State& state, const Action& action, Random& random) {
        if constexpr (requires { E::step(parameters, state, action, random); })
            return E::step(parameters, state, action, random);
        else
            return E::step(parameters, state, action);
    }

    static XSIMD_INLINE auto call_reset(const Parameters& parameters, const Bounds& bounds, Random& random) {
        if constexpr (requires { E::reset(parameters, bounds, random); })
            return E::reset(parameters, bounds, random);
        else
            return E::reset(parameters, random);
    }

    static constexpr bool has_reset_info =
        requires(const Parameters& parameters, const State& state) { E::reset_info(parameters, state); };

public:
    /// What a step returns.
    using StepOutcome = decltype(call_step(std::declval<const Parameters&>(), std::declval<State&>(),
                                           std::declval<const Action&>(), std::declval<Random&>()));

    static constexpr std::size_t lanes = 1;          ///< copies that share dynamics
    static constexpr std::size_t dynamics_size = 0;  ///< the parameters are all it needs

    /// As BatchTierKernels::step.
    template <class Given>
    static StepTotals step(const Lanes& all_lanes, const void* all_actions, const Outputs& all_outputs, std::size_t begin,
                      std::size_t end, LaneList& restarting) {
        // A copy of the parameters, which no store can change, stays in registers; not one of a large map.
        if constexpr (sizeof(Parameters) <= 256) {
            if (!all_lanes.per_copy) {
                const Parameters parameters = parameters_of<E>(all_lanes, 0);
                return step_with<Given>([&](std::size_t) -> const Parameters& { return parameters; }, all_lanes, all_actions,
                                        all_outputs, begin, end, restarting);
            }
        }
        return step_with<Given>([&](std::size_t lane) -> const Parameters& { return parameters_of<E>(all_lanes, lane); },
                                all_lanes, all_actions, all_outputs, begin, end, restarting);
    }

    /// As BatchTierKernels::restart.
    static void restart(const double* bounds_values, const Lanes& lanes, const Outputs& outputs, LaneList& list) {
        const Arrays arrays(lanes.state, state_size());
        const Bounds bounds = read_bounds<E>(bounds_values);
        if constexpr (HasInfo<StepOutcome>)
            if (outputs.infos) take_infos<E, InfoOf<StepOutcome>>(outputs, list.lanes, list.count, has_reset_info);
        for (std::size_t k = 0; k < list.count; ++k) {
            const std::size_t lane = list.lanes[k];
            const auto& parameters = parameters_of<E>(lanes, lane);
            const State state = call_reset(parameters, bounds, static_cast<Random*>(lanes.random)[lane]);
            arrays.store(state, lane);
            lanes.began[lane] = lanes.clock;
            if constexpr (!HasFixedReward<E>) lanes.returns[lane] = 0;
            if (outputs.observations) store_one_observation<E>(outputs.observations, lane, E::observation(parameters, state));
            if constexpr (has_reset_info)
                if (outputs.infos) store_infos<E>(outputs.infos, lane, E::reset_info(parameters, state));
        }
    }

    /// As BatchTierKernels::observe.
    static void observe(const Lanes& lanes, const Outputs& outputs, std::size_t begin, std::size_t end) {
        const Arrays arrays(lanes.state, state_size());
        for (std::size_t lane = begin; lane < end; ++lane)
            store_one_observation<E>(outputs.observations, lane, E::observation(parameters_of<E>(lanes, lane), arrays.load(lane)));
    }

    /// The scalar tier has nothing to prepare.
    static bool prepare(const void*, std::size_t, void*) { return true; }

    /// As BatchTierKernels::get_state.
    static void get_state(const Lanes& lanes, std::size_t num_envs, double* state) {
        const Arrays arrays(lanes.state, state_size());
        for (std::size_t copy = 0; copy < num_envs; ++copy)
            for_each_member<E>(arrays.load(copy), [&](std::size_t, const auto& member) {
                *state++ = static_cast<double>(member);
            });
    }

    /// As BatchTierKernels::set_state.
    static void set_state(const Lanes& lanes, std::size_t num_envs, const double* state) {
        const Arrays arrays(lanes.state, state_size());
        for (std::size_t copy = 0; copy < num_envs; ++copy) {
            State lane = arrays.load(copy);
            for_each_member<E>(lane, [&](std::size_t, auto& member) {
                member = static_cast<std::remove_cvref_t<decltype(member)>>(*state++);
            });
            arrays.store(lane, copy);
        }
    }

private:
    /// \param parameters_at gives the parameters of a lane
    template <class Given, class ParametersAt>
    static XSIMD_INLINE StepTotals step_with(const ParametersAt& parameters_at, const Lanes& all_lanes, const void* all_actions,
                                        const Outputs& all_outputs, std::size_t begin, std::size_t end, LaneList& restarting) {
        const Lanes lanes = all_lanes;
        const Outputs outputs = all_outputs;
        const Arrays arrays(lanes.state, state_size());
        void* observations[ObservationTraits<E>::parts];
        const bool shows = outputs.observations != nullptr;
        for (std::size_t i = 0; i < ObservationTraits<E>::parts && shows; ++i) observations[i] = outputs.observations[i];
        const auto* actions = static_cast<const Given*>(all_actions);
        auto* generators = static_cast<Random*>(lanes.random);
        StepTotals totals;
        for (std::size_t word = begin; word < end; word += lanes_per_word) {
            const std::uint64_t pending_bits = lanes.pending[word / lanes_per_word];
            std::uint64_t terminated_bits = 0, truncated_bits = 0;
            const std::size_t word_end = word + lanes_per_word < end ? word + lanes_per_word : end;
            for (std::size_t lane = word; lane < word_end; ++lane) {
                if ((pending_bits >> (lane - word) & 1) != 0) {
                    outputs.rewards[lane] = 0;
                    continue;  // the restart writes the rest
                }
                State state = arrays.load(lane);
                const Action action = Actions<E, Arch>::template load_one<Number>(actions + lane * E::ActionSpace::size);
                const Parameters& parameters = parameters_at(lane);
                const auto outcome = call_step(parameters, state, action, generators[lane]);
                arrays.store(state, lane);
                if (shows) store_one_observation<E>(observations, lane, E::observation(parameters, state));
                outputs.rewards[lane] = static_cast<float>(outcome.reward);
                if constexpr (!HasFixedReward<E>) lanes.returns[lane] += outcome.reward;
                terminated_bits |= std::uint64_t{outcome.terminated} << (lane - word);
                if constexpr (requires { outcome.truncated; })
                    truncated_bits |= std::uint64_t{outcome.truncated} << (lane - word);
                if constexpr (HasInfo<StepOutcome>)
                    if (outputs.infos) store_infos<E>(outputs.infos, lane, outcome.info);
            }
            Episodes<E, Arch>::finish_word(lanes, outputs, word, end, terminated_bits, truncated_bits, totals, restarting);
        }
        const bool same_step = lanes.autoreset_mode == AutoresetMode::same_step;
        totals.steps = static_cast<std::int64_t>(end - begin - (same_step ? 0 : restarting.count));
        if (same_step) keep_final<E>(outputs, begin, end);
        if constexpr (HasInfo<StepOutcome>) clear_final_infos<E, InfoOf<StepOutcome>>(outputs, begin, end);
        return totals;
    }

    static XSIMD_INLINE std::size_t state_size() {
        std::size_t size = 0;
        State state{};
        for_each_member<E>(state, [&](std::size_t, auto&) { ++size; });
        return size;
    }
};

}  // namespace operant
