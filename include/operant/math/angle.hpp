#pragma once
/// \file
/// An angle that can turn without limit and without loss of accuracy.
///
/// In double it is in radians and grows without bound, as in Gymnasium. Radians in float are too coarse: near pi their
/// resolution is 2.4e-7, and a pendulum at rest starts to swing. The 32 bits of the float therefore hold an integer; 2^32 make
/// a turn. Its resolution is 1.5e-9 radians everywhere, quarter turns are exact, and integer overflow wraps it.

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/math/arithmetic.hpp>
#include <operant/math/trigonometry.hpp>

namespace operant {

/// The angle in a state that `reset` returns: a number in radians.
template <class Number>
struct Angle {
    Number radians;  ///< any angle

    /// Leaves the angle uninitialised; `{}` makes it 0.
    Angle() = default;
    /// \param radians_ the angle
    XSIMD_INLINE Angle(const Number& radians_) : radians(radians_) {}
};

/// A batch of angles, one lane per env.
template <class Scalar, class Arch>
class Angle<xsimd::batch<Scalar, Arch>> {
    using Batch = xsimd::batch<Scalar, Arch>;
    using Integers = xsimd::as_integer_t<Batch>;
    static constexpr bool fixed_point = std::is_same_v<Scalar, float>;
    static constexpr double turn = 2 * std::numbers::pi;

public:
    using StoredBatch = Batch;  ///< the arrays of a state hold its elements

    /// Leaves the angles uninitialised.
    Angle() = default;
    /// \param stored numbers from `to_stored`, one lane per env
    XSIMD_INLINE explicit Angle(const Batch& stored) : stored_(stored) {}

    /// Returns the number that the state holds for an angle in radians.
    static XSIMD_INLINE Scalar to_stored(double radians) {
        if constexpr (fixed_point) {
            double turns = radians / turn;
            turns -= ::nearbyint(turns);
            return std::bit_cast<float>(static_cast<std::uint32_t>(static_cast<std::int64_t>(::nearbyint(turns * 0x1p32))));
        } else {
            return radians;
        }
    }
    /// Returns the angle in radians of a number that the state holds. In float it is between -pi and pi.
    static XSIMD_INLINE double shown(Scalar stored) {
        if constexpr (fixed_point)
            return std::bit_cast<std::int32_t>(stored) * (turn / 0x1p32);
        else
            return stored;
    }

    /// Returns the numbers for the state.
    const Batch& stored() const { return stored_; }

    /// A time step [s], pre-multiplied by the angle unit. Construct it once if the step is constant. A batch converts to it.
    class Time {
    public:
        /// Leaves the time uninitialised.
        Time() = default;
        /// \param seconds one lane per env
        XSIMD_INLINE Time(const Batch& seconds)
            : factor_(fixed_point ? seconds * Batch(static_cast<Scalar>(1 / turn)) * Batch(static_cast<Scalar>(0x1p32)) : seconds) {}

    private:
        friend class Angle;
        Batch factor_;  // a velocity [rad/s] times this factor is the change of the stored number
    };

    /// Turns by velocity * time radians.
    /// \param velocity [rad/s], one lane per env
    /// \param time [s]
    /// \param less_than_half true if velocity * time is certainly less than half a turn in every lane. Otherwise the function
    ///        subtracts whole turns first, because an int32 holds only half a turn in either direction.
    XSIMD_INLINE void advance(const Batch& velocity, const Time& time, bool less_than_half = false) {
        if constexpr (fixed_point) {
            Batch turned = velocity * time.factor_;
            if (!less_than_half) turned = turned - xsimd::nearbyint(turned * Batch(0x1p-32f)) * Batch(0x1p32f);
            const Integers phase = xsimd::bitwise_cast<std::int32_t>(stored_) + xsimd::nearbyint_as_int(turned);
            stored_ = xsimd::bitwise_cast<float>(phase);
        } else {
            stored_ = stored_ + velocity * time.factor_;
        }
    }

    /// Returns the sine, for equations of motion. It may exceed 1 by one rounding.
    XSIMD_INLINE Batch sin() const {
        if constexpr (fixed_point) {
            // The lowest 31 bits, as a signed number, are the distance to the nearest half turn, at most a quarter turn. The
            // number of half turns is odd if the highest two bits differ.
            const Integers phase = xsimd::bitwise_cast<std::int32_t>(stored_), twice = phase << 1;
            return detail::negated_by(phase ^ twice, detail::sine_quarter_turn(radians<2>(twice)));
        } else {
            return sine(stored_);
        }
    }

    /// Returns sine and cosine, for observations. Neither exceeds 1.
    XSIMD_INLINE SinCos<Batch> sin_and_cos() const {
        if constexpr (fixed_point) {
            // In the same way, the lowest 30 bits are the distance to the nearest quarter turn. The highest two bits count the
            // quarter turns, plus one if the third bit is 1.
            const Integers phase = xsimd::bitwise_cast<std::int32_t>(stored_), twice = phase << 1, four_times = phase << 2;
            return detail::turned(detail::sincos_eighth_turn(radians<4>(four_times)), twice ^ four_times,
                                  phase ^ (twice & four_times), phase ^ (twice | four_times));
        } else {
            return sincos(stored_);
        }
    }

    /// Returns the angle in radians between -pi and pi. In double it is Python's (angle + pi) % (2 * pi) - pi.
    XSIMD_INLINE Batch normalized() const {
        if constexpr (fixed_point) {
            return radians<1>(xsimd::bitwise_cast<std::int32_t>(stored_));
        } else {
            return lane_by_lane(stored_, [](double angle) {
                const double rest = ::fmod(angle + std::numbers::pi, turn);
                return (rest < 0 ? rest + turn : rest) - std::numbers::pi;
            });
        }
    }

private:
    /// \param phase `multiple` times a phase, without overflow
    template <int multiple>
    static XSIMD_INLINE Batch radians(const Integers& phase) {
        return xsimd::to_float(phase) * Batch(static_cast<Scalar>(turn / 0x1p32 / multiple));
    }

    Batch stored_;
};

}  // namespace operant
