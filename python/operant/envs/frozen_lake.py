"""FrozenLake."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium.envs.toy_text.frozen_lake import MAPS, FrozenLakeEnv, generate_random_map

from operant._checks import shown
from operant.envs import views
from operant.envs.vector_env import BUILTIN, Integers, SimdVectorEnv

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Flag, Keywords, Number, Numbers

    class FrozenLakeKeywords(Keywords, total=False):
        """The keywords of `FrozenLakeVecEnv`."""

        is_slippery: Flag
        success_rate: Number
        reward_schedule: Numbers


def _characters(parameters: views.Parameters) -> npt.NDArray[Any]:
    """Return the map as Gymnasium's array of characters."""
    return views.read_only(np.asarray(parameters["desc"], dtype="c"))


def _starts(parameters: views.Parameters) -> npt.NDArray[np.float64]:
    starts = (_characters(parameters) == b"S").astype(np.float64).ravel()
    return views.read_only(starts / starts.sum())


def _write_s(parameters: views.Parameters, state: views.State, value: Any) -> None:
    rows, columns = _characters(parameters).shape
    state[:] = divmod(views.number_in("s", value, rows * columns), columns)


@lru_cache(maxsize=8)
def _transitions(desc: tuple[str, ...], is_slippery: bool, success_rate: float, rewards: Any) -> views.Table:
    return views.transitions(FrozenLakeEnv(None, list(desc), "", is_slippery, success_rate, rewards).P)


class FrozenLakeVecEnv(SimdVectorEnv[Integers], environment=BUILTIN["FrozenLake"]):
    """Envs of Gymnasium's `FrozenLake-v1`: cross a frozen, slippery lake without falling into a hole.

    ## Actions

    `Discrete(4)`, one for each env:

    | action | the player goes |
    |---|---|
    | 0 | left |
    | 1 | down |
    | 2 | right |
    | 3 | up |

    ## Observations

    `Discrete(rows * columns)`: shape `(num_envs,)`, int64; the player's tile, counted row by row from the top left,
    `row * columns + col`. The state is `(row, col)`.

    ## Dynamics

    The player moves in the direction of the action or, on slippery ice, to one of its sides, but not beyond the edge of
    the map. `draw` returns an index with the given probabilities.

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

    `prob`, shape `(num_envs,)`, float64: the probability of the transition; 1 after a reset. (`SyncVectorEnv` converts
    the probabilities of all envs to integers in a step in which the first env restarts.)

    ## Episodes

    - Start: on the tile S; on maps with several, on any of them.
    - Reward: 1 for the step that reaches the goal, else 0; `reward_schedule` sets other rewards.
    - Termination: the player is on the goal, or in a hole.
    - Truncation: after 100 steps (200 for `operant/FrozenLake8x8-v1`).

    ## Parameters

    {parameters}

    Instead of `desc`, `map_name` can name one of Gymnasium's maps, "4x4" or "8x8"; `desc=None, map_name=None` generates
    a random map of 8 x 8, the same for all envs.

    ## Source

    Gymnasium's `FrozenLake-v1`, which names no paper.

    ## Example

    >>> env = FrozenLakeVecEnv(4096, map_name="8x8", success_rate=0.8)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 4}
    gymnasium_id = "FrozenLake-v1"
    _viewed: ClassVar = {
        "s": views.View(lambda p, state: int(state[0]) * len(p["desc"][0]) + int(state[1]), _write_s),
        "P": views.from_parameters(
            lambda p: _transitions(p["desc"], p["is_slippery"], p["success_rate"], p["reward_schedule"]),
            "desc, is_slippery, success_rate and reward_schedule",
        ),
        "desc": views.from_parameters(_characters, "itself"),  # set as a parameter
        "nrow": views.from_parameters(lambda p: len(p["desc"]), "desc"),
        "ncol": views.from_parameters(lambda p: len(p["desc"][0]), "desc"),
        "initial_state_distrib": views.from_parameters(_starts, "desc"),
        "reward_range": views.from_parameters(
            lambda p: (min(p["reward_schedule"]), max(p["reward_schedule"])), "reward_schedule"
        ),
    }

    def __init__(
        self,
        num_envs: int,
        workers: int = 1,
        *,
        desc: Any = None,
        map_name: str | None = "4x4",
        **arguments: Unpack[FrozenLakeKeywords],
    ) -> None:
        """Create the envs.

        Args:
            num_envs: The number of envs to step together.
            workers: The number of threads that step them.
            desc: The map: a list of strings of the same length, or an array of characters like Gymnasium's attribute.
            map_name: Without `desc`, one of Gymnasium's maps, or None for a random one.
            **arguments: The other arguments of `SimdVectorEnv`.

        Raises:
            TypeError: The map is not a list of strings.
            ValueError: There is no such map, its rows differ in length, or it has no S.
        """
        if desc is None and map_name != "4x4":  # the default of the parameter
            desc = _map(map_name)
        super().__init__(num_envs, workers, **({} if desc is None else {"desc": desc}), **arguments)

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
