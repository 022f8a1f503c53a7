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

#include <operant/environment.hpp>
#include <operant/random.hpp>
#include <operant/row_major.hpp>

namespace operant {

/// Arrays are padded to whole words of this many lanes, so that one bit a lane fills a 64-bit integer.
inline constexpr std::size_t lanes_per_word = 64;

/// A run of lanes that is stepped, and then has its finished copies restarted, while it is in the first-level cache.
inline constexpr std::size_t lanes_per_block = 1024;

/// `elapsed` of a copy whose episode has ended and which is to be restarted by the next step.
inline constexpr int finished = -1;

/// Where the copies live: arrays with one element a lane, 64-byte aligned, padded to whole words.
template <class E, class Scalar>
struct Lanes {
    Scalar* state[E::state_size];
    xsimd::as_integer_t<Scalar>* elapsed;  ///< steps since the episode began, or `finished`
    Pcg64* random;                         ///< every copy's own stream
};

/// Where a step writes to, aligned and padded like `Lanes`.
struct Outputs {
    float* observations;  ///< row-major, `observation_size` a lane
    float* rewards;
    bool* terminations;
    bool* truncations;
};

/// What is the same for all copies.
template <class E>
struct Settings {
    typename E::Parameters parameters;
    std::int32_t max_episode_steps = E::max_episode_steps;
};

/// The functions that are compiled for each architecture.
template <class E, class Scalar>
struct Kernels {
    template <class Action>
    struct OnActions {
        /// Steps lanes [begin, end), at most `lanes_per_block`; `begin` is a multiple of `lanes_per_word`.
        void (*step)(const Settings<E>&, const Lanes<E, Scalar>&, const Action* actions, const Outputs&,
                     std::size_t begin, std::size_t end);
        /// Whether all actions are in the action space.
        bool (*are_valid)(const Action* actions, std::size_t count);
    };
    using Narrow = typename E::ActionSpace::Narrow;
    using Wide = typename E::ActionSpace::Wide;
    OnActions<Narrow> on_narrow;
    OnActions<Wide> on_wide;

    /// Starts an episode in each of the listed lanes and writes its first observation.
    void (*restart)(const typename E::ResetBounds&, const Lanes<E, Scalar>&, float* observations,
                    const std::uint32_t* lanes, std::size_t count);

    template <class Action>
    const OnActions<Action>& on_actions() const {
        if constexpr (std::is_same_v<Action, Narrow>)
            return on_narrow;
        else
            return on_wide;
    }
};

template <class E, class Scalar, class Arch>
class StepKernel {
    using Batch = xsimd::batch<Scalar, Arch>;
    using Integer = xsimd::as_integer_t<Scalar>;
    using Integers = xsimd::batch<Integer, Arch>;
    using Dynamics = typename E::template Dynamics<Batch>;
    using State = std::array<Batch, E::state_size>;

public:
    static constexpr Kernels<E, Scalar> functions() {
        using Narrow = typename E::ActionSpace::Narrow;
        using Wide = typename E::ActionSpace::Wide;
        return {{&step<Narrow>, &are_valid<Narrow>}, {&step<Wide>, &are_valid<Wide>}, &restart};
    }

private:
    template <class Action>
    static void step(const Settings<E>& settings, const Lanes<E, Scalar>& lanes, const Action* actions,
                     const Outputs& outputs, std::size_t begin, std::size_t end) {
        const Dynamics dynamics(settings.parameters);
        const Integers max_episode_steps(settings.max_episode_steps);
        std::uint32_t restarting[lanes_per_block];
        std::size_t restarting_count = 0;

        for (std::size_t word = begin; word < end; word += lanes_per_word) {
            std::uint64_t terminated_bits = 0, truncated_bits = 0, pending_bits = 0;
            const std::size_t word_end = word + lanes_per_word < end ? word + lanes_per_word : end;
            for (std::size_t lane = word; lane < word_end; lane += Batch::size) {
                State state = load_state(lanes, lane);
                const Integers elapsed = Integers::load_aligned(lanes.elapsed + lane);
                const auto pending = elapsed == Integers(finished);

                const Outcome<Batch> outcome = dynamics.step(state, load_actions(actions + lane, end - lane));
                // A pending copy goes from -1 to 0, where its new episode starts. Unlimited episodes end at no count.
                const Integers now_elapsed =
                    xsimd::min(elapsed + Integers(1), Integers(std::numeric_limits<std::int32_t>::max() - 1));
                const auto truncated = now_elapsed >= max_episode_steps;
                const auto terminated = outcome.terminated & !xsimd::batch_bool_cast<Scalar>(pending);
                const auto ended = truncated | xsimd::batch_bool_cast<Integer>(terminated);

                for (std::size_t i = 0; i < E::state_size; ++i) state[i].store_aligned(lanes.state[i] + lane);
                xsimd::select(ended, Integers(finished), now_elapsed).store_aligned(lanes.elapsed + lane);
                store_rows(outputs.observations + lane * E::observation_size, Dynamics::observation(state));
                store_rows(outputs.rewards + lane,
                           std::array{xsimd::select(xsimd::batch_bool_cast<Scalar>(pending), Batch(0), outcome.reward)});
                terminated_bits |= terminated.mask() << (lane - word);
                truncated_bits |= truncated.mask() << (lane - word);
                pending_bits |= pending.mask() << (lane - word);
            }
            store_bits_as_bools<Arch>(outputs.terminations + word, terminated_bits);
            store_bits_as_bools<Arch>(outputs.truncations + word, truncated_bits);
            if (word_end - word < lanes_per_word) pending_bits &= (std::uint64_t{1} << (word_end - word)) - 1;
            for (; pending_bits != 0; pending_bits &= pending_bits - 1)
                restarting[restarting_count++] = static_cast<std::uint32_t>(word + std::countr_zero(pending_bits));
        }

        // The lanes that pad the last batch were stepped along: back to a state from which nothing grows.
        for (std::size_t padding = end; padding % Batch::size != 0; ++padding)
            for (Scalar* variable : lanes.state) variable[padding] = 0;

        restart(typename E::ResetBounds{}, lanes, outputs.observations, restarting, restarting_count);
    }

