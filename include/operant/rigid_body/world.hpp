#pragma once
/// \file
/// A world of bodies that joints connect, above obstacles that do not move: a step of Box2D 2.3 by Erin Catto (zlib licence), bit
/// for bit, without pointers.
///
/// A step finds contacts, solves velocities, moves the bodies, corrects positions, lets bodies at rest sleep, and then takes the
/// bodies that would pass through an obstacle back to where they touch it. The order in which contacts and joints are solved
/// changes the result; it follows from the order in which Box2D keeps its lists. Sources: the Box2D manual; E. Catto, "Fast and
/// Simple Physics using Sequential Impulses", Game Developers Conference 2006, "Continuous Collision", 2013.
///
/// What a world consists of stands in a struct, its Scene:
///
///     static constexpr std::size_t bodies, joints, edges;  numbers of them
///     static constexpr std::size_t walls;                  the most that can be
///     static constexpr std::size_t contacts;               the most that can be; pairs beyond them get no contact
///     static constexpr float time_step;                    [s]
///     static constexpr int velocity_iterations, position_iterations;
///     static constexpr const Polygon& shape(std::size_t body);
///     static constexpr float friction(std::size_t body);
///     static constexpr float obstacle_friction(std::size_t obstacle);
///     static constexpr std::array<Joint, joints> joint_list;
///     static EdgeRange edges_near(float low, float high);  all edges that may overlap these x, margins included
///
/// Obstacles are walls, with indices from 0 on, and edges, from `walls` on. Walls, edges and bodies are in the order of their
/// making. The joints connect all bodies, so that they wake and sleep
/// together. Bodies do not collide with each other.

#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <operant/math/prefetch.hpp>
#include <operant/rigid_body/contact.hpp>
#include <operant/rigid_body/impact.hpp>
#include <operant/rigid_body/joint.hpp>
#include <operant/rigid_body/manifold.hpp>
#include <operant/rigid_body/shapes.hpp>
#include <operant/rigid_body/vector.hpp>

namespace operant::rigid_body {

/// Indices of edges, `end` not included.
struct EdgeRange {
    std::size_t begin, end;
};

struct Body {
    Motion<float> position;  ///< of the center of mass [m, rad]
    Motion<float> velocity;  ///< [m/s, rad/s]
    Place<float> place;      ///< of the shape: follows from the position, but costs a sine
    Box box;                 ///< wider than the shape: contacts are sought only if the shape leaves it
    float time_at_rest;      ///< [s]
    std::uint32_t is_awake;

    OPERANT_MEMBERS(position, velocity, place, box, time_at_rest, is_awake)
};

/// The state of a world between two steps. Trivially copyable.
template <class Scene, bool has_walls = (Scene::walls > 0)>
struct World {
    std::array<Body, Scene::bodies> bodies;
    std::array<JointMemory, Scene::joints> joints;
    std::uint32_t has_stepped;    ///< 0 before the first step, which seeks contacts of all bodies
    std::uint32_t contact_count;  ///< the number of contacts
    std::array<Edge, Scene::edges> edges;
    std::array<Contact, Scene::contacts> contacts;  ///< by age, the oldest first; the rest is zero

    OPERANT_MEMBERS(bodies, joints, has_stepped, contact_count, edges, contacts)
};

/// The same with walls.
template <class Scene>
struct World<Scene, true> {
    std::array<Body, Scene::bodies> bodies;
    std::array<JointMemory, Scene::joints> joints;
    std::uint32_t has_stepped, contact_count;  ///< as in a world without walls
    std::uint64_t wall_count;                  ///< the number of walls
    std::array<Wall, Scene::walls> walls;
    std::array<Edge, Scene::edges> edges;
    std::array<Contact, Scene::contacts> contacts;  ///< by age, the oldest first; the rest is zero

    OPERANT_MEMBERS(bodies, joints, has_stepped, contact_count, wall_count, walls, edges, contacts)
};

/// What acts on the bodies in a step. Box2D keeps forces until the next step and then clears them.
template <class Scene>
struct Loads {
    float gravity;  ///< along y [m/s^2]
    std::array<Vector, Scene::bodies> forces{};   ///< [N]
    std::array<float, Scene::bodies> torques{};   ///< [N m]
    std::array<Motor, Scene::joints> motors{};
};

/// Where the bodies were before a step.
template <class Scene>
struct Starts {
    std::array<Motion<float>, Scene::bodies> positions;
    std::array<Place<float>, Scene::bodies> places;
};

/// The order of Box2D's search from body to body along the joints.
template <class Scene>
struct SearchOrder {
    std::array<std::uint8_t, Scene::bodies> bodies;
    std::array<std::uint8_t, Scene::joints> joints;

