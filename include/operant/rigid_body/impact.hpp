#pragma once
/// \file
/// The first time at which a moving polygon touches a convex shape that does not move, after b2Distance and b2TimeOfImpact of
/// Box2D 2.3 by Erin Catto (zlib licence).
///
/// E. Catto, "Computing Distance using GJK", Game Developers Conference 2010; "Continuous Collision", Game Developers
/// Conference 2013. E. G. Gilbert, D. W. Johnson and S. S. Keerthi, "A fast procedure for computing the distance between complex
/// objects in three-dimensional space", IEEE Journal on Robotics and Automation 4(2), 1988.

#include <array>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <operant/rigid_body/shapes.hpp>
#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// The motion of a body in a step: of its center of mass along a line, and of its angle.
struct Sweep {
    Vector local_center;   ///< in the body
    Vector start, end;     ///< of the center of mass
    float start_angle, end_angle;
    float begun;  ///< the share of the step, 0 to 1, at which `start` is

    /// The place at a time between 0 (the start) and 1 (the end).
    XSIMD_INLINE Place<float> at(float time) const {
        const Vector center = (1.0f - time) * start + time * end;
        return place_of(center, (1.0f - time) * start_angle + time * end_angle, local_center);
    }
    /// Moves the start to a later share of the step.
    XSIMD_INLINE void begin_at(float share) {
        const float time = (share - begun) / (1.0f - begun);
        start = (1.0f - time) * start + time * end;
        start_angle = (1.0f - time) * start_angle + time * end_angle;
        begun = share;
    }
};

/// A convex shape that does not move, as its vertices in the world.
struct Obstacle {
    const Vector* vertices;
    int count;
};

/// The vertices of a polygon at both ends of its sweep.
class SweptShape {
    std::array<Vector, std::size_t{2} * Polygon::capacity> vertices_;
    int count_;
    float distance_;
    Vector low_, high_;

public:
    XSIMD_INLINE void set(const Polygon& shape, const Place<float>& start, const Place<float>& end, float turn) {
        count_ = 2 * shape.count;
        low_ = {FLT_MAX, FLT_MAX}, high_ = {-FLT_MAX, -FLT_MAX};
        for (int i = 0; i < shape.count; ++i) {
            const Vector first = start(shape.vertices[i]), last = end(shape.vertices[i]);
            low_ = least(least(low_, first), last);
            high_ = most(most(high_, first), last);
            vertices_[2 * i] = first, vertices_[2 * i + 1] = last;
        }
        distance_ = turn * turn > 1 ? FLT_MAX : 0.0066f + 0.13f * shape.radius * turn * turn;
    }

    /// Returns true if the sweep stays clear of the obstacle, by the target of Impact and more: the vertices at both ends are on
    /// one side of a line that the obstacle is not. Between them, a vertex that turns leaves its chord by
    /// radius * angle^2 / 8 at most. The lines are level and upright ones, and the obstacle's sides.
    XSIMD_INLINE bool stays_clear(const Edge& edge) const {
        if (is_beside(least(edge.from, edge.to), most(edge.from, edge.to))) return true;
        float low = FLT_MAX, high = -FLT_MAX;
        for (int i = 0; i < count_; ++i) {
            const float separation = dot(vertices_[i] - edge.from, edge.normal);
            low = least(low, separation);
            high = most(high, separation);
        }
        return (low > distance_) | (high < -distance_);
    }
    /// The same of a wall, whose sides are level and upright.
    XSIMD_INLINE bool stays_clear(const Wall& wall) const { return is_beside(wall.low(), wall.high()); }

private:
    XSIMD_INLINE bool is_beside(const Vector& low, const Vector& high) const {
        return (low_.x - high.x > distance_) | (low_.y - high.y > distance_) | (low.x - high_.x > distance_) |
               (low.y - high_.y > distance_);
    }
};

