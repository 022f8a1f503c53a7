#pragma once
/// \file
/// The inner loop: steps a block of copies, one SIMD lane each, and restarts those whose episode had ended.
///
/// Everything here is a template that carries the architecture in its type, or is always inlined, so that translation
/// units compiled for different processors share no code: the linker would keep any one copy for all of them.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/numerics/arithmetic.hpp>
#include <operant/environment.hpp>
#include <operant/numerics/random.hpp>
#include <operant/numerics/row_major.hpp>

namespace operant {

/// Arrays are padded to whole words of this many lanes, so that one bit a lane fills a 64-bit integer.
inline constexpr std::size_t lanes_per_word = 64;

/// A run of lanes that is stepped, and then has its finished copies restarted, while it is in the first-level cache.
inline constexpr std::size_t lanes_per_block = 1024;

/// The lanes of a block to restart.
struct LaneList {
    std::uint32_t lanes[lanes_per_block + lanes_per_word];  ///< with room for what fills up the last batch
    std::size_t count = 0;                                  ///< how many of them there are

    /// Appends one lane.
    XSIMD_INLINE void append(std::size_t lane) { lanes[count++] = static_cast<std::uint32_t>(lane); }

    /// Appends lane `word + i` for every bit i that is 1. Eight at a time, whether there are as many or not: how many
    /// there are, no processor can foresee.
    XSIMD_INLINE void append_bits(std::size_t word, std::uint64_t bits) {
        const std::size_t end = count + static_cast<std::size_t>(std::popcount(bits));
        for (std::size_t next = count; next < end; next += 8)
            for (std::size_t i = 0; i < 8; ++i, bits &= bits - 1)
                lanes[next + i] = static_cast<std::uint32_t>(word + static_cast<std::size_t>(std::countr_zero(bits)));
        count = end;
    }
};

/// What happens to a copy whose episode has ended, as Gymnasium's enum of the same name says.
enum class AutoresetMode {
    next_step,  ///< the next step starts a new episode, whatever its action
    same_step,  ///< a new episode starts at once; the last observation is kept aside
    disabled,   ///< nothing, until the caller resets it
};

/// Where the copies live: arrays with one element a lane, or a word of them, 64-byte aligned, padded to whole words.
///
/// No lane counts its steps: whether an episode has become too long is only looked at when a word's deadline has come.
template <class E, class Scalar>
struct Lanes {
    Scalar* state[E::state_size];  ///< one array for each state variable
    std::int64_t* began;           ///< the clock when the episode began
    std::uint64_t* pending;        ///< one bit a lane: its episode has ended, and no other has begun
    std::int64_t* deadlines;       ///< for each word, a time before which no episode in it gets too long
    Pcg64* random;                 ///< every copy's own stream
    double* returns;               ///< rewards of the episode so far; null where E has a fixed reward
    std::int64_t clock;            ///< how many steps there have been, that in progress among them
};

/// Where a step reports the episodes that ended in it, aligned and padded like `Lanes`; 0 for all other copies. Few
/// episodes end in a step, so only their elements are written, and those that the arrays held before.
struct EpisodeStatistics {
    double* returns;         ///< sums of the rewards
    std::int64_t* lengths;   ///< numbers of steps
    double* seconds;         ///< how long they took
    std::uint64_t* written;  ///< one bit a lane: which elements are not 0
    double* began;           ///< when each copy's episode began; kept up to date by the step
    double now;              ///< on the same clock, in seconds
};

/// Where a step writes to, aligned and padded like `Lanes`. The first four are always there.
struct Outputs {
    float* observations;                          ///< row-major, `observation_size` a lane
    float* rewards;                               ///< one a lane
    bool* terminations;                           ///< the episode ended because of what happened in it
    bool* truncations;                            ///< the episode ended because of its length
    float* final_observations = nullptr;          ///< as observations, before the restarts of AutoresetMode::same_step
    bool* ended = nullptr;                        ///< terminated or truncated
    const EpisodeStatistics* episodes = nullptr;  ///< where to report the episodes that ended
};

/// What is the same for all copies.
template <class E>
struct Settings {
    typename E::Parameters parameters;                        ///< checked
    std::int32_t max_episode_steps = E::max_episode_steps;    ///< at least 1
    AutoresetMode autoreset_mode = AutoresetMode::next_step;  ///< what follows the end of an episode
};

/// What a step of some lanes amounts to.
struct Tally {
    std::int64_t steps = 0;         ///< lanes that stepped rather than restarted
    std::int64_t ended = 0;         ///< episodes that ended
    std::int64_t terminated = 0;    ///< those of them that terminated
    double returns = 0;             ///< the sum of their returns; 0 where E has a fixed reward
};

/// The functions that are compiled for each architecture.
template <class E, class Scalar>
struct Kernels {
    /// Those that depend on the type of the actions.
    template <class Action>
    struct OnActions {
        /// Steps lanes [begin, end), at most `lanes_per_block`; `begin` is a multiple of `lanes_per_word`. Lists those
        /// in which a new episode is to start.
        Tally (*step)(const Settings<E>&, const Lanes<E, Scalar>&, const Action* actions, const Outputs&,
                      std::size_t begin, std::size_t end, LaneList& restarting);
        /// Whether all actions can be used: in a Discrete space, or not NaN.
        bool (*are_valid)(const Action* actions, std::size_t count);
    };
    using Narrow = typename E::ActionSpace::Narrow;  ///< actions of 32 bits
    using Wide = typename E::ActionSpace::Wide;      ///< actions of 64 bits
    OnActions<Narrow> on_narrow;                     ///< functions for the former
    OnActions<Wide> on_wide;                         ///< functions for the latter

