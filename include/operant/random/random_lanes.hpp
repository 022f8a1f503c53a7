#pragma once
/// \file
/// Random numbers for a `reset` of many envs. Each env has its own stream and draws the same numbers as it would alone.

#include <cstddef>
#include <cstdint>
#include <span>

#include <xsimd/xsimd.hpp>

#include <operant/random/lane_number.hpp>
#include <operant/random/pcg64.hpp>

namespace operant {

/// Draws from several generators at once, one per lane, for a `reset` that is a template on its source of random numbers.
///
/// This general version draws for one lane after the other. It works everywhere, but states go through memory. On AVX2, four
/// uniform numbers take 7.7 ns per env this way, and 6.6 ns if each env draws all four before the next env. If the processor
/// can multiply batches of 64-bit integers, the specialisation below draws for all lanes at once, in 3.7 ns.
template <class Arch, class Generator = Pcg64>
class Pcg64Lanes {
public:
    using Number = LaneNumber<Arch>;                   ///< the type of a draw
    static constexpr std::size_t size = Number::size;  ///< the number of generators

    /// Continues the stream of `generators[which[k]]` in lane k.
    XSIMD_INLINE Pcg64Lanes(const Generator* generators, const std::uint32_t* which) {
        for (std::size_t k = 0; k < size; ++k) generators_[k] = generators[which[k]];
    }

    /// Writes the streams of the first `count` lanes back to their generators.
    XSIMD_INLINE void store(Generator* generators, const std::uint32_t* which, std::size_t count) const {
        for (std::size_t k = 0; k < count && k < size; ++k) generators[which[k]] = generators_[k];
    }

    /// `Generator.random()` of every lane.
    XSIMD_INLINE Number random() {
        return each([](Generator& generator) { return generator.random(); });
    }

    /// `Generator.uniform(low, high)` of every lane.
    XSIMD_INLINE Number uniform(const Number& low, const Number& high) { return low + (high - low) * random(); }

    /// `Generator.normal(loc, scale)` of every lane.
    XSIMD_INLINE Number normal(const Number& loc = 0, const Number& scale = 1) {
        return loc + scale * each([](Generator& generator) { return detail::standard_normal(generator); });
    }

    /// `Generator.exponential(scale)` of every lane.
    XSIMD_INLINE Number exponential(const Number& scale = 1) {
        return scale * each([](Generator& generator) { return detail::standard_exponential(generator); });
    }

    /// `Pcg64::choice(cumulative)` of every lane, as a number.
    XSIMD_INLINE Number choice(std::span<const double> cumulative) {
        return each([&](Generator& generator) { return static_cast<double>(generator.choice(cumulative)); });
    }

    /// `Generator.integers(high)` of every lane, as a number, exact up to 2^53.
    XSIMD_INLINE Number integers(std::int64_t high) { return integers(0, high); }

    /// `Generator.integers(low, high)` of every lane, as a number, exact up to 2^53.
    XSIMD_INLINE Number integers(std::int64_t low, std::int64_t high) {
        return each([&](Generator& generator) { return static_cast<double>(generator.integers(low, high)); });
    }

private:
    template <class Draw>
    XSIMD_INLINE Number each(Draw draw) {
        alignas(Arch::alignment()) double drawn[size];
        for (std::size_t k = 0; k < size; ++k) drawn[k] = draw(generators_[k]);
        return Number::load_aligned(drawn);
    }

    Generator generators_[size];
};

#if XSIMD_WITH_AVX512DQ

/// Draws from two batches of generators at a time. While one batch waits for the result of an instruction, the processor works
/// on the other.
template <class Arch>
    requires detail::has_wide_integers<Arch>
class Pcg64Lanes<Arch, Pcg64> {
    using Word = xsimd::batch<std::uint64_t, Arch>;
    using Double = xsimd::batch<double, Arch>;

public:
    using Number = LaneNumber<Arch>;                   ///< the type of a draw
    static constexpr std::size_t size = Number::size;  ///< the number of generators

    /// Continues the stream of `generators[which[k]]` in lane k.
    XSIMD_INLINE Pcg64Lanes(const Pcg64* generators, const std::uint32_t* which)
        : first_(generators, which), second_(generators, which + Word::size) {}

    /// Writes the streams of the first `count` lanes back to their generators.
    XSIMD_INLINE void store(Pcg64* generators, const std::uint32_t* which, std::size_t count) const {
        if (count >= size) {
            for (std::size_t k = 0; k < Word::size; ++k) first_.store(k, generators[which[k]]);
            for (std::size_t k = 0; k < Word::size; ++k) second_.store(k, generators[which[Word::size + k]]);
        } else {
            for (std::size_t k = 0; k < count && k < Word::size; ++k) first_.store(k, generators[which[k]]);
            for (std::size_t k = Word::size; k < count; ++k) second_.store(k - Word::size, generators[which[k]]);
        }
    }

    /// `Generator.random()` of every lane.
    XSIMD_INLINE Number random() {
        const Word first = first_.next();
        const Word second = second_.next();
        return {unit_interval(first), unit_interval(second)};
    }

    /// `Generator.uniform(low, high)` of every lane.
    XSIMD_INLINE Number uniform(const Number& low, const Number& high) { return low + (high - low) * random(); }

