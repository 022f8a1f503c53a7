#pragma once
/// \file
/// Steps many worlds at a time, with one world in each lane, with the bits of Engine.
///
/// Nearly all of the time goes into the velocity iterations, and worlds need different ones. So worlds are sorted: those whose
/// bodies touch nothing and whose joints are free; the same with joints at limits, where velocities often repeat and the rest
/// of the iterations are sums; and those with contacts, which IslandLanes steps. Few worlds without contacts have impacts or need
/// second iterations of positions: Engine makes these world by world.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <operant/math/prefetch.hpp>
#include <operant/rigid_body/island_lanes.hpp>
#include <operant/rigid_body/lanes.hpp>
#include <operant/rigid_body/world.hpp>

namespace operant::rigid_body {

/// Worlds at equal distances in memory, and which of them to step.
template <class Scene>
struct WorldList {
    World<Scene>* first;         ///< the world with index 0
    std::size_t stride;          ///< bytes from a world to the next
    const std::uint32_t* which;  ///< ascending indices, of which the last is less than 512 beyond the first
    std::size_t count;           ///< at most 512

    /// The world at a place in the list.
    XSIMD_INLINE World<Scene>& operator[](std::size_t k) const {
        return *reinterpret_cast<World<Scene>*>(reinterpret_cast<char*>(first) + which[k] * stride);
    }
    /// The distance in floats of a world from the first one in the list.
    XSIMD_INLINE std::int32_t offset(std::size_t k) const {
        return static_cast<std::int32_t>((which[k] - which[0]) * (stride / sizeof(float)));
    }
};

/// Scene has, besides what Engine asks for,
///
///     static constexpr std::size_t loaded_bodies;   the first so many bodies can have a force or a torque
///     static constexpr Motor motor(std::size_t joint);   the same in all worlds
///
/// \tparam Arch the instruction set that the functions are compiled for
/// \tparam ListenerOf has a function `operator()(k)` that returns the listener of the world at place k of the list
template <class Scene, class Arch, class ListenerOf>
class BlockEngine {
    using Engine = rigid_body::Engine<Scene, Arch>;
    using World = rigid_body::World<Scene>;
    using Loads = rigid_body::Loads<Scene>;
    using Starts = rigid_body::Starts<Scene>;
    using Island = rigid_body::Island<Scene>;
    using Touching = IslandLanes<Scene, Arch>;
    template <std::size_t batches>
    using Number = Lanes<Arch, batches>;

    static constexpr std::size_t bodies = Scene::bodies, joints = Scene::joints;
    static constexpr std::size_t largest = 512;
    static constexpr std::size_t batch = xsimd::batch<float, Arch>::size;
    /// Batches that iterate together.
    static constexpr std::size_t wide = 2, most_lanes = wide * batch;
    /// The order of the search if all bodies are awake.
    static constexpr SearchOrder<Scene> order = SearchOrder<Scene>::from(bodies - 1);

public:
    /// \param loads of each world in the list
    XSIMD_INLINE BlockEngine(const WorldList<Scene>& worlds, const Loads* loads, const ListenerOf& listener_of)
        : worlds_(worlds), loads_(loads), listener_of_(listener_of) {}

    /// Makes a step of all worlds.
    static void step(const WorldList<Scene>& worlds, const Loads* loads, const ListenerOf& listener_of) {
        BlockEngine engine(worlds, loads, listener_of);
        engine.sort();
        engine.step_touching();
        engine.fly();
    }

private:
    /// Sorts the worlds. Those that sleep are done.
    XSIMD_INLINE void sort() {
        for (std::size_t k = 0; k < worlds_.count; ++k) {
            Engine::fetch_with_edges([&](std::size_t i) -> const World& { return worlds_[i]; }, k, worlds_.count);
            World& world = worlds_[k];
            auto listener = listener_of_(k);
            Engine::begin_contacts(world, listener);
            if (touches(world)) {
                touching_[touching_count_++] = Touching::key_of(world, k);
                continue;
            }
            bool is_awake = false;
            for (const Body& body : world.bodies) is_awake |= body.is_awake != 0;
            if (!is_awake) {
                Engine::finish_asleep(world);
                continue;
            }
            for (Body& body : world.bodies) Engine::wake(body);
            bool is_limited = false;
            for (std::size_t j = 0; j < joints; ++j) is_limited |= Engine::find_limit(world, j) != Limit::none;
            (is_limited ? limited_[limited_count_++] : flying_[free_count_++]) = static_cast<std::uint16_t>(k);
        }
    }

