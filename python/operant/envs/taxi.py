"""Taxi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from operant.envs.vector_env import BUILTIN, Integers, SimdVectorEnv

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs._keywords import Flag, Keywords, Number

    class TaxiKeywords(Keywords, total=False):
        """The keywords of `TaxiVecEnv`."""

        is_rainy: Flag
        fickle_passenger: Flag
        rainy_probability: Number
        fickle_probability: Number


class TaxiVecEnv(SimdVectorEnv[Integers], environment=BUILTIN["Taxi"]):
    """Copies of Gymnasium's `Taxi-v4`: fetch a passenger from one of four stands and bring the passenger to another.

    ```text
    +---------+
    |R: | : :G|
    | : | : : |
    | : : : : |      R, G, Y, B: the stands 0 to 3
    | | : | : |      |           walls
    |Y| : |B: |
    +---------+
    ```

    `operant/Taxi-v3` is the same environment: it follows the rules of `Taxi-v4`, which put the rain and the fickle
    passenger right.

    ## Actions

    `Discrete(6)`, one for each copy:

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
    `pass_loc` is the passenger's stand, or 4 in the taxi, and `dest_idx` the stand to go to. The state has these four,
    `fickle_step`, which is 1 while the passenger is about to choose another destination, and `taxi_orientation`, the
    last direction that the taxi was told to take, which only a picture shows. (Gymnasium's picture shows the last one
    that it was drawn after: both are the same where every step is drawn.)

    ## Dynamics

    The taxi drives one place on, unless there is a wall. In the rain it may drift to its left or right, if the way
    ahead is free. `draw` gives an index with the probabilities that it is told, `integers` is numpy's.

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

    - `prob`, shape `(num_envs,)`, float64: how likely it was that the taxi went as it did; 1 after a reset.
    - `action_mask`, shape `(num_envs, 6)`, int8: 1 for the actions that would change the new state.

    ## Episodes

    - Start: the taxi anywhere, the passenger at any stand, any other stand as the destination, all as likely. With
      `fickle_passenger`, `fickle_step` is 1 with probability `fickle_probability`.
    - Reward: -1 for every step, but 20 for dropping the passenger off at the destination, and -10 for picking up or
      dropping off where that cannot be done.
    - Termination: the passenger is at the destination.
    - Truncation: after 200 steps.

    ## Parameters

    | parameter | default | meaning |
    |---|---|---|
    | `is_rainy` | False | whether the taxi may drift to its left or right |
    | `fickle_passenger` | False | whether the passenger may choose another destination, once an episode |
    | `rainy_probability` | 0.8 | how likely it is to go straight ahead in the rain, 0 to 1 |
    | `fickle_probability` | 0.3 | how likely the passenger is to choose another destination, 0 to 1 |

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

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[TaxiKeywords]) -> None:
            """Create the copies, as `SimdVectorEnv` describes."""

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        row, col, passenger, destination, _, orientation = state.astype(int).tolist()
        artist.s = artist.encode(row, col, passenger, destination)
        artist.lastaction = None  # so that the picture shows the orientation, which is that of the last move
        artist.taxi_orientation = orientation
