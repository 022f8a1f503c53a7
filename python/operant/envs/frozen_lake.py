"""FrozenLake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from gymnasium.envs.toy_text.frozen_lake import MAPS, generate_random_map

from operant._checks import shown
from operant.envs.vector_env import BUILTIN, Integers, SimdVectorEnv

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs._keywords import Flag, Keywords, Number, Numbers

    class FrozenLakeKeywords(Keywords, total=False):
        """The keywords of `FrozenLakeVecEnv`."""

        is_slippery: Flag
        success_rate: Number
        reward_schedule: Numbers


class FrozenLakeVecEnv(SimdVectorEnv[Integers], environment=BUILTIN["FrozenLake"]):
    """Copies of Gymnasium's `FrozenLake-v1`: cross a frozen lake without falling into a hole, on ice that is slippery.

    ## Actions

    `Discrete(4)`, one for each copy:

    | action | the player goes |
    |---|---|
    | 0 | left |
    | 1 | down |
    | 2 | right |
    | 3 | up |

    ## Observations

    `Discrete(rows * columns)`: shape `(num_envs,)`, int64; the number of the tile that the player is on, counted row by
    row from the top left, `row * columns + col`. The state is `(row, col)`.

    ## Dynamics

    The player goes where the action says or, on slippery ice, to one of the sides; at the edge of the map, the player
    stays. `draw` gives an index with the probabilities that it is told.

    ```python
    rows, columns = len(desc), len(desc[0])
    prob = 1.0
    if desc[row][col] in "GH":  # an episode that has ended
        draw([prob])
        reward, terminated = 0.0, True
    else:
        if is_slippery:
            probabilities = [(1 - success_rate) / 2, success_rate, (1 - success_rate) / 2]
            i = draw(probabilities)
            action, prob = (action + i - 1) % 4, probabilities[i]
        else:
            draw([prob])
        down, right = [(0, -1), (1, 0), (0, 1), (-1, 0)][action]
        row = min(max(row + down, 0), rows - 1)
        col = min(max(col + right, 0), columns - 1)
        reward = reward_schedule[{"G": 0, "H": 1}.get(desc[row][col], 2)]
        terminated = desc[row][col] in "GH"
    ```

    ## Infos

    `prob`, shape `(num_envs,)`, float64: how likely it was that the step went as it did; 1 after a reset.
    (`SyncVectorEnv` makes integers of all copies' probabilities in a step in which the first copy restarts.)

    ## Episodes

    - Start: on the tile S; on maps with several, on any of them.
    - Reward: 1 for the step that reaches the goal, else 0; `reward_schedule` chooses others.
    - Termination: the player is on the goal, or in a hole.
    - Truncation: after 100 steps (200 for `operant/FrozenLake8x8-v1`).

    ## Parameters

    | parameter | default | meaning |
    |---|---|---|
    | `desc` | ["SFFF", "FHFH", "FFFH", "HFFG"] | the map: S start, G goal, H hole, all else is ice; at most 64 x 64 |
    | `is_slippery` | True | whether the player may slip |
    | `success_rate` | 1 / 3 | how likely it is not to slip, 0 to 1 |
    | `reward_schedule` | [1, 0, 0] | rewards for reaching the goal, a hole, ice |

    Instead of `desc`, `map_name` can name one of Gymnasium's maps, "4x4" or "8x8"; `desc=None, map_name=None` generates
    a random map of 8 x 8, the same for all copies.

    ## Source

    Gymnasium's `FrozenLake-v1`, which names no paper.

    ## Example

    >>> env = FrozenLakeVecEnv(4096, map_name="8x8", success_rate=0.8)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 4}
    gymnasium_id = "FrozenLake-v1"

    def __init__(
        self,
        num_envs: int,
        workers: int = 1,
        *,
        desc: Any = None,
        map_name: str | None = "4x4",
        **arguments: Unpack[FrozenLakeKeywords],
    ) -> None:
        """Create the copies.

        Args:
            num_envs: How many copies to step together.
            workers: Threads that step them.
            desc: The map, a list of strings of the same length, or an array of characters, as Gymnasium's attribute is.
            map_name: Without `desc`, one of Gymnasium's maps, or None for a random one.
            **arguments: As `SimdVectorEnv` takes them.

        Raises:
            TypeError: The map is no list of strings.
            ValueError: There is no such map, its rows differ in length, or it has no S.
        """
        if desc is None:
            desc = _map(map_name)
        elif isinstance(desc, np.ndarray) and desc.ndim == 2:
            desc = [b"".join(row) for row in desc.astype("S")]
        super().__init__(num_envs, workers, desc=desc, **arguments)

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        artist.desc = desc = np.asarray(self.parameters["desc"], dtype="c")
        artist.nrow, artist.ncol = rows, columns = desc.shape
        artist.window_size = min(64 * columns, 512), min(64 * rows, 512)
        artist.cell_size = artist.window_size[0] // columns, artist.window_size[1] // rows
        row, col = state.astype(int).tolist()
        artist.s = min(max(row, 0), rows - 1) * columns + min(max(col, 0), columns - 1)
        artist.lastaction = None if action is None else int(action)


def _map(name: Any) -> list[str]:
    if name is None:
        return generate_random_map()
    if not isinstance(name, str):
        raise TypeError(f"map_name: expected a string or None, got {shown(name)}")
    if name not in MAPS:
        raise ValueError(f"map_name: expected one of {', '.join(map(repr, MAPS))} or None, got {shown(name)}")
    return MAPS[name]
