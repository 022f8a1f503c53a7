#pragma once
/// \file
/// The kernels of an environment whose dynamics are written on batches: one SIMD lane steps one env.
///
/// Everything here and in the files that it includes is a template that carries the architecture in its type, or is always
/// inlined. Otherwise the linker would keep one of several equal functions that were compiled for different processors, and
/// a processor could meet instructions that it lacks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/kernel/batch_dynamics.hpp>
#include <operant/kernel/batch_restart.hpp>
#include <operant/kernel/batch_types.hpp>
#include <operant/kernel/episodes.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/linear/actions.hpp>
#include <operant/kernel/actions.hpp>
#include <operant/kernel/observations.hpp>
#include <operant/abi/outputs.hpp>
#include <operant/kernel/state.hpp>
#include <operant/random/random.hpp>

namespace operant {

/// The kernels of environment E in the precision of Scalar for one instruction set.
template <class E, class Scalar, class Arch>
class BatchTierKernels {
    using Types = BatchTypes<E, Scalar, Arch>;
    using Batch = typename Types::Batch;
    using Random = typename Types::Random;
    using Dynamics = typename Types::Dynamics;
    using State = typename Types::State;
    using Arrays = typename Types::Arrays;
    using Mask = typename Batch::batch_bool_type;
    static constexpr std::size_t parts = Types::parts;

public:
    /// The type that a step of the environment returns.
    using StepOutcome = typename Types::StepOutcome;
    using Infos = typename Types::Infos;                             ///< the infos of a step, with the action mask
    static constexpr bool has_infos = Types::OfInfos::has_infos;            ///< true if steps have infos
    static constexpr bool has_reset_info = Types::OfInfos::has_reset_info;  ///< true if resets have infos, too

    static constexpr std::size_t envs_per_batch = Batch::size;      ///< the number of SIMD lanes
    static constexpr std::size_t dynamics_size = sizeof(Dynamics);  ///< bytes of a Dynamics
    static constexpr std::size_t state_size = Types::state_size;    ///< the number of state variables
    static constexpr std::size_t most_variables = state_size;       ///< a bound of that number
    static constexpr std::size_t most_arrays = state_size;          ///< the number of arrays of the state

    /// Steps the envs [begin, end) once with given actions, and lists the envs in which an episode is to start.
    template <class Action>
    static StepTotals step(const EnvArrays& envs, const void* actions, const Outputs& outputs, std::size_t begin, std::size_t end,
                           EnvList& restarting) {
        return step_with(GivenActions<E, Arch, Action>(actions), envs, outputs, begin, end, restarting);
    }

    /// The same with actions that a LinearPolicy chooses.
    static StepTotals step_linear(const EnvArrays& envs, const void* policy, const Outputs& outputs, std::size_t begin,
                                  std::size_t end, EnvList& restarting) {
        return step_with(LinearActions<E, Arch>(policy), envs, outputs, begin, end, restarting);
    }

    /// Steps the envs batch by batch.
    /// \param source of the actions: GivenActions or LinearActions
    template <class Source>
    static XSIMD_INLINE StepTotals step_with(const Source& source, const EnvArrays& all_envs, const Outputs& all_outputs,
                                             std::size_t begin, std::size_t end, EnvList& restarting) {
        // Local copies stay in registers, because no store to the arrays can change them.
        const EnvArrays envs = all_envs;
        const Outputs outputs = all_outputs;
        const Arrays arrays(envs.state);
        void* observations[parts] = {};
        const bool shows = outputs.observations != nullptr;
        for (std::size_t i = 0; i < parts && shows; ++i) observations[i] = outputs.observations[i];
        Dynamics dynamics = Types::dynamics_of(envs, begin);
        const bool same_step = envs.autoreset_mode == AutoresetMode::same_step;
        StepTotals totals;

        for (std::size_t word = begin; word < end; word += envs_per_word) {
            WordBits bits{envs.pending[word / envs_per_word], Episodes<E, Arch>::beginning(envs, word)};
            const std::size_t word_end = word + envs_per_word < end ? word + envs_per_word : end;
            for (std::size_t env = word; env < word_end; env += Batch::size) {
                const std::size_t bit = env - word;
                if (envs.per_env) dynamics = Types::dynamics_of(envs, env);
                State state = arrays.load(env);
                const Input<E, Batch> input{
                    source.template of_batch<Batch>(env, end - env, [&] { return dynamics.observation(state); }),
                    Source::single_precision, mask_of(bits.beginning >> bit)};
                const auto outcome = call_step(dynamics, state, input, envs, env, end, bits.pending >> bit);
                store_reward(envs, outputs, env, outcome.reward);
                store_flags(bits, bit, outcome);
                arrays.store(state, env);
                if (shows) store_observation<E>(observations, env, dynamics.observation(state));
                if constexpr (has_infos)
                    if (outputs.infos) store_infos<E>(outputs.infos, env, Types::OfInfos::of_step(outcome, dynamics, state));
            }
            Episodes<E, Arch>::finish_word(envs, outputs, word, end, bits.terminated, bits.truncated, totals, restarting);
        }
        totals.steps = static_cast<std::int64_t>(end - begin - (same_step ? 0 : restarting.count));
        calm_padding(arrays, end);
        if (same_step) keep_final<E>(outputs, begin, end);
        if constexpr (has_infos) clear_final_infos(InfoRows<E, Infos>(), outputs, begin, end);
        return totals;
    }

