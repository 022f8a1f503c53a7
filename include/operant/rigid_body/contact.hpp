#pragma once
/// \file
/// Contacts of a body with things that do not move: friction, and one or two points that push, after b2ContactSolver of Box2D
/// 2.3 by Erin Catto (zlib licence). Written once for one world and for worlds in lanes.
///
/// E. Catto, "Fast and Simple Physics using Sequential Impulses", Game Developers Conference 2006. The two points of a contact
/// are solved together as a linear complementarity problem: K. G. Murty, "Linear Complementarity, Linear and Nonlinear
/// Programming", 1988; its cases are enumerated.

#include <cstdint>

#include <operant/rigid_body/manifold.hpp>
#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// A pair of a body and an obstacle whose boxes overlap. It is what stays from step to step.
struct Contact {
    std::uint16_t obstacle;  ///< the index of a wall, or Scene::walls + that of an edge
    std::uint8_t body;
    std::uint8_t touches;   ///< whether there are points
    std::uint32_t enabled;  ///< 0 after an impact that turned out to be none, until the next step
    float friction;
    Manifold manifold;

    OPERANT_MEMBERS(obstacle, body, touches, enabled, friction, manifold)
};

/// A point of a contact in a step.
template <class Number>
struct ContactPoint {
    Vec<Number> r;  ///< from the body's center of mass
    Number normal_mass, tangent_mass;
    Number normal_impulse, tangent_impulse;
};

/// A contact in a step.
template <class Number>
struct ContactConstraint {
    Vec<Number> normal;  ///< of the obstacle, towards the body
    Number friction;
    ContactPoint<Number> points[2];
    Number k11, k12, k22;  ///< K of two points: velocities along the normal that impulses cause
    Number i11, i12, i22;  ///< its inverse
    Flag<Number> has_two;  ///< whether both points are solved

    /// One iteration: friction first, then the points.
    ///
    ///     friction:  lambda = -vt / Kt, with the sum within +-friction * normal impulse
    ///     one point: lambda = -vn / Kn, with a sum that is not negative
    ///     two:       vn = K x + b, x >= 0, vn >= 0, x . vn = 0; x is the sum. The cases: x = -K^-1 b; x2 = 0; x1 = 0; x = 0
    ///
    /// \tparam may_have_two false if the contact has one point in all worlds
    /// \param inverse_mass, inverse_inertia of the body, as float or Number
    template <bool may_have_two, class Mass>
    XSIMD_INLINE void solve(const Mass& inverse_mass, const Mass& inverse_inertia, Motion<Number>& velocity) {
        solve_friction<may_have_two>(inverse_mass, inverse_inertia, velocity);
        solve_points<may_have_two>(inverse_mass, inverse_inertia, velocity);
    }
    /// Solves the friction, the first half of `solve`.
    template <bool may_have_two, class Mass>
    XSIMD_INLINE void solve_friction(const Mass& inverse_mass, const Mass& inverse_inertia, Motion<Number>& velocity) {
        const Number m(inverse_mass), i(inverse_inertia);
        const Number nx = normal.x, ny = normal.y;
        Motion<Number> v = velocity;
        for (int p = 0; p < (may_have_two ? 2 : 1); ++p) {
            ContactPoint<Number>& point = points[p];
            const Number x = v.center.x - v.angle * point.r.y, y = v.center.y + v.angle * point.r.x;
            const Number sliding = x * ny - y * nx;
            const Number limit = friction * point.normal_impulse;
            const Number sum = clamped(point.tangent_impulse - point.tangent_mass * sliding, -limit, limit);
            const Number added = sum - point.tangent_impulse;
            point.tangent_impulse = sum;
            const Number px = added * ny, py = added * nx;
            v.center.x = v.center.x + m * px;
            v.center.y = v.center.y - m * py;
            v.angle = v.angle - i * (point.r.x * py + point.r.y * px);
        }
        velocity = v;
    }
    /// Solves the points, the second half of `solve`.
    template <bool may_have_two, class Mass>
    XSIMD_INLINE void solve_points(const Mass& inverse_mass, const Mass& inverse_inertia, Motion<Number>& velocity) {
        const Number m(inverse_mass), i(inverse_inertia), zero(0.0f);
        const Number nx = normal.x, ny = normal.y;
        Motion<Number> v = velocity;
        const Number vn = along_normal(points[0], v);
        const Number a1 = points[0].normal_impulse;
        Number x1 = most(a1 - points[0].normal_mass * vn, zero);
        if constexpr (!may_have_two) {
            const Number added = x1 - a1;
            points[0].normal_impulse = x1;
            const Number px = added * nx, py = added * ny;
            v.center.x = v.center.x + m * px;
            v.center.y = v.center.y + m * py;
            v.angle = v.angle + i * (points[0].r.x * py - points[0].r.y * px);
        } else {
            const Number vn2 = along_normal(points[1], v);
            const Number a2 = points[1].normal_impulse;
            const Number b1 = vn - (k11 * a1 + k12 * a2), b2 = vn2 - (k12 * a1 + k22 * a2);
            const Number both_1 = -(i11 * b1 + i12 * b2), both_2 = -(i12 * b1 + i22 * b2);
            const Number only_1 = -(points[0].normal_mass * b1), only_2 = -(points[1].normal_mass * b2);
            const auto both = (both_1 >= zero) & (both_2 >= zero);
            const auto first = (only_1 >= zero) & ((k12 * only_1 + b2) >= zero);
            const auto second = (only_2 >= zero) & ((k12 * only_2 + b1) >= zero);
            const auto none = (b1 >= zero) & (b2 >= zero);
            // Rounding can leave no case. Then nothing changes.
            const Number s1 = select(both, both_1, select(first, only_1, select(second | none, zero, a1)));
            const Number s2 = select(both, both_2, select(first, zero, select(second, only_2, select(none, zero, a2))));
            x1 = select(has_two, s1, x1);
            const Number x2 = select(has_two, s2, zero);
            const Number d1 = x1 - a1, d2 = x2 - a2;
            points[0].normal_impulse = x1;
            points[1].normal_impulse = x2;
            const Number px = d1 * nx, py = d1 * ny, qx = d2 * nx, qy = d2 * ny;
            v.center.x = v.center.x + m * (px + qx);
            v.center.y = v.center.y + m * (py + qy);
            v.angle = v.angle + i * ((points[0].r.x * py - points[0].r.y * px) + (points[1].r.x * qy - points[1].r.y * qx));
        }
        velocity = v;
    }

private:
    /// The velocity of a point of the body along the normal.
    XSIMD_INLINE Number along_normal(const ContactPoint<Number>& point, const Motion<Number>& v) const {
        const Number x = v.center.x - v.angle * point.r.y, y = v.center.y + v.angle * point.r.x;
        return x * normal.x + y * normal.y;
    }
};

