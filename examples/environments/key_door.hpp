#pragma once
// KeyDoor: find the key in a room, open the door in its wall with it, and go to the goal in the room behind.
//
// The rules and the numbers of the observation are those of MiniGrid's DoorKey-8x8, without its unused actions and with walls
// that hide nothing. M. Chevalier-Boisvert et al., "Minigrid & Miniworld: Modular & Customizable Reinforcement Learning
// Environments for Goal-Oriented Tasks", NeurIPS Datasets and Benchmarks, 2023.
//
// This environment shows a partial, egocentric view as the observation, and enums and arrays of enums in the state.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

// Observation: the seven by seven cells in front of the agent, which stands in the middle of the last row. Each cell has three
// numbers of MiniGrid: object, colour, state. The agent's own cell shows the key that it carries. Reward: 1 at the goal, which
// ends the episode. At the start, agent and key are in random cells to the left of a wall with a locked door.
struct KeyDoor : operant::Environment {
    static constexpr std::string_view name = "KeyDoor";
    static constexpr std::int32_t max_episode_steps = 640;
    static constexpr int side = 8, view = 7;
    using ActionSpace = operant::Discrete<5>;  // turn left, turn right, go forward, take the key, open or close the door
    using Random = operant::BufferedPcg64;     // the generator that draws integers

    enum class Thing : std::uint8_t { unseen, floor, wall, key, locked_door, closed_door, open_door, goal };
    enum class Direction : std::uint8_t { right, down, left, up };

    struct State {
        std::array<std::array<Thing, side>, side> grid;  // row 0 is at the top
        std::uint8_t row, column;                        // of the agent
        Direction direction;
        bool has_key;

        OPERANT_MEMBERS(grid, row, column, direction, has_key)
    };

    using Cell = std::array<std::uint8_t, 3>;
    using Image = operant::BoxOf<std::uint8_t, view, view, 3>;
    static constexpr Image observation_space(const Parameters&) { return Image::bounded(0, 10); }

    static void check_state(const Parameters&, const State& state) {
        for (std::size_t row = 0; row < side; ++row)
            for (std::size_t column = 0; column < side; ++column) {
                const bool is_edge = row % (side - 1) == 0 || column % (side - 1) == 0;  // a wall keeps the agent on the grid
                const int wall = static_cast<int>(Thing::wall), thing = static_cast<int>(state.grid[row][column]);
                operant::check_integer("grid", thing, is_edge ? wall : 0, is_edge ? wall : 7);
            }
        operant::check_integer("row", state.row, 1, side - 2);
        operant::check_integer("column", state.column, 1, side - 2);
        operant::check_integer("direction", static_cast<int>(state.direction), 0, 3);
    }

    static XSIMD_INLINE State reset(const Parameters&, Random& random) {
        State state{};
        const auto wall = static_cast<std::size_t>(random.integers(2, side - 2));
        for (std::size_t row = 0; row < side; ++row)
            for (std::size_t column = 0; column < side; ++column) {
                const bool is_inside = row % (side - 1) != 0 && column % (side - 1) != 0 && column != wall;
                state.grid[row][column] = is_inside ? Thing::floor : Thing::wall;
            }
        state.grid[side - 2][side - 2] = Thing::goal;
        state.grid[static_cast<std::size_t>(random.integers(1, side - 1))][wall] = Thing::locked_door;
        state.row = static_cast<std::uint8_t>(random.integers(1, side - 1));
        state.column = static_cast<std::uint8_t>(random.integers(1, static_cast<std::int64_t>(wall)));
        state.direction = static_cast<Direction>(random.integers(4));
        std::size_t row, column;
        do {
            row = static_cast<std::size_t>(random.integers(1, side - 1));
            column = static_cast<std::size_t>(random.integers(1, static_cast<std::int64_t>(wall)));
        } while (row == state.row && column == state.column);
        state.grid[row][column] = Thing::key;
        return state;
    }

    static XSIMD_INLINE operant::Outcome<double> step(const Parameters&, State& state, std::int64_t action) {
        if (action < 2) {
            const int turned = static_cast<int>(state.direction) + (action == 0 ? 3 : 1);
            state.direction = static_cast<Direction>(turned % 4);
            return {0, false};
        }
        const auto [down, right] = ahead(state.direction);
        const int row = state.row + down, column = state.column + right;
        Thing& thing = state.grid[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
        if (action == 2) {
            if (thing == Thing::floor || thing == Thing::open_door || thing == Thing::goal) {
                state.row = static_cast<std::uint8_t>(row);
                state.column = static_cast<std::uint8_t>(column);
                if (thing == Thing::goal) return {1, true};
            }
        } else if (action == 3) {
            if (thing == Thing::key) {
                thing = Thing::floor;
                state.has_key = true;
            }
        } else if (thing == Thing::open_door) {
            thing = Thing::closed_door;
        } else if (thing == Thing::closed_door || (thing == Thing::locked_door && state.has_key)) {
            thing = Thing::open_door;
        }
        return {0, false};
    }

    static XSIMD_INLINE std::array<std::array<Cell, view>, view> observation(const Parameters&, const State& state) {
        const auto [down, right] = ahead(state.direction);
        std::array<std::array<Cell, view>, view> image;
        for (int i = 0; i < view; ++i)
            for (int j = 0; j < view; ++j) {
                const int forward = view - 1 - i, sideways = j - view / 2;  // to the right of the agent
                const auto row = static_cast<unsigned>(state.row + forward * down + sideways * right);
                const auto column = static_cast<unsigned>(state.column + forward * right - sideways * down);
                const bool is_inside = row < side && column < side;
                image[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] =
                    shown(is_inside ? state.grid[row][column] : Thing::unseen);
            }
        image[view - 1][view / 2] = shown(state.has_key ? Thing::key : Thing::floor);
        return image;
    }

private:
    struct Way {
        int down, right;
    };
    // The cell in front of the agent.
    static XSIMD_INLINE Way ahead(Direction direction) {
        constexpr std::array<Way, 4> ways = {{{0, 1}, {1, 0}, {0, -1}, {-1, 0}}};
        return ways[static_cast<std::size_t>(direction)];
    }

    // MiniGrid's numbers: objects unseen 0, empty 1, wall 2, door 4, key 5, goal 8; colours green 1, yellow 4, grey 5; states
    // open 0, closed 1, locked 2.
    static XSIMD_INLINE Cell shown(Thing thing) {
        constexpr std::array<Cell, 8> numbers = {
            {{0, 0, 0}, {1, 0, 0}, {2, 5, 0}, {5, 4, 0}, {4, 4, 2}, {4, 4, 1}, {4, 4, 0}, {8, 1, 0}}};
        return numbers[static_cast<std::size_t>(thing)];
    }
};
