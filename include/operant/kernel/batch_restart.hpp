#pragma once
/// \file
/// Starts episodes in environments whose dynamics are written on batches.

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
#include <operant/abi/outputs.hpp>
#include <operant/kernel/state.hpp>
#include <operant/math/prefetch.hpp>
#include <operant/random/random.hpp>

namespace operant {

/// Starts episodes of environment E in the precision of Scalar for one instruction set.
template <class E, class Scalar, class Arch>
class BatchRestart {
    using Types = BatchTypes<E, Scalar, Arch>;
    using Batch = typename Types::Batch;
    using Parameters = typename E::Parameters;
    using Bounds = typename E::ResetBounds;
    using Random = typename Types::Random;
    using ManyRandom = Pcg64Lanes<Arch, Random>;
    using Dynamics = typename Types::Dynamics;
    using State = typename Types::State;
    using Infos = typename Types::Infos;
    using Arrays = typename Types::Arrays;
    static constexpr std::size_t state_size = Types::state_size;

    static constexpr bool draws_in_lanes =
        requires(const Parameters& parameters, const Bounds& bounds, ManyRandom& random) {
            E::reset(parameters, bounds, random);
        };
    static constexpr bool shows_by_state_alone = requires(const State& state) { Dynamics::observation(state); };

public:
    /// Starts an episode in each of the listed envs and writes its first observation. With AutoresetMode::next_step it also
    /// zeroes the reward, because the step has written a reward for the episode that is over.
    /// \param bounds_values one number per bound of a reset; null for the defaults
    static XSIMD_INLINE void restart(const double* bounds_values, const EnvArrays& all_envs, const Outputs& outputs,
                                     EnvList& list) {
        if (list.count == 0) return;
        const EnvArrays envs = all_envs;
        const Arrays arrays(envs.state);
        const Bounds bounds = read_bounds<E>(bounds_values);
        const bool is_step = envs.autoreset_mode == AutoresetMode::next_step;
        for (std::size_t k = 0; k < list.count; ++k) {
            prefetch(static_cast<Random*>(envs.random) + list.envs[k]);
            prefetch(envs.began + list.envs[k]);
            if (is_step) outputs.rewards[list.envs[k]] = 0;
        }
        for (std::size_t k = 0; k < group_size; ++k) list.envs[list.count + k] = list.envs[0];
        for (std::size_t begin = 0; begin < list.count; begin += group_size) {
            const std::size_t count = list.count - begin < group_size ? list.count - begin : group_size;
            restart_group(bounds, envs, arrays, outputs, list.envs + begin, count);
        }
    }

private:
    /// The number of envs that restart together.
    static constexpr std::size_t group_size =
        draws_in_lanes && ManyRandom::size > Batch::size ? ManyRandom::size : Batch::size;
    static_assert(group_size <= envs_per_word && group_size % Batch::size == 0);