/// A point of a contact while positions are corrected.
template <class Number>
struct Pushed {
    Vec<Number> moving, fixed;  ///< the point and one of the reference side; the former in the body, the latter in the world
    Vec<Number> normal;         ///< of the obstacle, towards the body; in the body if the reference side is the polygon's
    Flag<Number> reference_is_polygon;
    Flag<Number> exists;

    /// Moves the body out of the obstacle (nonlinear projection).
    /// \param share of the overlap that an iteration removes
    /// \param lowest the lowest separation before, of this point and others
    XSIMD_INLINE void push_out(float inverse_mass, float inverse_inertia, const Vector& local_center, float share,
                               Motion<Number>& position, Number& lowest) const {
        using namespace tolerance;
        const Number m(inverse_mass), i(inverse_inertia);
        const Place<Number> place =
            place_of(position.center, position.angle, Vec<Number>{Number(local_center.x), Number(local_center.y)});
        const Vec<Number> moved = place(moving), out = turned(place.turn, normal);
        const Vec<Number> n{select(reference_is_polygon, -out.x, normal.x), select(reference_is_polygon, -out.y, normal.y)};
        const Number separation = dot(moved - fixed, n) - Number(skin) - Number(skin);
        const Vec<Number> point{select(reference_is_polygon, fixed.x, moved.x), select(reference_is_polygon, fixed.y, moved.y)};
        const Vec<Number> r = point - position.center;
        const Number correction = clamped(Number(share) * (separation + Number(linear)), -most_correction, 0.0f);
        const Number rn = cross(r, n), k = m + i * rn * rn;
        const Vec<Number> push = (-correction / k) * n;
        position.center = {select(exists, position.center.x + m * push.x, position.center.x),
                           select(exists, position.center.y + m * push.y, position.center.y)};
        position.angle = select(exists, position.angle + i * cross(r, push), position.angle);
        lowest = select(exists, least(lowest, separation), lowest);
    }
};

