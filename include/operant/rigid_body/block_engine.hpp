#pragma once
/// \file
/// Steps many worlds at a time, with one world in each lane, with the bits of Engine.
///
/// Nearly all of the time goes into the velocity iterations, and worlds need different ones. So worlds are sorted: those whose
/// bodies touch nothing and whose joints are free; the same with joints at limits, where velocities often repeat and the rest
/// of the iterations are sums; and those with contacts, by the contacts that they have. What few worlds need, Engine does
/// world by world: finding contacts, impacts, second iterations of positions.

#include <algorithm>
#include <array>
#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <utility>

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
///     static constexpr std::array<unsigned, n> common_contacts;   patterns of contacts that occur often, as ContactSlots::pattern
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
    template <std::size_t batches>
    using Number = Lanes<Arch, batches>;

    static constexpr std::size_t bodies = Scene::bodies, joints = Scene::joints;
    static constexpr std::size_t largest = 512;
    static constexpr std::size_t batch = xsimd::batch<float, Arch>::size;
    /// Batches that iterate together.
    static constexpr std::size_t wide = 2, most_lanes = wide * batch;
    /// The same for worlds with contacts. With half as many registers, two take longer than one after the other.
    static constexpr std::size_t touching_wide = batch >= 16 ? 2 : 1;
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
        engine.solve_contacts();
        engine.fly();
    }

