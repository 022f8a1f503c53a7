"""The base class of the policies."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from operant import _core
from operant.envs import arguments as _arguments
from operant.envs._saving import attributes_of
from operant.policies import arguments
from operant.policies.arguments import Description

_SomePolicy = TypeVar("_SomePolicy", bound="Policy")

#: The attributes that the constructors set. A pickle contains all others as they are.
_NOT_COPIED = {"_core", "_description", "_layers", "_made_by", "_observation_size", "_options"}
_NOT_COPIED |= {"action_space", "parameters", "population", "seed"}


class Policy:
    """Chooses an action for each env. A call takes observations and returns actions; rollouts skip Python.

    Policies can be pickled. The copy continues the random streams of the original. Rollouts call the method `__call__`
    of a subclass that overrides it.

    Attributes:
        seed: The seed of the random streams: the argument of the constructor, or fresh entropy.
        action_space: The argument of the constructor.
    """

    seed: int
    action_space: spaces.Space[Any] | None
    _core: _core.ChoosingPolicy
    #: The class whose constructor made the policy, which may be a base class, and the arguments of that constructor.
    _made_by: tuple[type[Policy], dict[str, Any]]
    _description: Description | None = None
    _observation_size: int | None = None

    def __call__(self, observations: npt.ArrayLike, action_mask: npt.ArrayLike | None = None) -> npt.NDArray[Any]:
        """Choose an action for each row of the observations.

        Args:
            observations: Shape `(num_envs, ...)`, converted to rows of float32 as in a rollout: an image becomes a row
                of its numbers. Discrete observations have the shape `(num_envs,)` and an integer dtype.
            action_mask: The allowed actions, `infos["action_mask"]`: shape `(num_envs, n)`, bool or an integer dtype.
                None allows all. Rollouts pass it if the environment has one.

        Returns:
            Actions for `step`. Discrete ones are int32, of shape `(num_envs,)`, or `(num_envs, k)` if an action has
            several numbers; continuous ones are float32, of shape `(num_envs, k)`.

        Raises:
            TypeError: The observations are not numbers.
            ValueError: The observations or the mask have the wrong shape, or the policy needs an action space.
            RuntimeError: Another thread is using this policy, which draws random numbers.
        """
        described = self._implied_actions() if self._description is None else self._description
        actions: Any = self._core.act(self._checked(observations), described, _checked_mask(action_mask))
        return actions[:, 0] if described[0] == "discrete" else actions

    def _implied_actions(self) -> Description:
        """Return the actions that the policy implies without an action space; raise ValueError if it implies none."""
        raise ValueError("action_space: expected a space, as the policy is called; pass env.single_action_space")

    def _checked(self, observations: Any) -> npt.NDArray[Any]:
        array = arguments.numbers("observations", observations, "fiub")
        if array.ndim == 1 and array.dtype.kind in "iu":
            return np.ascontiguousarray(array, np.int64)
        if array.ndim > 2:
            array = array.reshape(len(array), -1)
        size = self._observation_size
        if array.ndim != 2 or (size is not None and array.shape[1] != size):
            expected = f"(num_envs, {'size' if size is None else size})"
            raise ValueError(f"observations: expected shape {expected}, got {array.shape}")
        return _arguments.required(array, np.float32)

    @property
    def _acts_in_python(self) -> bool:
        """True if a subclass chooses the actions in Python."""
        return type(self).__call__ is not Policy.__call__

    def __reduce__(self) -> Any:
        base, given = self._made_by
        added = {name: value for name, value in attributes_of(self).items() if name not in _NOT_COPIED}
        return _unpickled, (type(self), base, given | {"seed": self.seed}, self._core.save()), added

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)


def _checked_mask(action_mask: Any) -> npt.NDArray[np.int8] | None:
    if action_mask is None:
        return None
    array = _arguments.as_array("action_mask", action_mask)
    if array.dtype.kind not in "biu":
        raise TypeError(f"action_mask: expected bools or integers, got {array.dtype}")
    if array.ndim != 2:
        raise ValueError(f"action_mask: expected shape (num_envs, n), got {array.shape}")
    return np.ascontiguousarray(array != 0).view(np.int8)


def _unpickled(policy_class: type[_SomePolicy], *made: Any) -> _SomePolicy:
    """Make the policy of a pickle. Pickles of version 0.2 do not name the base class whose constructor is called."""
    base, given, streams = made if len(made) == 3 else (policy_class, *made)
    policy = object.__new__(policy_class)
    base.__init__(policy, **given)
    policy._core.load(streams)
    return policy
