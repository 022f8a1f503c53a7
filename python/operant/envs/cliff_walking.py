"""CliffWalking."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv

from operant.envs import views
from operant.envs.vector_env import BUILTIN, Integers, SimdVectorEnv

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Flag, Keywords

    class CliffWalkingKeywords(Keywords, total=False):
        """The keywords of `CliffWalkingVecEnv`."""

        is_slippery: Flag


ROWS, COLUMNS = 4, 12
_START = (ROWS - 1) * COLUMNS


def _write_s(parameters: views.Parameters, state: views.State, value: Any) -> None:
    state[:] = divmod(views.number_in("s", value, ROWS * COLUMNS), COLUMNS)


@lru_cache(maxsize=2)
def _transitions(is_slippery: bool) -> views.Table:
    return views.transitions(CliffWalkingEnv(is_slippery=is_slippery).P)


class CliffWalkingVecEnv(SimdVectorEnv[Integers], environment=BUILTIN["CliffWalking"]):
    """Envs of Gymnasium's `CliffWalking-v1`: walk along a cliff's edge without stepping over it.

    ```text
    o o o o o o o o o o o o
    o o o o o o o o o o o o
    o o o o o o o o o o o o
    S C C C C C C C C C C G    S start, C cliff, G goal
    ```

    ## Actions

    `Discrete(4)`, one for each env:

    | action | the player goes |
    |---|---|
    | 0 | up |
    | 1 | right |
    | 2 | down |
    | 3 | left |

    ## Observations

    `Discrete(48)`: shape `(num_envs,)`, int64; the player's place, counted row by row from the top left,
    `row * 12 + col`. The state is `(row, col)`.

    ## Dynamics

    The player moves in the direction of the action, but not beyond the edge of the grid. On slippery ground, every
    direction except the opposite one is equally likely. `draw` returns an index with the given probabilities.

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

    `prob`, shape `(num_envs,)`, float64: the probability of the transition; 1 after a reset. (`SyncVectorEnv` converts
    the probabilities of all envs to integers in a step in which the first env restarts.)

    ## Episodes

    - Start: at the bottom left.
    - Reward: -1 for every step; -100 for a step over the cliff, which leads back to the start.
    - Termination: the player is at the bottom right.
    - Truncation: never.

    ## Parameters

    {parameters}

    `is_slippery` is True for `operant/CliffWalkingSlippery-v1`.

    ## Source

    R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", second edition, 2018, example 6.6.

    ## Example

    >>> env = CliffWalkingVecEnv(4096)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 4}
    gymnasium_id = "CliffWalking-v1" if "CliffWalking-v1" in gym.registry else "CliffWalking-v0"
    _viewed: ClassVar = {
        "s": views.View(lambda p, state: int(state[0]) * COLUMNS + int(state[1]), _write_s),
        "P": views.from_parameters(lambda p: _transitions(p["is_slippery"]), "is_slippery"),
        "shape": views.constant((ROWS, COLUMNS)),
        "start_state_index": views.constant(_START),
        "nS": views.constant(ROWS * COLUMNS),
        "nA": views.constant(4),
        "initial_state_distrib": views.constant((np.arange(ROWS * COLUMNS) == _START).astype(np.float64)),
    }

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[CliffWalkingKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        row, col = state.astype(int).tolist()
        artist.s = row * 12 + col
        artist.lastaction = None if action is None else int(action)