/// Returns a point of a manifold.
XSIMD_INLINE Pushed<float> pushed_point(const Manifold& manifold, std::size_t point) {
    const bool is_polygon = manifold.reference_is_polygon != 0;
    const Vector &local = manifold.points[point].local, &side = manifold.point;
    return {is_polygon ? side : local, is_polygon ? local : side, manifold.normal, is_polygon, true};
}

/// A contact in a step of one world: the constraint, and where it belongs.
struct ContactWork {
    ContactConstraint<float> constraint;
    std::uint16_t contact;       ///< its index
    std::uint8_t body;
    std::uint8_t count;          ///< of points that are solved; a contact of two points solves one if K is ill-conditioned
};

/// \tparam Arch the instruction set that the functions are compiled for
template <class Arch>
struct ContactSolver {
    /// Takes impulses over. Without warm starting they are 0.
    static XSIMD_INLINE void take_impulses(ContactWork& work, const Manifold& manifold, bool warm) {
        for (int p = 0; p < manifold.count; ++p) {
            work.constraint.points[p].normal_impulse = warm ? manifold.points[p].normal_impulse : 0;
            work.constraint.points[p].tangent_impulse = warm ? manifold.points[p].tangent_impulse : 0;
        }
    }

    /// Computes points, normal and effective masses from where the body is.
    static void prepare(ContactWork& work, const Contact& contact, float m, float i, const Vector& center, const Place<float>& place) {
        using tolerance::skin;
        const Manifold& manifold = contact.manifold;
        ContactConstraint<float>& k = work.constraint;
        Vector points[2];
        // Points are in the middle between the two skins.
        if (manifold.reference_is_polygon == 0) {
            k.normal = manifold.normal;
            for (int p = 0; p < manifold.count; ++p) {
                const Vector point = place(manifold.points[p].local);
                const Vector a = point + (skin - dot(point - manifold.point, k.normal)) * k.normal, b = point - skin * k.normal;
                points[p] = 0.5f * (a + b);
            }
        } else {
            const Vector normal = turned(place.turn, manifold.normal), plane = place(manifold.point);
            for (int p = 0; p < manifold.count; ++p) {
                const Vector point = manifold.points[p].local;
                const Vector b = point + (skin - dot(point - plane, normal)) * normal, a = point - skin * normal;
                points[p] = 0.5f * (a + b);
            }
            k.normal = -normal;
        }
        k.friction = contact.friction;
        work.count = static_cast<std::uint8_t>(manifold.count);
        const Vector tangent = turned_right(k.normal);
        for (int p = 0; p < manifold.count; ++p) {
            ContactPoint<float>& point = k.points[p];
            point.r = points[p] - center;
            const float rn = cross(point.r, k.normal), kn = m + i * rn * rn;
            point.normal_mass = kn > 0 ? 1.0f / kn : 0;
            const float rt = cross(point.r, tangent), kt = m + i * rt * rt;
            point.tangent_mass = kt > 0 ? 1.0f / kt : 0;
        }
        k.has_two = false;
        if (manifold.count == 2) {
            const float rn1 = cross(k.points[0].r, k.normal), rn2 = cross(k.points[1].r, k.normal);
            k.k11 = m + i * rn1 * rn1, k.k22 = m + i * rn2 * rn2, k.k12 = m + i * rn1 * rn2;
            float determinant = k.k11 * k.k22 - k.k12 * k.k12;
            if (k.k11 * k.k11 < 1000.0f * determinant) {
                if (determinant != 0) determinant = 1.0f / determinant;
                k.i11 = determinant * k.k22, k.i12 = -determinant * k.k12, k.i22 = determinant * k.k11;
                k.has_two = true;
            } else {
                work.count = 1;
            }
        }
    }

    /// Applies the impulses of the last step (warm starting).
    static XSIMD_INLINE void warm_start(const ContactWork& work, float m, float i, Motion<float>& velocity) {
        const ContactConstraint<float>& k = work.constraint;
        const Vector tangent = turned_right(k.normal);
        for (int p = 0; p < work.count; ++p) {
            const ContactPoint<float>& point = k.points[p];
            const Vector impulse = point.normal_impulse * k.normal + point.tangent_impulse * tangent;
            velocity.angle += i * cross(point.r, impulse);
            velocity.center = velocity.center + m * impulse;
        }
    }

    static XSIMD_INLINE void solve(ContactWork& work, float m, float i, Motion<float>& velocity) {
        if (work.count == 2)
            work.constraint.template solve<true>(m, i, velocity);
        else
            work.constraint.template solve<false>(m, i, velocity);
    }
};

}  // namespace operant::rigid_body
