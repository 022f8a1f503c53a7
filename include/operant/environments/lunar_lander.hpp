#pragma once
/// \file
/// LunarLander: land on the pad between two flags with a main engine and two side engines.
///
/// Written by Oleg Klimov for OpenAI Gym. This follows Gymnasium's LunarLander-v3, which steps Box2D 2.3 by Erin Catto (zlib
/// licence): `rigid_body/` computes the same in the same order.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/math/prefetch.hpp>
#include <operant/rigid_body/block_engine.hpp>
#include <operant/rigid_body/check_world.hpp>
#include <operant/rigid_body/world.hpp>

namespace operant {

namespace detail {

/// Lengths in Gymnasium's source are in pixels: 30 a metre.
constexpr float lunar_pixels(double pixels) { return static_cast<float>(pixels / 30.0); }

constexpr rigid_body::Polygon lunar_hull = rigid_body::make_polygon(
    {{lunar_pixels(17), lunar_pixels(-10)},
     {lunar_pixels(17), lunar_pixels(0)},
     {lunar_pixels(14), lunar_pixels(17)},
     {lunar_pixels(-14), lunar_pixels(17)},
     {lunar_pixels(-17), lunar_pixels(0)},
     {lunar_pixels(-17), lunar_pixels(-10)}},
    5.0f);
constexpr rigid_body::Polygon lunar_leg = rigid_body::make_rectangle(lunar_pixels(2), lunar_pixels(8), 1.0f);

/// The joint between the lander and a leg. \param side -1 for the first leg, 1 for the second
constexpr rigid_body::Joint lunar_joint(std::size_t leg, int side) {
    const double reference = static_cast<double>(static_cast<float>(side * 0.05));
    return {0,
            leg,
            {0, 0},
            {lunar_pixels(side * 20), lunar_pixels(18)},
            static_cast<float>(reference),
            static_cast<float>(side < 0 ? 0.9 - 0.5 : -0.9),
            static_cast<float>(side < 0 ? 0.9 : -0.9 + 0.5)};
}

constexpr std::array<rigid_body::Joint, 2> lunar_joints = {lunar_joint(1, -1), lunar_joint(2, 1)};

}  // namespace detail

/// The world of LunarLander: the lander and two legs above a floor and ten edges of terrain, which are one body, the moon.
struct LunarScene {
    static constexpr std::size_t bodies = 3;   ///< the lander, the leg at side -1 and the leg at side 1
    static constexpr std::size_t joints = 2;   ///< of the lander with each leg
    static constexpr std::size_t walls = 0;
    static constexpr std::size_t edges = 11;   ///< the floor, then the terrain from left to right
    static constexpr std::size_t contacts = edges * bodies;
    static constexpr float time_step = static_cast<float>(1.0 / 50);
    static constexpr int velocity_iterations = 180, position_iterations = 60;

    static constexpr const rigid_body::Polygon& shape(std::size_t body) { return body == 0 ? detail::lunar_hull : detail::lunar_leg; }
    static constexpr float friction(std::size_t body) { return body == 0 ? 0.1f : 0.2f; }
    static constexpr float obstacle_friction(std::size_t edge) { return edge == 0 ? 0.2f : 0.1f; }
    static constexpr const std::array<rigid_body::Joint, 2>& joint_list = detail::lunar_joints;
    static constexpr rigid_body::EdgeRange edges_near(float, float) { return {0, edges}; }

    static constexpr std::size_t loaded_bodies = 1;
    static constexpr rigid_body::Motor motor(std::size_t joint) {
        return {static_cast<float>(joint == 0 ? 0.3 * -1 : 0.3), 40.0f};
    }
};

/// The common parts of both lunar landers. It does not depend on the lander, so the compiler makes its functions once.
struct LunarLanderRules : Environment {
    static constexpr std::int32_t max_episode_steps = 1000;  ///< after so many steps an episode is truncated
    using Random = BufferedPcg64;                            ///< draws integers, which the wind needs

