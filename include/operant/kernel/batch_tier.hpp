#pragma once
/// \file
/// The kernels of an environment whose dynamics are written on batches: one SIMD lane steps one copy.
///
/// Everything here is a template that carries the architecture in its type, or is always inlined, so that translation
/// units compiled for different processors share no code: the linker would keep any one copy for all of them.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/kernel/episodes.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/linear_actions.hpp>
#include <operant/kernel/observations.hpp>
#include <operant/kernel/outputs.hpp>
#include <operant/kernel/state.hpp>
#include <operant/numerics/random.hpp>

namespace operant {

namespace detail {

/// What a step without random numbers returns.
template <class Dynamics, class State, class Input, class Random>
struct StepOutcomeOf {
    using type = decltype(std::declval<const Dynamics&>().step(std::declval<State&>(), std::declval<const Input&>()));
};
/// What a step that draws returns.
template <class Dynamics, class State, class Input, class Random>
    requires requires(const Dynamics& dynamics, State& state, const Input& input, Random& random) {
        dynamics.step(state, input, random);
    }
struct StepOutcomeOf<Dynamics, State, Input, Random> {
    using type = decltype(std::declval<const Dynamics&>().step(std::declval<State&>(), std::declval<const Input&>(),
                                                               std::declval<Random&>()));
};

}  // namespace detail

/// The kernels of environment E in the precision of Scalar for one architecture.
template <class E, class Scalar, class Arch>
class BatchTierKernels {
    using Batch = xsimd::batch<Scalar, Arch>;
    using Parameters = ParametersOf<E>;
    using Bounds = ResetBoundsOf<E>;
    using Random = RandomOf<E>;
    using ManyRandom = Pcg64Lanes<Arch, Random>;
    using Dynamics = typename E::template Dynamics<Batch>;
    using State = StateOf<E, Batch>;
    using Mask = typename Batch::batch_bool_type;
    static constexpr std::size_t parts = ObservationTraits<E>::parts;

    static_assert(sizeof(State) % sizeof(Batch) == 0 && std::is_trivially_copyable_v<State>,
                  "every member of State<Batch> must be a Batch, an Integer<Batch>, an Angle<Batch> or an array of them");
    static_assert(std::is_trivially_copyable_v<Dynamics> && alignof(Dynamics) <= 64,
                  "Dynamics<Batch> must consist of Batches, and bools that follow from switches");

    static constexpr bool draws_in_step = requires(const Dynamics& dynamics, State& state, const Input<E, Batch>& input,
                                                   BatchRandom<Batch, Random>& random) { dynamics.step(state, input, random); };
    static constexpr bool draws_in_lanes =
        requires(const Parameters& parameters, const Bounds& bounds, ManyRandom& random) {
            E::reset(parameters, bounds, random);
        };
    static constexpr bool shows_by_state_alone = requires(const State& state) { Dynamics::observation(state); };
    static constexpr bool has_reset_info = requires(const State& state) { E::reset_info(state); };

public:
    /// What a step returns.
    using StepOutcome = typename detail::StepOutcomeOf<Dynamics, State, Input<E, Batch>, BatchRandom<Batch, Random>>::type;

    static constexpr std::size_t lanes = Batch::size;               ///< of a batch
    static constexpr std::size_t dynamics_size = sizeof(Dynamics);  ///< bytes of a Dynamics
    static constexpr std::size_t state_size = sizeof(State) / sizeof(Batch);  ///< state variables

    /// Moves the lanes [begin, end) on by one step with given actions, and lists those in which an episode is to start.
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

    /// Starts an episode in each of the listed lanes and writes its first observation.
    /// \param bounds_values one number for each bound of a reset; null for the defaults
    static void restart(const double* bounds_values, const Lanes& all_lanes, const Outputs& outputs, LaneList& list) {
        if (list.count == 0) return;
        const Lanes lanes = all_lanes;
        const Arrays arrays(lanes.state);
        const Bounds bounds = read_bounds<E>(bounds_values);
        for (std::size_t k = 0; k < list.count; ++k) {
            prefetch(static_cast<Random*>(lanes.random) + list.lanes[k]);
            prefetch(lanes.began + list.lanes[k]);
        }
        for (std::size_t k = 0; k < group_size; ++k) list.lanes[list.count + k] = list.lanes[0];
        for (std::size_t begin = 0; begin < list.count; begin += group_size) {
            const std::size_t count = list.count - begin < group_size ? list.count - begin : group_size;
            restart_group(bounds, lanes, arrays, outputs, list.lanes + begin, count);
        }
    }

