#pragma once
/// \file
/// Steps many worlds at a time, most of which touch something: velocities and positions with one world in each lane, with the
/// bits of Engine.
///
/// Worlds are sorted, so that those in the lanes of a batch need the same: by the contacts' points of each body, then by the joints
/// that are at their limits. A batch does what any of its lanes needs. Position correction ends after different numbers of
/// iterations, so that worlds that are not done yet are put together again and again, and so does the velocity of impacts. Engine
/// finds contacts and impacts, and lets worlds sleep.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <operant/rigid_body/lanes.hpp>
#include <operant/rigid_body/world.hpp>

namespace operant::rigid_body {

/// \tparam Arch the instruction set that the functions are compiled for
template <class Scene, class Arch>
class IslandLanes {
    using Engine = rigid_body::Engine<Scene, Arch>;
    using World = rigid_body::World<Scene>;
    using Loads = rigid_body::Loads<Scene>;
    using Island = rigid_body::Island<Scene>;

    static constexpr std::size_t bodies = Scene::bodies, joints = Scene::joints;
    static constexpr SearchOrder<Scene> order = SearchOrder<Scene>::from(bodies - 1);  ///< if all bodies are awake
    static constexpr std::size_t batch = xsimd::batch<float, Arch>::size;
    static constexpr std::size_t most_worlds = 512, index_bits = 9;
    /// Worlds between two phases. Wide batches need more of them to choose from.
    static constexpr std::size_t most_tasks = batch < 16 ? 128 : 256, most_works = 4 * most_tasks;
    static constexpr std::size_t ahead = Engine::ahead;
    static constexpr std::size_t most_slots = 16;  ///< contacts of a world, and of a batch
    static constexpr std::size_t most_meetings = 64, most_met = 8;  ///< worlds with impacts; contacts of an impact
    static constexpr std::size_t met_lanes = 2 * batch;             ///< impacts whose velocities iterate together

public:
    /// A world in the order of stepping. This is a type of its own, because all instruction sets would share `std::sort` of numbers.
    struct Sorted {
        std::uint64_t key;  ///< ends with the world's index

        XSIMD_INLINE bool operator<(const Sorted& other) const { return key < other.key; }
        XSIMD_INLINE std::size_t index() const { return key & (most_worlds - 1); }
    };

    /// Worlds with keys that are close together need nearly the same. The most expensive comes first: the numbers of points of
    /// each body's contacts, then the joints at limits. As in Gray's code, the later numbers run up and down in turn.
    /// \param index of the world, which the key ends with
    static XSIMD_INLINE Sorted key_of(const World& world, std::size_t index) {
        static_assert(6 * (bodies + 1) + index_bits <= 64);
        std::array<unsigned, bodies> points{};
        for (std::size_t i = 0; i < world.contact_count; ++i) {
            const Contact& contact = world.contacts[i];
            if (contact.touches != 0) points[contact.body] += contact.manifold.count;
        }
        unsigned limits = 0;
        for (std::size_t j = 0; j < joints; ++j) limits |= unsigned{Engine::limit_of(world, j) != Limit::none} << j;
        std::uint64_t key = 0;
        unsigned sum = 0;
        const auto append = [&](unsigned number) {
            number = std::min(number, 63u);
            key = key << 6 | (sum % 2 == 0 ? number : 63 - number);
            sum += number;
        };
        for (const std::size_t b : order.bodies) append(points[b]);
        append(gray_rank(limits));
        return {key << index_bits | index};
    }

    /// Makes a step of some worlds. Finds the contacts of all worlds first, so that all of them can be sorted.
    /// \param count at most 512
    /// \param world_at,loads_at,listener_of functions of 0 to count - 1 that return world, loads and listener
    template <class WorldAt, class LoadsAt, class ListenerOf>
    static void step(std::size_t count, const WorldAt& world_at, const LoadsAt& loads_at, const ListenerOf& listener_of) {
        std::array<Sorted, most_worlds> sorted;
        for (std::size_t k = 0; k < count; ++k) {
            Engine::fetch_with_edges(world_at, k, count);
            auto listener = listener_of(k);
            Engine::begin_contacts(world_at(k), listener);
            sorted[k] = key_of(world_at(k), k);
        }
        step_begun(sorted.data(), count, world_at, loads_at, listener_of);
    }
    /// The same after `Engine::begin_contacts`. Steps as many worlds at a time as fit into the cache.
    /// \param sorted the worlds, which this sorts
    template <class WorldAt, class LoadsAt, class ListenerOf>
    static void step_begun(Sorted* sorted, std::size_t count, const WorldAt& world_at, const LoadsAt& loads_at,
                           const ListenerOf& listener_of) {
        std::sort(sorted, sorted + count);
        // Hundreds of KiB, more than the stacks of threads have in some systems.
        const std::unique_ptr<IslandLanes> owned(new IslandLanes);
        IslandLanes& lanes = *owned;
        for (std::size_t i = 0; i < count; ++i) {
            if (i + ahead < count) Engine::fetch(world_at(sorted[i + ahead].index()));
            const std::size_t k = sorted[i].index();
            lanes.add(k, world_at(k), loads_at(k), listener_of);
            if (lanes.is_full() || i + 1 == count) lanes.finish(listener_of);
        }
        while (lanes.waiting_count_ > 0) lanes.solve_impacts(listener_of);
    }

private:
    /// A world between the phases of its step.
    struct Task {
        Island island;
        World* world;
        std::array<float, joints> speeds, most_impulses;  ///< of the motors
        std::array<std::uint8_t, bodies> contact_counts, point_counts;  ///< of each body, in the order of the search
        std::uint16_t first_point;                                      ///< of the contacts
        std::uint8_t limits;                              ///< bits of the joints that are at their limits
        bool is_solved;
        std::uint16_t index;                              ///< of the world
    };