    static constexpr double width = 600 / 30.0;   ///< of the picture [m]
    static constexpr double height = 400 / 30.0;  ///< of the picture [m]
    static constexpr double pad_y = height / 4;   ///< the height of the landing pad [m]

    /// The bodies, and what the rewards and the wind need beside them.
    struct State {
        double previous_shaping;                ///< the potential of the last state, see `outcome`
        std::int64_t wind_index;                ///< the position in the pattern of the wind
        std::int64_t torque_index;              ///< the position in the pattern of the turbulence
        std::array<std::uint8_t, 3> touches;    ///< true if the first leg, the second leg and, ever, the lander touch the ground
        std::uint8_t has_shaping;               ///< true if there is a previous shaping
        rigid_body::World<LunarScene> world;    ///< the lander, its legs and the terrain

        OPERANT_MEMBERS(previous_shaping, wind_index, torque_index, touches, has_shaping, world)
    };

    /// Gymnasium's arguments of the same names.
    struct Parameters {
        double gravity = -10.0;
        bool enable_wind = false;
        double wind_power = 15.0;
        double turbulence_power = 1.5;

        OPERANT_PARAMETERS(
            (gravity, Sign::any, "along y, between -12 and 0 [m/s^2]"),
            (enable_wind, "whether there is wind while no leg touches the ground"),
            (wind_power, Sign::any, "the largest force of the wind, recommended from 0 to 20 [N]"),
            (turbulence_power, Sign::any, "the largest torque of the wind, recommended from 0 to 2 [N m]"))
    };

    /// \throws std::invalid_argument if gravity is not between -12 and 0
    static void check(const Parameters& p) {
        if (!(p.gravity > -12 && p.gravity < 0))
            throw std::invalid_argument("gravity: expected a number between -12 and 0, both excluded, got " + shortest(p.gravity));
    }

    /// \throws std::invalid_argument if a state names bodies, obstacles or contacts that there are not
    static void check_state(const Parameters&, const State& state) { rigid_body::check_world(state.world); }

    /// The limits of position, velocities, angle, angular velocity and the legs' touches.
    static Box<8> observation_space(const Parameters&) {
        constexpr float angle = 2 * 3.141592653589793f;
        return {{-2.5, -2.5, -10, -10, -angle, -10, -0.0, -0.0}, {2.5, 2.5, 10, 10, angle, 10, 1, 1}};
    }

    /// The powers of the engines in a step.
    struct Thrust {
        double main = 0;  ///< 0 or 0.5 to 1
        double side = 0;  ///< 0 or 0.5 to 1
        double direction = 0;  ///< -1 or 1
    };

protected:
    using Engine = rigid_body::Engine<LunarScene>;  ///< steps one world
    using Vector = rigid_body::Vector;              ///< of floats

    /// Keeps which bodies touch the ground. A leg that leaves one edge counts as in the air, even if it touches another.
    struct Listener {
        std::array<std::uint8_t, 3>& touches;  ///< those of a State

        /// Notes that a body begins to touch an edge.
        XSIMD_INLINE void begin(std::size_t body) { touches[body == 0 ? 2 : body - 1] = 1; }
        /// Notes that a body leaves an edge.
        XSIMD_INLINE void end(std::size_t body) {
            if (body != 0) touches[body - 1] = 0;
        }
    };