/// \tparam Arch the instruction set that the functions are compiled for
template <class Arch>
struct Impact {
    /// Returns the time in [0, 1] at which the polygon touches the obstacle, or some time if it does not.
    /// \param touches whether it does
    static float time(bool& touches, const Obstacle& obstacle, const Polygon& polygon, Sweep sweep) {
        touches = false;
        // Sines are most precise for small angles.
        constexpr float turn = 2.0f * tolerance::pi;
        const float turns = turn * std::floor(sweep.start_angle / turn);
        sweep.start_angle -= turns;
        sweep.end_angle -= turns;
        // Conservative advancement: find the axis of largest separation at t1, then the time at which the separation along this
        // axis has come down to the target, and so on until the distance itself has.
        constexpr float target = tolerance::linear, close = 0.25f * tolerance::linear;
        float t1 = 0;
        Place<float> place_1 = sweep.at(t1);
        Cache cache;
        for (int iteration = 0; iteration < most_iterations; ++iteration) {
            const float d = distance(cache, obstacle, polygon, place_1);
            if (d <= 0) return 0;
            if (d < target + close) return touches = true, t1;
            const Axis axis(cache, obstacle, polygon, place_1);
            float t2 = 1;
            Place<float> place_2 = sweep.at(t2);
            for (int push = 0; push < most_pushes; ++push) {
                int a, b;
                float s2 = axis.least_separation(a, b, place_2);
                if (s2 > target + close) return 1;
                if (s2 > target - close) {
                    t1 = t2, place_1 = place_2;
                    break;
                }
                float s1 = axis.separation(a, b, place_1);
                if (s1 < target - close) return t1;
                if (s1 <= target + close) return touches = true, t1;
                // The root of separation(t) = target: regula falsi and bisection in turn.
                float before = t1, after = t2;
                for (int root = 0; root < most_root_iterations; ++root) {
                    const float t = root % 2 == 1 ? before + (target - s1) * (after - before) / (s2 - s1) : 0.5f * (before + after);
                    const Place<float> place = sweep.at(t);
                    const float s = axis.separation(a, b, place), off = s - target;
                    if ((off > 0 ? off : -off) < close) {
                        t2 = t, place_2 = place;
                        break;
                    }
                    if (s > target)
                        before = t, s1 = s;
                    else
                        after = t, s2 = s;
                }
            }
        }
        return t1;
    }

private:
    static constexpr int most_iterations = 20, most_root_iterations = 50, most_gjk_iterations = 20;
    static constexpr int most_pushes = 16;  ///< b2_maxPolygonVertices, as pybox2d sets it

    /// The simplex with which the last search for the distance ended, to begin the next one.
    struct Cache {
        float metric = 0;
        int count = 0;
        std::uint8_t a[3] = {}, b[3] = {};
    };

    /// A vertex of the difference of the two shapes.
    struct Vertex {
        Vector on_a, on_b, difference;
        float share;  ///< of the point that is closest to the origin
        int a, b;     ///< indices of the vertices
    };

    struct Simplex {
        Vertex v[3];
        int count;

        /// A measure of its size.
        float metric() const {
            if (count == 2) return length(v[0].difference - v[1].difference);
            if (count == 3) return cross(v[1].difference - v[0].difference, v[2].difference - v[0].difference);
            return 0;
        }
        XSIMD_INLINE void keep(int i) {
            v[i].share = 1;
            count = 1;
            v[0] = v[i];
        }
        /// The point of a line that is closest to the origin, by barycentric coordinates.
        void solve_line() {
            const Vector w1 = v[0].difference, w2 = v[1].difference, e = w2 - w1;
            const float d2 = -dot(w1, e);
            if (d2 <= 0) return keep(0);
            const float d1 = dot(w2, e);
            if (d1 <= 0) return keep(1);
            const float inverse = 1.0f / (d1 + d2);
            v[0].share = d1 * inverse, v[1].share = d2 * inverse, count = 2;
        }
        /// The same of a triangle: a corner, a side or the inside.
        void solve_triangle() {
            const Vector w1 = v[0].difference, w2 = v[1].difference, w3 = v[2].difference;
            const Vector e12 = w2 - w1, e13 = w3 - w1, e23 = w3 - w2;
            const float d12_1 = dot(w2, e12), d12_2 = -dot(w1, e12);
            const float d13_1 = dot(w3, e13), d13_2 = -dot(w1, e13);
            const float d23_1 = dot(w3, e23), d23_2 = -dot(w2, e23);
            const float n = cross(e12, e13);
            const float d1 = n * cross(w2, w3), d2 = n * cross(w3, w1), d3 = n * cross(w1, w2);
            if (d12_2 <= 0 && d13_2 <= 0) return keep(0);
            if (d12_1 > 0 && d12_2 > 0 && d3 <= 0) {
                const float inverse = 1.0f / (d12_1 + d12_2);
                v[0].share = d12_1 * inverse, v[1].share = d12_2 * inverse, count = 2;
            } else if (d13_1 > 0 && d13_2 > 0 && d2 <= 0) {
                const float inverse = 1.0f / (d13_1 + d13_2);
                v[0].share = d13_1 * inverse, v[2].share = d13_2 * inverse, count = 2;
                v[1] = v[2];
            } else if (d12_1 <= 0 && d23_2 <= 0) {
                keep(1);
            } else if (d13_1 <= 0 && d23_1 <= 0) {
                keep(2);
            } else if (d23_1 > 0 && d23_2 > 0 && d1 <= 0) {
                const float inverse = 1.0f / (d23_1 + d23_2);
                v[1].share = d23_1 * inverse, v[2].share = d23_2 * inverse, count = 2;
                v[0] = v[2];
            } else {
                const float inverse = 1.0f / (d1 + d2 + d3);
                v[0].share = d1 * inverse, v[1].share = d2 * inverse, v[2].share = d3 * inverse, count = 3;
            }
        }
        /// The closest points of the two shapes.
        void closest(Vector& a, Vector& b) const {
            a = v[0].on_a, b = v[0].on_b;
            if (count == 1) return;
            a = v[0].share * v[0].on_a + v[1].share * v[1].on_a;
            b = v[0].share * v[0].on_b + v[1].share * v[1].on_b;
            if (count == 3) b = a = a + v[2].share * v[2].on_a;
        }
    };

