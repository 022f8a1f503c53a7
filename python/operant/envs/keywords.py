"""The types of the constructors' keywords, for type checkers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, SupportsFloat, TypedDict

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

#: A mode, or its value.
Autoreset = AutoresetMode | Literal["NextStep", "SameStep", "Disabled"]
#: A number for all envs, or one for each env.
Number = SupportsFloat | Sequence[SupportsFloat] | npt.NDArray[Any]
#: Several numbers for all envs, or several for each env.
Numbers = Sequence[SupportsFloat] | Sequence[Sequence[SupportsFloat]] | npt.NDArray[Any]
#: True or False.
Flag = bool | np.bool_


class Keywords(TypedDict, total=False):
    """The keywords that all environments take."""

    max_episode_steps: int | None
    autoreset_mode: Autoreset
    render_mode: str | None
    dtype: npt.DTypeLike
    record_episode_statistics: bool