    /// A world with an impact whose velocity iterates.
    struct Meeting {
        World* world;
        Starts<Scene> starts;
        typename Engine::Times times;
        typename Engine::Impact impact;
        int made;             ///< of the iterations
        std::uint16_t index;  ///< of the world
    };

    /// A meeting that waits for velocity iterations.
    struct Waiting {
        std::uint64_t key;    ///< of what it needs
        std::uint16_t index;  ///< of the meeting
    };

    XSIMD_INLINE IslandLanes() {
        works_[0] = {};  // of lanes without a contact in a slot
        points_[0] = {};
        for (std::size_t i = 0; i < most_meetings; ++i) free_[i] = static_cast<std::uint16_t>(i);
    }

    XSIMD_INLINE bool is_full() const { return task_count_ == most_tasks || work_count_ + Scene::contacts > most_works; }

    template <class ListenerOf>
    XSIMD_INLINE void add(std::size_t index, World& world, const Loads& loads, const ListenerOf& listener_of) {
        Task& task = tasks_[task_count_];
        Island& island = task.island;
        island.contacts = works_.data() + work_count_;
        if (!Engine::order_and_load(world, loads, island)) return Engine::finish_asleep(world);
        if (island.order.bodies[0] != order.bodies[0] || island.contact_count > most_slots) {
            auto listener = listener_of(index);
            Engine::prepare_joints(island);
            Engine::solve_velocities(loads, island);
            return Engine::end(world, island, listener);
        }
        task.world = &world;
        task.index = static_cast<std::uint16_t>(index);
        task.is_solved = false;
        task.limits = 0;
        for (std::size_t j = 0; j < joints; ++j) {
            task.speeds[j] = loads.motors[j].speed;
            task.most_impulses[j] = Engine::most_motor_impulse(loads.motors[j]);
            task.limits = static_cast<std::uint8_t>(task.limits | island.joints[j].is_limited << j);
        }
        task.contact_counts = task.point_counts = {};
        task.first_point = static_cast<std::uint16_t>(point_count_);
        for (std::size_t i = 0, place = 0; i < island.contact_count; ++i) {
            while (order.bodies[place] != island.contacts[i].body) ++place;
            const Manifold& manifold = world.contacts[island.contacts[i].contact].manifold;
            ++task.contact_counts[place];
            task.point_counts[place] = static_cast<std::uint8_t>(task.point_counts[place] + manifold.count);
            for (std::size_t p = 0; p < manifold.count; ++p) points_[point_count_++] = pushed_point(manifold, p);
        }
        work_count_ += island.contact_count;
        ++task_count_;
    }

