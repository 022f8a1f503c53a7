"""Policies that are written in C++."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, new_class
from typing import Any, ClassVar

import numpy as np

from operant import _core
from operant._checks import path as checked_path
from operant.building.libraries import contents_of
from operant.envs import parameters as _parameters
from operant.policies import arguments
from operant.policies.policy import Policy


def mistake_of(policy: _core.PolicyDescription) -> str:
    """Explain why the policy cannot become a class; an empty string if it can."""
    if not policy.mistake and any(one["name"] == "seed" for one in policy.parameters):
        return (
            'a policy\'s `visit_parameters` gives the name "seed", which is already an argument of the Python class: '
            "choose another one"
        )
    return policy.mistake


class Compiled(Policy):
    """A policy that is written in C++; `operant.load` and `from_library` make subclasses of this class.

    Attributes:
        parameters: The policy's parameters by name, read-only.
    """

    _policy: ClassVar[_core.PolicyDescription]
    _known: ClassVar[dict[str, _parameters.Parameter]]

    def __init_subclass__(cls, policy: _core.PolicyDescription | None = None, **kwargs: Any) -> None:
        """Make a class of a policy in a library.

        Args:
            policy: The policy; None for the policy of the base class.
            **kwargs: Arguments for other base classes.

        Raises:
            ValueError: The policy has a mistake, such as two parameters with the same name.
        """
        super().__init_subclass__(**kwargs)
        if policy is not None:
            if mistake := mistake_of(policy):
                raise ValueError(f"{policy.name}: {mistake}")
            cls._policy = policy
            cls._known = _parameters.known(policy)

    def __init__(self, *, seed: int | None = None, **parameters: Any) -> None:
        """Create the policy.

        Args:
            seed: The seed of the random streams. None: fresh entropy.
            **parameters: The policy's parameters, by their names in the C++ struct.

        Raises:
            TypeError: An argument has the wrong type, or there is no such parameter.
            ValueError: An argument is out of range.
        """
        _parameters.check_names(f"{type(self).__name__}:", parameters, self._known)
        numbers = _parameters.numbers_of(self._known, parameters, 0, np.dtype(np.float64))
        self.parameters: Mapping[str, Any] = MappingProxyType(_parameters.values_of(self._known, numbers))
        self.seed = arguments.seed_of(seed)
        self.action_space = None
        self._description = self._policy.action
        self._observation_size = self._policy.observation_size
        self._made_by = Compiled, dict(self.parameters)
        self._core = _core.LibraryPolicy(self._policy, numbers.tolist(), arguments.words(self.seed))

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({given})"


def from_library(path: str | os.PathLike[str]) -> dict[str, type[Compiled]]:
    """Load the policies of a library that the CMake function `operant_add_environments` has built.

    Args:
        path: The file, as for `operant.load_library`. Loading runs code in it.

    Returns:
        A class for each policy, by name. Objects of a class can be pickled if the module that calls this function
        assigns the class to its name: `Lean = from_library(path)["Lean"]`.

    Raises:
        TypeError: The path is neither a string nor a path.
        FileNotFoundError: There is no such file.
        ImportError: The file is not a library of policies, or was built for another version of Operant.
    """
    _, policies = contents_of(Path(checked_path("path", path)))
    module = sys._getframe(1).f_globals.get("__name__", "__main__")
    return {policy.name: make_class(policy, module) for policy in policies}


def make_class(policy: _core.PolicyDescription, module: str) -> type[Compiled]:
    """Make a class of a policy, as if that module defined it."""
    rows = [f"    {name}: {one.documentation or 'a parameter'}." for name, one in _parameters.known(policy).items()]
    text = f"The policy `{policy.name}`.\n" + ("\nArgs:\n" + "\n".join(rows) + "\n" if rows else "")
    namespace = {"__module__": module, "__doc__": text}
    return new_class(policy.name, (Compiled,), {"policy": policy}, lambda body: body.update(namespace))
