#pragma once
/// \file
/// The environments of examples/environments in plain C++, one env at a time. Their parameters are variables, as in the
/// originals.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include <xsimd/xsimd.hpp>

#include <operant/random/random.hpp>

#include "scalar_loop.hpp"

namespace operant::benchmarks {

template <class Real>
struct ScalarQuadrotor {
    using Action = float;
    using Random = Pcg64;
    static constexpr std::size_t action_size = 2, observation_size = 7;
    static constexpr bool has_info = false;
    static constexpr std::int32_t max_episode_steps = 500;
    Real mass = 0.486, arm = 0.25, inertia = 0.00383, gravity = 9.81, max_thrust = 5, dt = 0.02, radius = 4;

    struct State {
        Real x, z, theta, x_dot, z_dot, theta_dot;
    };

    State reset(Random& random) const {
        const auto within = [&](double bound) { return static_cast<Real>(random.uniform(-bound, bound)); };
        State s;
        s.x = within(1);
        s.z = within(1);
        s.theta = within(std::numbers::pi / 4);
        s.x_dot = within(0.5);
        s.z_dot = within(0.5);
        s.theta_dot = within(0.5);
        return s;
    }

    ScalarOutcome step(State& s, const Action* action, Random&) const {
        const Real right = std::clamp<Real>(action[0], 0, max_thrust), left = std::clamp<Real>(action[1], 0, max_thrust);
        const Real sin_theta = std::sin(s.theta), cos_theta = std::cos(s.theta);
        const Real cost = s.x * s.x + s.z * s.z + Real(0.1) * (1 - cos_theta) + Real(0.001) * (right * right + left * left);
        const Real lift = (right + left) * (1 / mass);
        s.x_dot -= dt * lift * sin_theta;
        s.z_dot += dt * (lift * cos_theta - gravity);
        s.theta_dot += dt * (arm / inertia) * (right - left);
        s.x += dt * s.x_dot;
        s.z += dt * s.z_dot;
        s.theta += dt * s.theta_dot;
        return {-cost, s.x * s.x + s.z * s.z > radius * radius};
    }

    static void observe(const State& s, float* observation) {
        const Real numbers[] = {s.x, s.z, std::cos(s.theta), std::sin(s.theta), s.x_dot, s.z_dot, s.theta_dot};
        for (std::size_t i = 0; i < observation_size; ++i) observation[i] = static_cast<float>(numbers[i]);
    }
};

template <class Real>
struct ScalarCartPoleSwingUp {
    using Action = float;
    using Random = Pcg64;
    static constexpr std::size_t action_size = 1, observation_size = 5;
    static constexpr bool has_info = false;
    static constexpr std::int32_t max_episode_steps = 500;
    Real gravity = 9.8, masscart = 1, masspole = 0.1, length = 0.5, max_force = 10, tau = 0.02, x_threshold = 2.4;
    Real total_mass = masspole + masscart, polemass_length = masspole * length;

    struct State {
        Real x, x_dot, theta, theta_dot;
    };

    State reset(Random& random) const {
        State s;
        s.x = static_cast<Real>(random.uniform(-0.05, 0.05));
        s.x_dot = static_cast<Real>(random.uniform(-0.05, 0.05));
        s.theta = static_cast<Real>(std::numbers::pi + random.uniform(-0.05, 0.05));
        s.theta_dot = static_cast<Real>(random.uniform(-0.05, 0.05));
        return s;
    }

    ScalarOutcome step(State& s, const Action* action, Random&) const {
        const Real force = std::clamp<Real>(action[0], -max_force, max_force);
        const Real sin_theta = std::sin(s.theta), cos_theta = std::cos(s.theta);
        const Real temp = (force + polemass_length * (s.theta_dot * s.theta_dot) * sin_theta) * (1 / total_mass);
        const Real theta_dot_dot = (gravity * sin_theta - cos_theta * temp) /
                                   (length * (Real(4.0 / 3.0) - masspole * (cos_theta * cos_theta) * (1 / total_mass)));
        const Real x_dot_dot = temp - polemass_length * theta_dot_dot * cos_theta * (1 / total_mass);
        s.x_dot += tau * x_dot_dot;
        s.x += tau * s.x_dot;
        s.theta_dot += tau * theta_dot_dot;
        s.theta += tau * s.theta_dot;
        return {cos_theta, std::abs(s.x) > x_threshold};
    }

    static void observe(const State& s, float* observation) {
        const Real numbers[] = {s.x, s.x_dot, std::cos(s.theta), std::sin(s.theta), s.theta_dot};
        for (std::size_t i = 0; i < observation_size; ++i) observation[i] = static_cast<float>(numbers[i]);
    }
};

template <class Real>
struct ScalarPointMass {
    using Action = float;
    using Random = Pcg64;
    static constexpr std::size_t action_size = 2, observation_size = 6;
    static constexpr bool has_info = true;
    static constexpr std::int32_t max_episode_steps = 200;
    Real max_acceleration = 1, dt = 0.05, goal_radius = 0.1, arena = 5;

    struct State {
        Real x, y, x_dot, y_dot, goal_x, goal_y;
    };

    State reset(Random& random) const {
        State s{};
        const double x = random.normal(), y = random.normal();
        double goal_x = 0, goal_y = 0;
        do {
            goal_x = random.normal();
            goal_y = random.normal();
        } while (!((goal_x - x) * (goal_x - x) + (goal_y - y) * (goal_y - y) > double{goal_radius} * goal_radius));
        s.x = static_cast<Real>(x);
        s.y = static_cast<Real>(y);
        s.goal_x = static_cast<Real>(goal_x);
        s.goal_y = static_cast<Real>(goal_y);
        return s;
    }