    /// Restarts a group of envs.
    /// \param group `group_size` envs; the first `count` restart
    static XSIMD_INLINE void restart_group(const Bounds& bounds, const EnvArrays& envs, const Arrays& arrays,
                                           const Outputs& outputs, const std::uint32_t* group, std::size_t count) {
        // One column per state variable, of the element type of its array.
        alignas(64) std::byte starts[state_size][group_size * sizeof(double)];
        draw_starts(bounds, envs, group, count, starts);

        const ObservationRows<E, group_size> rows;
        const bool shows = outputs.observations != nullptr;
        const bool shows_together = shows_by_state_alone || !envs.per_env;
        if (shows && shows_together)
            for (std::size_t k = 0; k < group_size; k += Batch::size)
                store_observation<E>(rows.arrays(), k,
                                           Types::dynamics_of(envs, 0).observation(load_starts(starts, k)));
        for (std::size_t k = 0; k < count; ++k) {
            const std::uint32_t env = group[k];
            Types::for_each_kind([&](std::size_t i, const auto& member) {
                auto* array = arrays.array(i, member);
                array[env] = column(starts, i, array)[k];
            });
            envs.began[env] = envs.clock;
            if constexpr (!HasFixedReward<E>) envs.returns[env] = 0;
            if (!shows) continue;
            if (shows_together)
                rows.copy_row(k, outputs.observations, env);
            else
                observe_alone(envs, arrays, outputs, env);
        }
        if constexpr (Types::OfInfos::has_infos)
            if (outputs.infos) restart_infos(envs, arrays, outputs, starts, group, count);
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

    /// Writes the observation of one env, for environments whose observation depends on parameters that differ between envs.
    static void observe_alone(const EnvArrays& envs, const Arrays& arrays, const Outputs& outputs, std::size_t env) {
        const ObservationRows<E, Batch::size> rows;
        const std::size_t first = env / Batch::size * Batch::size;
        store_observation<E>(rows.arrays(), 0, Types::dynamics_of(envs, env).observation(arrays.load(first)));
        rows.copy_row(env - first, outputs.observations, env);
    }

    /// Draws the first states of the first `count` envs of a group.
    static XSIMD_INLINE void draw_starts(const Bounds& bounds, const EnvArrays& envs, const std::uint32_t* group,
                                         std::size_t count, std::byte (&starts)[state_size][group_size * sizeof(double)]) {
        alignas(64) double drawn[state_size][group_size];
        auto* generators = static_cast<Random*>(envs.random);
        if constexpr (draws_in_lanes) {
            // Compiled for every instruction set, so that a reset compiles for all of them or for none.
            if (detail::has_wide_integers<Arch> && !envs.per_env) {
                for (std::size_t k = 0; k < group_size; k += ManyRandom::size) {
                    ManyRandom random(generators, group + k);
                    auto start = E::reset(parameters_of<E>(envs, 0), bounds, random);
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
                auto start = call_reset<E>(parameters_of<E>(envs, group[k]), bounds, generators[group[k]]);
                for_each_member<E>(start, [&](std::size_t i, const auto& member) {
                    drawn[i][k] = static_cast<double>(plain_number(member));
                });
            } else {
                for (std::size_t i = 0; i < state_size; ++i) drawn[i][k] = 0;
            }
        }
        put_starts(drawn, starts);
    }

    static XSIMD_INLINE void put_starts(const double (&drawn)[state_size][group_size],
                                        std::byte (&starts)[state_size][group_size * sizeof(double)]) {
        Types::for_each_kind([&](std::size_t i, const auto& member) {
            using Traits = MemberTraits<std::remove_cvref_t<decltype(member)>>;
            auto* stored = reinterpret_cast<typename Traits::Stored*>(starts[i]);
            for (std::size_t k = 0; k < group_size; ++k) stored[k] = Traits::stored(drawn[i][k]);
        });
    }

    /// Moves the infos of each episode's last step to the final infos, and writes the infos of the reset in their place.
    static void restart_infos(const EnvArrays& envs, const Arrays& arrays, const Outputs& outputs,
                              std::byte (&starts)[state_size][group_size * sizeof(double)], const std::uint32_t* group,
                              std::size_t count) {
        take_infos(InfoRows<E, Infos>(), outputs, group, count, Types::OfInfos::has_reset_info);
        if constexpr (Types::OfInfos::has_reset_info) {
            // Dynamics with parameters per env belong to the env's place among all envs.
            if (envs.per_env)
                for (std::size_t k = 0; k < count; ++k) {
                    const std::size_t first = group[k] / Batch::size * Batch::size;
                    const auto infos = Types::OfInfos::of_reset(Types::dynamics_of(envs, group[k]), arrays.load(first));
                    put_infos(outputs, infos, group[k] - first, group + k, 1);
                }
            else
                for (std::size_t k = 0; k < count; k += Batch::size)
                    put_infos(outputs, Types::OfInfos::of_reset(Types::dynamics_of(envs, 0), load_starts(starts, k)), 0, group + k,
                              count - k < Batch::size ? count - k : Batch::size);
        }
    }

    /// Writes the infos of some lanes, from `lane` on, to the rows of `count` envs.
    static XSIMD_INLINE void put_infos(const Outputs& outputs, const Infos& infos, std::size_t lane, const std::uint32_t* group,
                                       std::size_t count) {
        std::size_t i = 0;
        visit_infos<E>(infos, [&](const char*, const auto& member) {
            using Member = std::remove_cvref_t<decltype(member)>;
            constexpr std::size_t size = info_row_size<Member>();
            alignas(64) std::byte column[Batch::size * size];
            InfoTraits<Member>::store(column, 0, member);
            for (std::size_t k = 0; k < count; ++k)
                std::memcpy(static_cast<std::byte*>(outputs.infos[i]) + group[k] * size, column + (lane + k) * size, size);
            ++i;
        });
    }
};

}  // namespace operant