    /// Starts an episode in each of the listed lanes and writes its first observation.
    void (*restart)(const typename E::ResetBounds&, const Lanes<E, Scalar>&, float* observations, LaneList&);

    /// Writes the observations of lanes [begin, end), `begin` a multiple of `lanes_per_word`.
    void (*observe)(const Lanes<E, Scalar>&, float* observations, std::size_t begin, std::size_t end);

    /// Those for actions of one of the two types.
    template <class Action>
    const OnActions<Action>& on_actions() const {
        if constexpr (std::is_same_v<Action, Narrow>)
            return on_narrow;
        else
            return on_wide;
    }
};

/// What makes the functions in `Kernels` of an environment for one architecture.
template <class E, class Scalar, class Arch>
class StepKernel {
    using Batch = xsimd::batch<Scalar, Arch>;
    using Dynamics = typename E::template Dynamics<Batch>;
    using State = std::array<Batch, E::state_size>;
    using Mask = typename Batch::batch_bool_type;
    using Times = xsimd::batch<std::int64_t, Arch>;

public:
    /// To be called where the compiler may use the architecture's instructions.
    static constexpr Kernels<E, Scalar> functions() {
        using Narrow = typename E::ActionSpace::Narrow;
        using Wide = typename E::ActionSpace::Wide;
        return {{&step<Narrow>, &are_valid<Narrow>}, {&step<Wide>, &are_valid<Wide>}, &restart, &observe};
    }

private:
    template <class Action>
    static Tally step(const Settings<E>& settings, const Lanes<E, Scalar>& all_lanes, const Action* actions,
                      const Outputs& all_outputs, std::size_t begin, std::size_t end, LaneList& restarting) {
        const Lanes<E, Scalar> lanes = all_lanes;  // copies that no store can change: they stay in registers
        const Outputs outputs = all_outputs;
        const Dynamics dynamics(settings.parameters);
        const bool same_step = settings.autoreset_mode == AutoresetMode::same_step;
        Tally tally;

        for (std::size_t word = begin; word < end; word += lanes_per_word) {
            const std::uint64_t pending_bits = lanes.pending[word / lanes_per_word];
            const std::uint64_t beginning_bits =
                bits_where(lanes.began + word, [&](const Times& began) { return began == Times(lanes.clock - 1); });
            std::uint64_t terminated_bits = 0;
            const std::size_t word_end = word + lanes_per_word < end ? word + lanes_per_word : end;
            for (std::size_t lane = word; lane < word_end; lane += Batch::size) {
                State state = load_state(lanes, lane);
                Input<E, Batch> input{load_actions(actions + lane, end - lane), sizeof(Action) == sizeof(float),
                                      mask_of(beginning_bits >> (lane - word)), Batch(0)};
                if constexpr (HasNoise<E>)
                    if (E::has_noise(settings.parameters))
                        input.noise = draw_noise(settings, lanes, lane, end, pending_bits >> (lane - word));
                const Outcome<Batch> outcome = dynamics.step(state, input);
                const Batch reward = xsimd::select(mask_of(pending_bits >> (lane - word)), Batch(0), outcome.reward);

                for (std::size_t i = 0; i < E::state_size; ++i) state[i].store_aligned(lanes.state[i] + lane);
                store_rows(outputs.observations + lane * E::observation_size, Dynamics::observation(state));
                store_rows(outputs.rewards + lane, std::array{reward});
                if constexpr (!HasFixedReward<E>) accumulate(lanes.returns + lane, reward);
                terminated_bits |= outcome.terminated.mask() << (lane - word);
            }

            const std::size_t used = word_end - word;
            const std::uint64_t used_bits =
                used < lanes_per_word ? (std::uint64_t{1} << used) - 1 : ~std::uint64_t{0};
            terminated_bits &= ~pending_bits;
            const std::uint64_t truncated_bits =
                lanes.clock < lanes.deadlines[word / lanes_per_word] ? 0 : too_long(settings, lanes, word) & ~pending_bits;
            const std::uint64_t ended_bits = (terminated_bits | truncated_bits) & used_bits;
            lanes.pending[word / lanes_per_word] = same_step ? 0 : ended_bits;
            store_bits_as_bools<Arch>(outputs.terminations + word, terminated_bits);
            store_bits_as_bools<Arch>(outputs.truncations + word, truncated_bits);
            if (outputs.ended) store_bits_as_bools<Arch>(outputs.ended + word, ended_bits);
            tally.ended += std::popcount(ended_bits);
            tally.terminated += std::popcount(terminated_bits & used_bits);
            if (outputs.episodes || !HasFixedReward<E>)
                tally.returns += record(settings, lanes, outputs.episodes, word, ended_bits, terminated_bits);
            restarting.append_bits(word, same_step ? ended_bits : pending_bits);
        }
        tally.steps = static_cast<std::int64_t>(end - begin - (same_step ? 0 : restarting.count));

        // The lanes that pad the last batch were stepped along: back to a state from which nothing grows.
        for (std::size_t padding = end; padding % Batch::size != 0; ++padding)
            for (Scalar* variable : lanes.state) variable[padding] = 0;

        if (same_step)
            std::memcpy(outputs.final_observations + begin * E::observation_size,
                        outputs.observations + begin * E::observation_size,
                        sizeof(float) * (end - begin) * E::observation_size);
        return tally;
    }