    /// \param seed the body at which the search begins
    static constexpr SearchOrder from(std::size_t seed) {
        SearchOrder order{};
        std::array<std::uint8_t, Scene::bodies> stack{};
        std::size_t height = 0, body_count = 0, joint_count = 0;
        unsigned reached = 1u << seed, ordered = 0;
        stack[height++] = static_cast<std::uint8_t>(seed);
        while (height > 0) {
            const std::size_t b = stack[--height];
            order.bodies[body_count++] = static_cast<std::uint8_t>(b);
            for (std::size_t j = Scene::joints; j-- > 0;) {
                const Joint& joint = Scene::joint_list[j];
                if ((joint.a != b && joint.b != b) || (ordered >> j & 1) != 0) continue;
                ordered |= 1u << j;
                order.joints[joint_count++] = static_cast<std::uint8_t>(j);
                const std::size_t other = joint.a == b ? joint.b : joint.a;
                if ((reached >> other & 1) != 0) continue;
                reached |= 1u << other;
                stack[height++] = static_cast<std::uint8_t>(other);
            }
        }
        return order;
    }
};

/// The order in which lanes make the operations of velocity iterations, so that few operations wait for the one before. Results are
/// those of the plain order, in which an iteration solves the joints and then the contacts of body after body: operations change
/// places only if they share no body. The late operations of an iteration are made among the first ones of the next. A processor
/// looks ahead no further than a joint, so that joints which do not wait for each other make their parts in turn, and so do
/// the contacts of several bodies.
template <class Scene>
struct Pipeline {
    /// Makes iterations.
    /// \param solver has functions `motor<place>()` and `point<place>()`, which solve a joint, and `contacts(places)`, which solves
    ///     those of some bodies. Places are those in the order of the search; those of bodies are the bits of a number.
    template <class Solver>
    static XSIMD_INLINE void iterate(int iterations, const Solver& solver) {
        constexpr auto all = std::make_index_sequence<operations.count>();
        make<true, false>(solver, all);
        for (int i = 1; i < iterations; ++i) make<true, true>(solver, all);
        make<false, true>(solver, all);
    }

private:
    enum Part : std::uint8_t { motor, point, contacts };  ///< the parts of a joint, and the contacts of some bodies
    struct Operation {
        Part part;
        unsigned early, late;  ///< bits of the places: those of this iteration, and those of the one before
    };
    struct Operations {
        std::array<Operation, 2 * Scene::joints + Scene::bodies> all;
        std::size_t count;
    };

    static constexpr Operations operations = [] {
        // When each joint can begin, if it takes a time of 1 and contacts none. After some iterations, it is a period later in
        // each than in the one before.
        constexpr auto order = SearchOrder<Scene>::from(Scene::bodies - 1);
        std::array<int, Scene::joints> times{};
        std::array<int, Scene::bodies> begins{}, free{};  // when a joint uses a body first, and from when on none does
        int period = 0, first = 0;
        for (int iteration = 0; iteration < 8; ++iteration) {
            std::array<bool, Scene::bodies> is_used{};
            for (std::size_t i = 0; i < Scene::joints; ++i) {
                const Joint& joint = Scene::joint_list[order.joints[i]];
                const int time = free[joint.a] > free[joint.b] ? free[joint.a] : free[joint.b];
                period = time - times[i];
                times[i] = time;
                first = i == 0 || time < first ? time : first;
                for (const std::size_t b : {joint.a, joint.b}) {
                    if (!is_used[b]) begins[b] = time;
                    is_used[b] = true;
                    free[b] = time + 1;
                }
            }
        }
        Operations made{};
        for (int time = 0; time < period; ++time) {
            const auto is_now = [&](int t) { return (t - first) % period == time; };
            const auto is_late = [&](int t) { return t - first >= period; };
            // Late ones come first, because what they wait for is further back.
            for (const Part part : {motor, point})
                for (const bool late : {true, false})
                    for (std::size_t i = 0; i < Scene::joints; ++i)
                        if (is_now(times[i]) && is_late(times[i]) == late)
                            made.all[made.count++] = {part, late ? 0 : 1u << i, late ? 1u << i : 0};
            // Contacts wait for the end of the period if no joint uses the body before.
            Operation met{contacts, 0, 0};
            for (std::size_t place = 0; place < Scene::bodies; ++place) {
                const std::size_t b = order.bodies[place];
                const int after = free[b] - 1, end = after - (after - first) % period + period;
                const bool can_wait = begins[b] + period >= end;
                if (can_wait ? time + 1 == period : is_now(after)) (is_late(after) ? met.late : met.early) |= 1u << place;
            }
            if ((met.early | met.late) != 0) made.all[made.count++] = met;
        }
        return made;
    }();

    /// Makes the early operations of an iteration, or the late ones of the iteration before, or both.
    template <bool early, bool late, class Solver, std::size_t... i>
    static XSIMD_INLINE void make(const Solver& solver, std::index_sequence<i...>) {
        (make<i, (early ? operations.all[i].early : 0) | (late ? operations.all[i].late : 0)>(solver), ...);
    }
    template <std::size_t i, unsigned places, class Solver>
    static XSIMD_INLINE void make(const Solver& solver) {
        constexpr Part part = operations.all[i].part;
        if constexpr (places != 0 && part == motor)
            solver.template motor<std::countr_zero(places)>();
        else if constexpr (places != 0 && part == point)
            solver.template point<std::countr_zero(places)>();
        else if constexpr (places != 0)
            solver.contacts(places);
    }
};

/// A step between its phases. The velocity iterations need nothing else, so that many worlds can make them in lanes.
template <class Scene>
struct Island {
    std::array<Motion<float>, Scene::bodies> positions, velocities;
    std::array<JointConstraint<float>, Scene::joints> joints;
    SearchOrder<Scene> order;
    Starts<Scene> starts;
    std::array<Place<float>, Scene::bodies> places;  ///< at the end of the step
    std::array<Box, Scene::bodies> boxes;            ///< of the shapes there
    ContactWork* contacts;  ///< in the order of solving, at most Scene::contacts of them
    std::size_t contact_count;
};

/// The phases of a step. \tparam Arch the instruction set that the functions are compiled for
template <class Scene, class Arch = xsimd::default_arch>
struct Engine {
    using World = rigid_body::World<Scene>;
    using Loads = rigid_body::Loads<Scene>;
    using Island = rigid_body::Island<Scene>;
    using Starts = rigid_body::Starts<Scene>;

    // Box2D multiplies impulses by the ratio of two time steps when it begins with those of the last step.
    static_assert(1.0f / Scene::time_step * Scene::time_step == 1.0f);

