#pragma once
/// \file
/// How episodes start in environments whose dynamics are written on batches.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/kernel/batch_types.hpp>
#include <operant/kernel/episodes.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/observations.hpp>
#include <operant/kernel/outputs.hpp>
#include <operant/kernel/state.hpp>
#include <operant/numerics/random.hpp>

namespace operant {

/// Starts episodes of environment E in the precision of Scalar for one architecture.
template <class E, class Scalar, class Arch>
class BatchRestart {
    using Types = BatchTypes<E, Scalar, Arch>;
    using Batch = typename Types::Batch;
    using Parameters = ParametersOf<E>;
    using Bounds = ResetBoundsOf<E>;
    using Random = typename Types::Random;
    using ManyRandom = Pcg64Lanes<Arch, Random>;
    using Dynamics = typename Types::Dynamics;
    using State = typename Types::State;
    using StepOutcome = typename Types::StepOutcome;
    using Arrays = typename Types::Arrays;
    static constexpr std::size_t parts = Types::parts, state_size = Types::state_size;

    static constexpr bool draws_in_lanes =
        requires(const Parameters& parameters, const Bounds& bounds, ManyRandom& random) {
            E::reset(parameters, bounds, random);
        };
    static constexpr bool shows_by_state_alone = requires(const State& state) { Dynamics::observation(state); };
    static constexpr bool has_reset_info = requires(const State& state) { E::reset_info(state); };

public:
    /// Starts an episode in each of the listed lanes and writes its first observation; with AutoresetMode::next_step, also its
    /// reward, which is 0: the step has written that of an episode which is over.
    /// \param bounds_values one number per bound of a reset; null for the defaults
    static XSIMD_INLINE void restart(const double* bounds_values, const Lanes& all_lanes, const Outputs& outputs,
                                     LaneList& list) {
        if (list.count == 0) return;
        const Lanes lanes = all_lanes;
        const Arrays arrays(lanes.state);
        const Bounds bounds = read_bounds<E>(bounds_values);
        const bool is_step = lanes.autoreset_mode == AutoresetMode::next_step;
        for (std::size_t k = 0; k < list.count; ++k) {
            prefetch(static_cast<Random*>(lanes.random) + list.lanes[k]);
            prefetch(lanes.began + list.lanes[k]);
            if (is_step) outputs.rewards[list.lanes[k]] = 0;
        }
        for (std::size_t k = 0; k < group_size; ++k) list.lanes[list.count + k] = list.lanes[0];
        for (std::size_t begin = 0; begin < list.count; begin += group_size) {
            const std::size_t count = list.count - begin < group_size ? list.count - begin : group_size;
            restart_group(bounds, lanes, arrays, outputs, list.lanes + begin, count);
        }
    }

private:
    /// How many lanes are restarted together.
    static constexpr std::size_t group_size =
        draws_in_lanes && ManyRandom::size > Batch::size ? ManyRandom::size : Batch::size;
    static_assert(group_size <= lanes_per_word && group_size % Batch::size == 0);

    /// Restarts a group of lanes.
    /// \param group `group_size` lanes, of which the first `count` restart
    static XSIMD_INLINE void restart_group(const Bounds& bounds, const Lanes& lanes, const Arrays& arrays,
                                           const Outputs& outputs, const std::uint32_t* group, std::size_t count) {
        // One column per state variable, of the element type of its array.
        alignas(64) std::byte starts[state_size][group_size * sizeof(double)];
        draw_starts(bounds, lanes, group, count, starts);

        constexpr std::size_t row = observation_row_size<E>();
        alignas(64) std::byte rows[parts][group_size * row];
        const bool shows = outputs.observations != nullptr;
        if (shows && (shows_by_state_alone || !lanes.per_copy)) {
            void* columns[parts];
            for (std::size_t i = 0; i < parts; ++i) columns[i] = rows[i];
            for (std::size_t k = 0; k < group_size; k += Batch::size)
                store_observation<E>(columns, k, Types::dynamics_of(lanes, 0).observation(load_starts(starts, k)));
        }
        for (std::size_t k = 0; k < count; ++k) {
            const std::uint32_t lane = group[k];
            Types::for_each_kind([&](std::size_t i, const auto& member) {
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

    /// Writes the observation of one lane, for environments whose observation depends on parameters that differ between
    /// copies.
    static void observe_one(const Lanes& lanes, const Arrays& arrays, std::size_t lane,
                            std::byte (&rows)[parts][group_size * observation_row_size<E>()], std::size_t k) {
        constexpr std::size_t row = observation_row_size<E>();
        alignas(64) std::byte batch_rows[parts][Batch::size * row];
        void* columns[parts];
        for (std::size_t i = 0; i < parts; ++i) columns[i] = batch_rows[i];
        const std::size_t first = lane / Batch::size * Batch::size;
        store_observation<E>(columns, 0, Types::dynamics_of(lanes, lane).observation(arrays.load(first)));
        for (std::size_t i = 0; i < parts; ++i) std::memcpy(rows[i] + k * row, batch_rows[i] + (lane - first) * row, row);
    }

    /// Draws the states from which the first `count` lanes of a group start.
    static XSIMD_INLINE void draw_starts(const Bounds& bounds, const Lanes& lanes, const std::uint32_t* group,
                                         std::size_t count, std::byte (&starts)[state_size][group_size * sizeof(double)]) {
        alignas(64) double drawn[state_size][group_size];
        auto* generators = static_cast<Random*>(lanes.random);
        if constexpr (draws_in_lanes) {
            // This is compiled for every instruction set, so that whether a reset compiles does not depend on it.
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
        Types::for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            auto* stored = reinterpret_cast<typename Traits::Stored*>(starts[i]);
            for (std::size_t k = 0; k < group_size; ++k) stored[k] = Traits::stored(drawn[i][k]);
        });
    }

    /// Moves the infos of each episode's last step to the final infos, and writes those of the reset in their place.
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

    /// Fetches memory that only restarts use. With many copies it is in no cache.
    static XSIMD_INLINE void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__)
        __builtin_prefetch(address, 1);
#endif
    }
};

}  // namespace operant