    static XSIMD_INLINE Mask mask_of(std::uint64_t bits) {
        return Mask::from_mask(bits & ((std::uint64_t{1} << Batch::size) - 1));
    }

    /// One bit for each lane of a word: what `predicate` says of the time when its episode began.
    template <class Predicate>
    static XSIMD_INLINE std::uint64_t bits_where(const std::int64_t* began, Predicate predicate) {
        std::uint64_t bits = 0;
        for (std::size_t lane = 0; lane < lanes_per_word; lane += Times::size)
            bits |= predicate(Times::load_aligned(began + lane)).mask() << lane;
        return bits;
    }

    /// The lanes of a word that have reached the limit. Sets the word's deadline to when the next one may.
    static std::uint64_t too_long(const Settings<E>& settings, const Lanes<E, Scalar>& lanes, std::size_t word) {
        constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
        std::int64_t& deadline = lanes.deadlines[word / lanes_per_word];
        if (settings.max_episode_steps == std::numeric_limits<std::int32_t>::max()) {
            deadline = never;
            return 0;
        }
        const Times limit(settings.max_episode_steps);
        Times next = Times(lanes.clock) + limit;  // of episodes that begin now
        const std::uint64_t bits = bits_where(lanes.began + word, [&](const Times& began) {
            const auto reached = Times(lanes.clock) - began >= limit;
            next = xsimd::select(reached, next, xsimd::min(next, began + limit));
            return reached;
        });
        alignas(Arch::alignment()) std::int64_t times[Times::size];
        next.store_aligned(times);
        deadline = never;
        for (const std::int64_t time : times) deadline = time < deadline ? time : deadline;
        return bits;
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

    /// Writes return and length of the episodes that ended in a word of lanes, if the caller wants them.
    /// \return the sum of the returns, as far as they were summed up
    static double record(const Settings<E>& settings, const Lanes<E, Scalar>& lanes, const EpisodeStatistics* episodes,
                         std::size_t word, std::uint64_t ended_bits, std::uint64_t terminated_bits) {
        if (episodes) {
            std::uint64_t& written = episodes->written[word / lanes_per_word];
            for (std::uint64_t stale = written & ~ended_bits; stale != 0; stale &= stale - 1) {
                const std::size_t lane = word + static_cast<std::size_t>(std::countr_zero(stale));
                episodes->returns[lane] = 0;
                episodes->lengths[lane] = 0;
                episodes->seconds[lane] = 0;
            }
            written = ended_bits;
        }
        double sum = 0;
        for (; ended_bits != 0; ended_bits &= ended_bits - 1) {
            const int bit = std::countr_zero(ended_bits);
            const std::size_t lane = word + static_cast<std::size_t>(bit);
            double episode_return = 0;
            if constexpr (!HasFixedReward<E>) sum += episode_return = lanes.returns[lane];
            if (episodes) {
                const std::int64_t length = lanes.clock - lanes.began[lane];
                if constexpr (HasFixedReward<E>) {
                    const FixedReward reward = E::fixed_reward(settings.parameters);
                    episode_return = reward.each_step * static_cast<double>(length) +
                                     reward.at_termination * static_cast<double>(terminated_bits >> bit & 1);
                }
                episodes->returns[lane] = episode_return;
                episodes->lengths[lane] = length;
                episodes->seconds[lane] = episodes->now - episodes->began[lane];
                episodes->began[lane] = episodes->now;
            }
        }
        return sum;
    }

    /// Noise for the copies in [lane, end) that step; those that restart draw none.
    static Batch draw_noise(const Settings<E>& settings, const Lanes<E, Scalar>& lanes, std::size_t lane,
                            std::size_t end, std::uint64_t pending_bits) {
        alignas(Arch::alignment()) Scalar noise[Batch::size] = {};
        for (std::size_t i = 0; i < Batch::size && lane + i < end; ++i)
            if ((pending_bits >> i & 1) == 0)
                noise[i] = static_cast<Scalar>(E::draw_noise(settings.parameters, lanes.random[lane + i]));
        return Batch::load_aligned(noise);
    }

    static void observe(const Lanes<E, Scalar>& lanes, float* observations, std::size_t begin, std::size_t end) {
        for (std::size_t lane = begin; lane < end; lane += Batch::size)
            store_rows(observations + lane * E::observation_size, Dynamics::observation(load_state(lanes, lane)));
    }

    /// How many lanes are restarted together.
    static constexpr std::size_t restart_size = detail::has_wide_integers<Arch> ? Pcg64Lanes<Arch>::size : Batch::size;

    /// Draws the states that so many of the listed lanes start from, variable by variable. All `restart_size` of the
    /// list's elements are lanes.
    static XSIMD_INLINE void draw_starts(const typename E::ResetBounds& bounds, Pcg64* generators,
                                         const std::uint32_t* restarting, std::size_t count,
                                         Scalar (&starts)[E::state_size][restart_size]) {
        alignas(64) double drawn[E::state_size][restart_size];
        if constexpr (detail::has_wide_integers<Arch>) {
            Pcg64Lanes<Arch> random(generators, restarting);
            const auto state = E::reset(bounds, random);
            random.store(generators, restarting, count);
            for (std::size_t i = 0; i < E::state_size; ++i) state[i].store_aligned(drawn[i]);
        } else {
            for (std::size_t k = 0; k < count; ++k) {
                const auto state = E::reset(bounds, generators[restarting[k]]);
                for (std::size_t i = 0; i < E::state_size; ++i) drawn[i][k] = state[i];
            }
            for (std::size_t k = count; k < restart_size; ++k)
                for (std::size_t i = 0; i < E::state_size; ++i) drawn[i][k] = 0;
        }
        for (std::size_t i = 0; i < E::state_size; ++i)
            for (std::size_t k = 0; k < restart_size; ++k) starts[i][k] = stored(i, drawn[i][k]);
    }

    static void restart(const typename E::ResetBounds& bounds, const Lanes<E, Scalar>& all_lanes, float* observations,
                        LaneList& list) {
        const Lanes<E, Scalar> lanes = all_lanes;  // a copy that no store can change: it stays in registers
        static_assert(restart_size <= lanes_per_word);
        if (list.count == 0) return;
        for (std::size_t k = 0; k < list.count; ++k) {
            prefetch(lanes.random + list.lanes[k]);
            prefetch(lanes.began + list.lanes[k]);
        }
        for (std::size_t k = 0; k < restart_size; ++k) list.lanes[list.count + k] = list.lanes[0];
        for (std::size_t begin = 0; begin < list.count; begin += restart_size) {
            const std::uint32_t* restarting = list.lanes + begin;
            const std::size_t group = list.count - begin < restart_size ? list.count - begin : restart_size;
            alignas(64) Scalar starts[E::state_size][restart_size];
            alignas(64) float rows[restart_size * E::observation_size];
            draw_starts(bounds, lanes.random, restarting, group, starts);
            for (std::size_t k = 0; k < restart_size; k += Batch::size) {
                State state;
                for (std::size_t i = 0; i < E::state_size; ++i) state[i] = Batch::load_aligned(starts[i] + k);
                store_rows(rows + k * E::observation_size, Dynamics::observation(state));
            }
            for (std::size_t k = 0; k < group; ++k) {
                const std::uint32_t lane = restarting[k];
                for (std::size_t i = 0; i < E::state_size; ++i) lanes.state[i][lane] = starts[i][k];
                lanes.began[lane] = lanes.clock;
                if constexpr (!HasFixedReward<E>) lanes.returns[lane] = 0;
                std::memcpy(observations + lane * E::observation_size, rows + k * E::observation_size,
                            sizeof(float) * E::observation_size);
            }
        }
    }

    /// What only restarts touch is far from any cache when there are many copies.
    static XSIMD_INLINE void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__)
        __builtin_prefetch(address, 1);
#endif
    }