    static constexpr std::size_t bodies = Scene::bodies;
    static constexpr MassPair masses(const Joint& joint) {
        const Polygon &a = Scene::shape(joint.a), &b = Scene::shape(joint.b);
        return {a.inverse_mass, a.inverse_inertia, b.inverse_mass, b.inverse_inertia};
    }
    /// From the center of mass of a body to a point of it.
    static constexpr Vector from_center(std::size_t body, const Vector& point) {
        const Vector& center = Scene::shape(body).center;
        return {point.x - center.x, point.y - center.y};
    }
    static constexpr float most_motor_impulse(const Motor& motor) { return Scene::time_step * motor.torque; }

    /// Puts a body at rest to a place. `world.edges` may be set before or after.
    static void create(World& world, std::size_t body, const Vector& origin, float angle) {
        using tolerance::margin;
        const Polygon& shape = Scene::shape(body);
        Body& made = world.bodies[body];
        made = Body{};
        made.place = {origin, rotation(angle)};
        made.position = {made.place(shape.center), angle};
        made.is_awake = 1;
        made.box = box_of(shape, made.place);
        made.box.low = made.box.low - Vector{margin, margin};
        made.box.high = made.box.high + Vector{margin, margin};
    }

    static XSIMD_INLINE void wake(Body& body) {
        if (body.is_awake != 0) return;
        body.is_awake = 1;
        body.time_at_rest = 0;
    }

    /// Changes velocities at once: b2Body::ApplyLinearImpulse.
    /// \param impulse in N s
    /// \param at a point of the world
    static XSIMD_INLINE void push(World& world, std::size_t body, const Vector& impulse, const Vector& at) {
        const Polygon& shape = Scene::shape(body);
        Body& pushed = world.bodies[body];
        wake(pushed);
        pushed.velocity.center = pushed.velocity.center + shape.inverse_mass * impulse;
        pushed.velocity.angle += shape.inverse_inertia * cross(at - pushed.position.center, impulse);
    }

    /// Makes a step.
    /// \param listener has functions `begin(body)` and `end(body)`, for a body that begins or ceases to touch an obstacle
    template <class Listener>
    static void step(World& world, const Loads& loads, Listener& listener) {
        ContactWork contacts[Scene::contacts];
        Island island;
        island.contacts = contacts;
        if (!begin(world, loads, island, listener)) return finish_asleep(world);
        solve_velocities(loads, island);
        end(world, island, listener);
    }

    /// The first phase: contacts, the order of solving, and forces. Returns false if all bodies sleep; then `finish_asleep` is
    /// the rest of the step.
    template <class Listener>
    static bool begin(World& world, const Loads& loads, Island& island, Listener& listener) {
        begin_contacts(world, listener);
        if (!order_and_load(world, loads, island)) return false;
        prepare_joints(island);
        return true;
    }
    /// The first part of it.
    template <class Listener>
    static XSIMD_INLINE void begin_contacts(World& world, Listener& listener) {
        if (world.has_stepped == 0) find_contacts(world, all_bodies);
        update_contacts(world, listener);
    }

    static constexpr std::size_t ahead = 3;  ///< worlds that are fetched before they are used

    /// Fetches what every step needs of a world: its bodies, joints and three contacts of each body.
    static XSIMD_INLINE void fetch(const World& world) {
        prefetch(&world.bodies, sizeof world.bodies + sizeof world.joints);
        prefetch(&world.contacts, 3 * bodies * sizeof(Contact));
    }
    /// The same, two worlds earlier, and the edges of its contacts.
    /// \param k of the world that is used, of those that `world_at` returns for 0 to count - 1
    template <class WorldAt>
    static XSIMD_INLINE void fetch_with_edges(const WorldAt& world_at, std::size_t k, std::size_t count) {
        if (k + 2 * ahead < count) fetch(world_at(k + 2 * ahead));
        if (k + ahead >= count) return;
        const World& world = world_at(k + ahead);
        for (std::size_t i = 0; i < world.contact_count; ++i)
            if (world.contacts[i].obstacle >= Scene::walls) prefetch(&world.edges[world.contacts[i].obstacle - Scene::walls]);
    }

    static XSIMD_INLINE void finish_asleep(World& world) { world.has_stepped = 1; }

    /// The second phase.
    static void solve_velocities(const Loads& loads, Island& island) {
        for (int iteration = 0; iteration < Scene::velocity_iterations; ++iteration) {
            for (const std::size_t j : island.order.joints) {
                const Joint& joint = Scene::joint_list[j];
                JointConstraint<float>& k = island.joints[j];
                const Motor& motor = loads.motors[j];
                const float most = most_motor_impulse(motor);
                Motion<float> &a = island.velocities[joint.a], &b = island.velocities[joint.b];
                if (k.is_limited)
                    k.template solve<true>(masses(joint), motor.speed, most, a, b);
                else
                    k.template solve<false>(masses(joint), motor.speed, most, a, b);
            }
            for (std::size_t i = 0; i < island.contact_count; ++i) {
                ContactWork& work = island.contacts[i];
                const Polygon& shape = Scene::shape(work.body);
                ContactSolver<Arch>::solve(work, shape.inverse_mass, shape.inverse_inertia, island.velocities[work.body]);
            }
        }
    }

    /// The third phase: positions, sleep, contacts of the next step, impacts.
    template <class Listener>
    static void end(World& world, Island& island, Listener& listener) {
        keep_impulses(world, island);
        move(island);
        const bool is_solved = correct_positions(world, island);
        for (std::size_t b = 0; b < bodies; ++b) {
            island.places[b] = place_of(island.positions[b].center, island.positions[b].angle, Scene::shape(b).center);
            island.boxes[b] = box_of(Scene::shape(b), island.places[b]);
        }
        settle(world, island, is_solved);
        solve_impacts(world, island.starts, listener);
    }

