"""Attributes of vector environments and of their envs: defaults of classes, `get_attr`, `set_attr`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from operant._checks import shown, suggestion
from operant.envs import arguments, parameters, views

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv

#: Attributes that all envs share, and their names in the vector environment.
_COMMON = {"observation_space": "single_observation_space", "action_space": "single_action_space"}
_COMMON |= {name: name for name in ("dtype", "gymnasium_id", "max_episode_steps", "metadata", "render_mode", "spec")}

#: Attributes that differ between envs: the attribute of the vector environment has one row for each.
_PER_ENV = ("np_random", "np_random_seed", "state")

#: Attributes that only the constructor can set, and the reason.
_FIXED = {
    **dict.fromkeys(
        ("num_envs", "workers", "dtype", "record_episode_statistics", "render_mode", "autoreset_mode"),
        "cannot be changed once the environment is made; pass it to the constructor",
    ),
    "max_episode_steps": "cannot be changed once the environment is made, as the steps at which the present episodes "
    "are truncated follow from it; pass it to the constructor",
    "parameters": "cannot be changed as a whole; set_parameters changes some of them",
}


def add_properties(cls: type[SimdVectorEnv[Any]]) -> None:
    """Give the class a property for each parameter. A `__getattr__` would slow down the access to all attributes."""
    for name in cls._known:
        setattr(cls, name, _property_of(name))


def _property_of(parameter: str) -> property:
    return property(lambda self: self.parameters[parameter])


def adopt_defaults(cls: type[SimdVectorEnv[Any]], root: type) -> None:
    """Make each parameter that the class has as an attribute a default of the class.

    Args:
        cls: A new class of environments.
        root: The base class of all of them.

    Raises:
        TypeError: The attribute is a property or a method; or it is not a parameter, and only the constructor can set
            it, or it is computed from parameters.
    """
    derived = {} if "_derived" in vars(cls) else cls._derived
    inherited = {one for base in cls.__bases__ if issubclass(base, root) for one in base.__mro__}
    for name in (*cls._known, *_FIXED, *derived):
        owner = next((one for one in cls.__mro__ if name in vars(one)), None)
        if owner is None or owner in inherited:  # neither the class nor a mixin defines the attribute
            continue
        value = vars(owner)[name]
        if name in cls._known:
            if hasattr(type(value), "__get__"):
                raise TypeError(
                    f"{cls.__name__}.{name}: expected a value, as {name} is a parameter, got {shown(value)}"
                )
            numbers = cls._known[name].numbers(value, 0, np.dtype(np.float64))
            cls._known = cls._known | {name: cls._known[name]._replace(default=numbers.tolist())}
        elif name in _FIXED:
            raise TypeError(f"{cls.__name__}.{name}: cannot be an attribute of the class; pass it to the constructor")
        else:
            raise TypeError(f"{cls.__name__}.{name}: cannot be set, it follows from {derived[name]}")


def check_properties(cls: type[SimdVectorEnv[Any]]) -> None:
    """Raise TypeError if a parameter's property has been replaced since the class was made."""
    for name in cls._known:
        if not isinstance(getattr(cls, name, None), property):
            raise TypeError(
                f"{cls.__name__}.{name}: was changed after the class was made, which has no effect; pass {name} to the "
                "constructor, or define it in a subclass"
            )


def why_not_assigned(env: SimdVectorEnv[Any], name: str) -> str | None:
    """Return the error message for `env.name = value`; None if the assignment is allowed."""
    if name in _FIXED and env._core is not None:
        return f"{name}: {_FIXED[name]}"
    if name in type(env)._derived:
        return _why_not_set(env, name)
    if name in type(env)._viewed:
        return f"{name}: is an attribute of single envs; set_attr({name!r}, ...) sets that of each"
    return None


def values_of_each(env: SimdVectorEnv[Any], name: str) -> tuple[Any, ...]:
    """Return the attribute of every env: see `SimdVectorEnv.get_attr`."""
    if name in env._viewed:
        view = env._viewed[name]
        return tuple(view.read(*one) for one in zip(env._parameters_of_each(), env.state, strict=True))
    if name in env._known:
        return parameters.values_of_each(env._known[name], env._numbers, env.num_envs)
    if name in env._derived:
        value = getattr(env, name)
        return tuple(value.tolist()) if isinstance(value, np.ndarray) else (value,) * env.num_envs
    if name == "state":
        return tuple(views.read_only(env.state))
    if name in _PER_ENV:
        return tuple(getattr(env, name))
    if name == "action_masks" and env._environment.has_action_mask:
        return tuple(partial(_action_masks, env, i) for i in range(env.num_envs))
    if name in _COMMON:
        return (getattr(env, _COMMON[name]),) * env.num_envs
    names = (*env._known, *env._derived, *env._viewed, *_PER_ENV, *_COMMON)
    raise AttributeError(
        f"the envs of {type(env).__name__} have no attribute {shown(name)}{suggestion(name, names)} "
        f"They have {', '.join(names)}"
    )


def _action_masks(env: SimdVectorEnv[Any], i: int) -> Any:
    """Return the action mask of one env, as the method `action_masks` of a single environment does."""
    return env.action_masks()[i].copy()


def set_values(env: SimdVectorEnv[Any], name: str, values: Any) -> None:
    """Set the attribute of every env: see `SimdVectorEnv.set_attr`."""
    if name in env._known:
        if isinstance(values, (list, tuple)):
            values = parameters.ValueOfEach(values)
        env.set_parameters(**{name: values})
    elif name == "state":
        state = arguments.as_array("state", values)
        shape = (env.num_envs, len(env.state_names))
        env.set_state(np.broadcast_to(state, shape) if state.shape == shape[1:] else state)
    elif name in env._viewed and not isinstance(write := env._viewed[name].write, str):
        given = values if isinstance(values, (list, tuple)) else [values] * env.num_envs
        if len(given) != env.num_envs:
            raise ValueError(f"{name}: expected {env.num_envs} values, one for each env, got {len(given)}")
        states = env.state
        for known, state, value in zip(env._parameters_of_each(), states, given, strict=True):
            write(known, state, value)
        env.set_state(states)
    else:
        raise AttributeError(_why_not_set(env, name))


def _why_not_set(env: SimdVectorEnv[Any], name: str) -> str:
    """Return the message that explains why an attribute of the envs cannot be set."""
    if name in env._derived:
        return f"{name}: cannot be set, it follows from {env._derived[name]}"
    if name in env._viewed and isinstance(reason := env._viewed[name].write, str):
        return f"{name}: cannot be set, {reason}"
    if name in _COMMON or name in _PER_ENV:
        return f"{name}: cannot be changed once the environment is made"
    names = (*env._known, "state", *(one for one, view in env._viewed.items() if not isinstance(view.write, str)))
    return (
        f"the envs of {type(env).__name__} have no attribute {shown(name)} that can be set"
        f"{suggestion(name, names)} Those that can are {', '.join(names)}"
    )