    static XSIMD_INLINE Scalar stored(std::size_t variable, double value) {
        if constexpr (requires { E::template stored<Scalar>(variable, value); })
            return E::template stored<Scalar>(variable, value);
        else
            return static_cast<Scalar>(value);
    }

    template <class Action>
    static bool are_valid(const Action* actions, std::size_t count) {
        if constexpr (std::is_integral_v<Action>) {
            using Unsigned = std::make_unsigned_t<Action>;
            constexpr auto n = static_cast<Unsigned>(E::ActionSpace::n);
            return all_of(reinterpret_cast<const Unsigned*>(actions), count, [](const auto& action) {
                return action < std::remove_cvref_t<decltype(action)>(n);
            });
        } else {
            return all_of(actions, count, [](const auto& action) { return action == action; });
        }
    }

    template <class Action, class Predicate>
    static XSIMD_INLINE bool all_of(const Action* actions, std::size_t count, Predicate predicate) {
        using Actions = xsimd::batch<Action, Arch>;
        typename Actions::batch_bool_type valid(true);
        std::size_t i = 0;
        for (; i + Actions::size <= count; i += Actions::size)
            valid = valid & predicate(Actions::load_unaligned(actions + i));
        bool all = xsimd::all(valid);
        for (; i < count; ++i) all &= predicate(actions[i]);
        return all;
    }

