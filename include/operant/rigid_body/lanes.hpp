#pragma once
/// \file
/// Numbers with one world in each lane, for the functions of this room, and their reader.

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/math/arithmetic.hpp>
#include <operant/math/float_sine.hpp>
#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// Makes an array of what `function` returns for each index. There is no loop: GCC keeps the elements in memory until it
/// unrolls loops, which is late.
template <class Element, class Function, std::size_t... i>
XSIMD_INLINE std::array<Element, sizeof...(i)> each_batch(const Function& function, std::index_sequence<i...>) {
    return {function(i)...};
}

/// A mask of Lanes.
template <class Arch, std::size_t batches>
struct LaneMask {
    using Mask = xsimd::batch_bool<float, Arch>;
    std::array<Mask, batches> at;

    template <class Function>
    static XSIMD_INLINE LaneMask each(const Function& function) {
        return {each_batch<Mask>(function, std::make_index_sequence<batches>())};
    }
    /// \param bits bit i for lane i
    static XSIMD_INLINE LaneMask of(std::uint64_t bits) {
        return each([&](std::size_t i) {
            return Mask::from_mask(bits >> (i * Mask::size) & ((std::uint64_t{1} << Mask::size) - 1));
        });
    }
    XSIMD_INLINE std::uint64_t bits() const {
        std::uint64_t all = 0;
        for (std::size_t i = 0; i < batches; ++i) all |= static_cast<std::uint64_t>(at[i].mask()) << (i * Mask::size);
        return all;
    }
    friend XSIMD_INLINE LaneMask operator&(const LaneMask& a, const LaneMask& b) {
        return each([&](std::size_t i) { return a.at[i] & b.at[i]; });
    }
    friend XSIMD_INLINE LaneMask operator|(const LaneMask& a, const LaneMask& b) {
        return each([&](std::size_t i) { return a.at[i] | b.at[i]; });
    }
    friend XSIMD_INLINE LaneMask operator!(const LaneMask& a) {
        return each([&](std::size_t i) { return !a.at[i]; });
    }
};

/// Several batches of float as one number. The iterations of a world are a long chain of operations that wait for each other;
/// a second batch fills the time.
template <class Arch_, std::size_t batches>
struct Lanes {
    using Arch = Arch_;
    using Batch = xsimd::batch<float, Arch>;
    using Index = std::array<xsimd::batch<std::int32_t, Arch>, batches>;  ///< of an element in memory for each lane
    using Mask = LaneMask<Arch, batches>;
    static constexpr std::size_t size = batches * Batch::size;

    std::array<Batch, batches> at;

    Lanes() = default;
    explicit XSIMD_INLINE Lanes(float x) : Lanes(each([&](std::size_t) { return Batch(x); })) {}
    /// \param of_lane returns the index of a lane
    template <class OfLane>
    static XSIMD_INLINE Index index(const OfLane& of_lane) {
        alignas(64) std::int32_t numbers[size];
        for (std::size_t l = 0; l < size; ++l) numbers[l] = static_cast<std::int32_t>(of_lane(l));
        Index loaded;
        for (std::size_t i = 0; i < batches; ++i)
            loaded[i] = xsimd::batch<std::int32_t, Arch>::load_aligned(numbers + i * Batch::size);
        return loaded;
    }
    /// Reads `first[index]` of every lane.
    static XSIMD_INLINE Lanes gather(const float* first, const Index& index) {
        return each([&](std::size_t i) { return Batch::gather(first, index[i]); });
    }
    static XSIMD_INLINE Lanes load(const float* aligned) {
        return each([&](std::size_t i) { return Batch::load_aligned(aligned + i * Batch::size); });
    }
    /// Returns the lanes in which `first[index]` is not 0.
    static XSIMD_INLINE Mask gather_mask(const std::uint32_t* first, const Index& index) {
        using Integers = xsimd::batch<std::int32_t, Arch>;
        return Mask::each([&](std::size_t i) {
            return xsimd::batch_bool_cast<float>(Integers::gather(reinterpret_cast<const std::int32_t*>(first), index[i]) !=
                                                 Integers(0));
        });
    }
    XSIMD_INLINE void store(float* aligned) const { store(aligned, std::make_index_sequence<batches>()); }