    /// The distance of the two shapes, by the algorithm of Gilbert, Johnson and Keerthi.
    static float distance(Cache& cache, const Obstacle& obstacle, const Polygon& polygon, const Place<float>& place) {
        Simplex simplex;
        const auto fill = [&](Vertex& vertex, int a, int b) {
            vertex.a = a, vertex.b = b;
            vertex.on_a = obstacle.vertices[a];
            vertex.on_b = place(polygon.vertices[b]);
            vertex.difference = vertex.on_b - vertex.on_a;
        };
        simplex.count = cache.count;
        for (int i = 0; i < simplex.count; ++i) {
            fill(simplex.v[i], cache.a[i], cache.b[i]);
            simplex.v[i].share = 0;
        }
        if (simplex.count > 1) {
            const float before = cache.metric, now = simplex.metric();
            if (now < 0.5f * before || 2.0f * before < now || now < tolerance::epsilon) simplex.count = 0;
        }
        if (simplex.count == 0) {
            fill(simplex.v[0], 0, 0);
            simplex.v[0].share = 1;
            simplex.count = 1;
        }
        for (int iteration = 0; iteration < most_gjk_iterations; ++iteration) {
            const int count = simplex.count;
            int a[3], b[3];
            for (int i = 0; i < count; ++i) a[i] = simplex.v[i].a, b[i] = simplex.v[i].b;
            if (count == 2) simplex.solve_line();
            if (count == 3) simplex.solve_triangle();
            if (simplex.count == 3) break;  // the shapes overlap
            // From the simplex towards the origin.
            Vector direction = -simplex.v[0].difference;
            if (simplex.count == 2) {
                const Vector e = simplex.v[1].difference - simplex.v[0].difference;
                direction = cross(e, direction) > 0 ? Vector{-e.y, e.x} : turned_right(e);
            }
            if (dot(direction, direction) < tolerance::epsilon * tolerance::epsilon) break;
            Vertex& next = simplex.v[simplex.count];
            fill(next, furthest(obstacle.vertices, obstacle.count, -direction),
                 furthest(polygon.vertices, polygon.count, turned_back(place.turn, direction)));
            bool is_known = false;
            for (int i = 0; i < count; ++i) is_known |= next.a == a[i] && next.b == b[i];
            if (is_known) break;
            ++simplex.count;
        }
        Vector a, b;
        simplex.closest(a, b);
        cache.metric = simplex.metric();
        cache.count = simplex.count;
        for (int i = 0; i < simplex.count; ++i) {
            cache.a[i] = static_cast<std::uint8_t>(simplex.v[i].a);
            cache.b[i] = static_cast<std::uint8_t>(simplex.v[i].b);
        }
        return length(a - b);
    }

    /// An axis and the separation of the shapes along it.
    struct Axis {
        enum { of_points, of_obstacle, of_polygon } type;
        const Obstacle& obstacle;
        const Polygon& polygon;
        Vector axis;   ///< in the world, or in the polygon if it is normal to its side
        Vector local{};  ///< a point of the side

        Axis(const Cache& cache, const Obstacle& obstacle_, const Polygon& polygon_, const Place<float>& place)
            : obstacle(obstacle_), polygon(polygon_) {
            const Vector *a = obstacle.vertices, *b = polygon.vertices.data();
            if (cache.count == 1) {
                type = of_points;
                axis = normalized(place(b[cache.b[0]]) - a[cache.a[0]]);
            } else if (cache.a[0] == cache.a[1]) {
                type = of_polygon;
                const Vector b1 = b[cache.b[0]], b2 = b[cache.b[1]];
                axis = normalized(turned_right(b2 - b1));
                local = 0.5f * (b1 + b2);
                if (dot(a[cache.a[0]] - place(local), turned(place.turn, axis)) < 0) axis = -axis;
            } else {
                type = of_obstacle;
                const Vector a1 = a[cache.a[0]], a2 = a[cache.a[1]];
                axis = normalized(turned_right(a2 - a1));
                local = 0.5f * (a1 + a2);
                if (dot(place(b[cache.b[0]]) - local, axis) < 0) axis = -axis;
            }
        }
        /// Finds the vertices that are closest along the axis.
        float least_separation(int& a, int& b, const Place<float>& place) const {
            a = b = -1;
            if (type == of_points) a = furthest(obstacle.vertices, obstacle.count, axis);
            if (type == of_polygon)
                a = furthest(obstacle.vertices, obstacle.count, -turned(place.turn, axis));
            else
                b = furthest(polygon.vertices, polygon.count, turned_back(place.turn, -axis));
            return separation(a, b, place);
        }
        float separation(int a, int b, const Place<float>& place) const {
            if (type == of_points) return dot(place(polygon.vertices[b]) - obstacle.vertices[a], axis);
            if (type == of_obstacle) return dot(place(polygon.vertices[b]) - local, axis);
            return dot(obstacle.vertices[a] - place(local), turned(place.turn, axis));
        }
    };
};

}  // namespace operant::rigid_body