    static XSIMD_INLINE bool touches(const World& world) {
        for (std::size_t i = 0; i < world.contact_count; ++i)
            if (world.contacts[i].touches != 0) return true;
        return false;
    }

    void step_touching() {
        Touching::step_begun(
            touching_, touching_count_, [&](std::size_t k) -> World& { return worlds_[k]; },
            [&](std::size_t k) -> const Loads& { return loads_[k]; }, listener_of_);
    }

    // Worlds whose bodies touch nothing.

    template <class N>
    struct Solving {
        std::array<Motion<N>, bodies> velocities;
        std::array<JointConstraint<N>, joints> joints_;
    };

    template <bool may_be_limited, class N>
    static XSIMD_INLINE void solve_joints(Solving<N>& solving) {
        solve_joints<may_be_limited>(solving, std::make_index_sequence<joints>());
    }
    template <bool may_be_limited, class N, std::size_t... i>
    static XSIMD_INLINE void solve_joints(Solving<N>& solving, std::index_sequence<i...>) {
        (solve_joint<order.joints[i], may_be_limited>(solving), ...);
    }
    template <std::size_t j, bool may_be_limited, class N>
    static XSIMD_INLINE auto solve_joint(Solving<N>& solving) {
        constexpr Joint joint = Scene::joint_list[j];
        constexpr Motor motor = Scene::motor(j);
        return solving.joints_[j].template solve<may_be_limited>(Engine::masses(joint), motor.speed, Engine::most_motor_impulse(motor),
                                                                 solving.velocities[joint.a], solving.velocities[joint.b]);
    }

    /// What the iterations change: velocities and the joints' impulses. A row has one of these numbers for all such worlds.
    static constexpr std::size_t row_count = 3 * bodies + 4 * joints;

    /// Calls `visit(number, row)` for the numbers of a row.
    template <class N, class Visitor>
    static XSIMD_INLINE void for_rows(Solving<N>& solving, const Visitor& visit) {
        std::size_t row = 0;
        for (Motion<N>& v : solving.velocities)
            for (N* one : {&v.center.x, &v.center.y, &v.angle}) visit(*one, row++);
        for (JointConstraint<N>& k : solving.joints_)
            for (N* one : {&k.impulse.x, &k.impulse.y, &k.limit_impulse, &k.motor_impulse}) visit(*one, row++);
    }

    /// Some worlds in lanes, with a reader of their numbers. Lanes beyond their number repeat the last one.
    template <std::size_t batches>
    struct Group : Reader<Number<batches>> {
        using N = Number<batches>;
        const BlockEngine& engine;
        const std::uint16_t* columns;  ///< of the rows
        std::size_t count;
        Reader<N> load;  ///< of the worlds' loads

        XSIMD_INLINE Group(const BlockEngine& engine_, const std::uint16_t* columns_, std::size_t count_)
            : engine(engine_), columns(columns_), count(count_) {
            this->index = N::index([&](std::size_t l) { return engine.worlds_.offset(place(l)); });
            load.index = N::index([&](std::size_t l) { return place(l) * (sizeof(Loads) / sizeof(float)); });
        }
        XSIMD_INLINE std::size_t column(std::size_t lane) const { return columns[lane < count ? lane : count - 1]; }
        /// The place in the list of worlds.
        XSIMD_INLINE std::size_t place(std::size_t lane) const { return engine.flying_[column(lane)]; }
    };

    /// Calls `function(group, next)` for groups of as many lanes as pay. \param columns of the rows
    template <class Function>
    XSIMD_INLINE void for_groups(const std::uint16_t* columns, std::size_t count, const Function& function) {
        std::size_t i = 0;
        for (; count - i > batch; i += std::min(most_lanes, count - i))
            function(Group<wide>(*this, columns + i, std::min(most_lanes, count - i)));
        if (i < count) function(Group<1>(*this, columns + i, count - i));
    }

