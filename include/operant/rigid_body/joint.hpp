#pragma once
/// \file
/// A revolute joint with a motor and limits, after b2RevoluteJoint of Box2D 2.3 by Erin Catto (zlib licence). Written once for
/// one world and for worlds in lanes.
///
/// E. Catto, "Iterative Dynamics with Temporal Coherence", Game Developers Conference 2005; "Modeling and Solving Constraints",
/// Game Developers Conference 2009.

#include <cstddef>
#include <cstdint>
#include <limits>

#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// What stays the same: a joint between bodies A and B.
struct Joint {
    std::size_t a, b;             ///< indices of the bodies
    Vector anchor_a, anchor_b;    ///< in the bodies, from their origins [m]
    float reference;              ///< the angle of B minus that of A where the joint's angle is 0 [rad]
    float lower, upper;           ///< limits of the joint's angle [rad]
};

/// What drives a joint in a step.
struct Motor {
    float speed;   ///< [rad/s]
    float torque;  ///< the largest [N m]
};

/// At which of its limits a joint is.
enum class Limit : std::uint32_t { none, lower, upper };

/// What a joint keeps from step to step: the impulses of the last step, with which the next begins.
struct JointMemory {
    Vector impulse;
    float limit_impulse, motor_impulse;
    Limit limit;

    OPERANT_MEMBERS(impulse, limit_impulse, motor_impulse, limit)
};

/// Inverse masses and inertias of two bodies.
struct MassPair {
    float mass_a, inertia_a, mass_b, inertia_b;
};

/// A joint in a step.
template <class Number>
struct JointConstraint {
    using Mask = decltype(Number{} < Number{});

    Vec<Number> ra, rb;              ///< from the centers of mass to the anchors, in the world
    Number xx, xy, yy, xz, yz;       ///< K, the effective mass: symmetric; zz is the same for all worlds
    Number inverse_2;                ///< 1 / determinant of its first two rows and columns
    Number cx, cy, cz, minus_inverse_3;  ///< the product of its last two columns; -1 / its determinant
    Flag<Number> is_lower, is_limited;  ///< whether the joint is at its lower limit; whether it is at a limit
    Number limit_sign;               ///< the sign of the limit's impulse: 1 at the lower limit, -1 at the upper one
    Number least_limit_impulse;      ///< 0 at a limit, NaN if the joint is free: no sum reaches it
    Vec<Number> impulse;             ///< accumulated, as the next two
    Number limit_impulse, motor_impulse;

    /// Takes over at which limit the joint is.
    XSIMD_INLINE void set_limit(const Flag<Number>& lower, const Flag<Number>& limited) {
        is_lower = lower;
        is_limited = limited;
        limit_sign = select(lower, Number(1.0f), Number(-1.0f));
        least_limit_impulse = select(limited, Number(0.0f), Number(std::numeric_limits<float>::quiet_NaN()));
    }

    /// K of the point constraint and the limit (equations of "Modeling and Solving Constraints", point and angle constraint):
    ///
    ///     J = [-I -ra^T I rb^T; 0 -1 0 1]     K = J M^-1 J^T
    XSIMD_INLINE void prepare(const MassPair& m, const Rotation<Number>& qa, const Rotation<Number>& qb, const Vector& from_a,
                              const Vector& from_b) {
        const Number ia(m.inertia_a), ib(m.inertia_b), zz(m.inertia_a + m.inertia_b), sum(m.mass_a + m.mass_b);
        ra = turned(qa, {Number(from_a.x), Number(from_a.y)});
        rb = turned(qb, {Number(from_b.x), Number(from_b.y)});
        xx = sum + ra.y * ra.y * ia + rb.y * rb.y * ib;
        xy = -ra.y * ra.x * ia - rb.y * rb.x * ib;
        xz = -ra.y * ia - rb.y * ib;
        yy = sum + ra.x * ra.x * ia + rb.x * rb.x * ib;
        yz = ra.x * ia + rb.x * ib;
        inverse_2 = inverse_or_zero(xx * yy - xy * xy);
        cx = yy * zz - yz * yz;
        cy = yz * xz - xy * zz;
        cz = xy * yz - yy * xz;
        minus_inverse_3 = -inverse_or_zero(xx * cx + xy * cy + xz * cz);
    }

    /// Applies the impulses of the last step (warm starting).
    XSIMD_INLINE void warm_start(const MassPair& m, Motion<Number>& a, Motion<Number>& b) const {
        a.center = a.center - Number(m.mass_a) * impulse;
        a.angle = a.angle - Number(m.inertia_a) * (cross(ra, impulse) + motor_impulse + limit_impulse);
        b.center = b.center + Number(m.mass_b) * impulse;
        b.angle = b.angle + Number(m.inertia_b) * (cross(rb, impulse) + motor_impulse + limit_impulse);
    }

