#pragma once
/// \file
/// BipedalWalker: a hull on two legs with motors in hips and knees walks over uneven ground, or over stumps, pits and stairs.
///
/// Written by Oleg Klimov for OpenAI Gym. This follows Gymnasium's BipedalWalker-v3, which steps Box2D 2.3 by Erin Catto (zlib
/// licence): `rigid_body/` computes the same in the same order. Every episode is the one that a freshly made environment of
/// Gymnasium plays: Gymnasium keeps its world for life, and what former episodes left in it changes the order of contacts.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/prefetch.hpp>
#include <operant/rigid_body/check_world.hpp>
#include <operant/rigid_body/island_lanes.hpp>
#include <operant/rigid_body/rays.hpp>
#include <operant/rigid_body/world.hpp>

namespace operant {

namespace detail {

/// Lengths in Gymnasium's source are in pixels: 30 a metre.
constexpr float walker_pixels(double pixels) { return static_cast<float>(pixels / 30.0); }

constexpr double walker_leg_width = 8 / 30.0, walker_leg_height = 34 / 30.0, walker_leg_down = -8 / 30.0;

constexpr rigid_body::Polygon walker_hull = rigid_body::make_polygon({{walker_pixels(34), walker_pixels(-8)},
                                                                      {walker_pixels(34), walker_pixels(1)},
                                                                      {walker_pixels(6), walker_pixels(9)},
                                                                      {walker_pixels(-30), walker_pixels(9)},
                                                                      {walker_pixels(-30), walker_pixels(-8)}},
                                                                     5.0f);
constexpr rigid_body::Polygon walker_upper_leg =
    rigid_body::make_rectangle(static_cast<float>(walker_leg_width / 2), static_cast<float>(walker_leg_height / 2), 1.0f);
constexpr rigid_body::Polygon walker_lower_leg =
    rigid_body::make_rectangle(static_cast<float>(0.8 * walker_leg_width / 2), static_cast<float>(walker_leg_height / 2), 1.0f);

/// A hip: the joint between the hull and an upper leg. \param side -1 for the first leg, 1 for the second
constexpr rigid_body::Joint walker_hip(std::size_t upper, int side) {
    return {0,
            upper,
            {0, static_cast<float>(walker_leg_down)},
            {0, static_cast<float>(walker_leg_height / 2)},
            static_cast<float>(side * 0.05),
            -0.8f,
            1.1f};
}
/// A knee: the joint between an upper and a lower leg.
constexpr rigid_body::Joint walker_knee(std::size_t upper) {
    return {upper,
            upper + 1,
            {0, static_cast<float>(-walker_leg_height / 2)},
            {0, static_cast<float>(walker_leg_height / 2)},
            0,
            -1.6f,
            -0.1f};
}
constexpr std::array<rigid_body::Joint, 4> walker_joints = {walker_hip(1, -1), walker_knee(1), walker_hip(3, 1), walker_knee(3)};

}  // namespace detail

/// The world of BipedalWalker: hull and legs above 199 edges of terrain, and walls if it is hardcore.
struct WalkerScene {
    static constexpr std::size_t bodies = 5;  ///< the hull; upper and lower leg at side -1; upper and lower leg at side 1
    static constexpr std::size_t joints = 4;  ///< hip and knee of each leg
    /// Stumps, sides of pits and steps of stairs. With the shortest stretches between them, there can be no more.
    static constexpr std::size_t walls = 39;
    static constexpr std::size_t edges = 199;  ///< from left to right
    static constexpr std::size_t contacts = 96;  ///< walkers have 27, bodies that are thrown across the track have up to 51
    static constexpr float time_step = static_cast<float>(1.0 / 50);
    static constexpr int velocity_iterations = 180, position_iterations = 60;
    static constexpr double edge_width = 14 / 30.0;  ///< of every edge, along x [m]

    static constexpr const rigid_body::Polygon& shape(std::size_t body) {
        return body == 0 ? detail::walker_hull : body % 2 == 1 ? detail::walker_upper_leg : detail::walker_lower_leg;
    }
    static constexpr float friction(std::size_t body) { return body == 0 ? 0.1f : 0.2f; }
    static constexpr float obstacle_friction(std::size_t) { return 2.5f; }
    static constexpr const std::array<rigid_body::Joint, 4>& joint_list = detail::walker_joints;

