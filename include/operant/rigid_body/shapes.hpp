#pragma once
/// \file
/// Convex polygons with their masses, which move, and edges and walls, which do not. After Box2D 2.3 by Erin Catto (zlib
/// licence), b2PolygonShape and b2EdgeShape.

#include <array>
#include <cstddef>
#include <initializer_list>

#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// A convex polygon of even density, the only shape of a body.
struct Polygon {
    static constexpr int capacity = 8;  ///< the largest number of vertices

    int count = 0;                               ///< of vertices
    std::array<Vector, capacity> vertices{};     ///< counter-clockwise; the rightmost is the first, the lower one of two
    std::array<Vector, capacity> normals{};      ///< of the side from a vertex to the next, outwards
    Vector centroid{};                           ///< as collisions compute it
    Vector center{};                             ///< the center of mass, as the body's mass is computed
    float inverse_mass = 0, inverse_inertia = 0;  ///< the inertia is about the center of mass
    float radius = 0;                             ///< the largest distance of a vertex from the center of mass
};

namespace detail {

/// The square root of a float at compile time: Newton's iteration in double, which has twice the digits.
constexpr float constant_root(float x) {
    double root = x > 1 ? x : 1;
    for (int i = 0; i < 200; ++i) root = 0.5 * (root + x / root);
    return static_cast<float>(root);
}

/// Mass, center and inertia: sums over the triangles from a point inside to each side ("Computing the mass properties of a
/// polygon" in b2PolygonShape::ComputeMass, with the body's sums of b2Body::ResetMassData).
constexpr void add_mass(Polygon& polygon, float density) {
    const int count = polygon.count;
    const auto& v = polygon.vertices;
    Vector inside{0, 0}, center{0, 0};
    float area = 0, inertia = 0;
    const float third = 1.0f / 3.0f;
    for (int i = 0; i < count; ++i) inside = {inside.x + v[i].x, inside.y + v[i].y};
    const float share = 1.0f / static_cast<float>(count);
    inside = {share * inside.x, share * inside.y};
    for (int i = 0; i < count; ++i) {
        const Vector &p = v[i], &q = v[(i + 1) % count];
        const float ax = p.x - inside.x, ay = p.y - inside.y, bx = q.x - inside.x, by = q.y - inside.y;
        const float doubled = ax * by - ay * bx, triangle = 0.5f * doubled;
        area += triangle;
        center = {center.x + (triangle * third) * (ax + bx), center.y + (triangle * third) * (ay + by)};
        const float xx = ax * ax + bx * ax + bx * bx, yy = ay * ay + by * ay + by * by;
        inertia += (0.25f * third * doubled) * (xx + yy);
    }
    const float mass = density * area;
    center = {(1.0f / area) * center.x, (1.0f / area) * center.y};
    const Vector around{center.x + inside.x, center.y + inside.y};
    float moment = density * inertia;
    moment += mass * ((around.x * around.x + around.y * around.y) - (center.x * center.x + center.y * center.y));
    polygon.inverse_mass = 1.0f / mass;
    polygon.center = {polygon.inverse_mass * (mass * around.x), polygon.inverse_mass * (mass * around.y)};
    moment -= mass * (polygon.center.x * polygon.center.x + polygon.center.y * polygon.center.y);
    polygon.inverse_inertia = 1.0f / moment;
    for (int i = 0; i < count; ++i) {
        const float x = v[i].x - polygon.center.x, y = v[i].y - polygon.center.y, distance = constant_root(x * x + y * y);
        polygon.radius = polygon.radius > distance ? polygon.radius : distance;
    }
}

}  // namespace detail

/// Makes a polygon.
/// \param vertices in the order that Polygon::vertices asks for
/// \param density in kg/m^2
constexpr Polygon make_polygon(std::initializer_list<Vector> vertices, float density) {
    Polygon polygon;
    for (const Vector& vertex : vertices) polygon.vertices[static_cast<std::size_t>(polygon.count++)] = vertex;
    Vector sum{0, 0};
    float area = 0;
    for (int i = 0; i < polygon.count; ++i) {
        const Vector &p = polygon.vertices[i], &q = polygon.vertices[(i + 1) % polygon.count];
        const Vector side{q.x - p.x, q.y - p.y};
        const float inverse = 1.0f / detail::constant_root(side.x * side.x + side.y * side.y);
        polygon.normals[i] = {side.y * inverse, -side.x * inverse};
        const float triangle = 0.5f * (p.x * q.y - p.y * q.x);
        area += triangle;
        sum = {sum.x + (triangle * (1.0f / 3.0f)) * (p.x + q.x), sum.y + (triangle * (1.0f / 3.0f)) * (p.y + q.y)};
    }
    polygon.centroid = {(1.0f / area) * sum.x, (1.0f / area) * sum.y};
    detail::add_mass(polygon, density);
    return polygon;
}

