#pragma once
/// \file
/// The kernels of an environment whose dynamics are written on batches: one SIMD lane steps one copy.
///
/// Everything here and in the files that it includes is a template that carries the architecture in its type, or is always
/// inlined. Otherwise the linker would keep one of several equal functions that were compiled for different processors, and
/// a processor could meet instructions that it does not have.

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
#include <operant/kernel/linear_actions.hpp>
#include <operant/kernel/observations.hpp>
#include <operant/kernel/outputs.hpp>
#include <operant/kernel/state.hpp>
#include <operant/numerics/random.hpp>

namespace operant {

/// The kernels of environment E in the precision of Scalar for one architecture.
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

    static constexpr bool draws_in_step = requires(const Dynamics& dynamics, State& state, const Input<E, Batch>& input,
                                                   BatchRandom<Batch, Random>& random) { dynamics.step(state, input, random); };

public:
    /// What a step of the environment returns.
    using StepOutcome = typename Types::StepOutcome;

    static constexpr std::size_t lanes = Batch::size;                  ///< of a batch
    static constexpr std::size_t dynamics_size = sizeof(Dynamics);     ///< bytes of a Dynamics
    static constexpr std::size_t state_size = Types::state_size;       ///< state variables

    /// Steps the lanes [begin, end) once with given actions, and lists those in which an episode is to start.
    template <class Action>
    static StepTotals step(const Lanes& lanes, const void* actions, const Outputs& outputs, std::size_t begin, std::size_t end,
                           LaneList& restarting) {
        return step_with(GivenActions<E, Arch, Action>(actions), lanes, outputs, begin, end, restarting);
    }

    /// The same with the actions of a LinearPolicy.
    static StepTotals step_linear(const Lanes& lanes, const void* policy, const Outputs& outputs, std::size_t begin,
                                  std::size_t end, LaneList& restarting) {
        return step_with(LinearActions<E, Arch>(policy), lanes, outputs, begin, end, restarting);
    }

    /// As BatchRestart::restart.
    static void restart(const double* bounds, const Lanes& lanes, const Outputs& outputs, LaneList& list) {
        BatchRestart<E, Scalar, Arch>::restart(bounds, lanes, outputs, list);
    }

    /// Writes the observations of lanes [begin, end), `begin` a multiple of `lanes_per_word`.
    static void observe(const Lanes& lanes, const Outputs& outputs, std::size_t begin, std::size_t end) {
        const Arrays arrays(lanes.state);
        for (std::size_t lane = begin; lane < end; lane += Batch::size)
            store_observation<E>(outputs.observations, lane, Types::dynamics_of(lanes, lane).observation(arrays.load(lane)));
    }

    /// As BatchDynamics::prepare.
    static bool prepare(const void* parameters, std::size_t num_envs, void* memory) {
        return BatchDynamics<E, Scalar, Arch>::prepare(parameters, num_envs, memory);
    }

    /// Copies the state, row-major.
    static void get_state(const Lanes& lanes, std::size_t num_envs, double* state) {
        const Arrays arrays(lanes.state);
        Types::for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            const auto* array = arrays.array(i, member);
            for (std::size_t copy = 0; copy < num_envs; ++copy) state[copy * state_size + i] = Traits::shown(array[copy]);
        });
    }

    /// Replaces the state.
    static void set_state(const Lanes& lanes, std::size_t num_envs, const double* state) {
        const Arrays arrays(lanes.state);
        Types::for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            auto* array = arrays.array(i, member);
            for (std::size_t copy = 0; copy < num_envs; ++copy) array[copy] = Traits::stored(state[copy * state_size + i]);
        });
    }

