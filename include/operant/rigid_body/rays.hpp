#pragma once
/// \file
/// Where a ray meets edges and walls, after b2EdgeShape::RayCast and b2PolygonShape::RayCast of Box2D 2.3 by Erin Catto (zlib
/// licence).

#include <cstddef>

#include <operant/rigid_body/shapes.hpp>
#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// A line from a point to another. A point of it is given by its share of the way, 0 to 1.
struct Ray {
    Vector from, to;

    /// Returns where the ray meets the edge, or `most` if it does so beyond `most` or not at all.
    XSIMD_INLINE float meets(const Edge& edge, float most) const {
        // p = from + share * way, with dot(normal, p - edge.from) = 0
        const Vector way = to - from, along = edge.to - edge.from;
        const float numerator = dot(edge.normal, edge.from - from), denominator = dot(edge.normal, way);
        if (denominator == 0) return most;
        const float share = numerator / denominator;
        if (share < 0 || most < share) return most;
        const float squared = dot(along, along);
        if (squared == 0) return most;
        const float on_edge = dot(from + share * way - edge.from, along) / squared;
        return on_edge < 0 || 1.0f < on_edge ? most : share;
    }

    /// The same with a wall. A ray that begins inside does not meet it.
    XSIMD_INLINE float meets(const Wall& wall, float most) const {
        const Vector way = to - from;
        float enters = 0, leaves = most;
        bool is_met = false;
        for (std::size_t side = 0; side < Wall::count; ++side) {
            const float numerator = dot(wall.normals[side], wall.vertices[side] - from), denominator = dot(wall.normals[side], way);
            if (denominator == 0) {
                if (numerator < 0) return most;
            } else if (denominator < 0 && numerator < enters * denominator) {
                enters = numerator / denominator;
                is_met = true;
            } else if (denominator > 0 && numerator < leaves * denominator) {
                leaves = numerator / denominator;
            }
            if (leaves < enters) return most;
        }
        return is_met ? enters : most;
    }
};

}  // namespace operant::rigid_body