    static void restart(const typename E::ResetBounds& bounds, const Lanes<E, Scalar>& lanes, float* observations,
                        const std::uint32_t* restarting, std::size_t count) {
        for (; count != 0;) {
            const std::size_t group = count < Batch::size ? count : Batch::size;
            alignas(Arch::alignment()) Scalar fresh[E::state_size][Batch::size] = {};
            for (std::size_t k = 0; k < group; ++k) {
                const std::uint32_t lane = restarting[k];
                Scalar start[E::state_size];
                E::reset(bounds, lanes.random[lane], start);
                for (std::size_t i = 0; i < E::state_size; ++i) fresh[i][k] = lanes.state[i][lane] = start[i];
                lanes.elapsed[lane] = 0;
            }
            State state;
            for (std::size_t i = 0; i < E::state_size; ++i) state[i] = Batch::load_aligned(fresh[i]);
            alignas(64) float rows[Batch::size * E::observation_size];
            store_rows(rows, Dynamics::observation(state));
            for (std::size_t k = 0; k < group; ++k)
                std::memcpy(observations + restarting[k] * E::observation_size, rows + k * E::observation_size,
                            sizeof(float) * E::observation_size);
            restarting += group;
            count -= group;
        }
    }

    template <class Action>
    static bool are_valid(const Action* actions, std::size_t count) {
        using Unsigned = std::make_unsigned_t<Action>;
        using UnsignedBatch = xsimd::batch<Unsigned, Arch>;
        constexpr auto n = static_cast<Unsigned>(E::ActionSpace::n);
        const auto* unsigned_actions = reinterpret_cast<const Unsigned*>(actions);
        typename UnsignedBatch::batch_bool_type invalid(false);
        std::size_t i = 0;
        for (; i + UnsignedBatch::size <= count; i += UnsignedBatch::size)
            invalid = invalid | (UnsignedBatch::load_unaligned(unsigned_actions + i) >= UnsignedBatch(n));
        bool valid = xsimd::none(invalid);
        for (; i < count; ++i) valid &= unsigned_actions[i] < n;
        return valid;
    }

    static XSIMD_INLINE State load_state(const Lanes<E, Scalar>& lanes, std::size_t lane) {
        State state;
        for (std::size_t i = 0; i < E::state_size; ++i) state[i] = Batch::load_aligned(lanes.state[i] + lane);
        return state;
    }

    /// One action a lane; zeros in the lanes beyond `available`.
    template <class Action>
    static XSIMD_INLINE Integers load_actions(const Action* actions, std::size_t available) {
        if (std::is_same_v<Action, Integer> && available >= Batch::size)
            return Integers::load_unaligned(reinterpret_cast<const Integer*>(actions));
        const std::size_t count = available < Batch::size ? available : Batch::size;
        alignas(Arch::alignment()) Integer converted[Batch::size] = {};
        if (count == Batch::size)
            for (std::size_t i = 0; i < Batch::size; ++i) converted[i] = static_cast<Integer>(actions[i]);
        else
            for (std::size_t i = 0; i < count; ++i) converted[i] = static_cast<Integer>(actions[i]);
        return Integers::load_aligned(converted);
    }
};

}  // namespace operant
