#pragma once
/// \file
/// Vectors, rotations and places in the plane, for one world or with one world in each lane.
///
/// `Number` is float, or Lanes: a batch or several batches of float. The functions of this room keep the order of operations
/// of Box2D 2.3 by Erin Catto (zlib licence), so that each lane has the bits of the original in single precision.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/contract/members.hpp>
#include <operant/math/float_sine.hpp>

namespace operant::rigid_body {

/// A condition: a mask with Lanes. For one world it has the size of a float, so that lanes can gather it.
template <class Number>
using Flag = std::conditional_t<std::is_same_v<Number, float>, std::uint32_t, decltype(Number{} < Number{})>;

/// Chooses one of two numbers. With Lanes, each lane chooses.
XSIMD_INLINE float select(bool condition, float yes, float no) { return condition ? yes : no; }
/// Returns the smaller number, and b if they are equal, as zeros of both signs are.
XSIMD_INLINE float least(float a, float b) { return a < b ? a : b; }
/// Returns the larger number, and b if they are equal.
XSIMD_INLINE float most(float a, float b) { return a > b ? a : b; }
XSIMD_INLINE float square_root(float x) { return std::sqrt(x); }

/// Returns x, or the bound that it is beyond.
template <class Number, class Low, class High>
XSIMD_INLINE Number clamped(const Number& x, const Low& low, const High& high) {
    return most(Number(low), least(x, Number(high)));
}

template <class Number>
struct Vec {
    Number x, y;

    OPERANT_MEMBERS(x, y)

    friend XSIMD_INLINE Vec operator+(const Vec& a, const Vec& b) { return {a.x + b.x, a.y + b.y}; }
    friend XSIMD_INLINE Vec operator-(const Vec& a, const Vec& b) { return {a.x - b.x, a.y - b.y}; }
    friend XSIMD_INLINE Vec operator-(const Vec& a) { return {-a.x, -a.y}; }
    friend XSIMD_INLINE Vec operator*(const Number& factor, const Vec& a) { return {factor * a.x, factor * a.y}; }
};
using Vector = Vec<float>;

template <class Number>
XSIMD_INLINE Number dot(const Vec<Number>& a, const Vec<Number>& b) {
    return a.x * b.x + a.y * b.y;
}
/// Returns the third component of the product of two vectors in the plane.
template <class Number>
XSIMD_INLINE Number cross(const Vec<Number>& a, const Vec<Number>& b) {
    return a.x * b.y - a.y * b.x;
}
/// Returns the velocity of a point at `r` of a body that turns about the origin with angular velocity w.
template <class Number>
XSIMD_INLINE Vec<Number> cross(const Number& w, const Vec<Number>& r) {
    return {-w * r.y, w * r.x};
}
/// Turns a vector by a right angle, clockwise.
template <class Number>
XSIMD_INLINE Vec<Number> turned_right(const Vec<Number>& a) {
    return {a.y, -a.x};
}
template <class Number>
XSIMD_INLINE Number length(const Vec<Number>& a) {
    return square_root(a.x * a.x + a.y * a.y);
}
/// Returns the vector with length 1. Vectors shorter than float's epsilon are left as they are.
XSIMD_INLINE Vector normalized(const Vector& a) {
    const float l = length(a);
    if (l < 0x1p-23f) return a;
    const float inverse = 1.0f / l;
    return {a.x * inverse, a.y * inverse};
}
template <class Number>
XSIMD_INLINE Vec<Number> least(const Vec<Number>& a, const Vec<Number>& b) {
    return {least(a.x, b.x), least(a.y, b.y)};
}
template <class Number>
XSIMD_INLINE Vec<Number> most(const Vec<Number>& a, const Vec<Number>& b) {
    return {most(a.x, b.x), most(a.y, b.y)};
}

/// Sine and cosine of an angle.
template <class Number>
struct Rotation {
    Number s, c;

    OPERANT_MEMBERS(s, c)
};
/// \param angle in radians
template <class Number>
XSIMD_INLINE Rotation<Number> rotation(const Number& angle) {
    const auto [s, c] = library_sincos(angle);
    return {s, c};
}
template <class Number>
XSIMD_INLINE Vec<Number> turned(const Rotation<Number>& q, const Vec<Number>& v) {
    return {q.c * v.x - q.s * v.y, q.s * v.x + q.c * v.y};
}
template <class Number>
XSIMD_INLINE Vec<Number> turned_back(const Rotation<Number>& q, const Vec<Number>& v) {
    return {q.c * v.x + q.s * v.y, -q.s * v.x + q.c * v.y};
}

/// The place of a body: where its origin is and how it is turned.
template <class Number>
struct Place {
    Vec<Number> origin;
    Rotation<Number> turn;

    OPERANT_MEMBERS(origin, turn)

    /// Takes a point of the body to the world.
    XSIMD_INLINE Vec<Number> operator()(const Vec<Number>& point) const {
        return {(turn.c * point.x - turn.s * point.y) + origin.x, (turn.s * point.x + turn.c * point.y) + origin.y};
    }
    /// Takes a point of the world to the body.
    XSIMD_INLINE Vec<Number> inverse(const Vec<Number>& point) const { return turned_back(turn, point - origin); }
};

/// Returns the place of a body whose center of mass is at `center`.
/// \param local_center the center of mass in the body
template <class Number>
XSIMD_INLINE Place<Number> place_of(const Vec<Number>& center, const Number& angle, const Vec<Number>& local_center) {
    const Rotation<Number> q = rotation(angle);
    return {center - turned(q, local_center), q};
}

/// Position or velocity of a body: of its center of mass, and of its angle.
template <class Number>
struct Motion {
    Vec<Number> center;
    Number angle;

    OPERANT_MEMBERS(center, angle)
};

/// A rectangle along the axes. Its comparisons are joined without branches, which a processor would often predict wrongly.
struct Box {
    Vector low, high;

    OPERANT_MEMBERS(low, high)

    XSIMD_INLINE bool overlaps(const Box& other) const {
        return !((other.low.x - high.x > 0) | (other.low.y - high.y > 0) | (low.x - other.high.x > 0) |
                 (low.y - other.high.y > 0));
    }
    XSIMD_INLINE bool contains(const Box& other) const {
        return (low.x <= other.low.x) & (low.y <= other.low.y) & (other.high.x <= high.x) & (other.high.y <= high.y);
    }
};

/// Box2D's tolerances, for worlds in metres, kilograms and seconds (b2Settings.h).
namespace tolerance {
inline constexpr float pi = 3.14159265359f;
inline constexpr float linear = 0.005f;                 ///< overlap that is left, so that contacts last [m]
inline constexpr float angular = 2.0f / 180.0f * pi;    ///< the same of joint limits [rad]
inline constexpr float skin = 2.0f * linear;            ///< the radius around polygons and edges [m]
inline constexpr float margin = 0.1f;                   ///< by which boxes are wider than the shapes [m]
inline constexpr float most_correction = 0.2f;          ///< of a position, in an iteration [m]
inline constexpr float most_angular_correction = 8.0f / 180.0f * pi;  ///< of an angle, in an iteration [rad]
inline constexpr float most_translation = 2.0f;         ///< of a body, in a step [m]
inline constexpr float most_rotation = 0.5f * pi;       ///< of a body, in a step [rad]
inline constexpr float epsilon = 0x1p-23f;              ///< float's
}  // namespace tolerance

}  // namespace operant::rigid_body