    /// One iteration of sequential impulses.
    ///
    ///     motor:  lambda = -(wb - wa - speed) / K, with the sum within +-torque dt
    ///     point:  lambda = -K^-1 (vb + wb x rb - va - wa x ra), together with the limit's wb - wa if the joint is at one
    ///
    /// The limit only pushes: if its sum would change sign, it becomes 0 and the point constraint is solved for the rest.
    /// \tparam may_be_limited false if the joints of all worlds are free
    /// \param speed, most_impulse of the motor, as float or Number
    /// \returns what was added to the impulses in x and y and of the limit, and whether the limit does not push
    template <bool may_be_limited, class Speed>
    XSIMD_INLINE auto solve(const MassPair& m, const Speed& speed, const Speed& most_impulse, Motion<Number>& a, Motion<Number>& b) {
        solve_motor(m, speed, most_impulse, a, b);
        return solve_point<may_be_limited>(m, a, b);
    }
    /// Solves the motor, the first half of `solve`.
    template <class Speed>
    XSIMD_INLINE void solve_motor(const MassPair& m, const Speed& speed, const Speed& most_impulse, Motion<Number>& a, Motion<Number>& b) {
        const Number ia(m.inertia_a), ib(m.inertia_b), turning(-(1.0f / (m.inertia_a + m.inertia_b)));
        const Number motor = clamped(motor_impulse + turning * (b.angle - a.angle - Number(speed)), -most_impulse, most_impulse);
        const Number added_motor = motor - motor_impulse;
        motor_impulse = motor;
        a.angle = a.angle - ia * added_motor;
        b.angle = b.angle + ib * added_motor;
    }
    /// Solves the point and the limits, the second half of `solve`.
    template <bool may_be_limited>
    XSIMD_INLINE auto solve_point(const MassPair& m, Motion<Number>& a, Motion<Number>& b) {
        const Number ma(m.mass_a), ia(m.inertia_a), mb(m.mass_b), ib(m.inertia_b), zz(m.inertia_a + m.inertia_b), zero(0.0f);
        const Number x = b.center.x - b.angle * rb.y - a.center.x + a.angle * ra.y;
        const Number y = b.center.y + b.angle * rb.x - a.center.y - a.angle * ra.x;
        Added added{};
        if constexpr (!may_be_limited) {
            // K^-1 by Cramer's rule.
            added.x = inverse_2 * (xy * y - yy * x);
            added.y = inverse_2 * (xy * x - xx * y);
        } else {
            const Number z = b.angle - a.angle;
            const Number px = minus_inverse_3 * (x * cx + y * cy + z * cz);
            const Number py = minus_inverse_3 * (xx * (y * zz - z * yz) + xy * (z * xz - x * zz) + xz * (x * yz - y * xz));
            const Number pz = minus_inverse_3 * (xx * (yy * z - yz * y) + xy * (yz * x - xy * z) + xz * (xy * y - yy * x));
            const Number sum = limit_impulse + pz;
            const Mask together = limit_sign * sum >= least_limit_impulse;
            const Number hx = limit_impulse * xz - x, hy = limit_impulse * yz - y;
            added.x = select(together, px, inverse_2 * (yy * hx - xy * hy));
            added.y = select(together, py, inverse_2 * (xx * hy - xy * hx));
            added.limit = select(together, pz, -limit_impulse);
            added.is_free = !together;
            limit_impulse = select(together, sum, zero);
        }
        impulse = impulse + Vec<Number>{added.x, added.y};
        a.center = a.center - Vec<Number>{ma * added.x, ma * added.y};
        b.center = b.center + Vec<Number>{mb * added.x, mb * added.y};
        Number torque_a = ra.x * added.y - ra.y * added.x, torque_b = rb.x * added.y - rb.y * added.x;
        if constexpr (may_be_limited) torque_a = torque_a + added.limit, torque_b = torque_b + added.limit;
        a.angle = a.angle - ia * torque_a;
        b.angle = b.angle + ib * torque_b;
        return added;
    }

    struct Added {
        Number x, y, limit;
        Mask is_free;
    };

    /// Moves and turns the bodies towards the joint's constraints (nonlinear projection, as in Gauss and Seidel's method).
    /// Returns true where they hold within the tolerances.
    XSIMD_INLINE Mask correct(const MassPair& m, const Joint& joint, const Vector& from_a, const Vector& from_b, Motion<Number>& a,
                              Motion<Number>& b) const {
        using namespace tolerance;
        const Number ma(m.mass_a), ia(m.inertia_a), mb(m.mass_b), ib(m.inertia_b), zero(0.0f);
        const Mask is_upper = is_limited & (!is_lower);
        const Number angle = b.angle - a.angle - Number(joint.reference);
        const Number below = angle - Number(joint.lower), above = angle - Number(joint.upper);
        const Number up = clamped(below + Number(angular), -most_angular_correction, 0.0f);
        const Number down = clamped(above - Number(angular), 0.0f, most_angular_correction);
        const Number angular_error = select(is_lower, -below, select(is_upper, above, zero));
        const Number turn = Number(-(1.0f / (m.inertia_a + m.inertia_b))) * select(is_lower, up, select(is_upper, down, zero));
        a.angle = a.angle - ia * turn;
        b.angle = b.angle + ib * turn;

        const Vec<Number> to_a = turned(rotation(a.angle), {Number(from_a.x), Number(from_a.y)});
        const Vec<Number> to_b = turned(rotation(b.angle), {Number(from_b.x), Number(from_b.y)});
        const Vec<Number> error = b.center + to_b - a.center - to_a;
        const Number sum(m.mass_a + m.mass_b);
        const Number kxx = sum + ia * to_a.y * to_a.y + ib * to_b.y * to_b.y;
        const Number kxy = -ia * to_a.x * to_a.y - ib * to_b.x * to_b.y;
        const Number kyy = sum + ia * to_a.x * to_a.x + ib * to_b.x * to_b.x;
        const Number inverse = inverse_or_zero(kxx * kyy - kxy * kxy);
        const Vec<Number> push{-(inverse * (kyy * error.x - kxy * error.y)), -(inverse * (kxx * error.y - kxy * error.x))};
        a.center = a.center - ma * push;
        a.angle = a.angle - ia * cross(to_a, push);
        b.center = b.center + mb * push;
        b.angle = b.angle + ib * cross(to_b, push);
        return (length(error) <= Number(linear)) & (angular_error <= Number(angular));
    }

private:
    static XSIMD_INLINE Number inverse_or_zero(const Number& x) {
        return select(x != Number(0.0f), Number(1.0f) / x, x);
    }
};

}  // namespace operant::rigid_body