    template <class ListenerOf>
    void finish(const ListenerOf& listener_of) {
        std::array<std::uint16_t, most_tasks> sorted;
        for (std::size_t i = 0; i < task_count_; ++i) sorted[i] = static_cast<std::uint16_t>(i);
        solve_velocities(sorted.data(), task_count_);
        for (std::size_t i = 0; i < task_count_; ++i) {
            if (i + ahead < task_count_) Engine::fetch(*tasks_[i + ahead].world);
            Engine::keep_impulses(*tasks_[i].world, tasks_[i].island);
            Engine::move(tasks_[i].island);
        }
        std::size_t left = task_count_;
        // Most positions hold after three iterations. Few of those that do not after twelve ever do.
        for (int made = 0, iterations = 3; left > 0 && made < Scene::position_iterations; made += iterations) {
            if (made > 0) iterations = std::min(made == 3 ? 9 : 24, Scene::position_iterations - made);
            for_groups(sorted.data(), left, [&](const auto& group) { correct_positions(group, iterations); });
            std::size_t unsolved = 0;
            for (std::size_t i = 0; i < left; ++i)
                if (!tasks_[sorted[i]].is_solved) sorted[unsolved++] = sorted[i];
            left = unsolved;
        }
        for (std::size_t i = 0; i < task_count_; ++i) sorted[i] = static_cast<std::uint16_t>(i);
        for_groups(sorted.data(), task_count_, [&](const auto& group) { find_ends(group); });
        for (std::size_t i = 0; i < task_count_; ++i) {
            Engine::fetch_with_edges([&](std::size_t k) -> const World& { return *tasks_[k].world; }, i, task_count_);
            Task& task = tasks_[i];
            Engine::settle(*task.world, task.island, task.is_solved);
            Meeting& meeting = meetings_[free_[free_count_ - 1]];
            if (!Engine::begin_times(*task.world, task.island.starts, meeting.times)) continue;
            meeting.world = task.world;
            meeting.index = task.index;
            meeting.starts = task.island.starts;
            if (!begin_impact(meeting, listener_of)) continue;
            --free_count_;
            wait(meeting);
            while (free_count_ == 0) solve_impacts(listener_of);
        }
        task_count_ = 0;
        work_count_ = point_count_ = 1;
    }

    /// The rank in Gray's code, in which neighbours differ in one bit.
    static XSIMD_INLINE unsigned gray_rank(unsigned bits) { return bits ^ bits >> 1 ^ bits >> 2 ^ bits >> 3 ^ bits >> 4; }

    /// Tasks in lanes, with a reader of their numbers. Lanes beyond their number repeat the last one.
    template <std::size_t batches>
    struct Group : Reader<Lanes<Arch, batches>> {
        using N = Lanes<Arch, batches>;
        using Mask = typename N::Mask;

        IslandLanes& lanes;
        const std::uint16_t* which;
        std::size_t count;

        XSIMD_INLINE Group(IslandLanes& lanes_, const std::uint16_t* which_, std::size_t count_)
            : lanes(lanes_), which(which_), count(count_) {
            this->index = N::index([&](std::size_t l) { return index_of(l) * (sizeof(Task) / sizeof(float)); });
        }

        XSIMD_INLINE std::size_t index_of(std::size_t lane) const { return which[lane < count ? lane : count - 1]; }
        XSIMD_INLINE Task& task(std::size_t lane) const { return lanes.tasks_[index_of(lane)]; }

        /// Writes numbers of the tasks. \param to returns the number of a task
        template <class To>
        XSIMD_INLINE void put(const N& numbers, const To& to) const {
            alignas(64) float stored[N::size];
            numbers.store(stored);
            for (std::size_t l = 0; l < count; ++l) to(task(l)) = stored[l];
        }
        template <class To>
        XSIMD_INLINE void put(const Motion<N>& motions, const To& to) const {
            put(motions.center.x, [&](Task& t) -> float& { return to(t).center.x; });
            put(motions.center.y, [&](Task& t) -> float& { return to(t).center.y; });
            put(motions.angle, [&](Task& t) -> float& { return to(t).angle; });
        }

        /// A contact of a body in each lane, or a point of one, or none.
        struct Slot {
            std::uint8_t body;
            std::array<std::uint16_t, N::size> which;  ///< indices of works or points, 0 for none

            /// \tparam Struct the struct whose indices `which` has
            template <class Struct>
            XSIMD_INLINE Reader<N> reader() const {
                return {N::index([&](std::size_t l) { return which[l] * (sizeof(Struct) / sizeof(float)); })};
            }
        };
        struct Slots {
            std::array<Slot, 2 * most_slots * bodies> slots;
            std::array<std::size_t, bodies + 1> begins{};  ///< the first slot of each body, in the order of the search
            std::size_t count = 0;
        };

        /// Finds slots for the contacts or the points of all lanes, in the order of solving.
        /// \param counts of a task
        /// \param first returns the index of a task's first contact or point
        template <class First>
        XSIMD_INLINE void find_slots(Slots& found, std::array<std::uint8_t, bodies> Task::*counts, const First& first) const {
            std::array<std::uint16_t, N::size> next;
            for (std::size_t l = 0; l < N::size; ++l) next[l] = static_cast<std::uint16_t>(first(task(l)));
            found.count = 0;
            for (std::size_t b = 0; b < bodies; ++b) {
                std::uint8_t most = 0;
                for (std::size_t l = 0; l < count; ++l) most = std::max(most, (task(l).*counts)[b]);
                for (std::uint8_t c = 0; c < most; ++c) {
                    Slot& slot = found.slots[found.count++];
                    slot.body = order.bodies[b];
                    for (std::size_t l = 0; l < N::size; ++l)
                        slot.which[l] = c < (task(l).*counts)[b] ? next[l]++ : std::uint16_t{0};
                }
                found.begins[b + 1] = found.count;
            }
        }
    };