    /// Takes the new positions and places over. Impacts are the rest of the step.
    /// \param is_solved whether they hold within the tolerances
    static void settle(World& world, const Island& island, bool is_solved) {
        for (std::size_t b = 0; b < bodies; ++b) {
            Body& body = world.bodies[b];
            body.position = island.positions[b];
            body.velocity = island.velocities[b];
            body.place = island.places[b];
        }
        let_sleep(world, is_solved);
        unsigned moved = 0;
        for (std::size_t b = 0; b < bodies; ++b)
            if (!world.bodies[b].box.contains(island.boxes[b]))  // every step begins inside
                moved |= widen_box(world, b, island.starts.places[b], island.boxes[b]);
        find_contacts(world, moved);
        world.has_stepped = 1;
    }

    /// Adds contacts for new pairs of an obstacle and a body whose boxes overlap, by obstacle and then by body: Box2D's order of
    /// proxies.
    /// \param moved bits of the bodies whose box has changed
    static void find_contacts(World& world, unsigned moved) {
        if (moved == 0) return;
        std::array<EdgeRange, bodies> near{};
        std::size_t low = Scene::edges, high = 0;
        float lowest = FLT_MAX;
        for (std::size_t b = 0; b < bodies; ++b) {
            if ((moved >> b & 1) == 0) continue;
            lowest = least(world.bodies[b].box.low.y, lowest);
            near[b] = Scene::edges_near(world.bodies[b].box.low.x, world.bodies[b].box.high.x);
            low = near[b].begin < low ? near[b].begin : low;
            high = near[b].end > high ? near[b].end : high;
        }
        if constexpr (Scene::walls > 0)
            for (std::size_t w = 0; w < world.wall_count; ++w) {
                const Box box = world.walls[w].box();
                for (std::size_t b = 0; b < bodies; ++b)
                    if ((moved >> b & 1) != 0 && box.overlaps(world.bodies[b].box) && !has_contact(world, b, w))
                        add_contact(world, b, w);
            }
        for (std::size_t e = low; e < high; ++e) {
            if (lowest - world.edges[e].top() > 0) continue;  // most bodies are above most edges
            const Box box = world.edges[e].box();
            const std::size_t obstacle = Scene::walls + e;
            for (std::size_t b = 0; b < bodies; ++b)
                if (e >= near[b].begin && e < near[b].end && box.overlaps(world.bodies[b].box) && !has_contact(world, b, obstacle))
                    add_contact(world, b, obstacle);
        }
    }

    /// Updates the contacts of bodies that are awake, the newest first, and removes those whose boxes do not overlap any more.
    template <class Listener>
    static void update_contacts(World& world, Listener& listener) {
        std::array<Box, bodies> boxes;
        unsigned known = 0;
        for (std::size_t i = world.contact_count; i-- > 0;) {
            Contact& contact = world.contacts[i];
            const std::size_t b = contact.body;
            Body& body = world.bodies[b];
            if (body.is_awake == 0) continue;
            if (on_obstacle(world, contact, [](const auto& obstacle) { return obstacle.box(); }).overlaps(body.box)) {
                if ((known >> b & 1) == 0) {
                    known |= 1u << b;
                    boxes[b] = box_of(Scene::shape(b), body.place);
                }
                update(world, contact, boxes[b], listener);
                continue;
            }
            if (contact.touches != 0) listener.end(contact.body);
            for (std::size_t j = i; j + 1 < world.contact_count; ++j) world.contacts[j] = world.contacts[j + 1];
            world.contacts[--world.contact_count] = Contact{};
        }
    }

    /// Lists the contacts that touch and the joints in Box2D's order: it searches from body to body, beginning at the newest body
    /// that is awake. Then applies forces and the contacts' impulses of the last step.
    static bool order_and_load(World& world, const Loads& loads, Island& island) {
        std::size_t seed = bodies;
        while (seed > 0 && world.bodies[seed - 1].is_awake == 0) --seed;
        if (seed == 0) return false;
        island.order = orders[seed - 1];
        island.contact_count = 0;
        // First those that touch, without a branch that a processor cannot predict.
        static_assert(Scene::contacts <= 256);
        std::array<std::uint8_t, Scene::contacts> touching;
        std::size_t touching_count = 0;
        for (std::size_t i = world.contact_count; i-- > 0;) {
            touching[touching_count] = static_cast<std::uint8_t>(i);
            touching_count += world.contacts[i].enabled != 0 && world.contacts[i].touches != 0;
        }
        for (const std::size_t b : island.order.bodies) {
            wake(world.bodies[b]);
            for (std::size_t t = 0; t < touching_count; ++t) {
                const Contact& contact = world.contacts[touching[t]];
                if (contact.body != b) continue;
                ContactWork& work = island.contacts[island.contact_count++];
                work.contact = touching[t];
                work.body = contact.body;
                ContactSolver<Arch>::take_impulses(work, contact.manifold, true);
            }
        }

        // v += dt (g + F / m), w += dt T / I
        for (std::size_t b = 0; b < bodies; ++b) {
            const Body& body = world.bodies[b];
            const Polygon& shape = Scene::shape(b);
            island.positions[b] = island.starts.positions[b] = body.position;
            island.starts.places[b] = body.place;
            Motion<float>& v = island.velocities[b];
            v.center = body.velocity.center +
                       Scene::time_step * (Vector{0, loads.gravity} + shape.inverse_mass * loads.forces[b]);
            v.angle = body.velocity.angle + Scene::time_step * shape.inverse_inertia * loads.torques[b];
        }
        for (std::size_t i = 0; i < island.contact_count; ++i) {
            ContactWork& work = island.contacts[i];
            const Polygon& shape = Scene::shape(work.body);
            ContactSolver<Arch>::prepare(work, world.contacts[work.contact], shape.inverse_mass, shape.inverse_inertia,
                                         island.positions[work.body].center, world.bodies[work.body].place);
        }
        for (std::size_t i = 0; i < island.contact_count; ++i) {
            const ContactWork& work = island.contacts[i];
            const Polygon& shape = Scene::shape(work.body);
            ContactSolver<Arch>::warm_start(work, shape.inverse_mass, shape.inverse_inertia, island.velocities[work.body]);
        }
        for (std::size_t j = 0; j < Scene::joints; ++j) {
            const JointMemory& memory = world.joints[j];
            JointConstraint<float>& k = island.joints[j];
            const Limit limit = find_limit(world, j);
            k.set_limit(limit == Limit::lower, limit != Limit::none);
            k.impulse = memory.impulse;
            k.limit_impulse = memory.limit_impulse;
            k.motor_impulse = memory.motor_impulse;
        }
        return true;
    }

