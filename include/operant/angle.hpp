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
#include <numbers>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/arithmetic.hpp>
#include <operant/trigonometry.hpp>

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

/// Batches of such angles.
template <class Batch>
class Angle {
    using Scalar = typename Batch::value_type;
    using Integers = xsimd::as_integer_t<Batch>;
    static constexpr bool fixed_point = std::is_same_v<Scalar, float>;
    static constexpr double turn = 2 * std::numbers::pi;

public:
    explicit Angle(const Batch& stored) : stored_(stored) {}

    const Batch& stored() const { return stored_; }

    /// Turns by velocity * time radians.
    XSIMD_INLINE void advance(const Batch& velocity, const Batch& time) {
        if constexpr (fixed_point) {
            Batch turns = velocity * (time * Batch(static_cast<Scalar>(1 / turn)));
            turns = turns - xsimd::nearbyint(turns);
            const Integers phase = xsimd::bitwise_cast<std::int32_t>(stored_) + xsimd::nearbyint_as_int(turns * Batch(0x1p32f));
            stored_ = xsimd::bitwise_cast<float>(phase);
        } else {
            stored_ = stored_ + velocity * time;
        }
    }

    XSIMD_INLINE SinCos<Batch> sin_and_cos() const {
        if constexpr (fixed_point) {
            const Integers phase = xsimd::bitwise_cast<std::int32_t>(stored_);
            const Integers quadrant = (phase + Integers(1 << 29)) >> 30;
            const Batch rest = xsimd::to_float(phase - (quadrant << 30)) * Batch(static_cast<float>(turn / 0x1p32));
            return detail::in_quadrant(detail::sincos_eighth_turn(rest), quadrant);
        } else {
            return sincos(stored_);
        }
    }

    /// Radians between -pi and pi: in double, Python's (angle + pi) % (2 pi) - pi.
    XSIMD_INLINE Batch normalized() const {
        if constexpr (fixed_point) {
            return xsimd::to_float(xsimd::bitwise_cast<std::int32_t>(stored_)) * Batch(static_cast<float>(turn / 0x1p32));
        } else {
            return lane_by_lane(stored_, [](double angle) {
                const double rest = ::fmod(angle + std::numbers::pi, turn);
                return (rest < 0 ? rest + turn : rest) - std::numbers::pi;
            });
        }
    }

private:
    Batch stored_;
};

}  // namespace operant