private:
    /// The contacts of a world have places in the order of solving: two for each body.
    static constexpr std::size_t slots = 2 * bodies;
    static constexpr std::size_t slot_body(std::size_t slot) { return order.bodies[slot / 2]; }

    /// A world with contacts between the phases of its step.
    struct Touching {
        Island island;
        std::uint16_t place;       ///< in the list
        std::uint16_t slot[slots];  ///< the work in each slot, 0 if there is none
        unsigned pattern;          ///< bits: slots that are used; from bit `slots` on, those of them with two points
    };
    static constexpr std::size_t most_touching = 256, most_works = 768;

    // Sorts the worlds and begins the steps of those with contacts.

    XSIMD_INLINE void sort() {
        works_[0] = ContactWork{};  // what lanes without a contact in a slot solve
        for (std::size_t k = 0; k < worlds_.count; ++k) {
            World& world = worlds_[k];
            if (world.has_stepped == 0) Engine::find_contacts(world, Engine::all_bodies);
            if (world.contact_count > 0) {
                auto listener = listener_of_(k);
                Engine::update_contacts(world, listener);
            }
            if (touches(world)) {
                begin_touching(k);
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

    void begin_touching(std::size_t k) {
        if (touching_count_ == most_touching || work_count_ + Scene::contacts > most_works) solve_contacts();
        Touching& touching = touching_[touching_count_];
        Island& island = touching.island;
        World& world = worlds_[k];
        island.contacts = works_ + work_count_;
        if (!Engine::order_and_load(world, loads_[k], island)) return Engine::finish_asleep(world);
        touching.place = static_cast<std::uint16_t>(k);
        if (!take_slots(touching)) {
            Engine::prepare_joints(island);
            Engine::solve_velocities(loads_[k], island);
            auto listener = listener_of_(k);
            Engine::end(world, island, listener);
            return;
        }
        work_count_ += island.contact_count;
        ++touching_count_;
    }

    /// Finds a slot for every contact. Returns false if there are more contacts than slots, or in another order.
    bool take_slots(Touching& touching) const {
        const Island& island = touching.island;
        if (island.order.bodies[0] != order.bodies[0]) return false;
        touching.pattern = 0;
        for (std::uint16_t& slot : touching.slot) slot = 0;
        std::size_t slot = 0;
        for (std::size_t i = 0; i < island.contact_count; ++i, ++slot) {
            const ContactWork& work = island.contacts[i];
            while (slot < slots && slot_body(slot) != work.body) ++slot;
            if (slot == slots) return false;
            touching.slot[slot] = static_cast<std::uint16_t>(&work - works_);
            touching.pattern |= (1u | (work.count == 2 ? 1u << slots : 0u)) << slot;
        }
        return true;
    }

    // Worlds with contacts.

    template <class N>
    struct Solving {
        std::array<Motion<N>, bodies> velocities;
        std::array<JointConstraint<N>, joints> joints_;
    };
    template <class N>
    using Slots = std::array<ContactConstraint<N>, slots>;

    /// Solves the worlds of one pattern together if there are many, and the others in any company.
    void solve_contacts() {
        std::uint16_t* const sorted = order_;
        for (std::size_t i = 0; i < touching_count_; ++i) sorted[i] = static_cast<std::uint16_t>(i);
        std::sort(sorted, sorted + touching_count_, ByPattern{touching_});
        std::uint16_t rest[most_touching];
        std::size_t rest_count = 0;
        for (std::size_t i = 0; i < touching_count_;) {
            std::size_t end = i;
            while (end < touching_count_ && touching_[sorted[end]].pattern == touching_[sorted[i]].pattern) ++end;
            if (end - i >= most_alone) {
                solve_group(sorted + i, end - i);
            } else {
                for (std::size_t j = i; j < end; ++j) rest[rest_count++] = sorted[j];
            }
            i = end;
        }
        solve_group(rest, rest_count);
        for (std::size_t i = 0; i < touching_count_; ++i) {
            const std::size_t k = touching_[i].place;
            auto listener = listener_of_(k);
            Engine::end(worlds_[k], touching_[i].island, listener);
        }
        touching_count_ = 0;
        work_count_ = 1;
    }

    static constexpr std::size_t most_alone = batch * 5 / 8;

    struct ByPattern {
        const Touching* touching;
        XSIMD_INLINE bool operator()(std::uint16_t a, std::uint16_t b) const {
            return touching[a].pattern != touching[b].pattern ? touching[a].pattern < touching[b].pattern : a < b;
        }
    };

    XSIMD_INLINE void solve_group(const std::uint16_t* which, std::size_t count) {
        std::size_t i = 0;
        constexpr std::size_t most = touching_wide * batch;
        for (; count - i > batch; i += std::min(most, count - i)) solve_lanes<touching_wide>(which + i, std::min(most, count - i));
        if (i < count) solve_lanes<1>(which + i, count - i);
    }

    template <std::size_t batches>
    void solve_lanes(const std::uint16_t* which, std::size_t count) {
        using N = Number<batches>;
        alignas(64) std::int32_t index[N::size];
        const auto lane = [&](std::size_t l) -> Touching& { return touching_[which[l < count ? l : count - 1]]; };
        const auto index_of = [&](const auto& value) {
            for (std::size_t l = 0; l < N::size; ++l) index[l] = value(lane(l));
            typename N::Index loaded;
            for (std::size_t i = 0; i < batches; ++i)
                loaded[i] = xsimd::batch<std::int32_t, Arch>::load_aligned(index + i * batch);
            return loaded;
        };
        const auto mask_of = [&](const auto& value) {
            std::uint64_t bits = 0;
            for (std::size_t l = 0; l < N::size; ++l) bits |= std::uint64_t{value(lane(l))} << l;
            return N::Mask::of(bits);
        };
        const auto island = index_of([&](const Touching& t) {
            return static_cast<std::int32_t>((&t - touching_) * (sizeof(Touching) / sizeof(float)));
        });
        const Island& first = touching_[0].island;
        const auto field = [&](const float& of_first) { return N::gather(&of_first, island); };

        Solving<N> solving;
        for (std::size_t b = 0; b < bodies; ++b) solving.velocities[b] = gathered<N>(first.velocities[b], field);
        for (std::size_t j = 0; j < joints; ++j) {
            JointConstraint<N>& to = solving.joints_[j];
            to.is_lower = mask_of([&](const Touching& t) { return t.island.joints[j].is_lower; });
            to.is_limited = mask_of([&](const Touching& t) { return t.island.joints[j].is_limited; });
        }
        Engine::prepare_joints(first, field, solving.joints_, solving.velocities);
        unsigned pattern = 0;
        for (std::size_t l = 0; l < count; ++l) pattern |= lane(l).pattern;
        Slots<N> contacts;
        for (std::size_t s = 0; s < slots; ++s) {
            if ((pattern >> s & 1) == 0) continue;
            const auto work = index_of([&](const Touching& t) {
                return static_cast<std::int32_t>(t.slot[s] * (sizeof(ContactWork) / sizeof(float)));
            });
            const auto of_work = [&](const float& of_first) { return N::gather(&of_first, work); };
            const ContactConstraint<float>& from = works_[0].constraint;
            ContactConstraint<N>& to = contacts[s];
            to.normal = {of_work(from.normal.x), of_work(from.normal.y)};
            to.friction = of_work(from.friction);
            const bool two = (pattern >> (slots + s) & 1) != 0;
            for (std::size_t p = 0; p < (two ? 2 : 1); ++p) {
                const ContactPoint<float>& point = from.points[p];
                to.points[p] = {{of_work(point.r.x), of_work(point.r.y)}, of_work(point.normal_mass), of_work(point.tangent_mass),
                                of_work(point.normal_impulse), of_work(point.tangent_impulse)};
            }
            if (!two) continue;
            to.k11 = of_work(from.k11), to.k12 = of_work(from.k12), to.k22 = of_work(from.k22);
            to.i11 = of_work(from.i11), to.i12 = of_work(from.i12), to.i22 = of_work(from.i22);
            to.has_two = mask_of([&](const Touching& t) { return works_[t.slot[s]].constraint.has_two; });
            // A contact that solves one of its two points has a second one that must not act.
            for (N* one : {&to.points[1].r.x, &to.points[1].r.y, &to.points[1].normal_mass, &to.points[1].tangent_mass,
                           &to.points[1].normal_impulse, &to.points[1].tangent_impulse})
                *one = select(to.has_two, *one, N(0.0f));
        }

        if (!iterate_common(solving, contacts, pattern, std::make_index_sequence<Scene::common_contacts.size()>()))
            iterate_any(solving, contacts, pattern);

        alignas(64) float out[N::size];
        const auto put = [&](const N& value, const auto& to) {
            value.store(out);
            for (std::size_t l = 0; l < count; ++l) to(lane(l)) = out[l];
        };
        for (std::size_t b = 0; b < bodies; ++b) {
            put(solving.velocities[b].center.x, [&](Touching& t) -> float& { return t.island.velocities[b].center.x; });
            put(solving.velocities[b].center.y, [&](Touching& t) -> float& { return t.island.velocities[b].center.y; });
            put(solving.velocities[b].angle, [&](Touching& t) -> float& { return t.island.velocities[b].angle; });
        }
        for (std::size_t j = 0; j < joints; ++j) {
            const JointConstraint<N>& k = solving.joints_[j];
            put(k.impulse.x, [&](Touching& t) -> float& { return t.island.joints[j].impulse.x; });
            put(k.impulse.y, [&](Touching& t) -> float& { return t.island.joints[j].impulse.y; });
            put(k.limit_impulse, [&](Touching& t) -> float& { return t.island.joints[j].limit_impulse; });
            put(k.motor_impulse, [&](Touching& t) -> float& { return t.island.joints[j].motor_impulse; });
        }
        // Work 0, which belongs to no world, takes what the others do not use.
        for (std::size_t s = 0; s < slots; ++s) {
            if ((pattern >> s & 1) == 0) continue;
            for (std::size_t p = 0; p < ((pattern >> (slots + s) & 1) != 0 ? 2 : 1); ++p) {
                const auto point = [&](Touching& t) -> ContactPoint<float>& { return works_[t.slot[s]].constraint.points[p]; };
                put(contacts[s].points[p].normal_impulse, [&](Touching& t) -> float& { return point(t).normal_impulse; });
                put(contacts[s].points[p].tangent_impulse, [&](Touching& t) -> float& { return point(t).tangent_impulse; });
            }
        }
        works_[0] = ContactWork{};
    }

    template <class N, class Field>
    static XSIMD_INLINE Motion<N> gathered(const Motion<float>& of_first, const Field& field) {
        return {{field(of_first.center.x), field(of_first.center.y)}, field(of_first.angle)};
    }

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
    template <class N, std::size_t... i>
    static XSIMD_INLINE bool iterate_common(Solving<N>& solving, Slots<N>& contacts, unsigned pattern, std::index_sequence<i...>) {
        return ((pattern == Scene::common_contacts[i] &&
                 (iterate_known<Scene::common_contacts[i]>(solving, contacts, std::make_index_sequence<slots>()), true)) ||
                ...);
    }
    template <unsigned pattern, class N, std::size_t... s>
    static void iterate_known(Solving<N>& all, Slots<N>& contacts, std::index_sequence<s...>) {
        Solving<N> solving = all;
        Slots<N> local;
        ((pattern >> s & 1 ? void(local[s] = contacts[s]) : void()), ...);
        Pipeline<Scene>::iterate(Scene::velocity_iterations, KnownSolver<pattern, N>{solving, local});
        ((pattern >> s & 1 ? void(contacts[s] = local[s]) : void()), ...);
        all = solving;
    }
    /// What a velocity iteration of one pattern consists of.
    template <unsigned pattern, class N>
    struct KnownSolver {
        Solving<N>& solving;
        Slots<N>& slots_;

        template <std::size_t place>
        XSIMD_INLINE void joint() const {
            solve_joint<order.joints[place], true>(solving);
        }
        template <std::size_t place>
        XSIMD_INLINE void contacts() const {
            contact<2 * place>();
            contact<2 * place + 1>();
        }
        template <std::size_t s>
        XSIMD_INLINE void contact() const {
            constexpr float m = Scene::shape(slot_body(s)).inverse_mass, i = Scene::shape(slot_body(s)).inverse_inertia;
            if constexpr ((pattern >> s & 1) != 0)
                slots_[s].template solve<(pattern >> (slots + s) & 1) != 0>(m, i, solving.velocities[slot_body(s)]);
        }
    };

    template <class N>
    static void iterate_any(Solving<N>& solving, Slots<N>& contacts, unsigned pattern) {
        Pipeline<Scene>::iterate(Scene::velocity_iterations, AnySolver<N>{solving, contacts, pattern});
    }
    /// The same of several patterns.
    template <class N>
    struct AnySolver {
        Solving<N>& solving;
        Slots<N>& slots_;
        unsigned pattern;

        template <std::size_t place>
        XSIMD_INLINE void joint() const {
            solve_joint<order.joints[place], true>(solving);
        }
        template <std::size_t place>
        XSIMD_INLINE void contacts() const {
            constexpr std::size_t body = order.bodies[place];
            constexpr float m = Scene::shape(body).inverse_mass, i = Scene::shape(body).inverse_inertia;
            for (std::size_t s = 2 * place; s < 2 * place + 2; ++s) {
                if ((pattern >> s & 1) == 0) continue;
                if ((pattern >> (slots + s) & 1) != 0)
                    slots_[s].template solve<true>(m, i, solving.velocities[body]);
                else
                    slots_[s].template solve<false>(m, i, solving.velocities[body]);
            }
        }
    };

    // Worlds whose bodies touch nothing.

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

    /// Some worlds in lanes. Lanes beyond their number repeat the last one.
    template <std::size_t batches>
    struct Group {
        using N = Number<batches>;
        const BlockEngine& engine;
        const std::uint16_t* columns;  ///< of the rows
        std::size_t count;
        typename N::Index world, loads;

        XSIMD_INLINE Group(const BlockEngine& engine_, const std::uint16_t* columns_, std::size_t count_)
            : engine(engine_), columns(columns_), count(count_) {
            alignas(64) std::int32_t index[2][N::size];
            for (std::size_t l = 0; l < N::size; ++l) {
                const std::size_t k = place(l);
                index[0][l] = engine.worlds_.offset(k);
                index[1][l] = static_cast<std::int32_t>(k * (sizeof(Loads) / sizeof(float)));
            }
            for (std::size_t i = 0; i < batches; ++i) {
                world[i] = xsimd::batch<std::int32_t, Arch>::load_aligned(index[0] + i * batch);
                loads[i] = xsimd::batch<std::int32_t, Arch>::load_aligned(index[1] + i * batch);
            }
        }
        XSIMD_INLINE std::size_t column(std::size_t lane) const { return columns[lane < count ? lane : count - 1]; }
        /// The place in the list of worlds.
        XSIMD_INLINE std::size_t place(std::size_t lane) const { return engine.flying_[column(lane)]; }
        /// Reads a number of the worlds. \param of_first the number in the first world of the list
        XSIMD_INLINE N operator()(const float& of_first) const { return N::gather(&of_first, world); }
        XSIMD_INLINE Vec<N> operator()(const Vector& of_first) const { return {(*this)(of_first.x), (*this)(of_first.y)}; }
        XSIMD_INLINE Place<N> operator()(const Place<float>& of_first) const {
            return {(*this)(of_first.origin), {(*this)(of_first.turn.s), (*this)(of_first.turn.c)}};
        }
        XSIMD_INLINE Motion<N> operator()(const Motion<float>& of_first) const {
            return {(*this)(of_first.center), (*this)(of_first.angle)};
        }
        XSIMD_INLINE Vec<N> load(const Vector& of_first) const {
            return {N::gather(&of_first.x, loads), N::gather(&of_first.y, loads)};
        }
        XSIMD_INLINE N load(const float& of_first) const { return N::gather(&of_first, loads); }
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
        constexpr int asked_after[] = {5, 40};
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
        const std::uint64_t undone = left > 0 ? repeat(solving, left) : 0;
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
        for (std::size_t b = 0; b < bodies; ++b)
            turns[b] = {group(first.bodies[b].place.turn.s), group(first.bodies[b].place.turn.c)};
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
        k.is_lower = angle <= N(joint.lower);
        k.is_limited = k.is_lower | (angle >= N(joint.upper));
    }

    template <bool may_be_limited, class N>
    static void iterate(Solving<N>& all, int iterations) {
        Solving<N> solving = all;
        for (; iterations > 0; --iterations) solve_joints<may_be_limited>(solving);
        all = solving;
    }

    /// Makes two iterations. Where they have repeated all velocities, and motors, so will the others: their impulses are added up,
    /// in the order in which the iterations would. Elsewhere `left` becomes two less.
    /// \returns bits of the worlds that go on, from after the two iterations
    template <class N>
    static std::uint64_t repeat(Solving<N>& solving, int left) {
        using Mask = typename N::Mask;
        using Added = typename JointConstraint<N>::Added;
        const Solving<N> before = solving;
        std::array<Added, joints> odd, even;  // what the first and the second iteration add
        solve_tracked(solving, odd);
        const Solving<N> between = solving;
        solve_tracked(solving, even);
        left -= 2;

        Mask changes_1 = Mask::of(0), changes_2 = changes_1;
        const auto compare = [&](const N& now, const N& one_ago, const N& two_ago) {
            changes_1 = changes_1 | bits_differ(now, one_ago);
            changes_2 = changes_2 | bits_differ(now, two_ago);
        };
        for (std::size_t b = 0; b < bodies; ++b) {
            const Motion<N> &now = solving.velocities[b], &one = between.velocities[b], &two = before.velocities[b];
            compare(now.center.x, one.center.x, two.center.x);
            compare(now.center.y, one.center.y, two.center.y);
            compare(now.angle, one.angle, two.angle);
        }
        for (std::size_t j = 0; j < joints; ++j) {
            compare(solving.joints_[j].motor_impulse, between.joints_[j].motor_impulse, before.joints_[j].motor_impulse);
            changes_1 = changes_1 | even[j].limit_turns;
            changes_2 = changes_2 | even[j].limit_turns | odd[j].limit_turns;
        }
        const Mask has_period_1 = !changes_1, repeats = has_period_1 | !changes_2;
        if (repeats.bits() == 0) return ~std::uint64_t{0};

        // The sign of a limit's sum must not turn on the way.
        Solving<N> ended = solving;
        Mask turns = Mask::of(0);
        for (std::size_t j = 0; j < joints; ++j) {
            JointConstraint<N>& k = ended.joints_[j];
            odd[j].x = select(has_period_1, even[j].x, odd[j].x);
            odd[j].y = select(has_period_1, even[j].y, odd[j].y);
            odd[j].limit = select(has_period_1, even[j].limit, odd[j].limit);
            const N sign = select(k.is_lower, N(1.0f), N(-1.0f));
            N lowest(0.0f), x = k.impulse.x, y = k.impulse.y, limit = k.limit_impulse;
            for (int n = 0; n + 1 < left; n += 2) {
                x = x + odd[j].x + even[j].x;
                y = y + odd[j].y + even[j].y;
                limit = limit + odd[j].limit;
                lowest = least(lowest, sign * limit);
                limit = limit + even[j].limit;
                lowest = least(lowest, sign * limit);
            }
            if (left % 2 != 0) {
                x = x + odd[j].x, y = y + odd[j].y, limit = limit + odd[j].limit;
                lowest = least(lowest, sign * limit);
            }
            k.impulse = {x, y};
            k.limit_impulse = limit;
            turns = turns | (k.is_limited & (lowest < N(0.0f)));
        }
        // With period 2, an odd number of iterations ends like the first of the two.
        if (left % 2 != 0) {
            for (std::size_t b = 0; b < bodies; ++b) {
                Motion<N>& v = ended.velocities[b];
                const Motion<N>& other = between.velocities[b];
                v = {{select(has_period_1, v.center.x, other.center.x), select(has_period_1, v.center.y, other.center.y)},
                     select(has_period_1, v.angle, other.angle)};
            }
            for (std::size_t j = 0; j < joints; ++j)
                ended.joints_[j].motor_impulse =
                    select(has_period_1, ended.joints_[j].motor_impulse, between.joints_[j].motor_impulse);
        }
        const Mask is_done = repeats & !turns;
        std::array<N, row_count> rows;
        for_rows(ended, [&](const N& number, std::size_t row) { rows[row] = number; });
        for_rows(solving, [&](N& number, std::size_t row) { number = select(is_done, rows[row], number); });
        return ~is_done.bits();
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
            Vec<N> low{N(FLT_MAX), N(FLT_MAX)}, high{N(-FLT_MAX), N(-FLT_MAX)};
            const auto include = [&](const Place<N>& place) {
                for (int i = 0; i < shape.count; ++i) {
                    const Vec<N> point = place({N(shape.vertices[i].x), N(shape.vertices[i].y)});
                    low = {least(low.x, point.x), least(low.y, point.y)};
                    high = {most(high.x, point.x), most(high.y, point.y)};
                }
            };
            const Vec<N> skins{N(skin), N(skin)}, margins{N(margin), N(margin)};
            const Vec<N> box_low = group(first.bodies[b].box.low), box_high = group(first.bodies[b].box.high);
            include(end);
            const auto stays = (box_low.x <= low.x - skins.x) & (box_low.y <= low.y - skins.y) &
                               (high.x + skins.x <= box_high.x) & (high.y + skins.y <= box_high.y);
            moved[b] = (!stays).bits();
            include(start);
            low = low - skins, high = high + skins;
            const Vec<N> ahead = N(2.0f) * (end.origin - start.origin);
            low = low - margins, high = high + margins;
            const N zero(0.0f);
            low = {select(ahead.x < zero, low.x + ahead.x, low.x), select(ahead.y < zero, low.y + ahead.y, low.y)};
            high = {select(ahead.x < zero, high.x, high.x + ahead.x), select(ahead.y < zero, high.y, high.y + ahead.y)};
            std::size_t i = 0;
            const Motion<N>& v = solving.velocities[b];
            for (const N& one : {positions[b].center.x, positions[b].center.y, positions[b].angle, v.center.x, v.center.y, v.angle,
                                 end.origin.x, end.origin.y, end.turn.s, end.turn.c, select(stays, box_low.x, low.x),
                                 select(stays, box_low.y, low.y), select(stays, box_high.x, high.x), select(stays, box_high.y, high.y)})
                one.store(numbers[b][i++]);
        }
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
            joint.is_limited = world.joints[j].limit != Limit::none;
            joint.is_lower = world.joints[j].limit == Limit::lower;
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
    std::size_t free_count_ = 0, limited_count_ = 0, touching_count_ = 0, work_count_ = 1;
    std::uint16_t flying_[largest], limited_[largest];  ///< places in the list; the former begins with those whose joints are free
    std::uint16_t order_[largest], undone_[largest];
    Touching touching_[most_touching];
    ContactWork works_[most_works];
    alignas(64) float rows_[row_count][largest];
};

}  // namespace operant::rigid_body