    void fly() {
        // Columns of the rows: first the worlds with free joints, then the others.
        const std::size_t count = free_count_ + limited_count_;
        for (std::size_t i = 0; i < limited_count_; ++i) flying_[free_count_ + i] = limited_[i];
        for (std::size_t i = 0; i < count; ++i) order_[i] = static_cast<std::uint16_t>(i);
        for_groups(order_, free_count_, [&](const auto& group) { iterate_free(group); });

        // Most velocities at limits repeat after a few iterations. The worlds are asked twice, and then left.
        constexpr int asked_after[] = {6, 40};
        static_assert(Scene::velocity_iterations % 2 == 0);  // `repeat` adds pairs of iterations up
        std::size_t left = limited_count_;
        int done = 0;
        for (int stage = 0; stage < 3 && left > 0; ++stage) {
            const int until = stage < 2 ? asked_after[stage] : Scene::velocity_iterations;
            std::size_t undone = 0;
            std::uint16_t* const columns = order_ + free_count_;
            for_groups(columns, left, [&](const auto& group) {
                const std::uint64_t bits = iterate_limited(group, stage == 0, until - done, Scene::velocity_iterations - until);
                // Columns are read before they are overwritten: there are never more undone worlds than worlds read.
                for (std::size_t l = 0; l < group.count; ++l)
                    if ((bits >> l & 1) != 0) undone_[undone++] = group.columns[l];
            });
            std::copy(undone_, undone_ + undone, columns);
            left = undone;
            done = until + 2;
        }
        for (std::size_t i = 0; i < count; ++i) order_[i] = static_cast<std::uint16_t>(i);
        for_groups(order_, count, [&](const auto& group) { finish(group); });
    }

    template <std::size_t batches>
    void iterate_free(const Group<batches>& group) {
        Solving<Number<batches>> solving;
        begin(group, solving);
        iterate<false>(solving, Scene::velocity_iterations);
        store_rows(group, solving);
    }

    /// \param begins whether these are the first iterations of the step
    /// \param left the number of iterations after these
    /// \returns bits of the worlds whose iterations are not done; for all of them, two more are
    template <std::size_t batches>
    std::uint64_t iterate_limited(const Group<batches>& group, bool begins, int iterations, int left) {
        Solving<Number<batches>> solving;
        if (begins) {
            begin(group, solving);
        } else {
            prepare_joints(group, solving);
            load_rows(group, solving);
        }
        iterate<true>(solving, iterations);
        const std::uint64_t undone = left > 0 ? repeat(solving, left - 2) : 0;
        store_rows(group, solving);
        return undone;
    }

    /// As Engine::order_and_load, for worlds without contacts.
    template <std::size_t batches>
    XSIMD_INLINE void begin(const Group<batches>& group, Solving<Number<batches>>& solving) {
        using N = Number<batches>;
        const World& first = worlds_[0];
        const N dt(Scene::time_step), zero(0.0f), gravity = group.load(loads_[0].gravity);
        for (std::size_t b = 0; b < bodies; ++b) {
            const Polygon& shape = Scene::shape(b);
            Vec<N> acceleration{zero, gravity};
            N turn = zero;
            if (b < Scene::loaded_bodies) {
                acceleration = acceleration + N(shape.inverse_mass) * group.load(loads_[0].forces[b]);
                turn = N(Scene::time_step * shape.inverse_inertia) * group.load(loads_[0].torques[b]);
            }
            const Motion<N> v = group(first.bodies[b].velocity);
            solving.velocities[b] = {v.center + dt * acceleration, v.angle + turn};
        }
        prepare_joints(group, solving);
        for (const std::size_t j : order.joints) {
            const Joint& joint = Scene::joint_list[j];
            JointConstraint<N>& k = solving.joints_[j];
            k.impulse = group(first.joints[j].impulse);
            k.limit_impulse = group(first.joints[j].limit_impulse);
            k.motor_impulse = group(first.joints[j].motor_impulse);
            k.warm_start(Engine::masses(joint), solving.velocities[joint.a], solving.velocities[joint.b]);
        }
    }