    /// Prepares the joints of a world, or of worlds in lanes, and applies their impulses of the last step.
    /// \param island of the first world
    /// \param read reads a number, a vector or a rotation of that island from the islands of all worlds
    template <class Number, class Read>
    static XSIMD_INLINE void prepare_joints(const Island& island, const Read& read,
                                            std::array<JointConstraint<Number>, Scene::joints>& constraints,
                                            std::array<Motion<Number>, bodies>& velocities) {
        std::array<Rotation<Number>, bodies> turns;
        for (std::size_t b = 0; b < bodies; ++b) turns[b] = read(island.starts.places[b].turn);
        for (const std::size_t j : island.order.joints) {
            const Joint& joint = Scene::joint_list[j];
            const JointConstraint<float>& from = island.joints[j];
            JointConstraint<Number>& k = constraints[j];
            k.prepare(masses(joint), turns[joint.a], turns[joint.b], from_center(joint.a, joint.anchor_a),
                      from_center(joint.b, joint.anchor_b));
            k.impulse = read(from.impulse);
            k.limit_impulse = read(from.limit_impulse);
            k.motor_impulse = read(from.motor_impulse);
            k.warm_start(masses(joint), velocities[joint.a], velocities[joint.b]);
        }
    }
    static void prepare_joints(Island& island) {
        prepare_joints(island, [](const auto& number) { return number; }, island.joints, island.velocities);
    }

    /// The times at which bodies and contacts are while impacts are solved, as shares of the step. Box2D keeps such times of
    /// obstacles, too. They change nothing: an obstacle's time is that of an impact, impacts are solved in the order of time, and
    /// after one only the contacts of its body are collided again, which begins at that time.
    struct Times {
        std::array<Sweep, bodies> sweeps;
        std::array<float, Scene::contacts> impacts;  ///< of each contact
        std::array<bool, Scene::contacts> is_known;  ///< whether `impacts` has it
        std::array<bool, Scene::contacts> is_clear;  ///< whether the body's sweep stays clear of the obstacle
        std::array<std::uint8_t, Scene::contacts> counts;  ///< of the impacts of each contact
    };

    /// An impact while it is solved.
    struct Impact {
        std::size_t body, contact_count;
        float share;  ///< of the step, at which the body touches
        Motion<float> position, velocity;
    };
    static constexpr std::size_t impact_contacts = 32;  ///< solved together (b2_maxTOIContacts)

    /// Continuous collision: finds the first impact of all contacts, takes its body back to it, pushes it out there, solves the
    /// velocities of its contacts for the rest of the step without joints, and moves it on; then the next impact.
    template <class Listener>
    static void solve_impacts(World& world, Starts& starts, Listener& listener) {
        Times times;
        if (!begin_times(world, starts, times)) return;
        Impact impact;
        ContactWork works[impact_contacts];
        while (begin_impact(world, starts, times, impact, works, listener)) {
            solve_impact_velocity(impact, works);
            end_impact(world, starts, times, impact);
        }
    }

    /// Begins the search for impacts. Returns false if all bodies stay clear of their obstacles, so that there are none; this is
    /// found from boxes around the whole sweeps, and then from lines between sweep and obstacle.
    static bool begin_times(const World& world, const Starts& starts, Times& times) {
        std::array<SweptShape, bodies> swept;
        unsigned known = 0;
        bool may_meet = false;
        for (std::size_t i = 0; i < world.contact_count; ++i) {
            const Contact& contact = world.contacts[i];
            const std::size_t b = contact.body;
            const Body& body = world.bodies[b];
            times.is_clear[i] = false;
            if (contact.enabled == 0 || body.is_awake == 0) continue;
            if ((known >> b & 1) == 0) {
                known |= 1u << b;
                swept[b].set(Scene::shape(b), starts.places[b], body.place, body.position.angle - starts.positions[b].angle);
            }
            times.is_clear[i] = stays_clear(world, contact, swept[b]);
            may_meet |= !times.is_clear[i];
        }
        if (!may_meet) return false;
        for (std::size_t b = 0; b < bodies; ++b) {
            const Motion<float> &start = starts.positions[b], &end = world.bodies[b].position;
            times.sweeps[b] = {Scene::shape(b).center, start.center, end.center, start.angle, end.angle, 0};
        }
        times.is_known = {};
        times.counts = {};
        return true;
    }

