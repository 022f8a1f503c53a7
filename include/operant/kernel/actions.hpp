#pragma once
/// \file
/// Checks the actions that callers pass, and loads them as batches. There is one row per env.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/row_major.hpp>

namespace operant {

/// The functions for the action space of E and one instruction set.
template <class E, class Arch>
class Actions {
    using Space = ActionRowsOf<E>;
    static constexpr bool has_parts = detail::ActionParts<typename E::ActionSpace>;

public:
    /// Returns true if discrete actions are in the space, and others are not NaN.
    /// \param actions `num_envs` rows of `Space::size` numbers
    template <class Action>
    static bool are_valid(const void*, const void* actions, std::size_t num_envs) {
        const auto* numbers = static_cast<const Action*>(actions);
        const std::size_t count = num_envs * Space::size;
        if constexpr (has_parts)
            return are_in_parts(numbers, num_envs);
        else if constexpr (is_discrete<Space>)
            return are_below_limits(numbers, count);
        else
            return are_numbers(numbers, count);
    }

    /// Loads the actions of a batch. Lanes beyond `available` are 0.
    /// \param actions from the row of the first env on
    template <class Batch, class Action>
    static XSIMD_INLINE typename Input<E, Batch>::Action load(const Action* actions, std::size_t available) {
        if constexpr (has_parts) {
            const auto row = load_row<Batch>(actions, available);
            const auto number_at = [&](std::size_t i) {
                if constexpr (Space::size == 1)
                    return row;
                else
                    return row[i];
            };
            return action_of_row<typename E::ActionSpace, typename Input<E, Batch>::Action>(
                number_at, [](const Batch& number) { return xsimd::to_int(number); });
        } else {
            return load_row<Batch>(actions, available);
        }
    }

    /// Loads the action of one env: a number, an array of numbers, or a std::tuple of those.
    template <class Action>
    static XSIMD_INLINE PlainActionOf<E> load_one(const Action* row) {
        using Number = std::conditional_t<is_discrete<Space>, std::int64_t, float>;
        const auto number_at = [&](std::size_t i) { return without_nan(static_cast<Number>(row[i])); };
        if constexpr (has_parts) {
            return action_of_row<typename E::ActionSpace, PlainActionOf<E>>(
                number_at, [](float number) { return static_cast<std::int64_t>(number); });
        } else if constexpr (Space::size == 1) {
            return number_at(0);
        } else {
            PlainActionOf<E> numbers;
            for (std::size_t i = 0; i < Space::size; ++i) numbers[i] = number_at(i);
            return numbers;
        }
    }

private:
    /// Loads the rows of a batch: one number, or an array of them.
    template <class Batch, class Action>
    static XSIMD_INLINE auto load_row(const Action* actions, std::size_t available) {
        using Number = typename Input<E, Batch>::Number;
        using Lane = typename Number::value_type;
        if constexpr (Space::size == 1) {
            if (std::is_same_v<Action, Lane> && available >= Batch::size)
                return without_nan(Number::load_unaligned(reinterpret_cast<const Lane*>(actions)));
            // Take the lower halves of 64-bit integers. Compilers for recent processors would convert half a batch at a time and
            // load the batch from the two stores, and that load has to wait for both.
            if constexpr (std::is_integral_v<Lane> && sizeof(Action) == 2 * sizeof(Lane))
                if (available >= Batch::size) return load_rows<Number, 2>(reinterpret_cast<const Lane*>(actions))[0];
            const std::size_t count = available < Batch::size ? available : Batch::size;
            alignas(Arch::alignment()) Lane converted[Batch::size] = {};
            if (count == Batch::size)
                convert<Batch::size>(actions, converted);
            else
                for (std::size_t i = 0; i < count; ++i) converted[i] = static_cast<Lane>(actions[i]);
            return without_nan(Number::load_aligned(converted));
        } else {
            Action padded[Space::size * Batch::size];
            if (available < Batch::size) {
                for (std::size_t i = 0; i < Space::size * Batch::size; ++i)
                    padded[i] = i < available * Space::size ? actions[i] : Action{0};
                actions = padded;
            }
            auto numbers = load_rows<Number, Space::size>(actions);
            for (auto& number : numbers) number = without_nan(number);
            return numbers;
        }
    }

public:
    /// Replaces NaN by 0. The actions had no NaN when they were checked, but another thread may have written to them since,
    /// and a NaN would stay in the state and in the logs forever.
    template <class T>
    static XSIMD_INLINE T without_nan(const T& number) {
        if constexpr (std::is_floating_point_v<T>)
            return number == number ? number : T(0);
        else if constexpr (std::is_integral_v<T>)
            return number;
        else if constexpr (std::is_floating_point_v<typename T::value_type>)
            return xsimd::select(number == number, number, T(0));
        else
            return number;
    }

private:
    static_assert(std::endian::native == std::endian::little);

