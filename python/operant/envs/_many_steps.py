"""Many steps, or whole episodes, in one call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from operant.envs import _evaluation, _rollout
from operant.envs._evaluation import Evaluation
from operant.envs._parametrised import Parametrised
from operant.envs._rollout import Policy, Progress, Rollout


class ManySteps(Parametrised):
    """Many steps, or whole episodes, in one call."""

    def rollout(
        self,
        actions: npt.ArrayLike | Policy,
        steps: int | None = None,
        *,
        record: str | Iterable[str] | None = None,
        out: Rollout[Any] | None = None,
        progress: Progress | None = None,
    ) -> Rollout[Any]:
        """Step every copy many times in one call.

        The result, and the environment afterwards, are bit for bit those of as many calls of `step`. It is faster
        because a block of copies makes all its steps while it is in the processor's cache, and only what is recorded
        leaves it.

        An exception that ends it between two steps (Ctrl-C, what a policy or `progress` raises, a copy that has
        finished where autoreset is disabled) leaves the environment where that many steps have brought it, and has an
        attribute `steps` that says how many.

        Args:
            actions: Those of all steps, as `step` takes them, with an axis for time before the others: shape
                `(steps, num_envs)` or `(steps, num_envs, k)`. Or a policy: one of `operant.policies`, which is called
                without Python, or any function that takes the observations of a step, as `reset` returns them, and
                returns the actions for the next, at the speed of Python.
            steps: How many steps to make with a policy; with actions, None or as many as there are.
            record: Names of what to keep: "observations", "actions", "rewards", "terminations", "truncations",
                "infos" and "returns". None: all of it, or what `out` has.
            out: What a former call returned. It is overwritten and returned, so that nothing is allocated.
            progress: A function that is called a few times a second, with how many steps have been made and how many
                there are.

        Returns:
            What was recorded, stacked; a `Rollout`.

        Raises:
            TypeError: An argument has the wrong type. Nothing is stepped.
            ValueError: The actions have the wrong shape, or one is not in a discrete action space or NaN; there are
                none; `record` has another name; `out` has no room for so many steps, or other records. Nothing is
                stepped.
            MemoryError: There is not enough memory for what is to be recorded. Nothing is stepped.
            gymnasium.error.ResetNeeded: `reset` has not been called, or a copy has finished and autoreset is disabled.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
            RuntimeError: Another thread, or this one in `progress`, is inside of this environment.
        """
        return _rollout.rollout(self, actions, steps, record, out, progress)

    def evaluate(
        self,
        policy: Policy,
        episodes: int = 1,
        seed: int | list[int | None] | None = None,
        *,
        progress: Progress | None = None,
    ) -> Evaluation:
        """Play whole episodes with a policy, from fresh starts, in as many copies as here are.

        The copies are new ones with the same parameters, time limit and precision; this environment and its random
        streams do not change. A copy whose episodes are over waits for the others, and its steps do not count.

        Args:
            policy: As `rollout` takes it.
            episodes: How many each copy plays.
            seed: The seed of the new copies, as `reset` takes it. None: fresh entropy.
            progress: A function that is called a few times a second, with how many episodes are over and how many there
                are, those of all copies together.

        Returns:
            `returns` and `lengths` of the episodes, both of shape `(episodes, num_envs)`.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is out of range.
            MemoryError: There is not enough memory for as many copies again.
            gymnasium.error.Error: A seed is negative or no integer.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return _evaluation.evaluate(self, policy, episodes, seed, progress)
