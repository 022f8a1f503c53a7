"""A core with parameters, and the spaces that follow from them: what the parts of `SimdVectorEnv` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium.vector import VectorEnv

from operant import _core
from operant.envs import _parameters, _spaces, _streams
from operant.envs._rendering import Renderer


class Parametrised(VectorEnv):
    """Copies of an environment in C++, with their parameters."""

    _environment: ClassVar[_core.Environment]
    _known: ClassVar[dict[str, _parameters.Parameter]]
    #: Attributes of Gymnasium's environment that follow from parameters, and from which.
    _derived: ClassVar[dict[str, str]] = {}

    # Before version 1.3, Gymnasium also closes an environment whose constructor raised: these must exist then.
    _core: Any = None
    _renderer: Renderer | None = None
    # The seeds of the random streams; None until the streams are started.
    _seeds: _streams.Seeds | None = None
    # The parameters as the core has them, shape `(number_count,)`, or `(num_envs, number_count)`.
    _numbers: npt.NDArray[np.float64]
    # Role, name, dtype and width of each array that a step writes.
    _outputs: list[tuple[str, str, str, int]]
    # Actions as the core takes them.
    _fitting: Callable[[np.ndarray], np.ndarray]
    dtype: np.dtype[Any]
    workers: int
    max_episode_steps: int
    record_episode_statistics: bool
    parameters: Mapping[str, Any]

    def set_parameters(self, **parameters: Any) -> None:
        """Change physical parameters: the next step is made with the new ones.

        From then on the environment is as if it had been constructed with them: `parameters`, attributes, spaces,
        `spec`, pickles and saved files have the new values. States, elapsed steps, random streams and totals stay.

        Args:
            **parameters: As the constructor takes them. The others stay as they are.

        Raises:
            TypeError: There is no such parameter, or a value has the wrong type. Whatever is raised, nothing is
                changed.
            ValueError: A value is out of range, or rewards would change that totals of episodes are computed from
                (CartPole's `sutton_barto_reward`, after the first reset).
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        self._check_names("set_parameters", parameters)
        numbers = _parameters.numbers_of(self._known, parameters, self.num_envs, self.dtype, self._numbers)
        self._core.set_parameters(numbers)
        self._take_parameters(numbers)
        self._show_in_spec(parameters)

    def _show_in_spec(self, names: Iterable[str]) -> None:
        """Change the specification, so that it makes an environment with the values that these parameters have now."""
        if self.spec is not None:
            self.spec = replace(self.spec, kwargs=self.spec.kwargs | {name: self._plain(name) for name in names})

    @classmethod
    def _check_names(cls, function: str, parameters: dict[str, Any]) -> None:
        """Refuse keywords that are no parameters, with Python's message and the names of those that are."""
        for name in parameters:
            if name not in cls._known:
                raise TypeError(
                    f"{cls.__name__}.{function}() got an unexpected keyword argument {name!r}"
                    f"{_parameters.suggestion(name, cls._known)} The parameters are {', '.join(cls._known) or 'none'}"
                )

    def _take_parameters(self, numbers: npt.NDArray[np.float64]) -> None:
        """Set the parameters to these numbers, and make the spaces that follow from them."""
        described = self._environment.spaces(numbers)
        is_first = "_numbers" not in self.__dict__
        self._numbers = numbers
        self.__dict__["parameters"] = MappingProxyType(_parameters.values_of(self._known, numbers))
        for kind in ("observation", "action"):
            single, batched = _spaces.single_and_batched(described[kind], self.num_envs)
            for name, space in ((f"single_{kind}_space", single), (f"{kind}_space", batched)):
                if is_first:
                    setattr(self, name, space)
                elif getattr(self, name) != space:
                    setattr(self, name, _spaces.in_place_of(getattr(self, name), space))

    def _plain(self, name: str) -> Any:
        """The value of a parameter in a form that JSON has."""
        value = self.parameters[name]
        return value.tolist() if isinstance(value, np.ndarray) else list(value) if isinstance(value, tuple) else value
