"""Taxi."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.envs.toy_text.taxi import MAP

from operant.envs import views
from operant.envs.vector_env import BUILTIN, Integers, SimdVectorEnv

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Flag, Keywords, Number

    class TaxiKeywords(Keywords, total=False):
        """The keywords of `TaxiVecEnv`."""

        is_rainy: Flag
        fickle_passenger: Flag
        rainy_probability: Number
        fickle_probability: Number


_STANDS = [(0, 0), (0, 4), (4, 0), (4, 3)]
_MOVES = [(1, 0), (-1, 0), (0, 1), (0, -1)]
_WALLS = {(0, 1), (1, 1), (3, 0), (4, 0), (3, 2), (4, 2)}  # each to the east of a place
_LEFT, _RIGHT = [2, 3, 1, 0], [3, 2, 0, 1]


def _encode(taxi_row: Any, taxi_col: Any, pass_loc: Any, dest_idx: Any) -> Any:
    """Return the number of a state, from integers or arrays of integers."""
    return ((taxi_row * 5 + taxi_col) * 5 + pass_loc) * 4 + dest_idx


def _decode(i: Any) -> tuple[int, int, int, int]:
    """Return row and column of the taxi, place of the passenger and destination, from the number of a state."""
    rest, dest_idx = divmod(views.number_in("i", i, 500), 4)
    rest, pass_loc = divmod(rest, 5)
    return *divmod(rest, 5), pass_loc, dest_idx


def _moved(row: int, col: int, direction: int) -> tuple[int, int]:
    """Return the place after a move, which a wall can prevent."""
    down, right = _MOVES[direction]
    if right and (row, min(col, col + right)) in _WALLS:
        return row, col
    return min(max(row + down, 0), 4), min(max(col + right, 0), 4)


def _action_mask(state: int) -> npt.NDArray[np.int8]:
    """Return 1 for each action that would change the state, else 0."""
    row, col, pass_loc, _ = _decode(state)
    place = row, col
    drives = [_moved(row, col, direction) != place for direction in range(4)]
    return np.array([*drives, pass_loc < 4 and place == _STANDS[pass_loc], pass_loc == 4 and place in _STANDS], np.int8)


@lru_cache(maxsize=4)
def _transitions(is_rainy: bool, rainy_probability: float) -> views.Table:
    sideways = (1.0 - rainy_probability) / 2.0

    def outcomes(s: int, action: int) -> Iterator[views.Outcome]:
        row, col, pass_loc, dest_idx = _decode(s)
        place = row, col
        if action == 4:
            can = pass_loc < 4 and place == _STANDS[pass_loc]
            yield 1.0, _encode(row, col, 4, dest_idx) if can else s, -1 if can else -10, False
        elif action == 5:
            can = pass_loc == 4 and place in _STANDS
            stand = _STANDS.index(place) if can else pass_loc
            arrived = can and stand == dest_idx
            yield 1.0, _encode(row, col, stand, dest_idx), 20 if arrived else -1 if can else -10, arrived
        else:
            ways = [(1.0, action)]
            if is_rainy:
                ways = [(rainy_probability, action), (sideways, _LEFT[action]), (sideways, _RIGHT[action])]
            is_free = _moved(row, col, action) != place
            for probability, way in ways:
                new = _moved(row, col, way) if is_free else place
                yield probability, _encode(*new, pass_loc, dest_idx), -1, False

    return views.transitions({s: {a: outcomes(s, a) for a in range(6)} for s in range(500)})


def _starts() -> npt.NDArray[np.float64]:
    decoded = np.array([_decode(s) for s in range(500)])
    possible = (decoded[:, 2] < 4) & (decoded[:, 2] != decoded[:, 3])
    return possible / possible.sum()


def _write_s(parameters: views.Parameters, state: views.State, value: Any) -> None:
    state[:4] = _decode(views.number_in("s", value, 500))


class TaxiVecEnv(SimdVectorEnv[Integers], environment=BUILTIN["Taxi"]):
    """Envs of Gymnasium's `Taxi-v4`: bring a passenger from one of four stands to another.

    ```text
    +---------+
    |R: | : :G|
    | : | : : |
    | : : : : |      R, G, Y, B: the stands 0 to 3
    | | : | : |      |           walls
    |Y| : |B: |
    +---------+
    ```

    `operant/Taxi-v3` is the same environment. It follows the rules of `Taxi-v4`, which correct the rain and the fickle
    passenger.

    ## Actions

    `Discrete(6)`, one for each env:

    | action | |
    |---|---|
    | 0 | drive south |
    | 1 | drive north |
    | 2 | drive east |
    | 3 | drive west |
    | 4 | pick the passenger up |
    | 5 | drop the passenger off |

    ## Observations

    `Discrete(500)`: shape `(num_envs,)`, int64; `((taxi_row * 5 + taxi_col) * 5 + pass_loc) * 4 + dest_idx`, where
    `pass_loc` is the passenger's stand, or 4 in the taxi, and `dest_idx` the destination. The state has these four;
    `fickle_step`, which is 1 while the passenger is about to choose another destination; and `taxi_orientation`, the
    direction of the last move action, which only pictures show. (Gymnasium's picture shows the direction of the last
    drawn step; both are the same if every step is drawn.)

    ## Dynamics

    The taxi moves by one place, unless there is a wall. In the rain it may drift to its left or right, if the way ahead
    is free. `draw` returns an index with the given probabilities; `integers` is numpy's.

    ```python
    stands = [(0, 0), (0, 4), (4, 0), (4, 3)]
    moves = [(1, 0), (-1, 0), (0, 1), (0, -1)]


    def is_free(row, col, direction):
        walls = [(0, 1), (1, 1), (3, 0), (4, 0), (3, 2), (4, 2)]  # each to the east of a place
        down, right = moves[direction]
        inside = 0 <= row + down < 5 and 0 <= col + right < 5
        return inside and (down != 0 or (row, min(col, col + right)) not in walls)


    prob, reward, terminated = 1.0, -1, False
    place = taxi_row, taxi_col
    if action < 4:
        direction = taxi_orientation = action
        if is_rainy:
            sideways = (1 - rainy_probability) / 2
            probabilities = [rainy_probability, sideways, sideways]  # straight ahead, to the left, to the right
            i = draw(probabilities)
            prob = probabilities[i]
            if is_free(*place, action):
                direction = [action, [2, 3, 1, 0][action], [3, 2, 0, 1][action]][i]
        else:
            draw([prob])
        if is_free(*place, direction):
            down, right = moves[direction]
            taxi_row, taxi_col = taxi_row + down, taxi_col + right
            if fickle_passenger and fickle_step and pass_loc == 4:
                fickle_step = 0
                dest_idx = [stand for stand in range(4) if stand != dest_idx][integers(3)]
    else:
        draw([prob])
        if action == 4 and pass_loc < 4 and place == stands[pass_loc]:
            pass_loc = 4
        elif action == 5 and pass_loc == 4 and place in stands:
            pass_loc = stands.index(place)
            if pass_loc == dest_idx:
                reward, terminated = 20, True
        else:
            reward = -10
    ```

    ## Infos

    - `prob`, shape `(num_envs,)`, float64: the probability of the transition; 1 after a reset.
    - `action_mask`, shape `(num_envs, 6)`, int8: 1 for the actions that would change the new state.

    ## Episodes

    - Start: the taxi anywhere, the passenger at any stand, any other stand as the destination, equally likely. With
      `fickle_passenger`, `fickle_step` is 1 with probability `fickle_probability`.
    - Reward: -1 for every step; 20 for dropping the passenger off at the destination; -10 for an attempt to pick up or
      drop off at a wrong place.
    - Termination: the passenger is at the destination.
    - Truncation: after 200 steps.

    ## Parameters

    {parameters}

    ## Source

    T. G. Dietterich, "Hierarchical Reinforcement Learning with the MAXQ Value Function Decomposition", Journal of
    Artificial Intelligence Research 13, 2000; the rain and the fickle passenger are in section 7.1.

    ## Example

    >>> env = TaxiVecEnv(4096)
    >>> observations, infos = env.reset(seed=42)
    >>> actions = infos["action_mask"].argmax(axis=1)  # the first that changes anything
    >>> observations, rewards, terminations, truncations, infos = env.step(actions)
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 4}
    gymnasium_id = "Taxi-v4" if "Taxi-v4" in gym.registry else "Taxi-v3"
    _viewed: ClassVar = {
        "s": views.View(lambda p, state: _encode(*state[:4].astype(int).tolist()), _write_s),
        "fickle_step": views.variable("fickle_step", 4, 2, bool),
        "taxi_orientation": views.variable("taxi_orientation", 5, 4),
        "encode": views.constant(_encode),
        "decode": views.constant(_decode),
        "action_mask": views.constant(_action_mask),
        "P": views.from_parameters(
            lambda p: _transitions(p["is_rainy"], p["rainy_probability"]), "is_rainy and rainy_probability"
        ),
        "initial_state_distrib": views.constant(_starts()),
        "desc": views.constant(np.asarray(MAP, dtype="c")),
        "locs": views.constant(tuple(_STANDS)),
        "max_row": views.constant(4),
        "max_col": views.constant(4),
    }

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[TaxiKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        row, col, passenger, destination, _, orientation = state.astype(int).tolist()
        artist.s = artist.encode(row, col, passenger, destination)
        artist.lastaction = None  # so that the picture shows `taxi_orientation`
        artist.taxi_orientation = orientation