/// Makes a rectangle about the body's origin.
/// \param half_width, half_height in m
/// \param density in kg/m^2
constexpr Polygon make_rectangle(float half_width, float half_height, float density) {
    Polygon polygon;
    polygon.count = 4;
    polygon.vertices = {{{-half_width, -half_height}, {half_width, -half_height}, {half_width, half_height}, {-half_width, half_height}}};
    polygon.normals = {{{0, -1}, {1, 0}, {0, 1}, {-1, 0}}};
    detail::add_mass(polygon, density);
    return polygon;
}

/// A line that does not move. Both sides collide.
struct Edge {
    Vector from, to;
    Vector normal;  ///< to the right of the way from `from` to `to`

    OPERANT_MEMBERS(from, to, normal)

    /// The box of the edge in the search for contacts.
    XSIMD_INLINE Box box() const {
        const Vector skin{tolerance::skin, tolerance::skin}, margin{tolerance::margin, tolerance::margin};
        return {least(from, to) - skin - margin, most(from, to) + skin + margin};
    }
    /// The upper end of the box.
    XSIMD_INLINE float top() const { return most(from.y, to.y) + tolerance::skin + tolerance::margin; }
    /// Returns true if a polygon with this box, which includes its skin, is too far away to touch: by three skins, not two.
    XSIMD_INLINE bool is_apart(const Box& polygon) const {
        const Vector reach{2.0f * tolerance::skin, 2.0f * tolerance::skin};
        return !polygon.overlaps({least(from, to) - reach, most(from, to) + reach});
    }
};

XSIMD_INLINE Edge make_edge(const Vector& from, const Vector& to) { return {from, to, turned_right(normalized(to - from))}; }

/// The box of a polygon with its skin, without a margin, for one world or for worlds in lanes.
template <class Number>
struct Extent {
    Vec<Number> low, high;

    XSIMD_INLINE Extent(const Polygon& polygon, const Place<Number>& place) {
        low = high = place({Number(polygon.vertices[0].x), Number(polygon.vertices[0].y)});
        for (int i = 1; i < polygon.count; ++i) {
            const Vec<Number> p = place({Number(polygon.vertices[i].x), Number(polygon.vertices[i].y)});
            low = least(low, p), high = most(high, p);
        }
        const Vec<Number> skin{Number(tolerance::skin), Number(tolerance::skin)};
        low = low - skin, high = high + skin;
    }
};

/// The same for one world.
XSIMD_INLINE Box box_of(const Polygon& polygon, const Place<float>& place) {
    const Extent<float> extent(polygon, place);
    return {extent.low, extent.high};
}

/// A rectangle along the axes that does not move: the only polygon without a body.
struct Wall {
    static constexpr int count = 4;  ///< of vertices

    std::array<Vector, 4> vertices, normals;  ///< as in Polygon
    Vector centroid;                          ///< as in Polygon

    OPERANT_MEMBERS(vertices, normals, centroid)

    /// As Edge::box.
    XSIMD_INLINE Box box() const {
        const Vector skin{tolerance::skin, tolerance::skin}, margin{tolerance::margin, tolerance::margin};
        return {low() - skin - margin, high() + skin + margin};
    }
    /// False: Box2D's search for the separating side may miss it, so that a polygon that is apart touches.
    XSIMD_INLINE bool is_apart(const Box&) const { return false; }
    XSIMD_INLINE const Vector& low() const { return vertices[3]; }   ///< the corner with the least x and y
    XSIMD_INLINE const Vector& high() const { return vertices[1]; }  ///< the corner with the largest x and y
};

/// \param low, high the corners with the least and the largest x and y
XSIMD_INLINE Wall make_wall(const Vector& low, const Vector& high) {
    Wall wall;
    wall.vertices = {{{high.x, low.y}, high, {low.x, high.y}, low}};
    Vector sum{0, 0};
    float area = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const Vector &p = wall.vertices[i], &q = wall.vertices[(i + 1) % 4];
        wall.normals[i] = normalized(turned_right(q - p));
        const float triangle = 0.5f * cross(p, q);
        area += triangle;
        sum = sum + (triangle * (1.0f / 3.0f)) * (p + q);
    }
    wall.centroid = (1.0f / area) * sum;
    return wall;
}

/// Returns the vertex that is furthest in a direction, the first one of several.
template <class Vertices>
XSIMD_INLINE int furthest(const Vertices& vertices, int count, const Vector& direction) {
    int best = 0;
    float value = dot(vertices[0], direction);
    for (int i = 1; i < count; ++i) {
        const float further = dot(vertices[i], direction);
        if (further > value) value = further, best = i;
    }
    return best;
}

}  // namespace operant::rigid_body