    /// Calls `function(group)` for groups of two batches, and of one if no more are left.
    template <class Function>
    XSIMD_INLINE void for_groups(const std::uint16_t* which, std::size_t count, const Function& function) {
        std::size_t i = 0;
        for (std::size_t most = 2 * batch; count - i > batch; i += std::min(most, count - i))
            function(Group<2>(*this, which + i, std::min(most, count - i)));
        if (i < count) function(Group<1>(*this, which + i, count - i));
    }

    template <class N>
    struct Solving {
        std::array<Motion<N>, bodies> velocities;
        std::array<JointConstraint<N>, joints> joints_;
        std::array<N, joints> speeds, most_impulses;
        unsigned limits;  ///< bits of the joints that are at their limits in any lane
    };

    /// The contacts of a slot.
    template <class N>
    struct Met {
        ContactConstraint<N> contact;
        bool may_have_two;  ///< whether two points are solved in any lane

        template <class Mass>
        XSIMD_INLINE void solve_friction(const Mass& inverse_mass, const Mass& inverse_inertia, Motion<N>& velocity) {
            if (may_have_two)
                contact.template solve_friction<true>(inverse_mass, inverse_inertia, velocity);
            else
                contact.template solve_friction<false>(inverse_mass, inverse_inertia, velocity);
        }
        template <class Mass>
        XSIMD_INLINE void solve_points(const Mass& inverse_mass, const Mass& inverse_inertia, Motion<N>& velocity) {
            if (may_have_two)
                contact.template solve_points<true>(inverse_mass, inverse_inertia, velocity);
            else
                contact.template solve_points<false>(inverse_mass, inverse_inertia, velocity);
        }
    };

    /// A group whose velocities iterate.
    using Moving = Group<1>;
    /// The number of groups that make each part of an iteration in turn. Their velocities and joints fit into the nearest cache.
    static constexpr std::size_t groups_in_turn = std::bit_floor(32 * 1024 / sizeof(Solving<typename Moving::N>));
    struct MovingState {
        Solving<typename Moving::N> solving;
        typename Moving::Slots slots;
        std::array<Met<typename Moving::N>, most_slots * bodies> contacts;
    };

    void solve_velocities(const std::uint16_t* which, std::size_t count) {
        constexpr std::size_t size = Moving::N::size;
        for (std::size_t i = 0; i < count; i += groups_in_turn * size) solve_groups(which + i, std::min(count - i, groups_in_turn * size));
    }

    void solve_groups(const std::uint16_t* which, std::size_t count) {
        constexpr std::size_t size = Moving::N::size;
        const std::span<MovingState> states(states_.data(), (count + size - 1) / size);
        const auto group = [&](std::size_t g) { return Moving(*this, which + g * size, std::min(size, count - g * size)); };
        for (std::size_t g = 0; g < states.size(); ++g) begin_velocities(group(g), states[g]);
        Pipeline<Scene>::iterate(Scene::velocity_iterations, Solver(states));
        for (std::size_t g = 0; g < states.size(); ++g) end_velocities(group(g), states[g]);
    }

    void begin_velocities(const Moving& group, MovingState& state) {
        using N = typename Moving::N;
        const Task& first = tasks_[0];
        Solving<N>& solving = state.solving;
        solving.limits = 0;
        for (std::size_t l = 0; l < group.count; ++l) solving.limits |= group.task(l).limits;
        for (std::size_t b = 0; b < bodies; ++b) solving.velocities[b] = group(first.island.velocities[b]);
        for (std::size_t j = 0; j < joints; ++j) {
            solving.speeds[j] = group(first.speeds[j]);
            solving.most_impulses[j] = group(first.most_impulses[j]);
            const JointConstraint<float>& from = first.island.joints[j];
            solving.joints_[j].set_limit(group(from.is_lower), group(from.is_limited));
        }
        Engine::prepare_joints(first.island, group, solving.joints_, solving.velocities);
        group.find_slots(state.slots, &Task::contact_counts, [&](const Task& task) { return task.island.contacts - works_.data(); });
        for (std::size_t s = 0; s < state.slots.count; ++s) load_contact(state.slots.slots[s], state.contacts[s]);
    }

    void end_velocities(const Moving& group, const MovingState& state) {
        const auto& solving = state.solving;
        for (std::size_t b = 0; b < bodies; ++b)
            group.put(solving.velocities[b], [&](Task& t) -> Motion<float>& { return t.island.velocities[b]; });
        for (std::size_t j = 0; j < joints; ++j) {
            const auto& k = solving.joints_[j];
            group.put(k.impulse.x, [&](Task& t) -> float& { return t.island.joints[j].impulse.x; });
            group.put(k.impulse.y, [&](Task& t) -> float& { return t.island.joints[j].impulse.y; });
            group.put(k.limit_impulse, [&](Task& t) -> float& { return t.island.joints[j].limit_impulse; });
            group.put(k.motor_impulse, [&](Task& t) -> float& { return t.island.joints[j].motor_impulse; });
        }
        keep_impulses(state.slots, state.contacts, group.count);
    }

