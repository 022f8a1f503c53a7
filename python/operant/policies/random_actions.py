"""A policy of random actions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from operant import _core
from operant._checks import shown
from operant.envs.spaces import leaves_in
from operant.policies import arguments
from operant.policies.policy import Policy


class Random(Policy):
    """Uniformly random actions."""

    def __init__(self, action_space: spaces.Space[Any] | None = None, *, seed: int | None = None) -> None:
        """Create the policy.

        Args:
            action_space: `Discrete`, `MultiDiscrete`, or a `Box` with bounds. None: a rollout uses the environment's
                space; a call raises an exception.
            seed: The seed of the random streams. None: fresh entropy.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: The space has no bounds, or the seed is negative.
        """
        self.action_space = action_space
        self._description = None if action_space is None else arguments.description_of(action_space)
        if self._description is not None and not np.isfinite(self._description[1:3]).all():
            raise ValueError(f"action_space: expected a space with bounds, got {shown(action_space)}")
        self.seed = arguments.seed_of(seed)
        self._made_by = Random, {"action_space": action_space}
        self._core = _core.RandomPolicy(self._description, arguments.words(self.seed))

    def _checked(self, observations: Any) -> npt.NDArray[Any]:
        """Return an array with one element per env. The policy ignores the observations themselves."""
        for _, leaf in leaves_in(observations):
            return np.zeros(len(leaf), np.int64)
        raise ValueError(f"observations: expected those of at least one env, got {shown(observations)}")

    def __repr__(self) -> str:
        return f"Random({'' if self.action_space is None else self.action_space})"
