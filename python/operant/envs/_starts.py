"""Where episodes start: the bounds that `reset` can be given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from operant._checks import shown
from operant.envs import _arguments, _parameters
from operant.envs._parametrised import Parametrised


class Starts(Parametrised):
    """The bounds of the start of an episode."""

    def _parse_bounds(self, options: Mapping[str, Any]) -> npt.NDArray[np.float64]:
        """The bounds of a reset in the core's order; an empty array stands for the defaults."""
        defaults = self._environment.reset_bounds
        for name in options:
            if name not in defaults and name != "reset_mask":
                names = (*defaults, "reset_mask")
                raise ValueError(
                    f"options: expected {', '.join(names)}, got {shown(name)}{_parameters.suggestion(name, names)}"
                )
        if defaults.keys().isdisjoint(options):
            return np.empty(0)
        bounds = {name: _arguments.bound(options, name, default) for name, default in defaults.items()}
        self._check_bounds(bounds)
        return np.array(list(bounds.values()))

    def _check_bounds(self, bounds: dict[str, float]) -> None:
        """Refuse bounds that Gymnasium refuses, or that are infinite or NaN."""
        if {"low", "high"} <= bounds.keys():
            low, high = bounds["low"], bounds["high"]
            if low > high:
                gymnasiums = f"Lower bound ({low}) must be lower than higher bound ({high})."
                raise ValueError(f"low, high: expected bounds in order. {gymnasiums}")
            _arguments.check_bounds("low, high", low, high)
        for name, value in bounds.items():
            if not np.isfinite(value):
                raise OverflowError(f"{name}: expected a finite number, got {value}")