    template <class N, class Slot>
    XSIMD_INLINE void load_contact(const Slot& slot, Met<N>& met) const {
        const Reader<N> load = slot.template reader<ContactWork>();
        const ContactConstraint<float>& from = works_[0].constraint;
        ContactConstraint<N>& to = met.contact;
        to.has_two = load(from.has_two);
        met.may_have_two = to.has_two.bits() != 0;
        to.normal = load(from.normal);
        to.friction = load(from.friction);
        for (std::size_t p = 0; p < (met.may_have_two ? 2 : 1); ++p) {
            const ContactPoint<float>& point = from.points[p];
            to.points[p] = {load(point.r), load(point.normal_mass), load(point.tangent_mass), load(point.normal_impulse),
                            load(point.tangent_impulse)};
        }
        if (!met.may_have_two) return;
        to.k11 = load(from.k11), to.k12 = load(from.k12), to.k22 = load(from.k22);
        to.i11 = load(from.i11), to.i12 = load(from.i12), to.i22 = load(from.i22);
        // Where one point is solved, the second one must not act.
        ContactPoint<N>& second = to.points[1];
        for (N* one : {&second.r.x, &second.r.y, &second.normal_mass, &second.tangent_mass, &second.normal_impulse,
                       &second.tangent_impulse})
            *one = select(to.has_two, *one, N(0.0f));
    }

    /// As Engine's. The contacts of the impact become the works of the meeting. Velocities of more contacts than these are solved
    /// at once.
    template <class ListenerOf>
    bool begin_impact(Meeting& meeting, const ListenerOf& listener_of) {
        auto listener = listener_of(meeting.index);
        ContactWork works[Engine::impact_contacts];
        while (Engine::begin_impact(*meeting.world, meeting.starts, meeting.times, meeting.impact, works, listener)) {
            if (meeting.impact.contact_count <= most_met) {
                std::copy_n(works, meeting.impact.contact_count, &works_[first_work(meeting)]);
                meeting.made = 0;
                return true;
            }
            Engine::solve_impact_velocity(meeting.impact, works);
            Engine::end_impact(*meeting.world, meeting.starts, meeting.times, meeting.impact);
        }
        return false;
    }
    /// The index of a meeting's first work, behind the works of the tasks.
    XSIMD_INLINE std::size_t first_work(const Meeting& meeting) const {
        return most_works + static_cast<std::size_t>(&meeting - meetings_.data()) * most_met;
    }

    /// Lets a meeting wait for velocity iterations, beside those that have made as many and need nearly the same.
    XSIMD_INLINE void wait(const Meeting& meeting) {
        const auto index = static_cast<std::uint16_t>(&meeting - meetings_.data());
        std::uint64_t key = static_cast<std::uint64_t>(meeting.made) << 8 | meeting.impact.contact_count << 4;
        for (std::size_t c = 0; c < meeting.impact.contact_count; ++c) key += works_[first_work(meeting) + c].constraint.has_two;
        std::size_t place = 0;
        while (place < waiting_count_ && !(key < waiting_[place].key)) ++place;
        Waiting* const end = waiting_.data() + waiting_count_;
        std::copy_backward(waiting_.data() + place, end, end + 1);
        waiting_[place] = {key, index};
        ++waiting_count_;
    }

    /// Velocity iterations of an impact, of which most reach a fixed point early, until it waits again for others to go on with.
    static constexpr int first_stop = 12, second_stop = 40;

    /// Makes velocity iterations of some of the waiting meetings. Those whose velocities are solved go on to their next impacts.
    template <class ListenerOf>
    void solve_impacts(const ListenerOf& listener_of) {
        // Those with the most frequent key come first, and then those that follow.
        std::size_t first = 0;
        for (std::size_t i = 0, same = 0, most = 0; i < waiting_count_; ++i) {
            same = i > 0 && waiting_[i].key == waiting_[i - 1].key ? same + 1 : 1;
            if (same > most) most = same, first = i + 1 - same;
        }
        first = std::min(first, waiting_count_ - std::min(waiting_count_, met_lanes));
        const int made = meetings_[waiting_[first].index].made;
        std::array<std::uint16_t, met_lanes> which{};
        std::size_t count = 0;
        for (; count < met_lanes && first + count < waiting_count_; ++count) {
            which[count] = waiting_[first + count].index;
            if (meetings_[which[count]].made != made) break;
        }
        std::copy(waiting_.data() + first + count, waiting_.data() + waiting_count_, waiting_.data() + first);
        waiting_count_ -= count;

        const int until = made == 0 ? first_stop : made == first_stop ? second_stop : Scene::velocity_iterations;
        const std::uint64_t changing = count > batch ? solve_impact_velocities<2>(which.data(), count, until - made)
                                                     : solve_impact_velocities<1>(which.data(), count, until - made);
        for (std::size_t l = 0; l < count; ++l) {
            Meeting& meeting = meetings_[which[l]];
            if ((changing >> l & 1) != 0 && until < Scene::velocity_iterations) {
                meeting.made = until;
                wait(meeting);
                continue;
            }
            Engine::end_impact(*meeting.world, meeting.starts, meeting.times, meeting.impact);
            if (begin_impact(meeting, listener_of))
                wait(meeting);
            else
                free_[free_count_++] = which[l];
        }
    }

