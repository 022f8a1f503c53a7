#pragma once
/// \file
/// The points in which a polygon touches an edge or a wall, after b2CollideEdge and b2CollidePolygon of Box2D 2.3 by Erin Catto
/// (zlib licence): separating axes, then the side of one shape clipped by the sides of the other. E. Catto, "How Do Physics Engines Work?" and "Contact Manifolds",
/// Game Developers Conference 2007.

#include <array>
#include <cfloat>
#include <cstdint>

#include <operant/rigid_body/shapes.hpp>
#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// The vertices and sides that make a point. Points of two steps that have the same features are the same point.
struct Features {
    std::uint8_t of_obstacle, of_polygon;              ///< indices
    std::uint8_t obstacle_has_side, polygon_has_side;  ///< whether the index is that of a side, otherwise of a vertex

    OPERANT_MEMBERS(of_obstacle, of_polygon, obstacle_has_side, polygon_has_side)

    /// The features of a point that was found with the shapes in the other order.
    XSIMD_INLINE Features swapped() const { return {of_polygon, of_obstacle, polygon_has_side, obstacle_has_side}; }

    XSIMD_INLINE bool operator==(const Features& other) const {
        return of_obstacle == other.of_obstacle && of_polygon == other.of_polygon &&
               obstacle_has_side == other.obstacle_has_side && polygon_has_side == other.polygon_has_side;
    }
};

struct ManifoldPoint {
    Vector local;  ///< in the shape that does not have the reference side
    float normal_impulse, tangent_impulse;
    Features features;

    OPERANT_MEMBERS(local, normal_impulse, tangent_impulse, features)
};

/// One or two points, or none if the shapes are apart.
struct Manifold {
    std::array<ManifoldPoint, 2> points;
    Vector normal, point;              ///< of the reference side, in its shape
    std::uint16_t reference_is_polygon;  ///< whether the reference side belongs to the polygon, otherwise to the obstacle
    std::uint16_t count;                 ///< of points

    OPERANT_MEMBERS(points, normal, point, reference_is_polygon, count)
};

/// A point of a side that is being clipped.
struct Clipped {
    Vector point;
    Features features;  ///< those of the reference shape first

    /// Keeps the part of a line with dot(normal, point) <= offset (Sutherland and Hodgman). Returns false if fewer than two
    /// points are left.
    /// \param vertex of the reference shape at which the clipping side begins or ends
    static XSIMD_INLINE bool clip(Clipped out[2], const Clipped in[2], const Vector& normal, float offset, int vertex) {
        int count = 0;
        const float d0 = dot(normal, in[0].point) - offset, d1 = dot(normal, in[1].point) - offset;
        if (d0 <= 0) out[count++] = in[0];
        if (d1 <= 0) out[count++] = in[1];
        if (d0 * d1 < 0) {
            const float t = d0 / (d0 - d1);
            out[count++] = {in[0].point + t * (in[1].point - in[0].point),
                            {static_cast<std::uint8_t>(vertex), in[0].features.of_polygon, 0, 1}};
        }
        return count == 2;
    }
};

