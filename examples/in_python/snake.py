"""Snake in Python: an image of a board of ten by ten cells, with the rules of examples/environments/snake.hpp.

pip install numba
"""

import numpy as np
from gymnasium.spaces import Box, Discrete

import operant
from operant import Array

SIDE = 10
CELLS = SIDE * SIDE
DOWN, RIGHT = np.array([-1, 0, 1, 0]), np.array([0, 1, 0, -1])


def covers(s, cell, length):
    """Return whether one of the first cells of the snake is the given one."""
    for i in range(length):  # noqa: SIM110 - compiled code has no generators
        if s.body[i] == cell:
            return True
    return False


def free_cell(s, random):
    """Draw cells until one is free."""
    cell = random.integers(CELLS)
    while covers(s, cell, s.length):
        cell = random.integers(CELLS)
    return cell


@operant.environment
class Snake:
    """A snake has to eat as many fruits as it can without biting itself or the wall. It starts with one cell."""

    max_episode_steps = 500
    action_space = Discrete(4)  # up, right, down, left
    observation_space = Box(0, 255, (SIDE, SIDE, 3), np.uint8)  # red: the head; green: the body; blue: the fruit

    class State:
        body: Array[np.uint8, CELLS]  # the cells from the head to the tail; those beyond the length are not used
        length: int
        fruit: int

    def reset(p, s, random):
        s.body[0] = random.integers(CELLS)
        s.length = 1
        s.fruit = free_cell(s, random)

    def step(p, s, action, random):
        row, column = s.body[0] // SIDE + DOWN[action], s.body[0] % SIDE + RIGHT[action]
        if row < 0 or row >= SIDE or column < 0 or column >= SIDE:
            return -1.0, True
        head = SIDE * row + column
        eats = head == s.fruit
        # The tail leaves its cell, so the head may enter it, unless the snake grows.
        moving = s.length if eats else s.length - 1
        if covers(s, head, moving):
            return -1.0, True
        for i in range(moving, 0, -1):
            s.body[i] = s.body[i - 1]
        s.body[0] = head
        if not eats:
            return 0.0, False
        s.length += 1
        if s.length == CELLS:
            return 1.0, True
        s.fruit = free_cell(s, random)
        return 1.0, False

    def observation(p, s, out):
        for i in range(s.length):
            out[s.body[i] // SIDE, s.body[i] % SIDE, 0 if i == 0 else 1] = 255
        out[s.fruit // SIDE, s.fruit % SIDE, 2] = 255