    ScalarOutcome step(State& s, const Action* action, Random&) const {
        s.x_dot += dt * std::clamp<Real>(action[0], -max_acceleration, max_acceleration);
        s.y_dot += dt * std::clamp<Real>(action[1], -max_acceleration, max_acceleration);
        s.x += dt * s.x_dot;
        s.y += dt * s.y_dot;
        const Real to_goal = distance(s);
        return {-to_goal, to_goal < goal_radius, std::abs(s.x) > arena || std::abs(s.y) > arena};
    }

    static void observe(const State& s, float* observation) {
        const Real numbers[] = {s.x, s.y, s.x_dot, s.y_dot, s.goal_x, s.goal_y};
        for (std::size_t i = 0; i < observation_size; ++i) observation[i] = static_cast<float>(numbers[i]);
    }

    static double inform(const State& s) { return distance(s); }

private:
    static Real distance(const State& s) {
        const Real dx = s.goal_x - s.x, dy = s.goal_y - s.y;
        return std::sqrt(dx * dx + dy * dy);
    }
};

template <class Real>
struct ScalarPendulumChain {
    using Action = float;
    using Random = Pcg64;
    static constexpr std::size_t n = 20, action_size = 1, observation_size = 2 * n;
    static constexpr bool has_info = false;
    static constexpr std::int32_t max_episode_steps = 200;
    Real stiffness = 25, gravity = 9.8, friction = 0.1, max_acceleration = 10, dt = 0.02;

    struct State {
        std::array<Real, n> theta, theta_dot;
    };

    State reset(Random& random) const {
        State s;
        for (auto& theta : s.theta) theta = static_cast<Real>(random.uniform(-0.5, 0.5));
        for (auto& theta_dot : s.theta_dot) theta_dot = static_cast<Real>(random.uniform(-0.5, 0.5));
        return s;
    }

    // GCC vectorises these separate loops, except those with sines.
    ScalarOutcome step(State& s, const Action* action, Random&) const {
        const Real u = std::clamp<Real>(action[0], -max_acceleration, max_acceleration);
        Real sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += s.theta[i] * s.theta[i] + Real(0.1) * (s.theta_dot[i] * s.theta_dot[i]);
        std::array<Real, n> sines, twist;
        for (std::size_t i = 0; i < n; ++i) sines[i] = std::sin(s.theta[i]);
        for (std::size_t i = 0; i + 1 < n; ++i) twist[i] = s.theta[i + 1] - s.theta[i];
        twist[n - 1] = 0;
        s.theta_dot[0] += dt * (stiffness * twist[0] - gravity * sines[0] - friction * s.theta_dot[0] + u);
        for (std::size_t i = 1; i < n; ++i)
            s.theta_dot[i] +=
                dt * (stiffness * (twist[i] - twist[i - 1]) - gravity * sines[i] - friction * s.theta_dot[i]);
        for (std::size_t i = 0; i < n; ++i) s.theta[i] += dt * s.theta_dot[i];
        return {-(sum * Real(1.0 / n) + Real(0.001) * (u * u))};
    }

    static void observe(const State& s, float* observation) {
        for (std::size_t i = 0; i < n; ++i) observation[i] = static_cast<float>(s.theta[i]);
        for (std::size_t i = 0; i < n; ++i) observation[n + i] = static_cast<float>(s.theta_dot[i]);
    }
};

/// The numbers are the same in any precision.
template <class>
struct ScalarJointReplenishment {
    using Action = std::int32_t;
    using Random = BufferedPcg64;
    static constexpr std::size_t n = 2, action_size = n, observation_size = 2 * n;
    static constexpr bool has_info = false;
    static constexpr std::int32_t max_episode_steps = 100;
    std::int32_t capacity = 20, max_demand = 8;
    double price = 5, cost = 2, delivery = 10, holding = 0.2, lost_sale = 1;

    struct State {
        std::array<std::int32_t, n> stock, on_order;
    };

    State reset(Random& random) const {
        State s{};
        for (auto& stock : s.stock) stock = static_cast<std::int32_t>(random.integers(capacity + 1));
        return s;
    }

    XSIMD_INLINE ScalarOutcome step(State& s, const Action* orders, Random& random) const {
        double profit = orders[0] + orders[1] > 0 ? -delivery : 0;
        profit += profit_of_day(s.stock[0], s.on_order[0], orders[0], random);
        profit += profit_of_day(s.stock[1], s.on_order[1], orders[1], random);
        return {profit};
    }

    static XSIMD_INLINE void observe(const State& s, float* observation) {
        for (std::size_t i = 0; i < n; ++i) observation[i] = static_cast<float>(s.stock[i]);
        for (std::size_t i = 0; i < n; ++i) observation[n + i] = static_cast<float>(s.on_order[i]);
    }

private:
    // A loop over the products would take 1.4 times as long, because the state would go through memory.
    XSIMD_INLINE double profit_of_day(std::int32_t& stock, std::int32_t& on_order, std::int32_t order, Random& random) const {
        const auto demand = static_cast<std::int32_t>(random.integers(max_demand + 1));
        const std::int32_t sold = std::min(demand, stock), left = stock - sold;
        stock = std::min(left + on_order, capacity);
        on_order = order;
        return price * sold - cost * order - holding * left - lost_sale * (demand - sold);
    }
};

}  // namespace operant::benchmarks