    static XSIMD_INLINE State load_state(const Lanes<E, Scalar>& lanes, std::size_t lane) {
        State state;
        for (std::size_t i = 0; i < E::state_size; ++i) state[i] = Batch::load_aligned(lanes.state[i] + lane);
        return state;
    }

    /// One action a lane; zeros in the lanes beyond `available`.
    template <class Action>
    static XSIMD_INLINE typename Input<E, Batch>::Actions load_actions(const Action* actions, std::size_t available) {
        using Actions = typename Input<E, Batch>::Actions;
        using Lane = typename Actions::value_type;
        if (std::is_same_v<Action, Lane> && available >= Batch::size)
            return without_nan(Actions::load_unaligned(reinterpret_cast<const Lane*>(actions)));
        const std::size_t count = available < Batch::size ? available : Batch::size;
        alignas(Arch::alignment()) Lane converted[Batch::size] = {};
        if (count == Batch::size)  // a loop of known length is a vector conversion
            for (std::size_t i = 0; i < Batch::size; ++i) converted[i] = static_cast<Lane>(actions[i]);
        else
            for (std::size_t i = 0; i < count; ++i) converted[i] = static_cast<Lane>(actions[i]);
        return without_nan(Actions::load_aligned(converted));
    }

    /// There was none when the actions were checked, but another thread may have written to them since. One NaN would
    /// stay in the state, and in the logs, for ever.
    template <class Actions>
    static XSIMD_INLINE Actions without_nan(const Actions& actions) {
        if constexpr (std::is_floating_point_v<typename Actions::value_type>)
            return xsimd::select(actions == actions, actions, Actions(0));
        else
            return actions;
    }
};

}  // namespace operant