    template <std::size_t batches>
    XSIMD_INLINE void prepare_joints(const Group<batches>& group, Solving<Number<batches>>& solving) const {
        using N = Number<batches>;
        const World& first = worlds_[0];
        std::array<Rotation<N>, bodies> turns;
        for (std::size_t b = 0; b < bodies; ++b) turns[b] = group(first.bodies[b].place.turn);
        for (std::size_t j = 0; j < joints; ++j) {
            const Joint& joint = Scene::joint_list[j];
            solving.joints_[j].prepare(Engine::masses(joint), turns[joint.a], turns[joint.b],
                                       Engine::from_center(joint.a, joint.anchor_a), Engine::from_center(joint.b, joint.anchor_b));
            find_limit(group, joint, solving.joints_[j]);
        }
    }

    template <std::size_t batches>
    XSIMD_INLINE void find_limit(const Group<batches>& group, const Joint& joint, JointConstraint<Number<batches>>& k) const {
        using N = Number<batches>;
        const World& first = worlds_[0];
        const N angle = group(first.bodies[joint.b].position.angle) - group(first.bodies[joint.a].position.angle) - N(joint.reference);
        const auto is_lower = angle <= N(joint.lower);
        k.set_limit(is_lower, is_lower | (angle >= N(joint.upper)));
    }

    template <bool may_be_limited, class N>
    static void iterate(Solving<N>& all, int iterations) {
        Solving<N> solving = all;
        for (; iterations > 0; --iterations) solve_joints<may_be_limited>(solving);
        all = solving;
    }

    /// Makes two iterations. If they leave all velocities and motor impulses of a world as they were, all others repeat them. Then
    /// this adds their impulses up, in the order of the iterations.
    /// \param left the number of iterations after these two: even
    /// \returns bits of the worlds that go on
    template <class N>
    static std::uint64_t repeat(Solving<N>& solving, int left) {
        using Mask = typename N::Mask;
        using Added = typename JointConstraint<N>::Added;
        std::array<Added, joints> odd, even;  // what the first and the second iteration add
        const Solving<N> before = solving;
        solve_tracked(solving, odd);
        solve_tracked(solving, even);
        Mask changes = Mask::of(0);
        for (std::size_t b = 0; b < bodies; ++b) {
            const Motion<N> &now = solving.velocities[b], &then = before.velocities[b];
            changes = changes | bits_differ(now.center.x, then.center.x) | bits_differ(now.center.y, then.center.y) |
                      bits_differ(now.angle, then.angle);
        }
        for (std::size_t j = 0; j < joints; ++j)
            changes = changes | bits_differ(solving.joints_[j].motor_impulse, before.joints_[j].motor_impulse) |
                      (solving.joints_[j].is_limited & (odd[j].is_free | even[j].is_free));
        if ((!changes).bits() == 0) return changes.bits();

        std::array<Vec<N>, joints> impulses;
        std::array<N, joints> limits;
        for (std::size_t j = 0; j < joints; ++j) {
            const JointConstraint<N>& k = solving.joints_[j];
            N x = k.impulse.x, y = k.impulse.y, limit = k.limit_impulse, lowest(0.0f);
            for (int n = 0; n < left; n += 2) {
                x = x + odd[j].x + even[j].x;
                y = y + odd[j].y + even[j].y;
                limit = limit + odd[j].limit;
                lowest = least(lowest, k.limit_sign * limit);
                limit = limit + even[j].limit;
                lowest = least(lowest, k.limit_sign * limit);
            }
            impulses[j] = {x, y}, limits[j] = limit;
            // The sign of a limit's sum must not turn on the way.
            changes = changes | (k.is_limited & (lowest < N(0.0f)));
        }
        for (std::size_t j = 0; j < joints; ++j) {
            JointConstraint<N>& k = solving.joints_[j];
            k.impulse = {select(changes, k.impulse.x, impulses[j].x), select(changes, k.impulse.y, impulses[j].y)};
            k.limit_impulse = select(changes, k.limit_impulse, limits[j]);
        }
        return changes.bits();
    }