    static constexpr rigid_body::EdgeRange edges_near(float low, float high) {
        constexpr double margin = 0.12;  // skin and margin of boxes, and more
        return {index((static_cast<double>(low) - margin) / edge_width - 1), index((static_cast<double>(high) + margin) / edge_width + 1)};
    }

private:
    /// Rounds down to an index of an edge; NaN to 0.
    static constexpr std::size_t index(double edge) {
        return edge > 0 ? static_cast<std::size_t>(edge < edges ? edge : edges) : 0;
    }
};

/// The description of Gymnasium's BipedalWalker-v3 and, with `hardcore`, of BipedalWalkerHardcore-v3.
struct BipedalWalker : Environment {
    static constexpr std::string_view name = "BipedalWalker";  ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = 1600;    ///< after so many steps an episode is truncated
    using ActionSpace = operant::Box<4>;  ///< torques of the first leg's hip and knee and of the second leg's, with directions
    using Random = BufferedPcg64;         ///< draws integers, which the terrain needs
    using Scene = WalkerScene;            ///< the bodies and obstacles

    static constexpr std::size_t points = Scene::edges + 1;  ///< of the terrain
    static constexpr std::size_t rays = 10;                  ///< of the lidar
    static constexpr double ground = 400 / 30.0 / 4;         ///< the height at which the terrain begins [m]
    static constexpr double motor_torque = 80;               ///< the largest [N m]

    /// The bodies and the terrain, and what rewards and pictures need beside them.
    struct State {
        rigid_body::World<Scene> world;      ///< the hull, the legs and the obstacles
        std::array<double, points> heights;  ///< of the terrain, before they are rounded to float, for pictures [m]
        std::array<double, 100> clouds;      ///< x and y of the five corners of ten clouds, for pictures [m]
        std::array<std::uint8_t, 3> touches;  ///< true if the hull, ever, and the lower legs touch the ground
        std::array<std::uint8_t, 5> padding;  ///< without a meaning

        OPERANT_MEMBERS(world, heights, clouds, touches, padding)
    };

    /// Gymnasium's argument of the same name.
    struct Parameters {
        bool hardcore = false;

        OPERANT_PARAMETERS((hardcore, "true adds stumps, pits and stairs, from the next reset on"))
    };

    /// \throws std::invalid_argument if a state names bodies, obstacles or contacts that there are not
    static void check_state(const Parameters&, const State& state) { rigid_body::check_world(state.world); }

    /// All numbers are from -1 to 1.
    static operant::Box<4> action_space(const Parameters&) { return {{-1, -1, -1, -1}, {1, 1, 1, 1}}; }

