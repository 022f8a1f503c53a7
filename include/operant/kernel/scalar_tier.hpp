#pragma once
/// \file
/// The kernels of an environment that is plain C++: of the scalar tier, which steps one env at a time, and of the block tier,
/// which steps many in one call. Autoreset, time limits, statistics and infos are the same as in the batch tier.

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <operant/contract/block.hpp>
#include <operant/contract/calls.hpp>
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
    using Parameters = typename E::Parameters;
    using Bounds = typename E::ResetBounds;
    using Random = typename E::Random;
    using State = StateOf<E, Scalar>;
    using Action = PlainActionOf<E>;
    using Block = BlockOf<E, detail::StateNumber<E, Scalar>>;

    static_assert(std::is_trivially_copyable_v<State> && alignof(State) <= 64, "State must be a plain struct of numbers");

public:
    /// The type that a step returns.
    using StepOutcome = typename Block::StepOutcome;
    using OfInfos = InfosOf<E, Parameters, State, StepOutcome>;          ///< the infos of steps and resets
    using Infos = typename OfInfos::Infos;                               ///< the infos of a step, with the action mask
    static constexpr bool has_infos = OfInfos::has_infos;            ///< true if steps have infos
    static constexpr bool has_reset_info = OfInfos::has_reset_info;  ///< true if resets have infos, too

    static constexpr std::size_t envs_per_batch = 1;  ///< there are no batches
    static constexpr std::size_t dynamics_size = 0;   ///< a step needs only the parameters
    static constexpr std::size_t most_variables = sizeof(State);  ///< a bound of their number, as every variable takes a byte
    static constexpr std::size_t most_arrays = 1;                 ///< the states are one array

    /// As BatchTierKernels::step.
    template <class Given>
    static StepTotals step(const EnvArrays& all_envs, const void* all_actions, const Outputs& all_outputs, std::size_t begin,
                      std::size_t end, EnvList& restarting) {
        // No store can change a local copy of the parameters, so it stays in registers. A large map would not. In the block tier,
        // the step has been made when step_with reads the parameters.
        if constexpr (sizeof(Parameters) <= 256 && !BlockTier<E>) {
            if (!all_envs.per_env) {
                const Parameters parameters = parameters_of<E>(all_envs, 0);
                return step_with<Given>([&](std::size_t) -> const Parameters& { return parameters; }, all_envs, all_actions,
                                        all_outputs, begin, end, restarting);
            }
        }
        return step_with<Given>([&](std::size_t env) -> const Parameters& { return parameters_of<E>(all_envs, env); },
                                all_envs, all_actions, all_outputs, begin, end, restarting);
    }

    /// As BatchTierKernels::restart.
    static void restart(const double* bounds_values, const EnvArrays& envs, const Outputs& outputs, EnvList& list) {
        State* const states = states_of(envs);
        [[maybe_unused]] auto* generators = static_cast<Random*>(envs.random);
        const Bounds bounds = read_bounds<E>(bounds_values);
        if constexpr (ResetsBlocks<E>)
            if (list.count != 0) E::template reset_block<Arch>(listed(envs, list), bounds);
        if constexpr (has_infos)
            if (outputs.infos) take_infos(InfoRows<E, Infos>(), outputs, list.envs, list.count, has_reset_info);
        for (std::size_t k = 0; k < list.count; ++k) {
            const std::size_t env = list.envs[k];
            const auto& parameters = parameters_of<E>(envs, env);
            if constexpr (!ResetsBlocks<E>) reset_state<E>(states[env], parameters, bounds, generators[env]);
            envs.began[env] = envs.clock;
            if constexpr (!HasFixedReward<E>) envs.returns[env] = 0;
            if (outputs.observations) observe_one<E>(outputs.observations, env, parameters, states[env]);
            if constexpr (has_reset_info)
                if (outputs.infos) store_infos<E>(outputs.infos, env, OfInfos::of_reset(parameters, states[env]));
        }
    }

    /// As BatchTierKernels::observe.
    static void observe(const EnvArrays& envs, const Outputs& outputs, std::size_t begin, std::size_t end) {
        const State* const states = states_of(envs);
        for (std::size_t env = begin; env < end; ++env) {
            const auto& parameters = parameters_of<E>(envs, env);
            if (outputs.observations) observe_one<E>(outputs.observations, env, parameters, states[env]);
            if constexpr (HasActionMask<E>)
                if (outputs.infos) store_action_mask<E, Infos>(outputs.infos, env, action_mask_of<E>(parameters, states[env]));
        }
    }

    /// Does nothing: a step needs only the parameters.
    static bool prepare(const void*, std::size_t, void*) { return true; }

    /// As BatchTierKernels::get_state.
    static void get_state(const EnvArrays& envs, std::size_t num_envs, double* state) {
        const State* const states = states_of(envs);
        for (std::size_t env = 0; env < num_envs; ++env)
            for_each_member<E>(states[env], [&](std::size_t, const auto& member) {
                using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
                *state++ = Traits::shown(static_cast<typename Traits::Stored>(member));
            });
    }

    /// As BatchTierKernels::set_state.
    static void set_state(const EnvArrays& envs, std::size_t num_envs, const double* state, const bool* mask) {
        State* const states = states_of(envs);
        for (std::size_t env = 0; env < num_envs; ++env)
            for_each_member<E>(states[env], [&](std::size_t, auto& member) {
                using Member = std::remove_cvref_t<decltype(member)>;
                const double number = *state++;
                if (!mask || mask[env]) member = static_cast<Member>(MemberTraits<Member>::stored(number));
            });
    }