    /// `Generator.normal(loc, scale)` of every lane.
    XSIMD_INLINE Number normal(const Number& loc = 0, const Number& scale = 1) {
        const Word first = first_.next();
        const Word second = second_.next();
        return loc + scale * Number(standard_normal(first, first_), standard_normal(second, second_));
    }

    /// `Generator.exponential(scale)` of every lane.
    XSIMD_INLINE Number exponential(const Number& scale = 1) {
        const Word first = first_.next();
        const Word second = second_.next();
        return scale * Number(standard_exponential(first, first_), standard_exponential(second, second_));
    }

    /// `Pcg64::choice(cumulative)` of every lane, as a number.
    XSIMD_INLINE Number choice(std::span<const double> cumulative) {
        const Number drawn = random();
        Number index(0.0);
        for (std::size_t i = cumulative.size(); i-- > 0;)
            index = select(Number(cumulative[i]) > drawn, static_cast<double>(i), index);
        return index;
    }

    /// Does not compile: integers need the half of a draw that numpy keeps. See BufferedPcg64.
    template <class... Bounds>
    static Number integers(Bounds... bounds) {
        return static_cast<double>(Pcg64::integers(bounds...));
    }

private:
    struct Streams {
        detail::Uint128<Word> state, increment;

        XSIMD_INLINE Streams(const Pcg64* generators, const std::uint32_t* which) {
            static_assert(sizeof(Pcg64) == 4 * sizeof(std::uint64_t));
            const auto words = reinterpret_cast<const std::uint64_t*>(generators);
            // A loop over the lanes would store eight numbers and load them as one batch. The load would wait for all stores.
            const Word index = Word(_mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(which)))) << 2;
            state.high = Word::gather(words, index);
            state.low = Word::gather(words + 1, index);
            increment.high = Word::gather(words + 2, index);
            increment.low = Word::gather(words + 3, index);
        }
        XSIMD_INLINE Word next() { return detail::pcg64_next(state, increment); }
        XSIMD_INLINE void store(std::size_t k, Pcg64& generator) const {
            generator.state_high = state.high.get(k);
            generator.state_low = state.low.get(k);
        }
    };

    /// Converts an integer of at most 53 bits to double, exactly.
    static XSIMD_INLINE Double number(const Word& bits) { return _mm512_cvtepi64_pd(bits); }

    static XSIMD_INLINE Double unit_interval(const Word& bits) { return number(bits >> 11) * Double(0x1p-53); }

    static XSIMD_INLINE Double standard_normal(const Word& bits, Streams& streams) {
        const Word layer = (bits & Word(0xff)) * 2;  // an index in units of 8 bytes; a layer has 16
        const Word place = (bits >> 9) & Word(0xfffffffffffff);
        const Double magnitude = number(place) * Double::gather(&detail::normal_ziggurat.layers[0].width, layer);
        const Word sign = (bits << 55) & Word(0x8000000000000000);
        const Double x = xsimd::bitwise_cast<double>(xsimd::bitwise_cast<std::uint64_t>(magnitude) ^ sign);
        const auto inside = place < Word::gather(&detail::normal_ziggurat.layers[0].inside, layer);
        if (xsimd::all(inside)) [[likely]]
            return x;
        return redrawn(x, ~inside.mask(), bits, streams, detail::standard_normal_from<Pcg64>);
    }

    static XSIMD_INLINE Double standard_exponential(const Word& bits, Streams& streams) {
        const Word layer = (bits >> 3 & Word(0xff)) * 2;
        const Word place = bits >> 11;
        const Double x = number(place) * Double::gather(&detail::exponential_ziggurat.layers[0].width, layer);
        const auto inside = place < Word::gather(&detail::exponential_ziggurat.layers[0].inside, layer);
        if (xsimd::all(inside)) [[likely]]
            return x;
        return redrawn(x, ~inside.mask(), bits, streams, detail::standard_exponential_from<Pcg64>);
    }

    /// Replaces x in the lanes whose bits are 1 by the result of `draw` for the bits that they drew, and further bits.
    static XSIMD_INLINE Double redrawn(const Double& x, std::uint64_t lanes, const Word& bits, Streams& streams,
                                       double (*draw)(std::uint64_t, Pcg64&)) {
        alignas(Arch::alignment()) double numbers[Word::size];
        alignas(Arch::alignment()) std::uint64_t drawn[Word::size];
        alignas(Arch::alignment()) std::uint64_t words[4][Word::size];
        x.store_aligned(numbers);
        bits.store_aligned(drawn);
        streams.state.high.store_aligned(words[0]);
        streams.state.low.store_aligned(words[1]);
        streams.increment.high.store_aligned(words[2]);
        streams.increment.low.store_aligned(words[3]);
        for (std::size_t k = 0; k < Word::size; ++k) {
            if ((lanes >> k & 1) == 0) continue;
            Pcg64 random;
            random.state_high = words[0][k];
            random.state_low = words[1][k];
            random.increment_high = words[2][k];
            random.increment_low = words[3][k];
            numbers[k] = draw(drawn[k], random);
            words[0][k] = random.state_high;
            words[1][k] = random.state_low;
        }
        streams.state.high = Word::load_aligned(words[0]);
        streams.state.low = Word::load_aligned(words[1]);
        return Double::load_aligned(numbers);
    }

    Streams first_, second_;
};

#endif

}  // namespace operant
