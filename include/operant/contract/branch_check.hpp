#pragma once
/// \file
/// Finds branches on lanes. `if (mask)` has no meaning for a batch of envs, but with AVX-512 it compiles: masks of xsimd
/// convert to an integer there, and the condition holds if it does in any lane. So code of users is compiled once more for an
/// architecture whose masks convert to no number. Only the compiler sees this code: no function of it is called or emitted.

#include <concepts>
#include <type_traits>

#include <xsimd/xsimd.hpp>

namespace operant::detail {

/// Arch with masks that refuse to be conditions.
template <class Arch>
struct BranchCheck : Arch {};

/// A mask of BranchCheck. xsimd's batch_bool is derived from it.
template <class T, class Arch>
struct CheckedMask : xsimd::types::get_bool_simd_register_t<T, Arch> {
    using Base = xsimd::types::get_bool_simd_register_t<T, Arch>;
    using register_type = typename Base::register_type;
    using Mask = xsimd::batch_bool<T, BranchCheck<Arch>>;

    CheckedMask() = default;
    CheckedMask(register_type data) : Base{data} {}

    /// Refuses to be a condition, or to be converted in another way.
    template <class Number>
        requires std::is_arithmetic_v<Number>
    operator Number() const {
        refuse<Number>();
        return {};
    }
    /// Refuse a mask and a bool, which do not compile with AVX-512: they are ambiguous there.
    template <std::same_as<bool> Flag>
    friend Mask operator&&(const Mask& mask, Flag) { return refuse<Flag>(), mask; }
    template <std::same_as<bool> Flag>
    friend Mask operator&&(Flag, const Mask& mask) { return refuse<Flag>(), mask; }
    template <std::same_as<bool> Flag>
    friend Mask operator||(const Mask& mask, Flag) { return refuse<Flag>(), mask; }
    template <std::same_as<bool> Flag>
    friend Mask operator||(Flag, const Mask& mask) { return refuse<Flag>(), mask; }

private:
    template <class Number>
    static void refuse() {
        static_assert(!std::is_same_v<Number, Number>,
                      "a mask has a value for each lane and cannot be the condition of `if`, `?:` or a loop, nor a number: "
                      "compute both sides and choose with `xsimd::select(mask, a, b)`");
    }
};

}  // namespace operant::detail

namespace xsimd::types {

/// \cond
template <class T, class Arch>
struct simd_register<T, operant::detail::BranchCheck<Arch>> : simd_register<T, Arch> {
    using register_type = typename simd_register<T, Arch>::register_type;
    simd_register() = default;
    simd_register(register_type data) noexcept : simd_register<T, Arch>{data} {}
};
template <class T, class Arch>
struct has_simd_register<T, operant::detail::BranchCheck<Arch>> : has_simd_register<T, Arch> {};
template <class T, class Arch>
struct get_bool_simd_register<T, operant::detail::BranchCheck<Arch>> {
    using type = operant::detail::CheckedMask<T, Arch>;
};
/// \endcond

}  // namespace xsimd::types

namespace operant::detail {

/// Batches whose masks refuse to be conditions.
template <class Scalar>
using CheckedBatch = xsimd::batch<Scalar, BranchCheck<xsimd::default_arch>>;

}  // namespace operant::detail