private:
    static XSIMD_INLINE State* states_of(const EnvArrays& envs) { return static_cast<State*>(envs.state[0]); }

    static XSIMD_INLINE ListedEnvs<E, detail::StateNumber<E, Scalar>> listed(const EnvArrays& envs, const EnvList& list) {
        return {list.envs,
                list.count,
                states_of(envs),
                static_cast<Random*>(envs.random),
                static_cast<const Parameters*>(envs.parameters),
                envs.per_env};
    }

    /// Loads the action of an env.
    template <class Given>
    static XSIMD_INLINE Action action_of(const Given* actions, std::size_t env) {
        return Actions<E, Arch>::load_one(actions + env * ActionRowsOf<E>::size);
    }

    /// Steps the envs [begin, end) that do not restart, in one call.
    /// \param outcomes from env `begin` on
    template <class Given>
    static XSIMD_INLINE void step_block(const EnvArrays& envs, const Given* actions, StepOutcome* outcomes, std::size_t begin,
                                        std::size_t end) {
        static_assert(Block::most == envs_per_block);
        static_assert(sizeof(StepOutcome) <= 256, "the outcomes of 512 envs are on the stack, so their infos must be small");
        EnvList stepping;
        for (std::size_t word = begin; word < end; word += envs_per_word) {
            const std::size_t used = end - word;
            const std::uint64_t used_bits = used < envs_per_word ? (std::uint64_t{1} << used) - 1 : ~std::uint64_t{0};
            stepping.append_bits(word, ~envs.pending[word / envs_per_word] & used_bits);
        }
        if (stepping.count == 0) return;
        Action loaded[envs_per_block];
        for (std::size_t k = 0; k < stepping.count; ++k) {
            const std::size_t env = stepping.envs[k];
            loaded[env - begin] = action_of(actions, env);
            outcomes[env - begin] = StepOutcome{};
        }
        E::template step_block<Arch>(Block{listed(envs, stepping), begin, loaded, outcomes});
    }

    /// Steps one env, or, in the block tier, returns the outcome of the step that step_block has made.
    template <class Outcomes>
    static XSIMD_INLINE StepOutcome outcome_of([[maybe_unused]] const Outcomes& outcomes, [[maybe_unused]] std::size_t index,
                                               [[maybe_unused]] const Parameters& parameters, [[maybe_unused]] State& state,
                                               [[maybe_unused]] const Action& action, [[maybe_unused]] Random& random) {
        if constexpr (BlockTier<E>)
            return outcomes[index];
        else
            return call_step<E>(parameters, state, action, random);
    }

    /// \param parameters_at returns the parameters of an env
    template <class Given, class ParametersAt>
    static XSIMD_INLINE StepTotals step_with(const ParametersAt& parameters_at, const EnvArrays& all_envs, const void* all_actions,
                                        const Outputs& all_outputs, std::size_t begin, std::size_t end, EnvList& restarting) {
        const EnvArrays envs = all_envs;
        const Outputs outputs = all_outputs;
        State* const states = states_of(envs);
        void* observations[ObservationTraits<E>::parts] = {};  // GCC 12 warns if they have no value
        const bool shows = outputs.observations != nullptr;
        for (std::size_t i = 0; i < ObservationTraits<E>::parts && shows; ++i) observations[i] = outputs.observations[i];
        const auto* actions = static_cast<const Given*>(all_actions);
        auto* generators = static_cast<Random*>(envs.random);
        StepTotals totals;
        [[maybe_unused]] std::conditional_t<BlockTier<E>, StepOutcome[envs_per_block], std::false_type> outcomes;
        if constexpr (BlockTier<E>) step_block(envs, actions, outcomes, begin, end);
        for (std::size_t word = begin; word < end; word += envs_per_word) {
            const std::uint64_t pending_bits = envs.pending[word / envs_per_word];
            std::uint64_t terminated_bits = 0, truncated_bits = 0;
            const std::size_t word_end = word + envs_per_word < end ? word + envs_per_word : end;
            for (std::size_t env = word; env < word_end; ++env) {
                if ((pending_bits >> (env - word) & 1) != 0) {
                    outputs.rewards[env] = 0;
                    continue;  // the restart writes the other outputs
                }
                const Parameters& parameters = parameters_at(env);
                State& state = states[env];
                const StepOutcome outcome =
                    outcome_of(outcomes, env - begin, parameters, state, action_of(actions, env), generators[env]);
                if (shows) observe_one<E>(observations, env, parameters, state);
                outputs.rewards[env] = static_cast<float>(outcome.reward);
                if constexpr (!HasFixedReward<E>) envs.returns[env] += outcome.reward;
                terminated_bits |= std::uint64_t{outcome.terminated} << (env - word);
                if constexpr (requires { outcome.truncated; })
                    truncated_bits |= std::uint64_t{outcome.truncated} << (env - word);
                if constexpr (has_infos)
                    if (outputs.infos) store_infos<E>(outputs.infos, env, OfInfos::of_step(outcome, parameters, state));
            }
            Episodes<E, Arch>::finish_word(envs, outputs, word, end, terminated_bits, truncated_bits, totals, restarting);
        }
        const bool same_step = envs.autoreset_mode == AutoresetMode::same_step;
        totals.steps = static_cast<std::int64_t>(end - begin - (same_step ? 0 : restarting.count));
        if (same_step) keep_final<E>(outputs, begin, end);
        if constexpr (has_infos) clear_final_infos(InfoRows<E, Infos>(), outputs, begin, end);
        return totals;
    }
};

}  // namespace operant