    template <class N>
    static XSIMD_INLINE void solve_tracked(Solving<N>& solving, std::array<typename JointConstraint<N>::Added, joints>& added) {
        solve_tracked(solving, added, std::make_index_sequence<joints>());
    }
    template <class N, std::size_t... i>
    static XSIMD_INLINE void solve_tracked(Solving<N>& solving, std::array<typename JointConstraint<N>::Added, joints>& added,
                                           std::index_sequence<i...>) {
        ((added[order.joints[i]] = solve_joint<order.joints[i], true>(solving)), ...);
    }

    template <std::size_t batches>
    XSIMD_INLINE void store_rows(const Group<batches>& group, Solving<Number<batches>>& solving) {
        alignas(64) float numbers[Number<batches>::size];
        for_rows(solving, [&](const Number<batches>& number, std::size_t row) {
            number.store(numbers);
            for (std::size_t l = 0; l < group.count; ++l) rows_[row][group.columns[l]] = numbers[l];
        });
    }
    template <std::size_t batches>
    XSIMD_INLINE void load_rows(const Group<batches>& group, Solving<Number<batches>>& solving) const {
        alignas(64) float numbers[Number<batches>::size];
        for_rows(solving, [&](Number<batches>& number, std::size_t row) {
            for (std::size_t l = 0; l < Number<batches>::size; ++l) numbers[l] = rows_[row][group.column(l)];
            number = Number<batches>::load(numbers);
        });
    }

    /// As Engine::end. Worlds that are too fast, or whose joints need a second iteration of positions, are left to Engine.
    template <std::size_t batches>
    void finish(const Group<batches>& group) {
        using N = Number<batches>;
        using namespace tolerance;
        const World& first = worlds_[0];
        const N dt(Scene::time_step);
        Solving<N> solving;
        load_rows(group, solving);
        std::array<Motion<N>, bodies> positions;
        auto is_simple = N::Mask::of(~std::uint64_t{0});
        for (std::size_t b = 0; b < bodies; ++b) {
            const Motion<N>& v = solving.velocities[b];
            const Vec<N> way = dt * v.center;
            const N turn = dt * v.angle;
            is_simple = is_simple & (dot(way, way) <= N(most_translation * most_translation)) &
                        (turn * turn <= N(most_rotation * most_rotation));
            const Motion<N> start = group(first.bodies[b].position);
            positions[b] = {start.center + way, start.angle + turn};
        }
        for (const std::size_t j : order.joints) {
            const Joint& joint = Scene::joint_list[j];
            find_limit(group, joint, solving.joints_[j]);
            is_simple = is_simple & solving.joints_[j].correct(Engine::masses(joint), joint, Engine::from_center(joint.a, joint.anchor_a),
                                                               Engine::from_center(joint.b, joint.anchor_b), positions[joint.a],
                                                               positions[joint.b]);
        }
        // The numbers of a body, in its order, and whether it leaves its box.
        alignas(64) float numbers[bodies][14][N::size];
        std::array<std::uint64_t, bodies> moved;
        for (std::size_t b = 0; b < bodies; ++b) {
            const Polygon& shape = Scene::shape(b);
            const Place<N> start = group(first.bodies[b].place);
            const Vec<N> center{N(shape.center.x), N(shape.center.y)};
            const Place<N> end = place_of(positions[b].center, positions[b].angle, center);
            const Extent<N> before(shape, start), now(shape, end);
            const Vec<N> box_low = group(first.bodies[b].box.low), box_high = group(first.bodies[b].box.high);
            const auto stays = (box_low.x <= now.low.x) & (box_low.y <= now.low.y) & (now.high.x <= box_high.x) &
                               (now.high.y <= box_high.y);
            moved[b] = (!stays).bits();
            const N zero(0.0f), border(margin);
            const Vec<N> ahead = N(2.0f) * (end.origin - start.origin), margins{border, border};
            Vec<N> low = least(before.low, now.low) - margins, high = most(before.high, now.high) + margins;
            low = {select(ahead.x < zero, low.x + ahead.x, low.x), select(ahead.y < zero, low.y + ahead.y, low.y)};
            high = {select(ahead.x < zero, high.x, high.x + ahead.x), select(ahead.y < zero, high.y, high.y + ahead.y)};
            std::size_t i = 0;
            const Motion<N>& v = solving.velocities[b];
            for (const N& one : {positions[b].center.x, positions[b].center.y, positions[b].angle, v.center.x, v.center.y, v.angle,
                                 end.origin.x, end.origin.y, end.turn.s, end.turn.c, select(stays, box_low.x, low.x),
                                 select(stays, box_low.y, low.y), select(stays, box_high.x, high.x), select(stays, box_high.y, high.y)})
                one.store(numbers[b][i++]);
        }
        // Where bodies leave their boxes, the search for contacts reads the edges.
        for (std::size_t l = 0; l < group.count; ++l)
            for (const std::uint64_t bits : moved)
                if ((bits >> l & 1) != 0) prefetch(&worlds_[group.place(l)].edges, sizeof worlds_[0].edges);
        const std::uint64_t simple = is_simple.bits();
        for (std::size_t l = 0; l < group.count; ++l) {
            if ((simple >> l & 1) == 0) {
                finish_alone(group.column(l));
                continue;
            }
            World& world = worlds_[group.place(l)];
            unsigned left_box = 0;
            for (std::size_t b = 0; b < bodies; ++b) left_box |= static_cast<unsigned>(moved[b] >> l & 1) << b;
            Starts starts;
            const bool may_hit = world.contact_count > 0 || left_box != 0;
            if (may_hit) take_starts(world, starts);
            for (std::size_t b = 0; b < bodies; ++b) {
                const auto of = [&](std::size_t i) { return numbers[b][i][l]; };
                Body& body = world.bodies[b];
                body.position = {{of(0), of(1)}, of(2)};
                body.velocity = {{of(3), of(4)}, of(5)};
                body.place = {{of(6), of(7)}, {of(8), of(9)}};
                body.box = {{of(10), of(11)}, {of(12), of(13)}};
            }
            for (std::size_t j = 0; j < joints; ++j) {
                const auto row = [&](std::size_t i) { return rows_[3 * bodies + 4 * j + i][group.column(l)]; };
                JointMemory& memory = world.joints[j];
                memory.impulse = {row(0), row(1)};
                memory.limit_impulse = row(2);
                memory.motor_impulse = row(3);
            }
            world.has_stepped = 1;
            Engine::let_sleep(world, true);
            if (!may_hit) continue;
            Engine::find_contacts(world, left_box);
            auto listener = listener_of_(group.place(l));
            Engine::solve_impacts(world, starts, listener);
        }
    }

