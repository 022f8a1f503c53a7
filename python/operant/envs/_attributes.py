"""Attributes of the environment and of its copies, as `gymnasium.vector.SyncVectorEnv` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import spaces

from operant._checks import shown
from operant.envs import _arguments, _parameters
from operant.envs._parametrised import Parametrised

#: Attributes that all copies have in common, and their names in the vector environment.
_COMMON = {
    "observation_space": "single_observation_space",
    "action_space": "single_action_space",
    "dtype": "dtype",
    "gymnasium_id": "gymnasium_id",
    "max_episode_steps": "max_episode_steps",
    "metadata": "metadata",
    "render_mode": "render_mode",
    "spec": "spec",
}

#: Attributes that differ from copy to copy: the vector environment's attribute of that name has a row for each copy.
_OWN = ("np_random", "np_random_seed", "state")

#: Attributes that only the constructor can set, with the reason.
_FIXED = {
    **dict.fromkeys(
        ("num_envs", "workers", "dtype", "record_episode_statistics", "render_mode", "autoreset_mode"),
        "cannot be changed once the environment is made; pass it to the constructor",
    ),
    "max_episode_steps": "cannot be changed once the environment is made, as the steps at which the episodes under way "
    "are truncated follow from it; pass it to the constructor",
    "parameters": "cannot be changed as a whole; set_parameters changes some of them",
}


def _property_of(parameter: str) -> property:
    """A property that shows the parameter of that name."""
    return property(lambda self: self.parameters[parameter])


class Attributes(Parametrised):
    """Parameters are attributes; the copies have attributes by name."""

    if TYPE_CHECKING:  # what `_show_parameters` adds

        def __getattr__(self, name: str) -> Any: ...

    @classmethod
    def _show_parameters(cls) -> None:
        """Give the class a property for each parameter. A `__getattr__` would slow down every look at an attribute."""
        for name in cls._known:
            setattr(cls, name, _property_of(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self)._known:
            self.set_parameters(**{name: value})
        elif name in _FIXED and name in self.__dict__:
            raise AttributeError(f"{name}: {_FIXED[name]}")
        elif name in type(self)._derived:
            raise AttributeError(self._why_not_set(name))
        else:
            super().__setattr__(name, value)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Look at an attribute of every copy, as `SyncVectorEnv.get_attr` does.

        Args:
            name: A parameter; `state`, `np_random` or `np_random_seed`; `observation_space` or `action_space`, those of
                one copy; or what all copies have in common, as `spec` and `render_mode`.

        Returns:
            One value for each copy.

        Raises:
            AttributeError: There is no such attribute.
        """
        if name in self._known:
            return _parameters.values_of_each(self._known[name], self._numbers, self.num_envs)
        if name in self._derived:
            value = getattr(self, name)
            return tuple(value.tolist()) if isinstance(value, np.ndarray) else (value,) * self.num_envs
        if name in _OWN:
            return tuple(getattr(self, name))
        if name in _COMMON:
            return (getattr(self, _COMMON[name]),) * self.num_envs
        names = (*self._known, *self._derived, *_OWN, *_COMMON)
        raise AttributeError(
            f"copies of {type(self).__name__} have no attribute {shown(name)}{_parameters.suggestion(name, names)} "
            f"They have {', '.join(names)}"
        )

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of every copy, as `SyncVectorEnv.set_attr` does; the next step is made with it.

        Args:
            name: A parameter, as `set_parameters` changes it, or `state`, as `set_state` does.
            values: A list or a tuple has one value for each copy. Anything else is as the constructor takes it: an
                array of shape `(num_envs,)` has one number for each copy, and all else is one value for all.

        Raises:
            AttributeError: There is no such attribute, or it cannot be set. Whatever is raised, nothing is changed.
            TypeError: A value has the wrong type.
            ValueError: There are not as many values as copies, or one is out of range.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        if name in self._known:
            if isinstance(values, (list, tuple)):
                values = _parameters.ValueOfEach(values)
            self.set_parameters(**{name: values})
        elif name == "state":
            state = _arguments.as_array("state", values)
            shape = (self.num_envs, len(self.state_names))
            self.set_state(np.broadcast_to(state, shape) if state.shape == shape[1:] else state)
        else:
            raise AttributeError(self._why_not_set(name))

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of every copy, as `SyncVectorEnv.call` does, or look at an attribute as `get_attr` does.

        Args:
            name: "render", which is the only method that copies have, or an attribute.
            *args: Arguments of the method.
            **kwargs: Arguments of the method.

        Returns:
            One result for each copy.

        Raises:
            AttributeError: There is no such attribute.
        """
        if name != "render":
            return self.get_attr(name)
        frames = self.render(*args, **kwargs)
        return (None,) * self.num_envs if frames is None else tuple(frames)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the state variables, in the order of the columns of `state`."""
        return tuple(self._environment.state_names)

    @property
    def observation_size(self) -> int:
        """How many numbers one copy's observation has."""
        space = self.single_observation_space
        return len(space) if isinstance(space, spaces.Tuple) else 1 if space.shape == () else int(space.shape[0])  # type: ignore[index]

    def _why_not_set(self, name: str) -> str:
        """The message that says why an attribute of the copies cannot be set."""
        if name in self._derived:
            return f"{name}: cannot be set, it follows from {self._derived[name]}"
        if name in _COMMON or name in _OWN:
            return f"{name}: cannot be changed once the environment is made"
        names = (*self._known, "state")
        return (
            f"copies of {type(self).__name__} have no attribute {shown(name)} that can be set"
            f"{_parameters.suggestion(name, names)} Those that can are {', '.join(names)}"
        )