    /// Finds the next impact, and pushes its body out. Returns false if there is none.
    /// \param works where its contacts are written
    template <class Listener>
    static bool begin_impact(World& world, Starts& starts, Times& times, Impact& impact, ContactWork* works, Listener& listener) {
        for (;;) {
            float share = 1;
            const std::size_t first = first_impact(world, times, share);
            if (first == Scene::contacts || 1.0f - 10.0f * tolerance::epsilon < share) return false;
            if (begin_impact(world, starts, times, first, share, impact, works, listener)) return true;
        }
    }

    /// The velocity iterations of a body and its contacts. Most reach a fixed point early: an iteration that changes no bit.
    static void solve_impact_velocity(Impact& impact, ContactWork* works) {
        const Polygon& shape = Scene::shape(impact.body);
        Motion<float>& velocity = impact.velocity;
        for (int iteration = 0; iteration < Scene::velocity_iterations; ++iteration) {
            const Motion<float> before = velocity;
            bool is_fixed = true;
            for (std::size_t i = 0; i < impact.contact_count; ++i) {
                const ContactPoint<float> p = works[i].constraint.points[0], q = works[i].constraint.points[1];
                ContactSolver<Arch>::solve(works[i], shape.inverse_mass, shape.inverse_inertia, velocity);
                is_fixed = is_fixed && has_same_impulses(p, works[i].constraint.points[0]) &&
                           (works[i].count == 1 || has_same_impulses(q, works[i].constraint.points[1]));
            }
            if (is_fixed && same(before.center.x, velocity.center.x) && same(before.center.y, velocity.center.y) &&
                same(before.angle, velocity.angle))
                return;
        }
    }

    /// Moves the body of an impact for the rest of the step.
    static void end_impact(World& world, const Starts& starts, Times& times, Impact& impact) {
        const std::size_t b = impact.body;
        Body& body = world.bodies[b];
        Sweep& sweep = times.sweeps[b];
        move(impact.position, impact.velocity, (1.0f - impact.share) * Scene::time_step);
        sweep.end = impact.position.center;
        sweep.end_angle = impact.position.angle;
        body.position = impact.position;
        body.velocity = impact.velocity;
        body.place = place_of(impact.position.center, impact.position.angle, Scene::shape(b).center);
        find_contacts(world, widen_box(world, b, starts.places[b], box_of(Scene::shape(b), body.place)));
        SweptShape swept;
        swept.set(Scene::shape(b), starts.places[b], body.place, sweep.end_angle - sweep.start_angle);
        for (std::size_t i = 0; i < world.contact_count; ++i) {
            if (world.contacts[i].body != b) continue;
            times.is_known[i] = false;
            times.is_clear[i] = stays_clear(world, world.contacts[i], swept);
        }
    }

    /// If the body has left its box, widens the box to where the body is and will be. Returns the body's bit in that case.
    /// \param now the box of the shape
    static XSIMD_INLINE unsigned widen_box(World& world, std::size_t b, const Place<float>& start, const Box& now) {
        using tolerance::margin;
        Body& body = world.bodies[b];
        const Box before = box_of(Scene::shape(b), start);
        Box box{least(before.low, now.low), most(before.high, now.high)};
        if (body.box.contains(box)) return 0;
        const Vector ahead = 2.0f * (body.place.origin - start.origin);
        box.low = box.low - Vector{margin, margin};
        box.high = box.high + Vector{margin, margin};
        (ahead.x < 0 ? box.low.x : box.high.x) += ahead.x;
        (ahead.y < 0 ? box.low.y : box.high.y) += ahead.y;
        body.box = box;
        return 1u << b;
    }

    /// Bodies that have been slow for half a second, all of them, sleep if their positions are solved.
    static XSIMD_INLINE void let_sleep(World& world, bool is_solved) {
        constexpr float linear = 0.01f * 0.01f, angular = tolerance::angular * tolerance::angular, long_enough = 0.5f;
        float rest = FLT_MAX;
        for (Body& body : world.bodies) {
            const Motion<float>& v = body.velocity;
            if (v.angle * v.angle > angular || dot(v.center, v.center) > linear)
                body.time_at_rest = 0;
            else
                body.time_at_rest += Scene::time_step;
            rest = least(rest, body.time_at_rest);
        }
        if (rest < long_enough || !is_solved) return;
        for (Body& body : world.bodies) {
            body.is_awake = 0;
            body.time_at_rest = 0;
            body.velocity = {};
        }
    }

    /// Keeps the impulses for the next step.
    static XSIMD_INLINE void keep_impulses(World& world, const Island& island) {
        for (std::size_t j = 0; j < Scene::joints; ++j) {
            const JointConstraint<float>& k = island.joints[j];
            world.joints[j].impulse = k.impulse;
            world.joints[j].limit_impulse = k.limit_impulse;
            world.joints[j].motor_impulse = k.motor_impulse;
        }
        for (std::size_t i = 0; i < island.contact_count; ++i) {
            const ContactWork& work = island.contacts[i];
            for (int p = 0; p < work.count; ++p) {
                ManifoldPoint& point = world.contacts[work.contact].manifold.points[p];
                point.normal_impulse = work.constraint.points[p].normal_impulse;
                point.tangent_impulse = work.constraint.points[p].tangent_impulse;
            }
        }
    }

    /// Moves a body by its velocity, which is limited to the tolerances' largest.
    static XSIMD_INLINE void move(Motion<float>& position, Motion<float>& velocity, float time) {
        using namespace tolerance;
        const Vector way = time * velocity.center;
        if (dot(way, way) > most_translation * most_translation)
            velocity.center = (most_translation / length(way)) * velocity.center;
        const float turn = time * velocity.angle;
        if (turn * turn > most_rotation * most_rotation) velocity.angle *= most_rotation / (turn > 0 ? turn : -turn);
        position.center = position.center + time * velocity.center;
        position.angle += time * velocity.angle;
    }
    static XSIMD_INLINE void move(Island& island) {
        for (std::size_t b = 0; b < bodies; ++b) move(island.positions[b], island.velocities[b], Scene::time_step);
    }