private:
    /// One bit per lane of a word.
    struct WordBits {
        std::uint64_t pending;         ///< lanes that restart instead of stepping
        std::uint64_t beginning;       ///< lanes whose episode began with the step before
        std::uint64_t terminated = 0;  ///< what the environment says; also of lanes that restart
        std::uint64_t truncated = 0;   ///< the same
    };

    /// The stages of a step, batch by batch.
    /// \param source of the actions: GivenActions or LinearActions
    template <class Source>
    static XSIMD_INLINE StepTotals step_with(const Source& source, const Lanes& all_lanes, const Outputs& all_outputs,
                                             std::size_t begin, std::size_t end, LaneList& restarting) {
        // Local copies stay in registers, because no store to the arrays can change them.
        const Lanes lanes = all_lanes;
        const Outputs outputs = all_outputs;
        const Arrays arrays(lanes.state);
        void* observations[parts];
        const bool shows = outputs.observations != nullptr;
        for (std::size_t i = 0; i < parts && shows; ++i) observations[i] = outputs.observations[i];
        Dynamics dynamics = Types::dynamics_of(lanes, begin);
        const bool same_step = lanes.autoreset_mode == AutoresetMode::same_step;
        StepTotals totals;

        for (std::size_t word = begin; word < end; word += lanes_per_word) {
            WordBits bits{lanes.pending[word / lanes_per_word], Episodes<E, Arch>::beginning(lanes, word)};
            const std::size_t word_end = word + lanes_per_word < end ? word + lanes_per_word : end;
            for (std::size_t lane = word; lane < word_end; lane += Batch::size) {
                const std::size_t bit = lane - word;
                if (lanes.per_copy) dynamics = Types::dynamics_of(lanes, lane);
                State state = arrays.load(lane);
                const Input<E, Batch> input{
                    source.template of_lanes<Batch>(lane, end - lane, [&] { return dynamics.observation(state); }),
                    Source::single_precision, mask_of(bits.beginning >> bit)};
                const auto outcome = call_step(dynamics, state, input, lanes, lane, end, bits.pending >> bit);
                store_reward(lanes, outputs, lane, outcome.reward);
                store_flags(bits, bit, outcome);
                arrays.store(state, lane);
                if (shows) store_observation<E>(observations, lane, dynamics.observation(state));
                if constexpr (HasInfo<StepOutcome>)
                    if (outputs.infos) store_infos<E>(outputs.infos, lane, outcome.info);
            }
            Episodes<E, Arch>::finish_word(lanes, outputs, word, end, bits.terminated, bits.truncated, totals, restarting);
        }
        totals.steps = static_cast<std::int64_t>(end - begin - (same_step ? 0 : restarting.count));
        calm_padding(arrays, end);
        if (same_step) keep_final<E>(outputs, begin, end);
        if constexpr (HasInfo<StepOutcome>) clear_final_infos<E, InfoOf<StepOutcome>>(outputs, begin, end);
        return totals;
    }

    /// Calls the environment, with random numbers if it draws any.
    static XSIMD_INLINE auto call_step(const Dynamics& dynamics, State& state, const Input<E, Batch>& input, const Lanes& lanes,
                                       std::size_t lane, std::size_t end, std::uint64_t pending_bits) {
        if constexpr (draws_in_step) {
            // Lanes that restart and lanes that pad the last batch draw no random numbers.
            const std::size_t used = end - lane < Batch::size ? end - lane : Batch::size;
            BatchRandom<Batch, Random> random(static_cast<Random*>(lanes.random) + lane,
                                              ~pending_bits & ((std::uint64_t{1} << used) - 1));
            return dynamics.step(state, input, random);
        } else {
            return dynamics.step(state, input);
        }
    }

    static XSIMD_INLINE void store_reward(const Lanes& lanes, const Outputs& outputs, std::size_t lane, const Batch& reward) {
        store_rows(outputs.rewards + lane, std::array{reward});
        if constexpr (!HasFixedReward<E>) accumulate(lanes.returns + lane, reward);
    }

    static XSIMD_INLINE void store_flags(WordBits& bits, std::size_t bit, const StepOutcome& outcome) {
        bits.terminated |= outcome.terminated.mask() << bit;
        if constexpr (requires { outcome.truncated; }) bits.truncated |= outcome.truncated.mask() << bit;
    }

    /// Adds rewards to returns, in double also if the batch is of floats.
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

    /// The lanes that pad the last batch have stepped, too. This puts them back to a state from which nothing grows to
    /// infinity.
    static XSIMD_INLINE void calm_padding(const Arrays& arrays, std::size_t end) {
        for (std::size_t padding = end; padding % Batch::size != 0; ++padding)
            Types::for_each_kind([&](std::size_t i, const auto& member) { arrays.array(i, member)[padding] = 0; });
    }

    /// The lowest bits as a mask, one lane per bit.
    static XSIMD_INLINE Mask mask_of(std::uint64_t bits) {
        return Mask::from_mask(bits & ((std::uint64_t{1} << Batch::size) - 1));
    }
};

}  // namespace operant
