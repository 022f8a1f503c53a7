#pragma once
/// \file
/// Checks the actions that callers pass, and loads them as batches. There is one row per lane.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/numerics/row_major.hpp>

namespace operant {

/// For the action space of E and one instruction set.
template <class E, class Arch>
class Actions {
    using Space = typename E::ActionSpace;

public:
    /// Whether all actions can be used: they must be in the space if it is discrete, and otherwise not NaN.
    /// \param actions `copies` rows of `Space::size` numbers
    template <class Action>
    static bool are_valid(const void* actions, std::size_t copies) {
        const auto* numbers = static_cast<const Action*>(actions);
        const std::size_t count = copies * Space::size;
        if constexpr (is_discrete<Space>)
            return are_below_limits(numbers, count);
        else
            return are_numbers(numbers, count);
    }

    /// The actions of a batch of lanes. Lanes beyond `available` are 0.
    /// \param actions beginning with the row of the first lane
    template <class Batch, class Action>
    static XSIMD_INLINE typename Input<E, Batch>::Action load(const Action* actions, std::size_t available) {
        using Number = typename Input<E, Batch>::Number;
        using Lane = typename Number::value_type;
        if constexpr (Space::size == 1) {
            if (std::is_same_v<Action, Lane> && available >= Batch::size)
                return without_nan(Number::load_unaligned(reinterpret_cast<const Lane*>(actions)));
            // The lower halves of 64-bit integers: compilers for recent processors would convert them in halves of a batch, and
            // load the batch from the two stores, which has to wait for both.
            if constexpr (std::is_integral_v<Lane> && sizeof(Action) == 2 * sizeof(Lane))
                if (available >= Batch::size) return load_rows<Number, 2>(reinterpret_cast<const Lane*>(actions))[0];
            const std::size_t count = available < Batch::size ? available : Batch::size;
            alignas(Arch::alignment()) Lane converted[Batch::size] = {};
            if (count == Batch::size)  // compilers turn a loop of known length into a vector conversion
                for (std::size_t i = 0; i < Batch::size; ++i) converted[i] = static_cast<Lane>(actions[i]);
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

    /// The action of one copy: a number, or an array of numbers.
    template <class Number, class Action>
    static XSIMD_INLINE auto load_one(const Action* row) {
        if constexpr (Space::size == 1) {
            return without_nan(static_cast<Number>(row[0]));
        } else {
            std::array<Number, Space::size> numbers;
            for (std::size_t i = 0; i < Space::size; ++i) numbers[i] = without_nan(static_cast<Number>(row[i]));
            return numbers;
        }
    }

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

    /// Whether all are from 0 to below the limit of their column. As unsigned integers, negative numbers are large. The maxima
    /// of many rows, in each column and in each half of a 64-bit number, are found with one instruction for each load.
    template <class Action>
    static XSIMD_INLINE bool are_below_limits(const Action* numbers, std::size_t count) {
        using Words = xsimd::batch<std::uint32_t, Arch>;
        constexpr std::size_t halves = sizeof(Action) / sizeof(std::uint32_t);
        constexpr std::size_t batches = Space::size * halves;  // which hold as many rows as a batch has lanes
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

    /// Whether none is NaN.
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

}  // namespace operant