    /// Returns the limit that a joint is at or beyond.
    static XSIMD_INLINE Limit limit_of(const World& world, std::size_t j) {
        const Joint& joint = Scene::joint_list[j];
        const float angle = world.bodies[joint.b].position.angle - world.bodies[joint.a].position.angle - joint.reference;
        return angle <= joint.lower ? Limit::lower : angle >= joint.upper ? Limit::upper : Limit::none;
    }
    /// Finds the limit of a joint. Its impulse begins with 0 if it is not that of the last step.
    static XSIMD_INLINE Limit find_limit(World& world, std::size_t j) {
        JointMemory& memory = world.joints[j];
        const Limit limit = limit_of(world, j);
        if (limit == Limit::none || limit != memory.limit) memory.limit_impulse = 0;
        memory.limit = limit;
        return limit;
    }

    /// The orders of all seeds.
    static constexpr std::array<SearchOrder<Scene>, bodies> orders = [] {
        std::array<SearchOrder<Scene>, bodies> all{};
        for (std::size_t seed = 0; seed < bodies; ++seed) all[seed] = SearchOrder<Scene>::from(seed);
        return all;
    }();
    static constexpr unsigned all_bodies = (1u << bodies) - 1;

private:
    static constexpr int most_impacts = 8;          ///< of a contact in a step (b2_maxSubSteps)
    static constexpr int impact_iterations = 20;    ///< of positions

    static XSIMD_INLINE bool has_contact(const World& world, std::size_t body, std::size_t obstacle) {
        for (std::size_t i = 0; i < world.contact_count; ++i)
            if (world.contacts[i].body == body && world.contacts[i].obstacle == obstacle) return true;
        return false;
    }

    static XSIMD_INLINE void add_contact(World& world, std::size_t body, std::size_t obstacle) {
        if (world.contact_count == Scene::contacts) return;
        Contact& contact = world.contacts[world.contact_count++];
        contact = Contact{};
        contact.body = static_cast<std::uint8_t>(body);
        contact.obstacle = static_cast<std::uint16_t>(obstacle);
        contact.enabled = 1;
        contact.friction = std::sqrt(Scene::obstacle_friction(obstacle) * Scene::friction(body));
        wake(world.bodies[body]);
    }

    /// Calls a function with the wall or edge of a contact.
    template <class Function>
    static XSIMD_INLINE auto on_obstacle(const World& world, const Contact& contact, const Function& function) {
        if constexpr (Scene::walls > 0)
            if (contact.obstacle < Scene::walls) return function(world.walls[contact.obstacle]);
        return function(world.edges[contact.obstacle - Scene::walls]);
    }

    static XSIMD_INLINE void collide(Manifold& manifold, const Edge& edge, const Polygon& polygon, const Place<float>& place) {
        EdgeCollision<Arch>::collide(manifold, edge, polygon, place);
    }
    static XSIMD_INLINE void collide(Manifold& manifold, const Wall& wall, const Polygon& polygon, const Place<float>& place) {
        WallCollision<Arch>::collide(manifold, wall, polygon, place);
    }

    /// Collides the shapes of a contact, whose body is awake. Points that were there keep their impulses.
    /// \param box of the body's shape, where it is
    template <class Listener>
    static XSIMD_INLINE void update(World& world, Contact& contact, const Box& box, Listener& listener) {
        contact.enabled = 1;
        if (on_obstacle(world, contact, [&](const auto& obstacle) { return obstacle.is_apart(box); })) {
            contact.manifold.count = 0;
            if (contact.touches != 0) listener.end(contact.body);
            contact.touches = 0;
        } else {
            collide(world, contact, listener);
        }
    }
    template <class Listener>
    static void collide(World& world, Contact& contact, Listener& listener) {
        const Manifold old = contact.manifold;
        Manifold& manifold = contact.manifold;
        on_obstacle(world, contact, [&](const auto& obstacle) {
            collide(manifold, obstacle, Scene::shape(contact.body), world.bodies[contact.body].place);
            return 0;
        });
        const bool touches = manifold.count > 0, touched = contact.touches != 0;
        for (int i = 0; i < manifold.count; ++i) {
            ManifoldPoint& point = manifold.points[i];
            point.normal_impulse = point.tangent_impulse = 0;
            for (int j = 0; j < old.count; ++j) {
                if (!(old.points[j].features == point.features)) continue;
                point.normal_impulse = old.points[j].normal_impulse;
                point.tangent_impulse = old.points[j].tangent_impulse;
                break;
            }
        }
        contact.touches = touches;
        if (touches && !touched) listener.begin(contact.body);
        if (!touches && touched) listener.end(contact.body);
    }

    /// Corrects the positions until contacts and joints hold. Returns false if iterations ran out.
    static bool correct_positions(const World& world, Island& island) {
        bool is_solved = false;
        for (int iteration = 0; iteration < Scene::position_iterations && !is_solved; ++iteration) {
            float lowest = 0;
            for (std::size_t i = 0; i < island.contact_count; ++i) {
                const ContactWork& work = island.contacts[i];
                lowest = least(lowest, push_out(world.contacts[work.contact], 0.2f, island.positions[work.body]));
            }
            is_solved = lowest >= -3.0f * tolerance::linear;
            for (const std::size_t j : island.order.joints) {
                const Joint& joint = Scene::joint_list[j];
                is_solved &= island.joints[j].correct(masses(joint), joint, from_center(joint.a, joint.anchor_a),
                                                      from_center(joint.b, joint.anchor_b), island.positions[joint.a],
                                                      island.positions[joint.b]);
            }
        }
        return is_solved;
    }

