"""The environments of shown_counters.hpp in Python: a counter, whose observations are of every kind of space."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.spaces import Box

import operant

HEADER = Path(__file__).with_name("shown_counters.hpp")
LIMIT = 30


@cache
def numbers(place: int, action: int, shape: Any, most: int) -> Any:
    """The numbers that an array of this shape shows, from 0 to `most`."""
    indices = np.arange(np.prod(shape, dtype=int))
    shown = ((7 * place + 3 * action + 5 * indices) % (most + 1)).reshape(shape)
    shown.flags.writeable = False
    return shown


def number(place: int, action: int, i: int, most: int) -> int:
    return (7 * place + 3 * action + 5 * i) % (most + 1)


def of_numbers(most: int, shape: Any, dtype: Any, scale: Any = 1, shift: Any = 0) -> Callable[[int, int], Any]:
    def show(place: int, action: int) -> Any:
        return (numbers(place, action, shape, most) * scale + shift).astype(dtype)

    return show


def of_bits(shape: Any, dtype: Any) -> Callable[[int, int], Any]:
    return lambda place, action: (numbers(place, action, shape, 12) < 5).astype(dtype)


def mission(place: int, action: int) -> Any:
    return {
        "image": numbers(place, action, (7, 7, 3), 10).astype(np.uint8),
        "direction": action,
        "bag": {"keys": of_bits(5, np.int8)(place, action), "hand": number(place, action, 1, 3)},
        "clock": (
            np.array([number(place, action, 0, 3), number(place, action, 1, 8)]),
            np.array([0.1 * place]),
        ),
    }


def mission_on_lanes(place: int, action: int) -> Any:
    return {
        "speed": of_numbers(90, 3, np.float32, 0.125)(place, action),
        "depth": of_numbers(300, 2, np.int16, 1, -300)(place, action),
        "direction": action,
        "bag": {
            "keys": numbers(place, action, 5, 1).astype(np.int8),
            "hands": of_bits((2, 2), np.bool_)(place, action),
        },
        "clock": (
            np.array([number(place, action, 0, 3), number(place, action, 1, 8)]),
            of_numbers(90, 2, np.float64, 0.25)(place, action),
        ),
    }


INT32_BOUNDS = np.array([-2000000000, -3, 0], np.int32), np.array([2000000000, 40, 400], np.int32)

#: The observation space of each environment in the header, and the function that makes its observations.
KINDS: dict[str, tuple[spaces.Space[Any], Callable[[int, int], Any]]] = {
    "Image": (Box(0, 255, (10, 10, 3), np.uint8), of_numbers(250, (10, 10, 3), np.uint8)),
    "Picture": (Box(0, 255, (36, 36, 3), np.uint8), of_numbers(255, (36, 36, 3), np.uint8)),
    "Bytes": (Box(-100, 27, (7,), np.int8), of_numbers(127, 7, np.int8, 1, -100)),
    "Shorts": (Box(-32768, 32767, (2, 3), np.int16), of_numbers(300, (2, 3), np.int16, 100, -30000)),
    "Integers": (
        Box(*INT32_BOUNDS, dtype=np.int32),
        lambda place, action: np.array(
            [
                1000000000 * (number(place, action, 0, 4) - 2),
                number(place, action, 1, 43) - 3,
                number(place, action, 2, 400),
            ],
            np.int32,
        ),
    ),
    "Doubles": (Box(0, 1e300, (2, 2), np.float64), of_numbers(90, (2, 2), np.float64, 1e-3, 1e-9)),
    "Matrix": (Box(-np.inf, np.inf, (3, 4), np.float32), of_numbers(90, (3, 4), np.float32, 0.1)),
    "Bools": (Box(0, 1, (3, 3), np.bool_), of_bits((3, 3), np.bool_)),
    "Binary": (spaces.MultiBinary(70), of_bits(70, np.int8)),
    "Cube": (spaces.MultiBinary([2, 3, 4]), of_bits((2, 3, 4), np.int8)),
    "Planes": (Box(0, 1, (8, 8, 3), np.uint8), of_bits((8, 8, 3), np.uint8)),
    "Several": (
        spaces.MultiDiscrete([3, 5, 7]),
        lambda place, action: np.array([number(place, action, i, most) for i, most in enumerate((2, 4, 6))]),
    ),
    "Triple": (
        spaces.Tuple([spaces.Discrete(100), Box(-np.inf, np.inf, (2,), np.float32), Box(0, 99, (3, 2), np.uint8)]),
        lambda place, action: (
            place,
            of_numbers(90, 2, np.float32, 0.5)(place, action),
            of_numbers(99, (3, 2), np.uint8)(place, action),
        ),
    ),
    "Camera": (
        spaces.Dict(
            {
                "picture": Box(0, 255, (36, 36, 1), np.uint8),
                "direction": spaces.Discrete(4),
                "compass": Box(0, 100, (2,), np.float32),
            }
        ),
        lambda place, action: {
            "picture": of_numbers(255, (36, 36, 1), np.uint8)(place, action),
            "direction": action,
            "compass": of_numbers(100, 2, np.float32)(place, action),
        },
    ),
    "Mission": (
        spaces.Dict(
            {
                "image": Box(0, 10, (7, 7, 3), np.uint8),
                "direction": spaces.Discrete(4),
                "bag": spaces.Dict({"keys": spaces.MultiBinary(5), "hand": spaces.Discrete(4)}),
                "clock": spaces.Tuple([spaces.MultiDiscrete([4, 9]), Box(0, 100, (1,), np.float64)]),
            }
        ),
        mission,
    ),
    "ImageOnLanes": (Box(0, 250, (3, 4, 2), np.uint8), of_numbers(250, (3, 4, 2), np.uint8)),
    "MatrixOnLanes": (Box(-np.inf, np.inf, (2, 3), np.float32), of_numbers(90, (2, 3), np.float32, 0.125)),
    "MissionOnLanes": (
        spaces.Dict(
            {
                "speed": Box(-np.inf, np.inf, (3,), np.float32),
                "depth": Box(-300, 0, (2,), np.int16),
                "direction": spaces.Discrete(4),
                "bag": spaces.Dict({"keys": spaces.MultiBinary(5), "hands": Box(0, 1, (2, 2), np.bool_)}),
                "clock": spaces.Tuple([spaces.MultiDiscrete([4, 9]), Box(0, 100, (2,), np.float64)]),
            }
        ),
        mission_on_lanes,
    ),
}


class Twin(gym.Env[Any, Any]):
    """The environment of the header in Python, without the time limit."""

    def __init__(self, name: str) -> None:
        self.observation_space, self._show = KINDS[name]
        self.observation_space = copy.deepcopy(self.observation_space)
        self.action_space = spaces.Discrete(4)
        self.place = self.action = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.place, self.action = int(self.np_random.random() * 50), 0
        return self._show(self.place, self.action), {}

    def step(self, action: Any) -> Any:
        self.place, self.action = self.place + int(action), int(action)
        return self._show(self.place, self.action), 0.25 * self.place, self.place > 60, False, {}


def twin(name: str) -> gym.Env[Any, Any]:
    """The environment of the header in Python."""
    return gym.wrappers.TimeLimit(Twin(name), LIMIT)


def load() -> dict[str, Any]:
    """Load the classes of the header, by the names of the environments. `save` and pickle find them in this module."""
    loaded = {one.__name__.removesuffix("VecEnv"): one for one in operant.load(HEADER)}
    assert loaded.keys() == KINDS.keys()
    for one in loaded.values():
        setattr(sys.modules[__name__], one.__name__, one)
        one.__module__ = __name__
    return loaded