/// What collides a polygon and an edge. \tparam Arch the instruction set that the functions are compiled for
template <class Arch>
struct EdgeCollision {
    /// Finds points and features, without impulses.
    static void collide(Manifold& manifold, const Edge& edge, const Polygon& polygon, const Place<float>& place) {
        constexpr float radius = 2.0f * tolerance::skin;
        const int count = polygon.count;
        manifold.count = 0;
        // The polygon is in front of the edge or behind it.
        const bool is_front = dot(edge.normal, place(polygon.centroid) - edge.from) >= 0;
        const Vector normal = is_front ? edge.normal : -edge.normal, limit = -normal;
        Vector vertices[Polygon::capacity], normals[Polygon::capacity];
        for (int i = 0; i < count; ++i) vertices[i] = place(polygon.vertices[i]);

        // The first axis: the edge's normal.
        float edge_separation = FLT_MAX;
        for (int i = 0; i < count; ++i) edge_separation = least(dot(normal, vertices[i] - edge.from), edge_separation);
        if (edge_separation > radius) return;

        // The other axes: the polygon's normals, if they face the edge.
        for (int i = 0; i < count; ++i) normals[i] = turned(place.turn, polygon.normals[i]);
        float side_separation = -FLT_MAX;
        int side = -1;
        for (int i = 0; i < count; ++i) {
            const Vector n = -normals[i];
            const float separation = least(dot(n, vertices[i] - edge.from), dot(n, vertices[i] - edge.to));
            if (separation > radius) return;
            if (dot(n - limit, normal) < -tolerance::angular) continue;
            if (separation > side_separation) side_separation = separation, side = i;
        }

        // The axis of largest separation gives the reference side. The edge's wins if both are close, so that it lasts.
        const bool is_polygon = side >= 0 && side_separation > 0.98f * edge_separation + 0.001f;
        manifold.reference_is_polygon = is_polygon;
        Clipped incident[2], half[2], clipped[2];
        int i1, i2;
        Vector v1, v2, n;
        if (!is_polygon) {
            // The incident side is the polygon's whose normal is most opposed to the edge's.
            int best = 0;
            float value = dot(normal, normals[0]);
            for (int i = 1; i < count; ++i) {
                const float further = dot(normal, normals[i]);
                if (further < value) value = further, best = i;
            }
            const int next = best + 1 < count ? best + 1 : 0;
            incident[0] = {vertices[best], {0, static_cast<std::uint8_t>(best), 1, 0}};
            incident[1] = {vertices[next], {0, static_cast<std::uint8_t>(next), 1, 0}};
            i1 = is_front ? 0 : 1;
            i2 = is_front ? 1 : 0;
            v1 = is_front ? edge.from : edge.to;
            v2 = is_front ? edge.to : edge.from;
            n = normal;
        } else {
            // While clipping, `of_obstacle` is the reference shape's feature. Here that is the polygon.
            incident[0] = {edge.from, {0, static_cast<std::uint8_t>(side), 0, 1}};
            incident[1] = {edge.to, {0, static_cast<std::uint8_t>(side), 0, 1}};
            i1 = side;
            i2 = side + 1 < count ? side + 1 : 0;
            v1 = vertices[i1], v2 = vertices[i2], n = normals[i1];
        }
        const Vector along = turned_right(n), back = -along;
        if (!Clipped::clip(half, incident, along, dot(along, v1), i1)) return;
        if (!Clipped::clip(clipped, half, back, dot(back, v2), i2)) return;
        manifold.normal = is_polygon ? polygon.normals[i1] : n;
        manifold.point = is_polygon ? polygon.vertices[i1] : v1;
        for (const Clipped& one : clipped) {
            if (!(dot(n, one.point - v1) <= radius)) continue;
            ManifoldPoint& point = manifold.points[manifold.count++];
            if (!is_polygon) {
                point.local = place.inverse(one.point);
                point.features = one.features;
            } else {
                point.local = one.point;
                point.features = one.features.swapped();
            }
        }
    }
};

/// What collides a polygon and a wall. \tparam Arch the instruction set that the functions are compiled for
template <class Arch>
class WallCollision {
    static constexpr float radius = 2.0f * tolerance::skin;

    /// A polygon, or a wall, at its place.
    struct Placed {
        int count;
        const Vector *vertices, *normals;
        Vector centroid;
        Place<float> place;