    /// As BatchRestart::restart.
    static void restart(const double* bounds, const EnvArrays& envs, const Outputs& outputs, EnvList& list) {
        BatchRestart<E, Scalar, Arch>::restart(bounds, envs, outputs, list);
    }

    /// Writes the observations and the action masks of the envs [begin, end), `begin` a multiple of `envs_per_word`.
    static void observe(const EnvArrays& envs, const Outputs& outputs, std::size_t begin, std::size_t end) {
        const Arrays arrays(envs.state);
        for (std::size_t env = begin; env < end; env += Batch::size) {
            const Dynamics& dynamics = Types::dynamics_of(envs, env);
            const State state = arrays.load(env);
            if (outputs.observations) store_observation<E>(outputs.observations, env, dynamics.observation(state));
            if constexpr (HasActionMask<E>)
                if (outputs.infos) store_action_mask<E, Infos>(outputs.infos, env, action_mask_of<E>(dynamics, state));
        }
    }

    /// As BatchDynamics::prepare.
    static bool prepare(const void* parameters, std::size_t num_envs, void* memory) {
        return BatchDynamics<E, Scalar, Arch>::prepare(parameters, num_envs, memory);
    }

    /// Copies the state, row-major.
    static void get_state(const EnvArrays& envs, std::size_t num_envs, double* state) {
        const Arrays arrays(envs.state);
        Types::for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            const auto* array = arrays.array(i, member);
            for (std::size_t env = 0; env < num_envs; ++env) state[env * state_size + i] = Traits::shown(array[env]);
        });
    }

    /// Replaces the states of the envs whose element of the mask is true, or, if it is null, of all envs.
    static void set_state(const EnvArrays& envs, std::size_t num_envs, const double* state, const bool* mask) {
        const Arrays arrays(envs.state);
        Types::for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            auto* array = arrays.array(i, member);
            for (std::size_t env = 0; env < num_envs; ++env)
                if (!mask || mask[env]) array[env] = Traits::stored(state[env * state_size + i]);
        });
    }

private:
    /// One bit per env of a word.
    struct WordBits {
        std::uint64_t pending;         ///< envs that restart instead of stepping
        std::uint64_t beginning;       ///< envs whose episode began with the step before
        std::uint64_t terminated = 0;  ///< the environment's answer, which has no meaning for envs that restart
        std::uint64_t truncated = 0;   ///< the same
    };

    /// Calls the environment, with random numbers if it draws any.
    static XSIMD_INLINE auto call_step(const Dynamics& dynamics, State& state, const Input<E, Batch>& input, const EnvArrays& envs,
                                       std::size_t env, std::size_t end, std::uint64_t pending_bits) {
        if constexpr (DrawsInStep<E, Batch>) {
            // Envs that restart and lanes that pad the last batch draw no random numbers.
            const std::size_t used = end - env < Batch::size ? end - env : Batch::size;
            BatchRandom<Batch, Random> random(static_cast<Random*>(envs.random) + env,
                                              ~pending_bits & ((std::uint64_t{1} << used) - 1));
            return dynamics.step(state, input, random);
        } else {
            return dynamics.step(state, input);
        }
    }

    static XSIMD_INLINE void store_reward(const EnvArrays& envs, const Outputs& outputs, std::size_t env, const Batch& reward) {
        store_rows(outputs.rewards + env, std::array{reward});
        if constexpr (!HasFixedReward<E>) accumulate(envs.returns + env, reward);
    }

    static XSIMD_INLINE void store_flags(WordBits& bits, std::size_t bit, const StepOutcome& outcome) {
        bits.terminated |= outcome.terminated.mask() << bit;
        if constexpr (requires { outcome.truncated; }) bits.truncated |= outcome.truncated.mask() << bit;
    }

    /// Adds rewards to returns, in double even if the batch is of floats.
    static XSIMD_INLINE void accumulate(double* returns, const Batch& rewards) {
        using Double = xsimd::batch<double, Arch>;
        const auto add = [&](std::size_t lane, const Double& more) {
            (Double::load_aligned(returns + lane) + more).store_aligned(returns + lane);
        };
        if constexpr (std::is_same_v<Scalar, double>) {
            add(0, rewards);
        } else {
            const auto [low, high] = widened(rewards);
            add(0, low);
            add(Double::size, high);
        }
    }

    /// Zeroes the state of the lanes that pad the last batch. They have stepped too, and could grow to infinity.
    static XSIMD_INLINE void calm_padding(const Arrays& arrays, std::size_t end) {
        for (std::size_t padding = end; padding % Batch::size != 0; ++padding)
            Types::for_each_kind([&](std::size_t i, const auto& member) { arrays.array(i, member)[padding] = 0; });
    }

    /// Makes a mask of the lowest bits, one lane per bit.
    static XSIMD_INLINE Mask mask_of(std::uint64_t bits) {
        return Mask::from_mask(bits & ((std::uint64_t{1} << Batch::size) - 1));
    }
};

}  // namespace operant