    static XSIMD_INLINE float push_out(const Contact& contact, float share, Motion<float>& position) {
        const Polygon& shape = Scene::shape(contact.body);
        const Manifold& manifold = contact.manifold;
        float lowest = 0;
        for (std::size_t p = 0; p < manifold.count; ++p)
            pushed_point(manifold, p).push_out(shape.inverse_mass, shape.inverse_inertia, shape.center, share, position, lowest);
        return lowest;
    }

    /// Returns the contact whose impact is the first one, or Scene::contacts.
    static std::size_t first_impact(const World& world, Times& times, float& share) {
        std::size_t first = Scene::contacts;
        for (std::size_t i = world.contact_count; i-- > 0;) {
            const Contact& contact = world.contacts[i];
            if (contact.enabled == 0 || times.counts[i] > most_impacts) continue;
            if (!times.is_known[i]) {
                const Body& body = world.bodies[contact.body];
                if (body.is_awake == 0) continue;
                times.impacts[i] = impact_of(world, times, i);
                times.is_known[i] = true;
            }
            if (times.impacts[i] < share) first = i, share = times.impacts[i];
        }
        return first;
    }

    static XSIMD_INLINE bool stays_clear(const World& world, const Contact& contact, const SweptShape& swept) {
        return on_obstacle(world, contact, [&](const auto& obstacle) { return swept.stays_clear(obstacle); });
    }

    /// The share of the step at which the body of a contact meets the obstacle, or 1.
    static XSIMD_INLINE float impact_of(const World& world, const Times& times, std::size_t i) {
        const Contact& contact = world.contacts[i];
        if (times.is_clear[i]) return 1;  // also of the rest of the sweep
        const Sweep& sweep = times.sweeps[contact.body];
        const Polygon& shape = Scene::shape(contact.body);
        return on_obstacle(world, contact, [&](const auto& obstacle) {
            bool touches;
            const float time = impact_time(touches, obstacle, shape, sweep);
            return touches ? least(sweep.begun + (1.0f - sweep.begun) * time, 1.0f) : 1.0f;
        });
    }
    static XSIMD_INLINE float impact_time(bool& touches, const Edge& edge, const Polygon& shape, const Sweep& sweep) {
        const Vector vertices[2] = {edge.from, edge.to};
        return rigid_body::Impact<Arch>::time(touches, {vertices, 2}, shape, sweep);
    }
    static XSIMD_INLINE float impact_time(bool& touches, const Wall& wall, const Polygon& shape, const Sweep& sweep) {
        return rigid_body::Impact<Arch>::time(touches, {wall.vertices.data(), Wall::count}, shape, sweep);
    }

    /// Takes the body of a contact back to its impact. Returns false if they do not touch there after all.
    template <class Listener>
    static bool begin_impact(World& world, Starts& starts, Times& times, std::size_t first, float share, Impact& impact,
                             ContactWork* works, Listener& listener) {
        Contact& contact = world.contacts[first];
        const std::size_t b = contact.body;
        const Polygon& shape = Scene::shape(b);
        Body& body = world.bodies[b];
        Sweep& sweep = times.sweeps[b];
        const Sweep sweep_before = sweep;
        sweep.begin_at(share);
        sweep.end = sweep.start;
        sweep.end_angle = sweep.start_angle;
        body.place = place_of(sweep.end, sweep.end_angle, shape.center);
        const Box box = box_of(shape, body.place);
        update(world, contact, box, listener);
        times.is_known[first] = false;
        ++times.counts[first];
        if (contact.enabled == 0 || contact.touches == 0) {
            contact.enabled = 0;
            sweep = sweep_before;
            body.place = place_of(sweep.end, sweep.end_angle, shape.center);
            return false;
        }
        wake(body);

        // The contact and those others of the body that touch there.
        std::size_t count = 0;
        const auto add = [&](std::size_t i) {
            ContactWork& work = works[count++];
            work.contact = static_cast<std::uint16_t>(i);
            work.body = contact.body;
            ContactSolver<Arch>::take_impulses(work, world.contacts[i].manifold, false);
        };
        add(first);
        for (std::size_t i = world.contact_count; i-- > 0 && count < impact_contacts;) {
            Contact& other = world.contacts[i];
            if (other.body != b || i == first) continue;
            update(world, other, box, listener);
            if (other.touches == 0) continue;
            add(i);
        }

        Motion<float> position{sweep.end, sweep.end_angle};
        for (int iteration = 0; iteration < impact_iterations; ++iteration) {
            float lowest = 0;
            for (std::size_t i = 0; i < count; ++i)
                lowest = least(lowest, push_out(world.contacts[works[i].contact], 0.75f, position));
            if (lowest >= -1.5f * tolerance::linear) break;
        }
        sweep.start = position.center;
        sweep.start_angle = position.angle;
        const Place<float> place = place_of(position.center, position.angle, shape.center);
        starts.places[b] = place;
        for (std::size_t i = 0; i < count; ++i)
            ContactSolver<Arch>::prepare(works[i], world.contacts[works[i].contact], shape.inverse_mass, shape.inverse_inertia,
                                         position.center, place);
        impact = {b, count, share, position, body.velocity};
        return true;
    }

    static XSIMD_INLINE bool has_same_impulses(const ContactPoint<float>& a, const ContactPoint<float>& b) {
        return same(a.normal_impulse, b.normal_impulse) && same(a.tangent_impulse, b.tangent_impulse);
    }
    /// Equal in value and in the sign of zero.
    static XSIMD_INLINE bool same(float a, float b) { return a == b && std::signbit(a) == std::signbit(b); }
};

}  // namespace operant::rigid_body
