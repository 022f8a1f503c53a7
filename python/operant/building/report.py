"""The result of `check_environment`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from operant._checks import shown


@dataclass(frozen=True, eq=False)
class Finding:
    """An error in an environment, or a warning about it, and the place where it first appeared.

    Attributes:
        message: The description of the error.
        is_error: False for a warning.
        keywords: The arguments of the constructor.
        step: 0 for a reset, k for the k-th step after it; None if the finding does not belong to a step.
        env: The index of the env; None if the finding does not belong to a single env.
        seed: The seed of that env. The env plays the same episodes alone, after `reset(seed=seed)`.
        actions: The actions of that env, from the first step to the step of the finding. The first axis is time.
        state: The state of that env before the step: a number for each name in `state_names`.
    """

    message: str
    is_error: bool
    keywords: Mapping[str, Any]
    step: int | None = None
    env: int | None = None
    seed: int | None = None
    actions: npt.NDArray[Any] | None = None
    state: Mapping[str, float] | None = None

    def __str__(self) -> str:
        place = [] if self.step is None else [f"step {self.step}" if self.step else "reset"]
        if self.env is not None:
            place += [f"env {self.env}", f"seed {self.seed}"]
        if self.actions is not None and len(self.actions):
            place.append(f"action {self.actions[-1].tolist()}")
        if self.state is not None:
            place.append(f"state before {shown(dict(self.state))}")
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.keywords.items())
        return "\n    ".join([self.message, *([", ".join(place)] if place else []), f"with {arguments}"])


@dataclass(frozen=True, eq=False)
class Report:
    """The result of a check.

    Attributes:
        environment: The name of the class.
        findings: Errors and warnings, in the order of their discovery.
        steps: The number of steps that were made, summed over all envs.
    """

    environment: str
    findings: tuple[Finding, ...]
    steps: int

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(one for one in self.findings if one.is_error)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that may be intended."""
        return tuple(one for one in self.findings if not one.is_error)

    def __str__(self) -> str:
        counts = f"errors: {len(self.errors)}, warnings: {len(self.warnings)}, steps: {self.steps:,}"
        lines = [f"{'error' if one.is_error else 'warning'}: {one}" for one in self.findings]
        return "\n  ".join([f"{self.environment}: {counts}", *lines])


class CheckError(AssertionError):
    """An environment has errors.

    Attributes:
        report: The `Report` of the check.
    """

    __module__ = "operant"  # users import it from there

    def __init__(self, report: Report) -> None:
        """Create the exception from the report."""
        super().__init__(report)
        self.report = report
