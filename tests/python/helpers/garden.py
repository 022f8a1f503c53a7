"""An environment in Python with every feature: a dict of arrays, a tuple, a mask, infos and parameters."""

from typing import Annotated

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Tuple

import operant
from operant import Array

SIDE = 4
REWARDS = np.array([0.5, -0.25, 1.0])
DIRECTIONS = ((-1, 0), (0, 1), (1, 0), (0, -1))


def clipped(place, most):
    """Return the place on the board that is nearest."""
    return min(max(place, 0), most)


@operant.environment
class Garden:
    """A gardener walks on a board and waters plants."""

    max_episode_steps = 25
    action_space = MultiDiscrete([4, 3])
    observation_space = Dict(
        {
            "board": Box(0, 1, (SIDE, SIDE), np.float32),
            "place": Tuple((Discrete(SIDE), Discrete(SIDE))),
            "water": Box(0, 10, (1,), np.float64),
        }
    )
    rain: Annotated[float, (0, 1), "probability of rain"] = 0.2
    most: Annotated[int, (1, 10), "the water that the gardener can carry"] = 6
    toroidal: bool = False

    class State:
        plants: Array[np.float32, SIDE, SIDE]
        watered: Array[bool, SIDE]
        row: int
        column: int
        water: float
        dry: bool

    class Info:
        given: float
        where: Array[np.int32, 2]

    def reset(p, s, random, info):
        s.row, s.column = random.integers(SIDE), random.integers(0, SIDE)
        s.water = float(p.most)
        for i in range(SIDE):
            for k in range(SIDE):
                s.plants[i, k] = random.uniform(0.25, 1.0)
        info.given = random.exponential(2.0)

    def step(p, s, action, random, info):
        direction = DIRECTIONS[action[0]]
        if p.toroidal:
            s.row, s.column = (s.row + direction[0]) % SIDE, (s.column + direction[1]) % SIDE
        else:
            s.row, s.column = clipped(s.row + direction[0], SIDE - 1), clipped(s.column + direction[1], SIDE - 1)
        reward = REWARDS[action[1]] * s.plants[s.row, s.column]
        if action[1] == 2 and s.water >= 1:
            s.water -= 1
            s.plants[s.row, s.column] = 1
            s.watered[s.row] = True
            info.given = 1.0
            info.where[0], info.where[1] = s.row, s.column
        s.dry = random.random() >= p.rain
        for i in range(SIDE):
            for k in range(SIDE):
                s.plants[i, k] *= 0.96875 if s.dry else 1.0
        return reward, s.plants[0, 0] < 0.25, s.watered[0] and s.watered[1] and s.watered[2] and s.watered[3]

    def observation(p, s, out):
        for i in range(SIDE):
            for k in range(SIDE):
                out.board[i, k] = s.plants[i, k]
        out.place[0][()] = s.row
        out.place[1][()] = s.column
        out.water[0] = s.water

    def action_mask(p, s, out):
        for i in range(6):
            out[i] = True
        out[6] = s.water >= 1

    def draw(self, state, action):
        """Draw the plants."""
        plants = state[: SIDE * SIDE].reshape(SIDE, SIDE, 1)
        return np.repeat((255 * plants).astype(np.uint8), 3, axis=2)