        XSIMD_INLINE int after(int i) const { return i + 1 < count ? i + 1 : 0; }
        XSIMD_INLINE int before(int i) const { return i > 0 ? i - 1 : count - 1; }
    };

public:
    /// As EdgeCollision::collide.
    static void collide(Manifold& manifold, const Wall& wall, const Polygon& polygon, const Place<float>& place) {
        const Placed a{Wall::count, wall.vertices.data(), wall.normals.data(), wall.centroid, {{0, 0}, {0, 1}}};
        const Placed b{polygon.count, polygon.vertices.data(), polygon.normals.data(), polygon.centroid, place};
        manifold.count = 0;
        int side_a, side_b;
        const float separation_a = largest_separation(side_a, a, b);
        if (separation_a > radius) return;
        const float separation_b = largest_separation(side_b, b, a);
        if (separation_b > radius) return;
        // The wall's side wins if both are close, so that it lasts.
        const bool is_polygon = separation_b > 0.98f * separation_a + 0.001f;
        manifold.reference_is_polygon = is_polygon;
        const Placed &reference = is_polygon ? b : a, &other = is_polygon ? a : b;
        const int i1 = is_polygon ? side_b : side_a, i2 = reference.after(i1);
        Clipped incident[2], half[2], clipped[2];
        find_incident(incident, reference, i1, other);

        const Vector local_1 = reference.vertices[i1], local_2 = reference.vertices[i2];
        const Vector local_along = normalized(local_2 - local_1);
        const Vector along = turned(reference.place.turn, local_along), normal = turned_right(along);
        const Vector v1 = reference.place(local_1), v2 = reference.place(local_2);
        if (!Clipped::clip(half, incident, -along, -dot(along, v1) + radius, i1)) return;
        if (!Clipped::clip(clipped, half, along, dot(along, v2) + radius, i2)) return;
        manifold.normal = turned_right(local_along);
        manifold.point = 0.5f * (local_1 + local_2);
        const float front = dot(normal, v1);
        for (const Clipped& one : clipped) {
            if (!(dot(normal, one.point) - front <= radius)) continue;
            ManifoldPoint& point = manifold.points[manifold.count++];
            point.local = other.place.inverse(one.point);
            point.features = is_polygon ? one.features.swapped() : one.features;
        }
    }

private:
    /// The separation along the normal of a side of `a`.
    static float separation(const Placed& a, int side, const Placed& b) {
        const Vector normal = turned(a.place.turn, a.normals[side]), local = turned_back(b.place.turn, normal);
        int nearest = 0;
        float value = FLT_MAX;
        for (int i = 0; i < b.count; ++i) {
            const float further = dot(b.vertices[i], local);
            if (further < value) value = further, nearest = i;
        }
        return dot(b.place(b.vertices[nearest]) - a.place(a.vertices[side]), normal);
    }

    /// Finds the side of `a` with the largest separation by climbing from the side that faces b's centroid. On flat ground, the
    /// climb may end before the top, as Box2D's.
    static float largest_separation(int& side, const Placed& a, const Placed& b) {
        const Vector between = turned_back(a.place.turn, b.place(b.centroid) - a.place(a.centroid));
        side = furthest(a.normals, a.count, between);
        float best = separation(a, side, b);
        const float before = separation(a, a.before(side), b), after = separation(a, a.after(side), b);
        const bool is_back = before > best && before > after;
        if (!is_back && !(after > best)) return best;
        best = is_back ? before : after;
        side = is_back ? a.before(side) : a.after(side);
        for (;;) {
            const int next = is_back ? a.before(side) : a.after(side);
            const float further = separation(a, next, b);
            if (!(further > best)) return best;
            best = further, side = next;
        }
    }

    /// The side of `other` whose normal is most opposed to that of the reference side.
    static void find_incident(Clipped incident[2], const Placed& reference, int side, const Placed& other) {
        const Vector normal = turned_back(other.place.turn, turned(reference.place.turn, reference.normals[side]));
        int best = 0;
        float value = FLT_MAX;
        for (int i = 0; i < other.count; ++i) {
            const float further = dot(normal, other.normals[i]);
            if (further < value) value = further, best = i;
        }
        const int next = other.after(best);
        incident[0] = {other.place(other.vertices[best]),
                       {static_cast<std::uint8_t>(side), static_cast<std::uint8_t>(best), 1, 0}};
        incident[1] = {other.place(other.vertices[next]),
                       {static_cast<std::uint8_t>(side), static_cast<std::uint8_t>(next), 1, 0}};
    }
};

}  // namespace operant::rigid_body