    /// Velocity iterations of impacts from comparison to comparison. Those that repeat every two iterations repeat every four, too.
    static constexpr int compared = 4;
    static_assert(first_stop % compared == 0 && second_stop % compared == 0 && Scene::velocity_iterations % compared == 0);

    /// Makes velocity iterations of impacts, until all velocities and impulses repeat.
    /// \param iterations a multiple of `compared`
    /// \returns bits of the lanes where they do not
    template <std::size_t batches>
    std::uint64_t solve_impact_velocities(const std::uint16_t* which, std::size_t count, int iterations) {
        using N = Lanes<Arch, batches>;
        using Mask = typename N::Mask;
        alignas(64) std::array<std::array<float, N::size>, 5> numbers;  // inverse mass and inertia, and the velocity
        typename Group<batches>::Slots slots;
        for (std::size_t l = 0; l < N::size; ++l) {
            const Meeting& meeting = meetings_[which[l < count ? l : count - 1]];
            const Polygon& shape = Scene::shape(meeting.impact.body);
            const Motion<float>& v = meeting.impact.velocity;
            const float of_lane[] = {shape.inverse_mass, shape.inverse_inertia, v.center.x, v.center.y, v.angle};
            for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i][l] = of_lane[i];
            for (; slots.count < meeting.impact.contact_count; ++slots.count) slots.slots[slots.count].which.fill(0);
            for (std::size_t c = 0; c < meeting.impact.contact_count; ++c)
                slots.slots[c].which[l] = static_cast<std::uint16_t>(first_work(meeting) + c);
        }
        const auto load = [&](std::size_t i) { return N::load(numbers[i].data()); };
        const N mass = load(0), inertia = load(1);
        Motion<N> velocity{{load(2), load(3)}, load(4)};
        std::array<Met<N>, most_met> contacts;
        for (std::size_t s = 0; s < slots.count; ++s) load_contact(slots.slots[s], contacts[s]);

        Motion<N> velocity_before{};
        std::array<std::array<Vec<N>, 2>, most_met> impulses_before{};
        // Where nothing has changed since the last comparison, nothing will until the last iteration.
        const auto changes = [&] {
            Mask changed = Mask::of(0);
            const auto compare = [&](N& before, const N& now) {
                changed = changed | bits_differ(before, now);
                before = now;
            };
            for (std::size_t s = 0; s < slots.count; ++s)
                for (std::size_t p = 0; p < (contacts[s].may_have_two ? 2 : 1); ++p) {
                    compare(impulses_before[s][p].x, contacts[s].contact.points[p].normal_impulse);
                    compare(impulses_before[s][p].y, contacts[s].contact.points[p].tangent_impulse);
                }
            compare(velocity_before.center.x, velocity.center.x);
            compare(velocity_before.center.y, velocity.center.y);
            compare(velocity_before.angle, velocity.angle);
            return changed.bits();
        };
        changes();
        std::uint64_t changing = ~std::uint64_t{0};
        for (int made = 0; made < iterations && changing != 0; made += compared) {
            for (int i = 0; i < compared; ++i)
                for (std::size_t s = 0; s < slots.count; ++s) {
                    contacts[s].solve_friction(mass, inertia, velocity);
                    contacts[s].solve_points(mass, inertia, velocity);
                }
            changing = changes();
        }

        velocity.center.x.store(numbers[2].data());
        velocity.center.y.store(numbers[3].data());
        velocity.angle.store(numbers[4].data());
        for (std::size_t l = 0; l < count; ++l) {
            Meeting& meeting = meetings_[which[l]];
            meeting.impact.velocity = {{numbers[2][l], numbers[3][l]}, numbers[4][l]};
        }
        if (changing != 0) keep_impulses(slots, contacts, count);
        return changing;
    }

