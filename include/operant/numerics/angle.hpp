#pragma once
/// \file
/// An angle that an environment turns for ever without losing accuracy.
///
/// double: radians, growing without bound, as Gymnasium keeps it. float: a float in radians resolves 2.4e-7 near pi,
/// coarse enough for a pendulum at rest to start swinging. So the 32 bits of the float hold a fixed-point fraction of a
/// turn, 2^32 to the turn: 1.5e-9 radians everywhere, exact at every quarter turn, and it wraps by itself.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numbers>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/numerics/arithmetic.hpp>
#include <operant/numerics/trigonometry.hpp>

namespace operant {

/// What the state holds for an angle of so many radians.
template <class Scalar>
XSIMD_INLINE Scalar stored_angle(double radians) {
    if constexpr (std::is_same_v<Scalar, float>) {
        double turns = radians / (2 * std::numbers::pi);
        turns -= ::nearbyint(turns);
        const auto phase = static_cast<std::uint32_t>(static_cast<std::int64_t>(::nearbyint(turns * 0x1p32)));
        float stored;
        std::memcpy(&stored, &phase, sizeof(stored));
        return stored;
    } else {
        return radians;
    }
}

/// The angle in radians that the state holds; between -pi and pi in float.
template <class Scalar>
XSIMD_INLINE double radians_of(Scalar stored) {
    if constexpr (std::is_same_v<Scalar, float>) {
        std::int32_t phase;
        std::memcpy(&phase, &stored, sizeof(phase));
        return phase * (2 * std::numbers::pi / 0x1p32);
    } else {
        return stored;
    }
}

/// The angle of a state that `reset` returns: a number, in radians.
template <class Number>
struct Angle {
    Number radians;  ///< any angle

    /// Zero.
    Angle() = default;
    /// The number itself.
    XSIMD_INLINE Angle(const Number& radians_) : radians(radians_) {}
};

/// Batches of angles, as the state of thousands of copies holds them; one lane a copy.
template <class Scalar, class Arch>
class Angle<xsimd::batch<Scalar, Arch>> {
    using Batch = xsimd::batch<Scalar, Arch>;
    using Integers = xsimd::as_integer_t<Batch>;
    static constexpr bool fixed_point = std::is_same_v<Scalar, float>;
    static constexpr double turn = 2 * std::numbers::pi;

public:
    using StoredBatch = Batch;  ///< what the arrays of a state hold

    /// Not initialised.
    Angle() = default;
    /// \param stored what `to_stored` gives, one lane a copy
    XSIMD_INLINE explicit Angle(const Batch& stored) : stored_(stored) {}

    /// What the state holds for an angle of so many radians.
    static XSIMD_INLINE Scalar to_stored(double radians) { return stored_angle<Scalar>(radians); }
    /// The angle in radians that the state holds; between -pi and pi in float.
    static XSIMD_INLINE double shown(Scalar stored) { return radians_of(stored); }

    /// For the state.
    const Batch& stored() const { return stored_; }

    /// Turns by velocity * time radians.
    /// \param velocity [rad/s], one lane a copy
    /// \param time [s]
    /// \param less_than_half whether that is certainly less than half a turn in every lane: more would not fit
    XSIMD_INLINE void advance(const Batch& velocity, const Batch& time, bool less_than_half = false) {
        if constexpr (fixed_point) {
            Batch turns = velocity * (time * Batch(static_cast<Scalar>(1 / turn)));
            if (!less_than_half) turns = turns - xsimd::nearbyint(turns);
            const Integers phase = xsimd::bitwise_cast<std::int32_t>(stored_) + xsimd::nearbyint_as_int(turns * Batch(0x1p32f));
            stored_ = xsimd::bitwise_cast<float>(phase);
        } else {
            stored_ = stored_ + velocity * time;
        }
    }

    /// For the equations of motion.
    XSIMD_INLINE Batch sin() const {
        if constexpr (fixed_point) {
            // The nearest half turns are the highest bit after rounding; without them, a quarter turn at most is left.
            const Integers phase = xsimd::bitwise_cast<std::int32_t>(stored_);
            const Integers halves = (phase + Integers(1 << 30)) & Integers(std::numeric_limits<std::int32_t>::min());
            return detail::negated_by(halves, detail::sine_quarter_turn(radians(phase ^ halves)));
        } else {
            return sine(stored_);
        }
    }

    /// For the observation.
    XSIMD_INLINE SinCos<Batch> sin_and_cos() const {
        if constexpr (fixed_point) {
            const Integers rounded = xsimd::bitwise_cast<std::int32_t>(stored_) + Integers(1 << 29);
            const Integers rest = (rounded & Integers((1 << 30) - 1)) - Integers(1 << 29);
            return detail::turned(detail::sincos_eighth_turn(radians(rest)), rounded);
        } else {
            return sincos(stored_);
        }
    }

    /// Radians between -pi and pi: in double, Python's (angle + pi) % (2 pi) - pi.
    XSIMD_INLINE Batch normalized() const {
        if constexpr (fixed_point) {
            return radians(xsimd::bitwise_cast<std::int32_t>(stored_));
        } else {
            return lane_by_lane(stored_, [](double angle) {
                const double rest = ::fmod(angle + std::numbers::pi, turn);
                return (rest < 0 ? rest + turn : rest) - std::numbers::pi;
            });
        }
    }

private:
    static XSIMD_INLINE Batch radians(const Integers& phase) {
        return xsimd::to_float(phase) * Batch(static_cast<Scalar>(turn / 0x1p32));
    }

    Batch stored_;
};

}  // namespace operant
