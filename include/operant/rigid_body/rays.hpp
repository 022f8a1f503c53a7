#pragma once
/// \file
/// Where rays meet edges and walls, after b2EdgeShape::RayCast and b2PolygonShape::RayCast of Box2D 2.3 by Erin Catto (zlib
/// licence).

#include <cstddef>

#include <operant/rigid_body/shapes.hpp>
#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// Lines from one point to others, one in each lane. A point of a line is given by its share of the way, 0 to 1.
/// \tparam Number float or Lanes
template <class Number>
struct Rays {
    Vector from;
    Vec<Number> way;

    /// Returns where the rays meet the edge, and `farthest` where they do so beyond `farthest` or not at all.
    XSIMD_INLINE Number meet(const Edge& edge, const Number& farthest) const {
        // p = from + share * way, with dot(normal, p - edge.from) = 0
        const Vector along = edge.to - edge.from;
        const float squared = dot(along, along);
        if (squared == 0) return farthest;
        const Number zero(0.0f);
        const Number numerator(dot(edge.normal, edge.from - from)), denominator = toward(edge.normal);
        const Number share = numerator / denominator;
        const auto is_near = (denominator != zero) & (share >= zero) & (share <= farthest);
        const Number x = Number(from.x) + share * way.x - Number(edge.from.x), y = Number(from.y) + share * way.y - Number(edge.from.y);
        // Box2D divides by `squared` and compares with 1: the rounded quotient is at most 1 only if the exact one is.
        const Number on_edge = x * Number(along.x) + y * Number(along.y);
        return select(is_near & (on_edge >= zero) & (on_edge <= Number(squared)), share, farthest);
    }

    /// The same with a wall. A ray that begins inside does not meet it.
    XSIMD_INLINE Number meet(const Wall& wall, const Number& farthest) const {
        const Number zero(0.0f);
        Number enters = zero, leaves = farthest;
        auto is_met = enters < zero, misses = is_met;
        for (std::size_t side = 0; side < Wall::count; ++side) {
            const float distance = dot(wall.normals[side], wall.vertices[side] - from);
            const Number numerator(distance), denominator = toward(wall.normals[side]), share = numerator / denominator;
            const auto comes = (denominator < zero) & (numerator < enters * denominator);
            const auto goes = (denominator > zero) & (numerator < leaves * denominator);
            if (distance < 0) misses = misses | !(denominator != zero);
            enters = select(comes, share, enters);
            leaves = select(goes, share, leaves);
            is_met = is_met | comes;
        }
        return select(is_met & !(misses | (leaves < enters)), enters, farthest);
    }

private:
    XSIMD_INLINE Number toward(const Vector& normal) const { return Number(normal.x) * way.x + Number(normal.y) * way.y; }
};

}  // namespace operant::rigid_body