    /// Makes the terrain and puts the lander, at rest, to the top in the middle. Returns the force of the first step, which
    /// throws it.
    static XSIMD_INLINE Vector create(const Parameters& p, State& state, Random& random) {
        constexpr int chunks = 11;
        double heights[chunks + 1], x[chunks], y[chunks];
        for (double& one : heights) one = random.uniform(0, height / 2);
        for (int i = chunks / 2 - 2; i <= chunks / 2 + 2; ++i) heights[i] = pad_y;
        for (int i = 0; i < chunks; ++i) {
            x[i] = width / (chunks - 1) * i;
            y[i] = 0.33 * (heights[i == 0 ? chunks : i - 1] + heights[i] + heights[i + 1]);
        }
        const auto point = [](double px, double py) { return Vector{static_cast<float>(px), static_cast<float>(py)}; };
        auto& world = state.world;
        world.edges[0] = rigid_body::make_edge(point(0, 0), point(width, 0));
        for (std::size_t i = 1; i < chunks; ++i)
            world.edges[i] = rigid_body::make_edge(point(x[i - 1], y[i - 1]), point(x[i], y[i]));
        world.has_stepped = world.contact_count = 0;
        world.contacts = {};
        for (auto& joint : world.joints) joint = {};
        const double force_x = random.uniform(-1000, 1000), force_y = random.uniform(-1000, 1000);
        state.wind_index = state.torque_index = 0;
        if (p.enable_wind) {
            state.wind_index = random.integers(-9999, 9999);
            state.torque_index = random.integers(-9999, 9999);
        }
        Engine::create(world, 0, point(width / 2, height), 0);
        Engine::create(world, 1, point(width / 2 + 20 / 30.0, height), static_cast<float>(-0.05));
        Engine::create(world, 2, point(width / 2 - 20 / 30.0, height), static_cast<float>(0.05));
        state.touches = {};
        state.has_shaping = 0;
        return point(force_x, force_y);
    }

    /// tanh(sin(2 k i) + sin(pi k i)), k = 0.01, which is never periodic.
    static XSIMD_INLINE double wind_pattern(std::int64_t& index) {
        const double i = static_cast<double>(index++);
        return std::tanh(std::sin(0.02 * i) + std::sin(3.141592653589793 * 0.01 * i));
    }

    /// Wind and the impulses of the engines, with two random numbers that are drawn even if the engines are off.
    static XSIMD_INLINE void blow_and_thrust(const Parameters& p, State& state, const Thrust& thrust, Random& random,
                                             rigid_body::Loads<LunarScene>& loads) {
        auto& lander = state.world.bodies[0];
        if (p.enable_wind && state.touches[0] == 0 && state.touches[1] == 0) {
            Engine::wake(lander);
            loads.forces[0].x += static_cast<float>(wind_pattern(state.wind_index) * p.wind_power);
            loads.torques[0] += static_cast<float>(wind_pattern(state.torque_index) * p.turbulence_power);
        }
        const double angle = static_cast<double>(lander.position.angle);
        const double tip[2] = {std::sin(angle), std::cos(angle)}, side[2] = {-tip[1], tip[0]};
        const double first = random.uniform(-1, 1) / 30, second = random.uniform(-1, 1) / 30;
        const double at_x = static_cast<double>(lander.place.origin.x), at_y = static_cast<double>(lander.place.origin.y);
        const auto push = [&](double px, double py, double impulse_x, double impulse_y) {
            Engine::push(state.world, 0, {static_cast<float>(impulse_x), static_cast<float>(impulse_y)},
                         {static_cast<float>(px), static_cast<float>(py)});
        };
        if (thrust.main != 0) {
            const double x = tip[0] * (4 / 30.0 + 2 * first) + side[0] * second;
            const double y = -tip[1] * (4 / 30.0 + 2 * first) - side[1] * second;
            push(at_x + x, at_y + y, -x * 13.0 * thrust.main, -y * 13.0 * thrust.main);
        }
        if (thrust.side != 0) {
            const double x = tip[0] * first + side[0] * (3 * second + thrust.direction * 12 / 30.0);
            const double y = -tip[1] * first - side[1] * (3 * second + thrust.direction * 12 / 30.0);
            // Gymnasium has 17 for x and 14 for y.
            push(at_x + x - tip[0] * 17 / 30.0, at_y + y + tip[1] * 14 / 30.0, -x * 0.6 * thrust.side, -y * 0.6 * thrust.side);
        }
    }