    /// The limits of the hull's angle and velocities, of joints and touches, and of the lidar.
    static operant::Box<24> observation_space(const Parameters&) {
        constexpr float pi = 3.141592653589793f;
        return {{-pi, -5, -5, -5, -pi, -5, -pi, -5, -0.0, -pi, -5, -pi, -5, -0.0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
                {pi, 5, 5, 5, pi, 5, pi, 5, 5, pi, 5, pi, 5, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
    }

    /// Draws terrain, clouds and a push, and makes a step with the motors off.
    static XSIMD_INLINE State reset(const Parameters& p, Random& random) {
        State state;
        const Loads loads = create(p, state, random);
        Listener listener{state.touches};
        Engine::step(state.world, loads, listener);
        return state;
    }

    /// Makes a step of 0.02 s. The sign of a number of the action gives the direction of a motor, its size the torque. If the
    /// numbers are floats, the reward is computed in float.
    template <class Number>
    static XSIMD_INLINE Outcome<double> step(const Parameters&, State& state, const std::array<Number, 4>& action) {
        const double before = potential(state);
        const Loads loads = drive(state, action);
        Listener listener{state.touches};
        Engine::step(state.world, loads, listener);
        return outcome(state, action, before);
    }

    /// As `reset`, for the listed envs of a block.
    template <class Arch, class Envs>
    static void reset_block(const Envs& envs, const ResetBounds&) {
        Loads loads[Envs::most];
        for (std::size_t k = 0; k < envs.count; ++k) {
            const std::size_t env = envs.envs[k];
            loads[k] = create(envs.parameters(env), envs.states[env], envs.randoms[env]);
        }
        step_worlds<Arch>(envs, loads);
    }

    /// As `step`, for the listed envs of a block.
    template <class Arch, class Block>
    static void step_block(const Block& block) {
        Loads loads[Block::most];
        double before[Block::most];
        for (std::size_t k = 0; k < block.count; ++k) {
            if (k + 4 < block.count) prefetch(&block.states[block.envs[k + 4]].world.bodies, sizeof(World::bodies));
            const std::size_t env = block.envs[k];
            before[k] = potential(block.states[env]);
            loads[k] = drive(block.states[env], block.action(env));
        }
        step_worlds<Arch>(block, loads);
        for (std::size_t k = 0; k < block.count; ++k) {
            const std::size_t env = block.envs[k];
            const World& world = block.states[env].world;
            const auto [begin, end] = in_reach(world);
            prefetch(&world.edges[begin], (end - begin) * sizeof(rigid_body::Edge));  // for the observation
            block.outcome(env) = outcome(block.states[env], block.action(env), before[k]);
        }
    }

    /// The observation of a state, computed in double.
    static XSIMD_INLINE std::array<float, 24> observation(const Parameters&, const State& state) {
        const auto wide = [](float x) { return static_cast<double>(x); };
        const auto& bodies = state.world.bodies;
        const auto& v = bodies[0].velocity;
        std::array<float, 24> result;
        std::size_t i = 0;
        const auto put = [&](double number) { result[i++] = static_cast<float>(number); };
        put(wide(bodies[0].position.angle));
        put(2.0 * wide(v.angle) / 50);
        put(0.3 * wide(v.center.x) * (600 / 30.0) / 50);
        put(0.3 * wide(v.center.y) * (400 / 30.0) / 50);
        for (std::size_t j = 0; j < Scene::joints; ++j) {
            const auto& joint = Scene::joint_list[j];
            const auto &a = bodies[joint.a], &b = bodies[joint.b];
            const bool is_knee = j % 2 == 1;
            const double angle = wide(b.position.angle - a.position.angle - joint.reference);
            put(is_knee ? angle + 1.0 : angle);
            put(wide(b.velocity.angle - a.velocity.angle) / wide(speed(j)));
            if (is_knee) put(state.touches[j == 1 ? 1 : 2]);
        }
        for (const float share : lidar(state.world)) result[i++] = share;
        return result;
    }

private:
    using Engine = rigid_body::Engine<Scene>;
    using World = rigid_body::World<Scene>;
    using Loads = rigid_body::Loads<Scene>;
    using Vector = rigid_body::Vector;

    static constexpr float gravity = -10;

    /// The speed that a motor tries to reach [rad/s].
    static constexpr float speed(std::size_t joint) { return joint % 2 == 0 ? 4 : 6; }

    /// Keeps which bodies touch the ground. A leg that leaves one edge counts as in the air, even if it touches another.
    struct Listener {
        std::array<std::uint8_t, 3>& touches;

        XSIMD_INLINE void begin(std::size_t body) {
            if (body % 2 == 0) touches[body / 2] = 1;
        }
        XSIMD_INLINE void end(std::size_t body) {
            if (body == 2 || body == 4) touches[body / 2] = 0;
        }
    };

    /// Steps the worlds of some envs, one in each lane.
    template <class Arch, class Envs>
    static XSIMD_INLINE void step_worlds(const Envs& envs, const Loads* loads) {
        const auto state_at = [&](std::size_t k) -> State& { return envs.states[envs.envs[k]]; };
        rigid_body::IslandLanes<Scene, Arch>::step(
            envs.count, [&](std::size_t k) -> World& { return state_at(k).world; },
            [&](std::size_t k) -> const Loads& { return loads[k]; }, [&](std::size_t k) { return Listener{state_at(k).touches}; });
    }

    /// Draws a world, and returns the push of the first step.
    static XSIMD_INLINE Loads create(const Parameters& p, State& state, Random& random) {
        state = State{};
        draw_terrain(state, p.hardcore, random);
        draw_clouds(state, random);
        create_walker(state.world);
        Loads loads{gravity};
        loads.forces[0] = {static_cast<float>(random.uniform(-5, 5)), 0};
        return loads;
    }

    /// Returns the loads of the motors, and wakes all bodies, as the setters of Box2D's motors do.
    template <class Number>
    static XSIMD_INLINE Loads drive(State& state, const std::array<Number, 4>& action) {
        Loads loads{gravity};
        for (std::size_t j = 0; j < Scene::joints; ++j) {
            const float direction = static_cast<float>((action[j] > 0) - (action[j] < 0));
            loads.motors[j] = {speed(j) * direction, static_cast<float>(Number(motor_torque) * size(action[j]))};
        }
        for (auto& body : state.world.bodies) Engine::wake(body);
        return loads;
    }
    /// The size of a number of an action: at most 1.
    template <class Number>
    static XSIMD_INLINE Number size(const Number& number) {
        return std::min(std::fabs(number), Number(1));
    }

    /// Reward and end of a step. \param before the potential before the step
    template <class Number>
    static XSIMD_INLINE Outcome<double> outcome(const State& state, const std::array<Number, 4>& action, double before) {
        const double x = static_cast<double>(state.world.bodies[0].place.origin.x);
        if (state.touches[0] != 0 || x < 0) return {-100, true};
        Number reward = static_cast<Number>(potential(state) - before);
        for (const Number& number : action) reward -= Number(0.00035 * motor_torque) * size(number);
        return {static_cast<double>(reward), x > (points - 10) * Scene::edge_width};
    }

    static XSIMD_INLINE Vector point(double x, double y) { return {static_cast<float>(x), static_cast<float>(y)}; }

    /// The potential whose changes are the reward: the way forward, with the head straight.
    static XSIMD_INLINE double potential(const State& state) {
        const auto& hull = state.world.bodies[0];
        return 130 * static_cast<double>(hull.place.origin.x) / 30.0 - 5.0 * std::fabs(static_cast<double>(hull.position.angle));
    }

    /// A function of its own, because a compiler may leave a lambda that is called four times out of line. The linker would
    /// keep one version of it for all instruction sets.
    static XSIMD_INLINE void add_wall(World& world, double from_x, double from_y, double to_x, double to_y) {
        world.walls[world.wall_count++] = rigid_body::make_wall(point(from_x, from_y), point(to_x, to_y));
    }

    /// Walks from point to point and draws heights, stretch by stretch. Obstacles stand in every second stretch.
    static XSIMD_INLINE void draw_terrain(State& state, bool hardcore, Random& random) {
        enum Stretch : std::int64_t { grass, stump, stairs, pit };
        constexpr double width = Scene::edge_width, depth = 4 * width;
        constexpr std::int64_t stair_width = 4;
        World& world = state.world;
        std::array<double, points> x;
        std::int64_t stretch = grass, left = 20, stair_count = 0, stair_height = 0;  // `left`: points to the end of the stretch
        bool begins = false;
        double velocity = 0, height = ground, height_before = 0;
        for (std::size_t i = 0; i < points; ++i) {
            x[i] = static_cast<double>(i) * width;
            if (stretch == grass && !begins) {
                const double off = ground - height;
                velocity = 0.8 * velocity + 0.01 * ((off > 0) - (off < 0));
                if (i > 20) velocity += random.uniform(-1, 1) / 30.0;
                height += velocity;
            } else if (stretch == stump && begins) {
                left = random.integers(1, 3);
                const double size = static_cast<double>(left) * width;
                add_wall(world, x[i], height, x[i] + size, height + size);
            } else if (stretch == pit && begins) {
                left = random.integers(3, 5);
                const double gap = width * static_cast<double>(left);
                add_wall(world, x[i], height - depth, x[i] + width, height);
                add_wall(world, x[i] + gap, height - depth, x[i] + width + gap, height);
                left += 2;
                height_before = height;
            } else if (stretch == pit) {
                height = left > 1 ? height_before - depth : height_before;
            } else if (stretch == stairs && begins) {
                stair_height = random.random() > 0.5 ? 1 : -1;
                stair_count = random.integers(3, 5);
                height_before = height;
                for (std::int64_t s = 0; s < stair_count; ++s) {
                    const auto steps = [&](std::int64_t n) { return static_cast<double>(n) * width; };
                    add_wall(world, x[i] + steps(s * stair_width), height + steps(s * stair_height - 1),
                             x[i] + steps((s + 1) * stair_width), height + steps(s * stair_height));
                }
                left = stair_count * stair_width;
            } else if (stretch == stairs) {
                const double n = static_cast<double>(stair_count * stair_width - left - stair_height) / stair_width;
                height = height_before + n * static_cast<double>(stair_height) * width;
            }
            begins = false;
            state.heights[i] = height;
            if (--left == 0) {
                left = random.integers(5, 10);
                stretch = stretch == grass && hardcore ? random.integers(1, 4) : grass;
                begins = true;
            }
        }
        for (std::size_t i = 0; i + 1 < points; ++i)
            world.edges[i] = rigid_body::make_edge(point(x[i], state.heights[i]), point(x[i + 1], state.heights[i + 1]));
    }

    static XSIMD_INLINE void draw_clouds(State& state, Random& random) {
        constexpr double width = Scene::edge_width;
        double sine[5], cosine[5];
        for (int a = 0; a < 5; ++a) sine[a] = std::sin(3.14 * 2 * a / 5), cosine[a] = std::cos(3.14 * 2 * a / 5);
        for (std::size_t cloud = 0; cloud < state.clouds.size(); cloud += 10) {
            const double x = random.uniform(0, points) * width, y = 400 / 30.0 * 3 / 4;
            for (std::size_t a = 0; a < 5; ++a) {
                state.clouds[cloud + 2 * a] = x + 15 * width * sine[a] + random.uniform(0, 5 * width);
                state.clouds[cloud + 2 * a + 1] = y + 5 * width * cosine[a] + random.uniform(0, 5 * width);
            }
        }
    }

    static XSIMD_INLINE void create_walker(World& world) {
        constexpr double x = Scene::edge_width * 20 / 2, y = ground + 2 * detail::walker_leg_height;
        Engine::create(world, 0, point(x, y), 0);
        for (const std::size_t upper : {1, 3}) {
            const float angle = static_cast<float>(upper == 1 ? -0.05 : 0.05);
            Engine::create(world, upper, point(x, y - detail::walker_leg_height / 2 - detail::walker_leg_down), angle);
            Engine::create(world, upper + 1, point(x, y - detail::walker_leg_height * 3 / 2 - detail::walker_leg_down), angle);
        }
    }

    static constexpr float reach = static_cast<float>(160 / 30.0);  ///< the length of the lidar's rays [m]

    /// The edges that rays can meet: all rays lead to the right.
    static XSIMD_INLINE rigid_body::EdgeRange in_reach(const World& world) {
        const float x = world.bodies[0].place.origin.x;
        return Scene::edges_near(x, x + reach);
    }

    /// The shares of rays of 160 / 30 m from the hull, from straight down to nearly level, that reach the ground.
    static XSIMD_INLINE std::array<float, rays> lidar(const World& world) {
        // sin(1.5 i / 10) * 160 / 30 and cos(1.5 i / 10) * 160 / 30, as the C library computes them
        constexpr std::array<double, rays> right = {
            0, 0x1.9810d37d53c2dp-1, 0x1.937bcc7a3a2eep+0, 0x1.28efbc950d96ep+1, 0x1.81766ca31ac76p+1,
            0x1.d15501e54bebcp+1, 0x1.0b6026593c580p+2, 0x1.281499179f72bp+2, 0x1.3e22d16bc392dp+2, 0x1.4d0c020a6967ep+2};
        constexpr std::array<double, rays> down = {
            0x1.5555555555555p+2, 0x1.5180229949b7ap+2, 0x1.46169381f5bd1p+2, 0x1.335a44b5d7f73p+2, 0x1.19b6ed2dae763p+2,
            0x1.f37fe5dc6d6d4p+1, 0x1.a85a3736e82d0p+1, 0x1.53acd7db04617p+1, 0x1.eebd3704f4d1ap+0, 0x1.2b0462a392a98p+0};
        const Vector from = world.bodies[0].place.origin;
        constexpr float margin = 0.1f;  // for rounding
        // All rays at once, one in each lane. Rays in the lanes that are left have no way.
        using Arch = xsimd::default_arch;
        constexpr std::size_t lanes = xsimd::batch<float, Arch>::size, batches = (rays + lanes - 1) / lanes;
        using Number = rigid_body::Lanes<Arch, batches>;
        alignas(64) std::array<float, Number::size> x{}, y{};
        for (std::size_t i = 0; i < rays; ++i) {
            x[i] = static_cast<float>(static_cast<double>(from.x) + right[i]) - from.x;
            y[i] = static_cast<float>(static_cast<double>(from.y) - down[i]) - from.y;
        }
        const rigid_body::Rays<Number> all{from, {Number::load(x.data()), Number::load(y.data())}};
        Number share(1.0f);
        const auto [begin, end] = in_reach(world);
        for (std::size_t e = begin; e < end; ++e) share = all.meet(world.edges[e], share);
        for (std::size_t w = 0; w < world.wall_count; ++w) {
            const rigid_body::Wall& wall = world.walls[w];
            if (wall.high().x >= from.x - margin && wall.low().x <= from.x + reach) share = all.meet(wall, share);
        }
        share.store(x.data());
        std::array<float, rays> shares;
        std::copy_n(x.begin(), rays, shares.begin());
        return shares;
    }
};

}  // namespace operant
