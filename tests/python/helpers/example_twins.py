"""The environments of examples/environments/ in Python, without their time limits."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

#: What `reset` returns.
Start = tuple[npt.NDArray[Any], dict[str, Any]]
#: What `step` returns.
Step = tuple[npt.NDArray[Any], float, bool, bool, dict[str, Any]]


class Snake(gym.Env[npt.NDArray[np.uint8], np.int64]):
    """A snake is a list of cells, `(row, column)`, from its head to its tail."""

    action_space = spaces.Discrete(4)
    observation_space = spaces.Box(0, 255, (10, 10, 3), np.uint8)
    ways = ((-1, 0), (0, 1), (1, 0), (0, -1))

    def reset(self, *, seed: int | None = None, options: Any = None) -> Start:
        super().reset(seed=seed)
        self.snake = [self.cell()]
        self.fruit = self.free_cell()
        return self.image(), {}

    def cell(self) -> tuple[int, int]:
        return divmod(int(self.np_random.integers(100)), 10)

    def free_cell(self) -> tuple[int, int]:
        cell = self.cell()
        while cell in self.snake:
            cell = self.cell()
        return cell

    def step(self, action: np.int64) -> Step:
        head = (self.snake[0][0] + self.ways[action][0], self.snake[0][1] + self.ways[action][1])
        eats = head == self.fruit
        obstacles = self.snake if eats else self.snake[:-1]
        if head in obstacles or not (0 <= head[0] < 10 and 0 <= head[1] < 10):
            return self.image(), -1.0, True, False, {}
        self.snake = [head, *obstacles]
        if eats and len(self.snake) < 100:
            self.fruit = self.free_cell()
        return self.image(), float(eats), len(self.snake) == 100, False, {}

    def image(self) -> npt.NDArray[np.uint8]:
        image = np.zeros((10, 10, 3), np.uint8)
        image[(*self.snake[0], 0)] = 255
        for cell in self.snake[1:]:
            image[(*cell, 1)] = 255
        image[(*self.fruit, 2)] = 255
        return image


class ConnectFour(gym.Env[npt.NDArray[np.uint8], np.int64]):
    """The board has a plane for each player, whose row 0 is the lowest."""

    action_space = spaces.Discrete(7)
    observation_space = spaces.Box(0, 1, (2, 6, 7), np.uint8)
    #: The places of the four pieces of each line.
    lines = np.array(
        [
            [7 * (row + i * down) + column + i * right for i in range(4)]
            for row in range(6)
            for column in range(7)
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1))
            if row + 3 * down < 6 and 0 <= column + 3 * right < 7
        ]
    )

    def reset(self, *, seed: int | None = None, options: Any = None) -> Start:
        super().reset(seed=seed)
        self.board = np.zeros((2, 6, 7), np.uint8)
        if self.np_random.random() < 0.5:
            self.reply()
        return self.board.copy(), self.info()

    def free(self) -> npt.NDArray[np.bool_]:
        return self.board[:, 5].sum(axis=0) == 0

    def info(self) -> dict[str, Any]:
        return {"action_mask": self.free()}

    def drop(self, player: int, column: int) -> bool:
        """Return True if the piece completes a line."""
        row = int(self.board[:, :, column].sum())
        self.board[player, row, column] = 1
        return bool(self.board[player].reshape(-1)[self.lines].all(axis=1).any())

    def reply(self) -> bool:
        columns = np.flatnonzero(self.free())
        return self.drop(1, int(columns[int(self.np_random.random() * len(columns))]))

    def step(self, action: np.int64) -> Step:
        reward, terminated = -1.0, True
        if self.free()[action]:
            if self.drop(0, int(action)):
                reward = 1.0
            elif not self.free().any():
                reward = 0.0
            elif not self.reply():
                reward, terminated = 0.0, not self.free().any()
        return self.board.copy(), reward, terminated, False, self.info()


class KeyDoor(gym.Env[npt.NDArray[np.uint8], np.int64]):
    """The grid holds MiniGrid's numbers of each cell: object, colour and state."""

    action_space = spaces.Discrete(5)
    observation_space = spaces.Box(0, 10, (7, 7, 3), np.uint8)
    floor, wall, key, goal = (1, 0, 0), (2, 5, 0), (5, 4, 0), (8, 1, 0)
    opened, closed, locked = (4, 4, 0), (4, 4, 1), (4, 4, 2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Start:
        super().reset(seed=seed)
        draw = self.np_random.integers
        wall = int(draw(2, 6))
        self.grid = np.full((8, 8, 3), self.wall, np.uint8)
        self.grid[1:7, 1:7] = self.floor
        self.grid[:, wall] = self.wall
        self.grid[6, 6] = self.goal
        self.grid[draw(1, 7), wall] = self.locked
        self.row, self.column = int(draw(1, 7)), int(draw(1, wall))
        self.direction, self.has_key = int(draw(4)), False
        cell = (self.row, self.column)
        while cell == (self.row, self.column):
            cell = int(draw(1, 7)), int(draw(1, wall))
        self.grid[cell] = self.key
        return self.seen(), {}

    def step(self, action: np.int64) -> Step:
        down, right = ((0, 1), (1, 0), (0, -1), (-1, 0))[self.direction]
        cell = (self.row + down, self.column + right)
        thing = tuple(map(int, self.grid[cell]))
        reached = False
        if action == 0:
            self.direction = (self.direction - 1) % 4
        elif action == 1:
            self.direction = (self.direction + 1) % 4
        elif action == 2 and thing in (self.floor, self.opened, self.goal):
            self.row, self.column = cell
            reached = thing == self.goal
        elif action == 3 and thing == self.key:
            self.grid[cell], self.has_key = self.floor, True
        elif action == 4 and thing == self.opened:
            self.grid[cell] = self.closed
        elif action == 4 and (thing == self.closed or (thing == self.locked and self.has_key)):
            self.grid[cell] = self.opened
        return self.seen(), float(reached), reached, False, {}

    def seen(self) -> npt.NDArray[np.uint8]:
        """Turn the grid so that the agent looks up, and cut its view out."""
        around = np.pad(self.grid, ((7, 7), (7, 7), (0, 0)))
        around = around[self.row : self.row + 15, self.column : self.column + 15]  # the agent is in the middle
        view = np.rot90(around, (self.direction + 1) % 4)[1:8, 4:11].copy()
        view[6, 3] = self.key if self.has_key else self.floor
        return view


class QuadrotorLidar(gym.Env[npt.NDArray[np.float32], npt.NDArray[np.float32]]):
    """The equations of the header, in Python's floats."""

    action_space = spaces.Box(0, 5, (2,), np.float32)
    observation_space = spaces.Box(
        np.array([-np.inf, -np.inf, -1, -1, -np.inf, -np.inf, -np.inf] + 8 * [0], np.float32),
        np.array([np.inf, np.inf, 1, 1, np.inf, np.inf, np.inf] + 8 * [np.inf], np.float32),
    )
    mass, arm, inertia, gravity, dt, radius = 0.486, 0.25, 0.00383, 9.81, 0.02, 4.0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Start:
        super().reset(seed=seed)
        bounds = (1.0, 1.0, math.pi / 4, 0.5, 0.5, 0.5)
        self.x, self.z, self.theta, self.x_dot, self.z_dot, self.theta_dot = (
            self.np_random.uniform(-bound, bound) for bound in bounds
        )
        return self.seen(), {}

    def step(self, action: npt.NDArray[np.float32]) -> Step:
        right, left = (min(max(float(thrust), 0.0), 5.0) for thrust in action)
        sine, cosine, dt = math.sin(self.theta), math.cos(self.theta), self.dt
        cost = 0.001 * (right * right + left * left) + (0.1 * (1 - cosine) + (self.x * self.x + self.z * self.z))
        lift = (right + left) * (1 / self.mass)
        self.x_dot -= dt * lift * sine
        self.z_dot += dt * (lift * cosine - self.gravity)
        self.theta_dot += dt * (self.arm / self.inertia) * (right - left)
        self.x += dt * self.x_dot
        self.z += dt * self.z_dot
        self.theta += dt * self.theta_dot
        terminated = self.x * self.x + self.z * self.z > self.radius * self.radius
        return self.seen(), -cost, terminated, False, {}

    def seen(self) -> npt.NDArray[np.float32]:
        sine, cosine = math.sin(self.theta), math.cos(self.theta)
        half = math.sqrt(2) / 2
        one, other = half * (cosine - sine), half * (cosine + sine)
        rays = [(cosine, sine), (one, other), (-sine, cosine), (-other, one)]
        rays += [(-x, -z) for x, z in rays]
        flight = [self.x, self.z, cosine, sine, self.x_dot, self.z_dot, self.theta_dot]
        return np.array(flight + [self.length(*ray) for ray in rays], np.float32)

    def length(self, d_x: float, d_z: float) -> float:
        """The length of the ray in this direction."""
        along = self.x * d_x + self.z * d_z
        inside = self.radius * self.radius - (self.x * self.x + self.z * self.z)
        return max(math.sqrt(max(along * along + inside, 0)) - along, 0)