    /// The observation before it is rounded.
    static XSIMD_INLINE std::array<double, 8> exact_observation(const State& state) {
        const auto& lander = state.world.bodies[0];
        const auto wide = [](float x) { return static_cast<double>(x); };
        return {(wide(lander.place.origin.x) - width / 2) / (width / 2),
                (wide(lander.place.origin.y) - (pad_y + 18 / 30.0)) / (height / 2),
                wide(lander.velocity.center.x) * (width / 2) / 50,
                wide(lander.velocity.center.y) * (height / 2) / 50,
                wide(lander.position.angle),
                20.0 * wide(lander.velocity.angle) / 50,
                static_cast<double>(state.touches[0]),
                static_cast<double>(state.touches[1])};
    }

    /// Reward and end of a step: the change of a potential, less the fuel.
    static XSIMD_INLINE Outcome<double> outcome(State& state, const Thrust& thrust) {
        const auto s = exact_observation(state);
        const double shaping = -100 * std::sqrt(s[0] * s[0] + s[1] * s[1]) - 100 * std::sqrt(s[2] * s[2] + s[3] * s[3]) -
                               100 * std::fabs(s[4]) + 10 * s[6] + 10 * s[7];
        double reward = state.has_shaping != 0 ? shaping - state.previous_shaping : 0;
        state.previous_shaping = shaping;
        state.has_shaping = 1;
        reward -= thrust.main * 0.30;
        reward -= thrust.side * 0.03;
        bool terminated = false;
        if (state.touches[2] != 0 || std::fabs(s[0]) >= 1.0) terminated = true, reward = -100;
        if (state.world.bodies[0].is_awake == 0) terminated = true, reward = 100;
        return {reward, terminated};
    }

    /// Gravity and motors, without wind and engines.
    static XSIMD_INLINE rigid_body::Loads<LunarScene> loads(const Parameters& p) {
        return {static_cast<float>(p.gravity), {}, {}, {LunarScene::motor(0), LunarScene::motor(1)}};
    }

    /// Makes a step with a thrust, and a force on the lander in addition.
    static XSIMD_INLINE Outcome<double> step_with(const Parameters& p, State& state, const Thrust& thrust, Random& random,
                                                  Vector force) {
        auto all = loads(p);
        all.forces[0] = force;
        blow_and_thrust(p, state, thrust, random, all);
        Listener listener{state.touches};
        Engine::step(state.world, all, listener);
        return outcome(state, thrust);
    }

    /// Steps the worlds of the listed envs, in lanes where the instruction set allows it.
    template <class Arch, class Envs>
    static XSIMD_INLINE void step_worlds(const Envs& envs, const rigid_body::Loads<LunarScene>* all) {
        const Listeners listeners{envs.states, envs.envs};
        const rigid_body::WorldList<LunarScene> worlds{&envs.states->world, sizeof(State), envs.envs, envs.count};
        rigid_body::BlockEngine<LunarScene, Arch, Listeners>::step(worlds, all, listeners);
    }

    /// The listener of each listed env.
    struct Listeners {
        State* states;              ///< of all envs
        const std::uint32_t* envs;  ///< the listed ones

        /// The listener of the env with this place in the list.
        XSIMD_INLINE Listener operator()(std::size_t k) const { return {states[envs[k]].touches}; }
    };

public:
    /// As `reset`, for the listed envs of a block.
    template <class Arch, class Envs>
    static void reset_block(const Envs& envs, const ResetBounds&) {
        rigid_body::Loads<LunarScene> all[Envs::most];
        for (std::size_t k = 0; k < envs.count; ++k) {
            const std::size_t env = envs.envs[k];
            const Parameters& p = envs.parameters(env);
            all[k] = loads(p);
            all[k].forces[0] = create(p, envs.states[env], envs.randoms[env]);
            blow_and_thrust(p, envs.states[env], {}, envs.randoms[env], all[k]);
        }
        step_worlds<Arch>(envs, all);
        for (std::size_t k = 0; k < envs.count; ++k) outcome(envs.states[envs.envs[k]], {});
    }

    /// Draws terrain, force and wind, and makes a step with the engines off.
    static XSIMD_INLINE State reset(const Parameters& p, Random& random) {
        State state{};
        const Vector force = create(p, state, random);
        step_with(p, state, {}, random, force);
        return state;
    }