    /// Returns true if every number is at least 0 and below the limit of its column. As unsigned integers, negative numbers are
    /// large. One instruction per load finds the maxima of many rows, in each column and in each half of a 64-bit number.
    template <class Action>
    static XSIMD_INLINE bool are_below_limits(const Action* numbers, std::size_t count) {
        using Words = xsimd::batch<std::uint32_t, Arch>;
        constexpr std::size_t halves = sizeof(Action) / sizeof(std::uint32_t);
        constexpr std::size_t batches = Space::size * halves;  // they hold one row per lane
        constexpr std::size_t group = Space::size * Words::size;
        std::array<Words, batches> largest;
        largest.fill(Words(0));
        std::size_t first = 0;
        for (; first + group <= count; first += group)
            for (std::size_t i = 0; i < batches; ++i)
                largest[i] = xsimd::max(largest[i], Words::load_unaligned(reinterpret_cast<const std::uint32_t*>(numbers + first) +
                                                                          i * Words::size));
        bool valid = true;
        alignas(Arch::alignment()) std::uint32_t words[Words::size];
        for (std::size_t i = 0; i < batches; ++i) {
            largest[i].store_aligned(words);
            for (std::size_t k = 0; k < Words::size; ++k) {
                const std::size_t word = i * Words::size + k;
                const bool is_lower = word % halves == 0;
                valid &= words[k] < (is_lower ? static_cast<std::uint32_t>(Space::limit(word / halves % Space::size)) : 1);
            }
        }
        for (; first < count; ++first)
            valid &= static_cast<std::make_unsigned_t<Action>>(numbers[first]) <
                     static_cast<std::make_unsigned_t<Action>>(Space::limit(first % Space::size));
        return valid;
    }

    /// Returns true if the numbers of discrete parts are integers in the space, and others are not NaN.
    template <class Action>
    static XSIMD_INLINE bool are_in_parts(const Action* numbers, std::size_t num_envs) {
        bool valid = true;
        for (std::size_t env = 0; env < num_envs; ++env, numbers += Space::size)
            for (std::size_t i = 0; i < Space::size; ++i) valid &= detail::is_action_number(numbers[i], Space::limit(i));
        return valid;
    }

    /// Returns true if no number is NaN.
    template <class Action>
    static XSIMD_INLINE bool are_numbers(const Action* numbers, std::size_t count) {
        using Batch = xsimd::batch<Action, Arch>;
        typename Batch::batch_bool_type valid(true);
        std::size_t i = 0;
        for (; i + Batch::size <= count; i += Batch::size) {
            const Batch batch = Batch::load_unaligned(numbers + i);
            valid = valid & (batch == batch);
        }
        bool all = xsimd::all(valid);
        for (; i < count; ++i) all &= numbers[i] == numbers[i];
        return all;
    }
};

/// A source of actions for a step: the caller passes them, one row per env.
template <class E, class Arch, class Action>
class GivenActions {
public:
    /// True if actions have 32 bits: Gymnasium computes with float32 actions in float32.
    static constexpr bool single_precision = sizeof(Action) == sizeof(float);

    /// \param actions rows of `Action`
    explicit XSIMD_INLINE GivenActions(const void* actions) : actions_(static_cast<const Action*>(actions)) {}

    /// The actions of a batch. Those beyond `available` are 0.
    template <class Batch, class Observe>
    XSIMD_INLINE auto of_batch(std::size_t env, std::size_t available, const Observe&) const {
        return Actions<E, Arch>::template load<Batch>(actions_ + env * ActionRowsOf<E>::size, available);
    }

private:
    const Action* actions_;
};

}  // namespace operant