    /// Writes the impulses of contacts back.
    template <class Slots, class Contacts>
    XSIMD_INLINE void keep_impulses(const Slots& slots, const Contacts& contacts, std::size_t count) {
        constexpr std::size_t size = std::remove_cvref_t<decltype(contacts[0].contact.friction)>::size;
        alignas(64) float normal[size], tangent[size];
        for (std::size_t s = 0; s < slots.count; ++s)
            for (std::size_t p = 0; p < (contacts[s].may_have_two ? 2 : 1); ++p) {
                contacts[s].contact.points[p].normal_impulse.store(normal);
                contacts[s].contact.points[p].tangent_impulse.store(tangent);
                for (std::size_t l = 0; l < count; ++l) {
                    ContactWork& work = works_[slots.slots[s].which[l]];
                    if (&work == works_.data()) continue;
                    work.constraint.points[p].normal_impulse = normal[l];
                    work.constraint.points[p].tangent_impulse = tangent[l];
                }
            }
    }

    /// The parts of a velocity iteration. Each is made for all groups in turn, so that fewer wait for the one before.
    class Solver {
        /// The contacts of a body in a group.
        struct Line {
            unsigned place;  ///< the bit of the body's place in the order of the search
            float inverse_mass, inverse_inertia;
            Motion<typename Moving::N>* velocity;
            Met<typename Moving::N>* contacts;
            std::size_t count;
        };

        std::span<MovingState> states_;
        std::array<Line, groups_in_turn * bodies> lines_;
        std::size_t line_count_ = 0, longest_ = 0;
        unsigned places_ = 0;  ///< the bits of all lines

    public:
        explicit Solver(std::span<MovingState> states) : states_(states) {
            for (std::size_t place = 0; place < bodies; ++place) {
                const std::size_t b = order.bodies[place];
                const Polygon& shape = Scene::shape(b);
                for (MovingState& state : states) {
                    const std::size_t begin = state.slots.begins[place], count = state.slots.begins[place + 1] - begin;
                    if (count == 0) continue;
                    lines_[line_count_++] = {1u << place, shape.inverse_mass, shape.inverse_inertia, &state.solving.velocities[b],
                                             &state.contacts[begin], count};
                    longest_ = std::max(longest_, count);
                    places_ |= 1u << place;
                }
            }
        }

        template <std::size_t place>
        XSIMD_INLINE void motor() const {
            constexpr std::size_t j = order.joints[place];
            constexpr Joint joint = Scene::joint_list[j];
            for (MovingState& state : states_) {
                auto& solving = state.solving;
                solving.joints_[j].solve_motor(Engine::masses(joint), solving.speeds[j], solving.most_impulses[j],
                                               solving.velocities[joint.a], solving.velocities[joint.b]);
            }
        }
        template <std::size_t place>
        XSIMD_INLINE void point() const {
            constexpr std::size_t j = order.joints[place];
            constexpr Joint joint = Scene::joint_list[j];
            constexpr MassPair masses = Engine::masses(joint);
            for (MovingState& state : states_) {
                auto& solving = state.solving;
                auto &a = solving.velocities[joint.a], &b = solving.velocities[joint.b];
                if ((solving.limits >> j & 1) != 0)
                    solving.joints_[j].template solve_point<true>(masses, a, b);
                else
                    solving.joints_[j].template solve_point<false>(masses, a, b);
            }
        }
        /// Solves the first contacts of some bodies in turn, and then their next ones.
        /// \param places bits of the bodies' places in the order of the search
        void contacts(unsigned places) const {
            if ((places & places_) == 0) return;
            const std::span<const Line> lines(lines_.data(), line_count_);
            for (std::size_t i = 0; i < longest_; ++i) {
                for (const Line& line : lines)
                    if ((line.place & places) != 0 && i < line.count)
                        line.contacts[i].solve_friction(line.inverse_mass, line.inverse_inertia, *line.velocity);
                for (const Line& line : lines)
                    if ((line.place & places) != 0 && i < line.count)
                        line.contacts[i].solve_points(line.inverse_mass, line.inverse_inertia, *line.velocity);
            }
        }
    };