    static XSIMD_INLINE void take_starts(const World& world, Starts& starts) {
        for (std::size_t b = 0; b < bodies; ++b) {
            starts.positions[b] = world.bodies[b].position;
            starts.places[b] = world.bodies[b].place;
        }
    }

    void finish_alone(std::size_t column) {
        const std::size_t k = flying_[column];
        World& world = worlds_[k];
        Island island;
        island.order = order;
        island.contact_count = 0;
        take_starts(world, island.starts);
        island.positions = island.starts.positions;
        std::size_t row = 0;
        const auto next = [&] { return rows_[row++][column]; };
        for (Motion<float>& v : island.velocities) {
            v.center.x = next();
            v.center.y = next();
            v.angle = next();
        }
        for (std::size_t j = 0; j < joints; ++j) {
            JointConstraint<float>& joint = island.joints[j];
            joint.set_limit(world.joints[j].limit == Limit::lower, world.joints[j].limit != Limit::none);
            joint.impulse.x = next();
            joint.impulse.y = next();
            joint.limit_impulse = next();
            joint.motor_impulse = next();
        }
        auto listener = listener_of_(k);
        Engine::end(world, island, listener);
    }

    const WorldList<Scene>& worlds_;
    const Loads* loads_;
    const ListenerOf& listener_of_;
    std::size_t free_count_ = 0, limited_count_ = 0, touching_count_ = 0;
    // Places in the list. Those of worlds without contacts begin with those whose joints are free.
    std::uint16_t flying_[largest], limited_[largest], order_[largest], undone_[largest];
    typename Touching::Sorted touching_[largest];
    alignas(64) float rows_[row_count][largest];
};

}  // namespace operant::rigid_body
