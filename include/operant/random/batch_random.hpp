#pragma once
/// \file
/// Random numbers for a batch of envs that step. Each env has its own stream and draws the same numbers as it would alone.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/random/pcg64.hpp>

namespace operant {

/// The source of random numbers for a batch of envs that step.
///
/// Lane i draws from its own generator, and only if it is active. An env whose step does not count must not draw, because
/// Gymnasium's does not draw then either. The last argument of each function is a mask of the lanes that draw. The streams of
/// the other lanes do not move, and their numbers are 0. Numbers are computed in double and rounded to the batch's type.
///
/// Bounds and scales are plain numbers or batches.
template <class Batch, class Generator>
class BatchRandom {
    using Scalar = typename Batch::value_type;
    using Arch = typename Batch::arch_type;

public:
    using Mask = typename Batch::batch_bool_type;  ///< the lanes that draw
    using Integers = xsimd::as_integer_t<Batch>;   ///< one integer per lane, with as many bits as the batch's numbers

    /// \param generators one per lane, from lane 0 on; the generators of inactive lanes do not change
    /// \param active_bits bit i is 1 if lane i is active; bits beyond the batch have no effect
    XSIMD_INLINE BatchRandom(Generator* generators, std::uint64_t active_bits)
        : generators_(generators), active_(active_bits) {}

    /// `Generator.random()`.
    XSIMD_INLINE Batch random(const Mask& where = Mask(true)) {
        return draw<Batch>(where, [](Generator& generator, std::size_t) { return generator.random(); });
    }

    /// `Generator.uniform(low, high)`.
    template <class Low, class High>
    XSIMD_INLINE Batch uniform(const Low& low, const High& high, const Mask& where = Mask(true)) {
        const PerLane<Low> lows(low);
        const PerLane<High> highs(high);
        return draw<Batch>(where, [&](Generator& generator, std::size_t i) {
            return generator.uniform(lows[i], highs[i]);
        });
    }

    /// `Generator.normal(loc, scale)`.
    template <class Location = double, class Scale = double>
    XSIMD_INLINE Batch normal(const Location& loc = 0, const Scale& scale = 1, const Mask& where = Mask(true)) {
        const PerLane<Location> locations(loc);
        const PerLane<Scale> scales(scale);
        return draw<Batch>(where, [&](Generator& generator, std::size_t i) {
            return generator.normal(locations[i], scales[i]);
        });
    }

    /// `Generator.exponential(scale)`.
    template <class Scale = double>
    XSIMD_INLINE Batch exponential(const Scale& scale = 1, const Mask& where = Mask(true)) {
        const PerLane<Scale> scales(scale);
        return draw<Batch>(where, [&](Generator& generator, std::size_t i) {
            return generator.exponential(scales[i]);
        });
    }

    /// `Generator.integers(low, high)`, which must fit into the batch's integers. Bounds are plain integers or batches.
    template <class Low, class High>
    XSIMD_INLINE Integers integers(const Low& low, const High& high, const Mask& where = Mask(true)) {
        const PerLane<Low> lows(low);
        const PerLane<High> highs(high);
        return draw<Integers>(where, [&](Generator& generator, std::size_t i) {
            return generator.integers(static_cast<std::int64_t>(lows[i]), static_cast<std::int64_t>(highs[i]));
        });
    }

    /// Draws the first index whose cumulative weight is larger than `random()`, or 0 if there is none.
    XSIMD_INLINE Integers choice(std::span<const double> cumulative, const Mask& where = Mask(true)) {
        return draw<Integers>(where, [&](Generator& generator, std::size_t) { return generator.choice(cumulative); });
    }

    /// The same with weights per lane.
    template <std::size_t size>
    XSIMD_INLINE Integers choice(const std::array<Batch, size>& cumulative, const Mask& where = Mask(true)) {
        alignas(Arch::alignment()) Scalar weights[size][Batch::size];
        for (std::size_t k = 0; k < size; ++k) cumulative[k].store_aligned(weights[k]);
        return draw<Integers>(where, [&](Generator& generator, std::size_t i) {
            const double drawn = generator.random();
            for (std::size_t k = 0; k < size; ++k)
                if (weights[k][i] > drawn) return k;
            return std::size_t{0};
        });
    }

private:
    /// An argument that may differ between lanes.
    template <class Argument>
    struct PerLane {
        Argument value;
        XSIMD_INLINE explicit PerLane(const Argument& argument) : value(argument) {}
        XSIMD_INLINE Argument operator[](std::size_t) const { return value; }
    };
    template <class Lane>
    struct PerLane<xsimd::batch<Lane, Arch>> {
        alignas(Arch::alignment()) Lane lanes[xsimd::batch<Lane, Arch>::size];
        XSIMD_INLINE explicit PerLane(const xsimd::batch<Lane, Arch>& argument) { argument.store_aligned(lanes); }
        XSIMD_INLINE Lane operator[](std::size_t i) const { return lanes[i]; }
    };

    template <class Result, class Draw>
    XSIMD_INLINE Result draw(const Mask& where, Draw function) {
        using Lane = typename Result::value_type;
        alignas(Arch::alignment()) Lane drawn[Result::size] = {};
        for (std::uint64_t drawing = active_ & where.mask(); drawing != 0; drawing &= drawing - 1) {
            const auto i = static_cast<std::size_t>(std::countr_zero(drawing));
            drawn[i] = static_cast<Lane>(function(generators_[i], i));
        }
        return Result::load_aligned(drawn);
    }

    Generator* generators_;
    std::uint64_t active_;
};

}  // namespace operant