    /// Writes the observations of lanes [begin, end), `begin` a multiple of `lanes_per_word`.
    static void observe(const Lanes& lanes, const Outputs& outputs, std::size_t begin, std::size_t end) {
        const Arrays arrays(lanes.state);
        for (std::size_t lane = begin; lane < end; lane += Batch::size)
            store_observation<E>(outputs.observations, lane, dynamics_of(lanes, lane).observation(arrays.load(lane)));
    }

    /// Makes the dynamics of some parameters.
    /// \param parameters one `E::Parameters`, or one for each copy
    /// \param num_envs how many copies have their own; 0: the parameters are the same for all
    /// \param memory for one Dynamics, or one for each batch of copies, 64-byte aligned and zero
    /// \return whether that is possible: what is not a batch in a Dynamics is the same for all copies
    static bool prepare(const void* parameters, std::size_t num_envs, void* memory) {
        const auto* of_copy = static_cast<const Parameters*>(parameters);
        auto* dynamics = static_cast<std::byte*>(memory);
        if (num_envs == 0) {
            make_dynamics(dynamics, *of_copy);
            return true;
        }
        alignas(64) std::byte first[sizeof(Dynamics)] = {}, single[sizeof(Dynamics)] = {};
        make_dynamics(first, *of_copy);
        for (std::size_t copy = 0; copy < num_envs; ++copy) {
            std::byte* merged = dynamics + copy / Batch::size * sizeof(Dynamics);
            if (copy % Batch::size == 0) std::memcpy(merged, first, sizeof(Dynamics));
            make_dynamics(single, of_copy[copy]);
            if (!take_lane(merged, first, single, copy % Batch::size)) return false;
        }
        return true;
    }

    /// Copies the state, row-major.
    static void get_state(const Lanes& lanes, std::size_t num_envs, double* state) {
        const Arrays arrays(lanes.state);
        for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            const auto* array = arrays.array(i, member);
            for (std::size_t copy = 0; copy < num_envs; ++copy) state[copy * state_size + i] = Traits::shown(array[copy]);
        });
    }

    /// Replaces the state.
    static void set_state(const Lanes& lanes, std::size_t num_envs, const double* state) {
        const Arrays arrays(lanes.state);
        for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            auto* array = arrays.array(i, member);
            for (std::size_t copy = 0; copy < num_envs; ++copy) array[copy] = Traits::stored(state[copy * state_size + i]);
        });
    }

