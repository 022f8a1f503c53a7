"""Snake in Python: an image of a board of ten by ten cells, with the rules of examples/environments/snake.hpp.

pip install numba
"""

import numpy as np
from gymnasium.spaces import Box, Discrete

import operant
from operant import Array

SIDE = 10
CELLS = SIDE * SIDE


def free_cell(s, random):
    """Draw cells until one is free."""
    cell = random.integers(CELLS)
    while s.covered[cell]:
        cell = random.integers(CELLS)
    return cell


@operant.environment
class Snake:
    """A snake has to eat as many fruits as it can without biting itself or the wall. It starts with one cell."""

    max_episode_steps = 500
    action_space = Discrete(4)  # up, right, down, left
    observation_space = Box(0, 255, (SIDE, SIDE, 3), np.uint8)  # red: the head; green: the body; blue: the fruit

    class State:
        body: Array[np.uint8, CELLS]  # a ring of cells, whose tail is at `tail`
        covered: Array[bool, CELLS]
        tail: int
        length: int
        head: int
        fruit: int

    def reset(p, s, random):
        s.head = random.integers(CELLS)
        s.body[0] = s.head
        s.covered[s.head] = True
        s.length = 1
        s.fruit = free_cell(s, random)

    def step(p, s, action, random):
        row, column = s.head // SIDE, s.head % SIDE
        if action == 0:
            row -= 1
        elif action == 1:
            column += 1
        elif action == 2:
            row += 1
        else:
            column -= 1
        if row < 0 or row >= SIDE or column < 0 or column >= SIDE:
            return -1.0, True
        head = SIDE * row + column
        tail = int(s.body[s.tail])
        eats = head == s.fruit
        # The tail leaves its cell, so the head may enter it, unless the snake grows.
        if s.covered[head] and (eats or head != tail):
            return -1.0, True
        if not eats:
            s.covered[tail] = False
            s.tail = s.tail + 1 if s.tail + 1 < CELLS else 0
            s.length -= 1
        place = s.tail + s.length
        s.body[place if place < CELLS else place - CELLS] = head
        s.covered[head] = True
        s.head = head
        s.length += 1
        if not eats:
            return 0.0, False
        if s.length == CELLS:
            return 1.0, True
        s.fruit = free_cell(s, random)
        return 1.0, False

    def observation(p, s, out):
        place = s.tail
        for _ in range(s.length):
            cell = int(s.body[place])
            out[cell // SIDE, cell % SIDE, 1] = 255
            place = place + 1 if place + 1 < CELLS else 0
        out[s.head // SIDE, s.head % SIDE, 1] = 0
        out[s.head // SIDE, s.head % SIDE, 0] = 255
        out[s.fruit // SIDE, s.fruit % SIDE, 2] = 255