    friend XSIMD_INLINE Lanes operator+(const Lanes& a, const Lanes& b) {
        return each([&](std::size_t i) { return a.at[i] + b.at[i]; });
    }
    friend XSIMD_INLINE Lanes operator-(const Lanes& a, const Lanes& b) {
        return each([&](std::size_t i) { return a.at[i] - b.at[i]; });
    }
    friend XSIMD_INLINE Lanes operator*(const Lanes& a, const Lanes& b) {
        return each([&](std::size_t i) { return a.at[i] * b.at[i]; });
    }
    friend XSIMD_INLINE Lanes operator/(const Lanes& a, const Lanes& b) {
        return each([&](std::size_t i) { return quotient(a.at[i], b.at[i]); });
    }
    /// Turns the sign, also of zero: xsimd's unary minus subtracts from zero on AVX-512.
    friend XSIMD_INLINE Lanes operator-(const Lanes& a) {
        return each([&](std::size_t i) { return a.at[i] ^ Batch(-0.0f); });
    }
    friend XSIMD_INLINE Mask operator<(const Lanes& a, const Lanes& b) {
        return Mask::each([&](std::size_t i) { return a.at[i] < b.at[i]; });
    }
    friend XSIMD_INLINE Mask operator<=(const Lanes& a, const Lanes& b) {
        return Mask::each([&](std::size_t i) { return a.at[i] <= b.at[i]; });
    }
    friend XSIMD_INLINE Mask operator>(const Lanes& a, const Lanes& b) { return b < a; }
    friend XSIMD_INLINE Mask operator>=(const Lanes& a, const Lanes& b) { return b <= a; }
    friend XSIMD_INLINE Mask operator!=(const Lanes& a, const Lanes& b) {
        return Mask::each([&](std::size_t i) { return a.at[i] != b.at[i]; });
    }
    /// Where the bits differ: -0 differs from 0.
    friend XSIMD_INLINE Mask bits_differ(const Lanes& a, const Lanes& b) {
        return Mask::each([&](std::size_t i) {
            return xsimd::batch_bool_cast<float>(xsimd::bitwise_cast<std::int32_t>(a.at[i]) !=
                                                 xsimd::bitwise_cast<std::int32_t>(b.at[i]));
        });
    }
    friend XSIMD_INLINE Lanes select(const Mask& where, const Lanes& yes, const Lanes& no) {
        return each([&](std::size_t i) { return xsimd::select(where.at[i], yes.at[i], no.at[i]); });
    }
    /// As the function for float: b if both are equal. x86's instructions do just that, others prefer -0.
    friend XSIMD_INLINE Lanes least(const Lanes& a, const Lanes& b) {
#if XSIMD_WITH_SSE2
        return each([&](std::size_t i) { return xsimd::min(a.at[i], b.at[i]); });
#else
        return select(a < b, a, b);
#endif
    }
    friend XSIMD_INLINE Lanes most(const Lanes& a, const Lanes& b) {
#if XSIMD_WITH_SSE2
        return each([&](std::size_t i) { return xsimd::max(a.at[i], b.at[i]); });
#else
        return select(a > b, a, b);
#endif
    }
    friend XSIMD_INLINE Lanes square_root(const Lanes& a) {
        return each([&](std::size_t i) { return operant::square_root(a.at[i]); });
    }
    friend XSIMD_INLINE SinCos<Lanes> library_sincos(const Lanes& a) {
        return sincos(a, std::make_index_sequence<batches>());
    }

private:
    template <std::size_t... i>
    XSIMD_INLINE void store(float* aligned, std::index_sequence<i...>) const {
        (at[i].store_aligned(aligned + i * Batch::size), ...);
    }
    template <std::size_t... i>
    static XSIMD_INLINE SinCos<Lanes> sincos(const Lanes& a, std::index_sequence<i...>) {
        const std::array<SinCos<Batch>, batches> both{operant::library_sincos(a.at[i])...};
        SinCos<Lanes> r;
        r.sin.at = {both[i].sin...};
        r.cos.at = {both[i].cos...};
        return r;
    }
    template <class Function>
    static XSIMD_INLINE Lanes each(const Function& function) {
        Lanes r;
        r.at = each_batch<Batch>(function, std::make_index_sequence<batches>());
        return r;
    }
};

/// Reads one struct of an array for each lane. A number is named by where it is in the first struct.
template <class N>
struct Reader {
    typename N::Index index;  ///< of each struct's first float, from that of the first struct

    XSIMD_INLINE N operator()(const float& of_first) const { return N::gather(&of_first, index); }
    XSIMD_INLINE typename N::Mask operator()(const Flag<float>& of_first) const { return N::gather_mask(&of_first, index); }
    XSIMD_INLINE Vec<N> operator()(const Vector& of_first) const { return {(*this)(of_first.x), (*this)(of_first.y)}; }
    XSIMD_INLINE Rotation<N> operator()(const Rotation<float>& of_first) const { return {(*this)(of_first.s), (*this)(of_first.c)}; }
    XSIMD_INLINE Place<N> operator()(const Place<float>& of_first) const {
        return {(*this)(of_first.origin), (*this)(of_first.turn)};
    }
    XSIMD_INLINE Motion<N> operator()(const Motion<float>& of_first) const {
        return {(*this)(of_first.center), (*this)(of_first.angle)};
    }
};

}  // namespace operant::rigid_body