private:
    using Arrays = StateArrays<E, State, state_size>;

    /// Calls `visit(i, member)` for every member of a state, for their types.
    template <class Visitor>
    static XSIMD_INLINE void for_each_kind(const Visitor& visit) {
        State state{};
        for_each_member<E>(state, visit);
    }

    static XSIMD_INLINE const Dynamics& dynamics_of(const Lanes& lanes, std::size_t lane) {
        return static_cast<const Dynamics*>(lanes.dynamics)[lanes.per_copy ? lane / Batch::size : 0];
    }

    static XSIMD_INLINE Mask mask_of(std::uint64_t bits) {
        return Mask::from_mask(bits & ((std::uint64_t{1} << Batch::size) - 1));
    }

    /// \param source of the actions: GivenActions or LinearActions
    template <class Source>
    static XSIMD_INLINE StepTotals step_with(const Source& source, const Lanes& all_lanes, const Outputs& all_outputs,
                                        std::size_t begin, std::size_t end, LaneList& restarting) {
        // Copies that no store can change stay in registers.
        const Lanes lanes = all_lanes;
        const Outputs outputs = all_outputs;
        const Arrays arrays(lanes.state);
        void* observations[parts];
        const bool shows = outputs.observations != nullptr;
        for (std::size_t i = 0; i < parts && shows; ++i) observations[i] = outputs.observations[i];
        Dynamics dynamics = dynamics_of(lanes, begin);
        const bool same_step = lanes.autoreset_mode == AutoresetMode::same_step;
        StepTotals totals;

        for (std::size_t word = begin; word < end; word += lanes_per_word) {
            const std::uint64_t pending_bits = lanes.pending[word / lanes_per_word];
            const std::uint64_t beginning_bits = Episodes<E, Arch>::beginning(lanes, word);
            std::uint64_t terminated_bits = 0, truncated_bits = 0;
            const std::size_t word_end = word + lanes_per_word < end ? word + lanes_per_word : end;
            for (std::size_t lane = word; lane < word_end; lane += Batch::size) {
                if (lanes.per_copy) dynamics = dynamics_of(lanes, lane);
                State state = arrays.load(lane);
                const Input<E, Batch> input{
                    source.template of_lanes<Batch>(lane, end - lane, [&] { return dynamics.observation(state); }),
                    Source::single_precision, mask_of(beginning_bits >> (lane - word))};
                const auto outcome = call_step(dynamics, state, input, lanes, lane, end, pending_bits >> (lane - word));
                const Batch reward = xsimd::select(mask_of(pending_bits >> (lane - word)), Batch(0), outcome.reward);

                arrays.store(state, lane);
                if (shows) store_observation<E>(observations, lane, dynamics.observation(state));
                store_rows(outputs.rewards + lane, std::array{reward});
                if constexpr (!HasFixedReward<E>) accumulate(lanes.returns + lane, reward);
                terminated_bits |= outcome.terminated.mask() << (lane - word);
                if constexpr (requires { outcome.truncated; }) truncated_bits |= outcome.truncated.mask() << (lane - word);
                if constexpr (HasInfo<StepOutcome>)
                    if (outputs.infos) store_infos<E>(outputs.infos, lane, outcome.info);
            }
            Episodes<E, Arch>::finish_word(lanes, outputs, word, end, terminated_bits, truncated_bits, totals, restarting);
        }
        totals.steps = static_cast<std::int64_t>(end - begin - (same_step ? 0 : restarting.count));
        calm_padding(arrays, end);
        if (same_step) keep_final<E>(outputs, begin, end);
        if constexpr (HasInfo<StepOutcome>) clear_final_infos<E, InfoOf<StepOutcome>>(outputs, begin, end);
        return totals;
    }

    static XSIMD_INLINE auto call_step(const Dynamics& dynamics, State& state, const Input<E, Batch>& input, const Lanes& lanes,
                                       std::size_t lane, std::size_t end, std::uint64_t pending_bits) {
        if constexpr (draws_in_step) {
            // Lanes that restart, and those that pad the last batch, draw nothing.
            const std::size_t used = end - lane < Batch::size ? end - lane : Batch::size;
            BatchRandom<Batch, Random> random(static_cast<Random*>(lanes.random) + lane,
                                              ~pending_bits & ((std::uint64_t{1} << used) - 1));
            return dynamics.step(state, input, random);
        } else {
            return dynamics.step(state, input);
        }
    }

    /// Adds the rewards to the returns, in double whatever the batch.
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

    /// The lanes that pad the last batch were stepped along: back to a state from which nothing grows.
    static XSIMD_INLINE void calm_padding(const Arrays& arrays, std::size_t end) {
        for (std::size_t padding = end; padding % Batch::size != 0; ++padding)
            for_each_kind([&](std::size_t i, const auto& member) { arrays.array(i, member)[padding] = 0; });
    }

    static void make_dynamics(std::byte* memory, const Parameters& parameters) {
        if constexpr (std::is_constructible_v<Dynamics, const Parameters&>)
            new (memory) Dynamics(parameters);
        else
            new (memory) Dynamics();
    }

    /// Puts one lane of the dynamics of one copy into those of its batch. Made of the parameters of one copy, every batch
    /// in them has the same number in all lanes; what looks otherwise, there or in those of the first copy, is no batch,
    /// and has to be as the first copy has it.
    /// \return whether it was
    static bool take_lane(std::byte* merged, const std::byte* first, const std::byte* single, std::size_t lane) {
        for (std::size_t begin = 0; begin < sizeof(Dynamics); begin += sizeof(Batch)) {
            const std::size_t size = sizeof(Dynamics) - begin < sizeof(Batch) ? sizeof(Dynamics) - begin : sizeof(Batch);
            if (size == sizeof(Batch) && is_uniform(first + begin) && is_uniform(single + begin))
                std::memcpy(merged + begin + lane * sizeof(Scalar), single + begin, sizeof(Scalar));
            else if (std::memcmp(first + begin, single + begin, size) != 0)
                return false;
        }
        return true;
    }

    /// Whether all lanes of what may be a batch are the same.
    static bool is_uniform(const std::byte* batch) {
        return std::memcmp(batch, batch + sizeof(Scalar), sizeof(Batch) - sizeof(Scalar)) == 0;
    }

    /// How many lanes are restarted together.
    static constexpr std::size_t group_size =
        draws_in_lanes && ManyRandom::size > Batch::size ? ManyRandom::size : Batch::size;
    static_assert(group_size <= lanes_per_word && group_size % Batch::size == 0);

    /// \param group `group_size` lanes, of which the first `count` restart
    static XSIMD_INLINE void restart_group(const Bounds& bounds, const Lanes& lanes, const Arrays& arrays,
                                           const Outputs& outputs, const std::uint32_t* group, std::size_t count) {
        // One column for each state variable, as the arrays of the state have them.
        alignas(64) std::byte starts[state_size][group_size * sizeof(double)];
        draw_starts(bounds, lanes, group, count, starts);

        constexpr std::size_t row = observation_row_size<E>();
        alignas(64) std::byte rows[parts][group_size * row];
        const bool shows = outputs.observations != nullptr;
        if (shows && (shows_by_state_alone || !lanes.per_copy)) {
            void* columns[parts];
            for (std::size_t i = 0; i < parts; ++i) columns[i] = rows[i];
            for (std::size_t k = 0; k < group_size; k += Batch::size)
                store_observation<E>(columns, k, dynamics_of(lanes, 0).observation(load_starts(starts, k)));
        }
        for (std::size_t k = 0; k < count; ++k) {
            const std::uint32_t lane = group[k];
            for_each_kind([&](std::size_t i, const auto& member) {
                auto* array = arrays.array(i, member);
                array[lane] = column(starts, i, array)[k];
            });
            lanes.began[lane] = lanes.clock;
            if constexpr (!HasFixedReward<E>) lanes.returns[lane] = 0;
            if (!shows) continue;
            if (!shows_by_state_alone && lanes.per_copy) observe_one(lanes, arrays, lane, rows, k);
            for (std::size_t i = 0; i < parts; ++i)
                std::memcpy(static_cast<std::byte*>(outputs.observations[i]) + lane * row, rows[i] + k * row, row);
        }
        if constexpr (HasInfo<StepOutcome>)
            if (outputs.infos) restart_infos(outputs, starts, group, count);
    }

    template <class Stored>
    static XSIMD_INLINE Stored* column(std::byte (&starts)[state_size][group_size * sizeof(double)], std::size_t i, Stored*) {
        return reinterpret_cast<Stored*>(starts[i]);
    }

    static XSIMD_INLINE State load_starts(std::byte (&starts)[state_size][group_size * sizeof(double)], std::size_t k) {
        State state;
        for_each_member<E>(state, [&](std::size_t i, auto& member) {
            using Stored = typename MemberTraits<std::remove_cvref_t<decltype(member)>>::Stored;
            load_member(member, reinterpret_cast<const Stored*>(starts[i]) + k);
        });
        return state;
    }

    /// The observation of one lane whose dynamics are its own.
    static void observe_one(const Lanes& lanes, const Arrays& arrays, std::size_t lane,
                            std::byte (&rows)[parts][group_size * observation_row_size<E>()], std::size_t k) {
        constexpr std::size_t row = observation_row_size<E>();
        alignas(64) std::byte batch_rows[parts][Batch::size * row];
        void* columns[parts];
        for (std::size_t i = 0; i < parts; ++i) columns[i] = batch_rows[i];
        const std::size_t first = lane / Batch::size * Batch::size;
        store_observation<E>(columns, 0, dynamics_of(lanes, lane).observation(arrays.load(first)));
        for (std::size_t i = 0; i < parts; ++i) std::memcpy(rows[i] + k * row, batch_rows[i] + (lane - first) * row, row);
    }

    /// Draws the states that so many of the listed lanes start from, variable by variable.
    static XSIMD_INLINE void draw_starts(const Bounds& bounds, const Lanes& lanes, const std::uint32_t* group,
                                         std::size_t count, std::byte (&starts)[state_size][group_size * sizeof(double)]) {
        alignas(64) double drawn[state_size][group_size];
        auto* generators = static_cast<Random*>(lanes.random);
        if constexpr (draws_in_lanes) {
            // Elsewhere, too, this is compiled: what is a valid reset does not depend on the instruction set.
            if (detail::has_wide_integers<Arch> && !lanes.per_copy) {
                for (std::size_t k = 0; k < group_size; k += ManyRandom::size) {
                    ManyRandom random(generators, group + k);
                    auto start = E::reset(parameters_of<E>(lanes, 0), bounds, random);
                    if (k < count) random.store(generators, group + k, count - k);
                    for_each_member<E>(start, [&](std::size_t i, const auto& member) {
                        plain_number(member).store_aligned(drawn[i] + k);
                    });
                }
                return put_starts(drawn, starts);
            }
        }
        for (std::size_t k = 0; k < group_size; ++k) {
            if (k < count) {
                auto start = call_reset(parameters_of<E>(lanes, group[k]), bounds, generators[group[k]]);
                for_each_member<E>(start, [&](std::size_t i, const auto& member) {
                    drawn[i][k] = static_cast<double>(plain_number(member));
                });
            } else {
                for (std::size_t i = 0; i < state_size; ++i) drawn[i][k] = 0;
            }
        }
        put_starts(drawn, starts);
    }

    static XSIMD_INLINE auto call_reset(const Parameters& parameters, const Bounds& bounds, Random& random) {
        if constexpr (requires { E::reset(parameters, bounds, random); })
            return E::reset(parameters, bounds, random);
        else
            return E::reset(parameters, random);
    }

    static XSIMD_INLINE void put_starts(const double (&drawn)[state_size][group_size],
                                        std::byte (&starts)[state_size][group_size * sizeof(double)]) {
        for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            auto* stored = reinterpret_cast<typename Traits::Stored*>(starts[i]);
            for (std::size_t k = 0; k < group_size; ++k) stored[k] = Traits::stored(drawn[i][k]);
        });
    }

    /// Of lanes that restart: keeps the infos of the episode's last step, and replaces them by those of the reset.
    static void restart_infos(const Outputs& outputs, std::byte (&starts)[state_size][group_size * sizeof(double)],
                              const std::uint32_t* group, std::size_t count) {
        take_infos<E, InfoOf<StepOutcome>>(outputs, group, count, has_reset_info);
        if constexpr (has_reset_info) {
            for (std::size_t first = 0; first < count; first += Batch::size) {
                std::size_t i = 0;
                const auto info = E::reset_info(load_starts(starts, first));
                E::visit_info(info, [&](const char*, const auto& member) {
                    using Member = std::remove_cvref_t<decltype(member)>;
                    constexpr std::size_t size = info_row_size<Member>();
                    alignas(64) std::byte column[Batch::size * size];
                    InfoTraits<Member>::store(column, 0, member);
                    for (std::size_t k = 0; k < Batch::size && first + k < count; ++k)
                        std::memcpy(static_cast<std::byte*>(outputs.infos[i]) + group[first + k] * size, column + k * size, size);
                    ++i;
                });
            }
        }
    }

    /// What only restarts touch is far from any cache when there are many copies.
    static XSIMD_INLINE void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__)
        __builtin_prefetch(address, 1);
#endif
    }
};

}  // namespace operant
