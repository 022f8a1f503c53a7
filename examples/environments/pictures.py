"""Classes of the environments in this directory that draw pictures.

python examples/environments/pictures.py <directory>      # write a picture of each (pip install matplotlib)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import operant

HERE = Path(__file__).parent
CELL = 24  # pixels
WHITE, GREY, DARK, RED, GREEN, BLUE, YELLOW = (
    np.array(colour, np.uint8)
    for colour in (
        (245, 245, 245),
        (170, 170, 170),
        (60, 60, 70),
        (205, 60, 50),
        (60, 150, 80),
        (50, 90, 170),
        (230, 180, 40),
    )
)

# The pixels of a cell: their distances from its centre, down and to the right, from -1 to 1.
DOWN, RIGHT = np.meshgrid(*[np.linspace(-1, 1, CELL)] * 2, indexing="ij")


def board(colours):
    """Draw cells of the given colours, shape (rows, columns, 3), with a thin line between them."""
    picture = colours.repeat(CELL, axis=0).repeat(CELL, axis=1)
    picture[::CELL] = picture[:, ::CELL] = GREY
    return picture


def paint(picture, row, column, shape, colour):
    """Paint the pixels of a cell for which `shape`, an array of bools, is True."""
    picture[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL][shape] = colour


class SnakeVecEnv(operant.load(HERE / "snake.hpp")):
    """The snake on its board."""

    def draw(self, state, action):
        """Draw the head dark green, the body green and the fruit red."""
        length, fruit = state[100:].astype(int)
        picture = board(np.full((10, 10, 3), WHITE))
        for i, cell in enumerate(state[:length].astype(int)):
            paint(picture, *divmod(cell, 10), (abs(DOWN) < 0.9) & (abs(RIGHT) < 0.9), GREEN if i else GREEN // 2)
        paint(picture, *divmod(fruit, 10), DOWN**2 + RIGHT**2 < 0.6, RED)
        return picture


class ConnectFourVecEnv(operant.load(HERE / "connect_four.hpp")):
    """The board of connect four."""

    def draw(self, state, action):
        """Draw the player's pieces red and the opponent's yellow."""
        picture = np.full((6 * CELL, 7 * CELL, 3), BLUE)
        for bit in range(42):
            row, column = divmod(bit, 7)
            mine, theirs = (int(pieces) >> bit & 1 for pieces in state)
            colour = RED if mine else YELLOW if theirs else WHITE
            paint(picture, 5 - row, column, DOWN**2 + RIGHT**2 < 0.7, colour)
        return picture


class KeyDoorVecEnv(operant.load(HERE / "key_door.hpp")):
    """The two rooms, the key and the agent."""

    def draw(self, state, action):
        """Draw the grid, what the agent sees in lighter colours, and the agent as a red triangle."""
        things, (row, column, direction, has_key) = state[:64].astype(int).reshape(8, 8), state[64:].astype(int)
        colours = np.array([DARK, WHITE, GREY, WHITE, YELLOW, YELLOW, WHITE, GREEN])[things]
        down, right = ((0, 1), (1, 0), (0, -1), (-1, 0))[direction]
        rows, columns = np.indices((8, 8))
        forward = (rows - row) * down + (columns - column) * right
        sideways = (rows - row) * right - (columns - column) * down
        is_seen = (forward >= 0) & (forward < 7) & (abs(sideways) <= 3)
        colours[~is_seen] = colours[~is_seen] * 0.7
        picture = board(colours)
        for cell in np.argwhere((things == 4) | (things == 5)):
            paint(picture, *cell, (abs(DOWN) < 0.6) & (abs(RIGHT) < 0.6), YELLOW // 2)
        key = ((DOWN + 0.4) ** 2 + RIGHT**2 < 0.15) | ((abs(RIGHT) < 0.12) & (abs(DOWN) < 0.8))
        for cell in np.argwhere(things == 3):
            paint(picture, *cell, key, YELLOW)
        along, across = DOWN * down + RIGHT * right, DOWN * right - RIGHT * down
        paint(picture, row, column, (abs(across) < (0.8 - along) / 2) & (along > -0.8), RED)
        if has_key:
            paint(picture, row, column, DOWN**2 + RIGHT**2 < 0.06, YELLOW)
        return picture


class QuadrotorLidarVecEnv(operant.load(HERE / "quadrotor_lidar.hpp")):
    """The quadrotor in its round room."""

    def draw(self, state, action):
        """Draw the room, the rays and the quadrotor."""
        x, z, theta = state[:3]
        radius, arm = self.get_attr("radius")[0], self.get_attr("arm")[0]
        size = 12 * CELL
        side = np.linspace(-1.05 * radius, 1.05 * radius, size)
        outside = side**2 + side[::-1, None] ** 2 > radius**2
        picture = np.where(outside[..., None], GREY, WHITE)
        for i in range(8):
            angle = theta + i * np.pi / 4
            along = x * np.cos(angle) + z * np.sin(angle)
            length = np.sqrt(max(along**2 + radius**2 - x**2 - z**2, 0)) - along
            self._line(picture, side, (x, z), angle, 0, length, BLUE)
        self._line(picture, side, (x, z), theta, -arm, arm, RED, width=2)
        return picture

    @staticmethod
    def _line(picture, side, centre, angle, start, end, colour, width=0):
        """Draw a line in the direction of the angle, between these distances from the centre."""
        distances = np.linspace(start, end, 500)
        columns = np.searchsorted(side, centre[0] + distances * np.cos(angle)).clip(width, len(side) - 1 - width)
        rows = np.searchsorted(side, -centre[1] - distances * np.sin(angle)).clip(width, len(side) - 1 - width)
        for shift in range(-width, width + 1):
            picture[rows + shift, columns] = colour


#: The classes, and the actions that lead to the pictures; None for a snake that pursues the fruit.
SHOWN = {
    SnakeVecEnv: None,
    ConnectFourVecEnv: [0, 6, 3, 3, 2],
    KeyDoorVecEnv: [1, 2, 2],
    QuadrotorLidarVecEnv: [[2.5, 2.4]] * 12,
}


def pursue(state):
    """Return the action that leads a snake towards the fruit."""
    down, right = np.subtract(divmod(state[101], 10), divmod(state[0], 10))
    return (0 if down < 0 else 2) if down else (3 if right < 0 else 1)


def main():
    """Write a picture of each environment into the directory."""
    from matplotlib.image import imsave

    for env_class, actions in SHOWN.items():
        env = env_class(1, render_mode="rgb_array")
        env.reset(seed=4)
        for step in range(45 if actions is None else len(actions)):
            action = pursue(env.state[0]) if actions is None else actions[step]
            env.step(np.array([action], env.action_space.dtype))
        imsave(Path(sys.argv[1]) / f"{env_class.__base__.__name__.removesuffix('VecEnv').lower()}.png", env.render()[0])


if __name__ == "__main__":
    main()
