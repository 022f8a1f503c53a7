"""CliffWalking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from operant.envs.vector_env import BUILTIN, Integers, SimdVectorEnv

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs._keywords import Flag, Keywords

    class CliffWalkingKeywords(Keywords, total=False):
        """The keywords of `CliffWalkingVecEnv`."""

        is_slippery: Flag


class CliffWalkingVecEnv(SimdVectorEnv[Integers], environment=BUILTIN["CliffWalking"]):
    """Copies of Gymnasium's `CliffWalking-v1`: walk along a cliff's edge without stepping over it.

    ```text
    o o o o o o o o o o o o
    o o o o o o o o o o o o
    o o o o o o o o o o o o
    S C C C C C C C C C C G    S start, C cliff, G goal
    ```

    ## Actions

    `Discrete(4)`, one for each copy:

    | action | the player goes |
    |---|---|
    | 0 | up |
    | 1 | right |
    | 2 | down |
    | 3 | left |

    ## Observations

    `Discrete(48)`: shape `(num_envs,)`, int64; the number of the place that the player is at, counted row by row from
    the top left, `row * 12 + col`. The state is `(row, col)`.

    ## Dynamics

    The player goes where the action says, and stays at the edge of the grid. On slippery ground, every direction but
    the opposite one is as likely. `draw` gives an index with the probabilities that it is told.

    ```python
    prob = 1.0
    if is_slippery:
        prob = 1 / 3
        action = (action + draw([prob, prob, prob]) - 1) % 4
    else:
        draw([prob])
    down, right = [(-1, 0), (0, 1), (1, 0), (0, -1)][action]
    row = min(max(row + down, 0), 3)
    col = min(max(col + right, 0), 11)

    terminated = (row, col) == (3, 11)
    if row == 3 and 0 < col < 11:  # over the cliff
        row, col, reward = 3, 0, -100
    else:
        reward = -1
    ```

    ## Infos

    `prob`, shape `(num_envs,)`, float64: how likely it was that the step went as it did; 1 after a reset.
    (`SyncVectorEnv` makes integers of all copies' probabilities in a step in which the first copy restarts.)

    ## Episodes

    - Start: at the bottom left.
    - Reward: -1 for every step; -100 for one over the cliff, which leads back to the start.
    - Termination: the player is at the bottom right.
    - Truncation: never.

    ## Parameters

    | parameter | default | meaning |
    |---|---|---|
    | `is_slippery` | False | whether the player may slip; True for `operant/CliffWalkingSlippery-v1` |

    ## Source

    R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", second edition, 2018, example 6.6.

    ## Example

    >>> env = CliffWalkingVecEnv(4096)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 4}
    gymnasium_id = "CliffWalking-v1" if "CliffWalking-v1" in gym.registry else "CliffWalking-v0"

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[CliffWalkingKeywords]) -> None:
            """Create the copies, as `SimdVectorEnv` describes."""

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        row, col = state.astype(int).tolist()
        artist.s = row * 12 + col
        artist.lastaction = None if action is None else int(action)