    /// Makes some iterations of positions.
    template <std::size_t batches>
    void correct_positions(const Group<batches>& group, int iterations) {
        using N = typename Group<batches>::N;
        using Mask = typename N::Mask;
        const Task& first = tasks_[0];
        std::array<Motion<N>, bodies> positions;
        for (std::size_t b = 0; b < bodies; ++b) positions[b] = group(first.island.positions[b]);
        std::array<JointConstraint<N>, joints> constraints;
        for (std::size_t j = 0; j < joints; ++j) {
            constraints[j].is_lower = group(first.island.joints[j].is_lower);
            constraints[j].is_limited = group(first.island.joints[j].is_limited);
        }
        typename Group<batches>::Slots slots;
        group.find_slots(slots, &Task::point_counts, [](const Task& task) { return task.first_point; });
        std::array<Pushed<N>, 2 * most_slots * bodies> pushed;
        for (std::size_t s = 0; s < slots.count; ++s) load_pushed(slots.slots[s], pushed[s]);

        const std::uint64_t all = group.count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << group.count) - 1;
        std::uint64_t unsolved = all;
        for (int iteration = 0; iteration < iterations && unsolved != 0; ++iteration) {
            const Mask is_unsolved = Mask::of(unsolved);
            std::array<Motion<N>, bodies> corrected = positions;
            N lowest(0.0f);
            for (std::size_t s = 0; s < slots.count; ++s) {
                const std::size_t b = slots.slots[s].body;
                const Polygon& shape = Scene::shape(b);
                pushed[s].push_out(shape.inverse_mass, shape.inverse_inertia, shape.center, 0.2f, corrected[b], lowest);
            }
            Mask holds = lowest >= N(-3.0f * tolerance::linear);
            correct_joints(constraints, corrected, holds, std::make_index_sequence<joints>());
            for (std::size_t b = 0; b < bodies; ++b) {
                positions[b].center = {select(is_unsolved, corrected[b].center.x, positions[b].center.x),
                                       select(is_unsolved, corrected[b].center.y, positions[b].center.y)};
                positions[b].angle = select(is_unsolved, corrected[b].angle, positions[b].angle);
            }
            unsolved &= ~holds.bits();
        }
        for (std::size_t b = 0; b < bodies; ++b)
            group.put(positions[b], [&](Task& t) -> Motion<float>& { return t.island.positions[b]; });
        for (std::size_t l = 0; l < group.count; ++l) group.task(l).is_solved = (unsolved >> l & 1) == 0;
    }

    /// Finds the places and boxes of the bodies at the end of the step.
    template <std::size_t batches>
    void find_ends(const Group<batches>& group) {
        using N = typename Group<batches>::N;
        for (std::size_t b = 0; b < bodies; ++b) {
            const Polygon& shape = Scene::shape(b);
            const Motion<N> position = group(tasks_[0].island.positions[b]);
            const Place<N> place = place_of(position.center, position.angle, Vec<N>{N(shape.center.x), N(shape.center.y)});
            const Extent<N> extent(shape, place);
            alignas(64) float numbers[8][N::size];
            std::size_t i = 0;
            for (const N& one : {place.origin.x, place.origin.y, place.turn.s, place.turn.c, extent.low.x, extent.low.y,
                                 extent.high.x, extent.high.y})
                one.store(numbers[i++]);
            for (std::size_t l = 0; l < group.count; ++l) {
                const auto of = [&](std::size_t n) { return numbers[n][l]; };
                Island& island = group.task(l).island;
                island.places[b] = {{of(0), of(1)}, {of(2), of(3)}};
                island.boxes[b] = {{of(4), of(5)}, {of(6), of(7)}};
            }
        }
    }

    template <class N, class Slot>
    XSIMD_INLINE void load_pushed(const Slot& slot, Pushed<N>& to) const {
        const Reader<N> load = slot.template reader<Pushed<float>>();
        const Pushed<float>& from = points_[0];
        to = {load(from.moving), load(from.fixed), load(from.normal), load(from.reference_is_polygon), load(from.exists)};
    }

    template <class N, class Mask, std::size_t... i>
    static XSIMD_INLINE void correct_joints(const std::array<JointConstraint<N>, joints>& constraints,
                                            std::array<Motion<N>, bodies>& positions, Mask& holds, std::index_sequence<i...>) {
        ((holds = holds & correct_joint<order.joints[i]>(constraints, positions)), ...);
    }
    template <std::size_t j, class N>
    static XSIMD_INLINE auto correct_joint(const std::array<JointConstraint<N>, joints>& constraints,
                                           std::array<Motion<N>, bodies>& positions) {
        constexpr Joint joint = Scene::joint_list[j];
        return constraints[j].correct(Engine::masses(joint), joint, Engine::from_center(joint.a, joint.anchor_a),
                                      Engine::from_center(joint.b, joint.anchor_b), positions[joint.a], positions[joint.b]);
    }

    std::size_t task_count_ = 0, work_count_ = 1, point_count_ = 1, waiting_count_ = 0, free_count_ = most_meetings;
    std::array<Task, most_tasks> tasks_;
    std::array<MovingState, groups_in_turn> states_;  ///< while velocities iterate
    std::array<ContactWork, most_works + most_meetings * most_met> works_;  ///< of tasks, and then of meetings
    std::array<Pushed<float>, 2 * most_works> points_;  ///< of the tasks' contacts
    std::array<Meeting, most_meetings> meetings_;
    std::array<Waiting, most_meetings> waiting_;        ///< meetings that wait for velocity iterations, by their needs
    std::array<std::uint16_t, most_meetings> free_;     ///< indices of the others
};

}  // namespace operant::rigid_body