    /// The observation of a state.
    static XSIMD_INLINE std::array<float, 8> observation(const Parameters&, const State& state) {
        const auto exact = exact_observation(state);
        std::array<float, 8> rounded;
        for (std::size_t i = 0; i < rounded.size(); ++i) rounded[i] = static_cast<float>(exact[i]);
        return rounded;
    }
};

/// Steps the blocks of a lander. \tparam Lander one of them
template <class Lander>
struct LunarLanderBlocks : LunarLanderRules {
    /// As `step`, for the listed envs of a block.
    template <class Arch, class Block>
    static void step_block(const Block& block) {
        rigid_body::Loads<LunarScene> all[Block::most];
        Thrust thrusts[Block::most];
        const auto fetch = [&](std::size_t k) {  // the lander and the members before it
            if (k < block.count) prefetch(&block.states[block.envs[k]], 128);
        };
        for (std::size_t k = 0; k < block.count; ++k) {
            fetch(k + 4);
            const std::size_t env = block.envs[k];
            const Parameters& p = block.parameters(env);
            all[k] = loads(p);
            thrusts[k] = Lander::thrust(block.action(env));
            blow_and_thrust(p, block.states[env], thrusts[k], block.randoms[env], all[k]);
        }
        step_worlds<Arch>(block, all);
        for (std::size_t k = 0; k < block.count; ++k) {
            fetch(k + 4);
            const std::size_t env = block.envs[k];
            block.outcome(env) = outcome(block.states[env], thrusts[k]);
        }
    }
};

/// The description of Gymnasium's LunarLander-v3: engines are on or off.
struct LunarLander : LunarLanderBlocks<LunarLander> {
    static constexpr std::string_view name = "LunarLander";  ///< Gymnasium's id without the version
    using ActionSpace = Discrete<4>;                         ///< see Action

    /// The side engines push the lander to the side opposite to theirs.
    enum Action : std::int64_t { nothing, left_engine, main_engine, right_engine };

    /// The thrust of an action: full, or none.
    static XSIMD_INLINE Thrust thrust(std::int64_t action) {
        const bool is_side = action == left_engine || action == right_engine;
        return {action == main_engine ? 1.0 : 0.0, is_side ? 1.0 : 0.0, static_cast<double>(action - 2)};
    }

    /// Makes a step of 0.02 s.
    static XSIMD_INLINE Outcome<double> step(const Parameters& p, State& state, std::int64_t action, Random& random) {
        return step_with(p, state, thrust(action), random, {0, 0});
    }
};

/// The description of Gymnasium's LunarLanderContinuous-v3: engines with a throttle.
struct LunarLanderContinuous : LunarLanderBlocks<LunarLanderContinuous> {
    static constexpr std::string_view name = "LunarLanderContinuous";  ///< Gymnasium's id without the version
    using ActionSpace = operant::Box<2>;                               ///< main engine; side engines

    /// Both numbers are from -1 to 1.
    static operant::Box<2> action_space(const Parameters&) { return {{-1, -1}, {1, 1}}; }

    /// The main engine runs with 50 % to 100 % for an action above 0; a side engine with 50 % to 100 % beyond 0.5.
    static XSIMD_INLINE Thrust thrust(const std::array<float, 2>& action) {
        const double main = std::clamp(static_cast<double>(action[0]), -1.0, 1.0);
        const double side = std::clamp(static_cast<double>(action[1]), -1.0, 1.0), strength = std::fabs(side);
        return {main > 0 ? (main + 1.0) * 0.5 : 0.0, strength > 0.5 ? strength : 0.0, side > 0 ? 1.0 : -1.0};
    }

    /// Makes a step of 0.02 s.
    static XSIMD_INLINE Outcome<double> step(const Parameters& p, State& state, const std::array<float, 2>& action, Random& random) {
        return step_with(p, state, thrust(action), random, {0, 0});
    }
};

}  // namespace operant
