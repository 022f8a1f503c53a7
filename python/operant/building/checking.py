"""A check that plays environments with random actions, like Gymnasium's `check_env`."""

from __future__ import annotations

import copy
import pickle
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from operant._checks import integer, positive_integer, shown
from operant.building._play import Play, Results, difference, joined, parts, random_actions, ranges_of
from operant.building.report import CheckError, Finding, Report
from operant.envs import SimdVectorEnv, load
from operant.envs._rollout import Progress, ProgressReporter, check_progress, shown_progress

_MANY = 1100  # envs in the comparison of workers: three blocks of 512 envs
_SHORT = 200  # steps of the checks that play many environments
_CONTINUED = 16  # steps that copies of an environment make


def check_environment(
    env_class: type[SimdVectorEnv[Any]],
    *,
    num_envs: int = 70,
    steps: int = 1000,
    seed: int = 0,
    progress: Progress | bool | None = None,
    **keywords: Any,
) -> Report:
    """Play an environment with random actions and report errors in it.

    The check plays the environment in each autoreset mode and in both precisions, and compares observations, rewards
    and flags with the spaces. It repeats the play with the same seed, env by env, with two workers, and from snapshots
    and copies. It also tries each value of flags and choices, and 0 for each parameter that must not be negative. Every
    other env repeats each action for some steps, to reach more distant states. For an environment of
    `operant.environment`, compiled code and plain Python must give the same results.

    Args:
        env_class: A class of environments: from `operant.load`, from `operant.envs`, or a subclass.
        num_envs: The number of envs to play together. The default is not a multiple of the batch size.
        steps: The number of steps in each play.
        seed: The seed of envs and actions.
        progress: True shows a progress bar of tqdm, in a terminal or a notebook. A function is called a few times a
            second with the number of finished plays and of all plays.
        **keywords: Further arguments of the constructor, such as parameters, with one value for all envs.

    Returns:
        The report, without errors. Its warnings also go to Python's `warnings`.

    Raises:
        CheckError: The environment has errors. The attribute `report` lists all of them.
        TypeError: An argument has the wrong type, or the constructor refuses a keyword.
        ValueError: An argument is out of range.
    """
    report = reported(env_class, num_envs, steps, seed, progress, keywords)
    if report.errors:
        raise CheckError(report)
    for finding in report.warnings:
        warnings.warn(f"{report.environment}: {finding}", stacklevel=2)
    return report


def reported(
    env_class: Any, num_envs: Any, steps: Any, seed: Any, progress: Progress | bool | None, keywords: dict[str, Any]
) -> Report:
    """Check an environment as `check_environment` does, and return the report even if it has errors."""
    if not (isinstance(env_class, type) and issubclass(env_class, SimdVectorEnv) and hasattr(env_class, "_known")):
        raise TypeError(f"env_class: expected a class of environments, got {shown(env_class)}")
    first = integer(seed)
    if first is None or first < 0:
        raise (TypeError if first is None else ValueError)(f"seed: expected an integer from 0 up, got {shown(seed)}")
    check_progress(progress)
    sizes = positive_integer("num_envs", num_envs), positive_integer("steps", steps)
    for name in ("workers", "dtype", "autoreset_mode"):
        if name in keywords:
            raise TypeError(f"{name}: expected no such argument, as the check tries several values of it")
    checker = _Checker(env_class, *sizes, first, keywords)
    with np.errstate(all="ignore"), shown_progress(progress, "plays") as report:
        checker.run(report)
    return Report(env_class.__name__, tuple(checker.findings), checker.steps_made)


class _Stopped(Exception):  # noqa: N818
    """Ends the check after an error that would cause further errors."""


class _Checker:
    """Plays environments of one class and collects the findings."""

    def __init__(self, env_class: Any, num_envs: int, steps: int, seed: int, keywords: dict[str, Any]) -> None:
        self.env_class, self.seed, self.keywords = env_class, seed, {"num_envs": num_envs, **keywords}
        self.findings: list[Finding] = []
        self.steps_made = 0
        self._reported: set[str] = set()
        for size in (1, 2):  # raises for a parameter with one value per env, whose length cannot match both sizes
            env_class(**self.keywords | {"num_envs": size})
        self._actions = random_actions(env_class(**self.keywords), steps, seed)

    def run(self, progress: Progress | None) -> None:
        """Run all checks."""
        dtypes, modes = ("float32", "float64"), [mode.value for mode in AutoresetMode]
        plays = [partial(self._check_compiled)]
        plays += [partial(self._check_results, dtype=one, autoreset_mode=mode) for one in dtypes for mode in modes]
        checks = (self._check_repetition, self._check_each_alone, self._check_copies)
        plays += [partial(check, dtype=one) for check in checks for one in dtypes]
        plays += [partial(self._check_workers), partial(self._check_options), partial(self._check_seeds)]
        plays += [partial(self._check_parameter, *value) for value in self._parameter_values()]
        tell = ProgressReporter(progress, len(plays))
        with suppress(_Stopped):
            for done, play in enumerate(plays):
                tell(done)
                play()
        tell(len(plays))

    def _play(self, actions: npt.NDArray[Any] | None = None, seed: int | None = None, **keywords: Any) -> Play:
        """Create an environment and a play in it."""
        keywords = self.keywords | keywords
        actions = self._actions if actions is None else actions
        return Play(self.env_class(**keywords), keywords, self.seed if seed is None else seed, actions)

    def _alone(self, play: Play, i: int) -> Play:
        """Create a play of env i alone."""
        return self._play(play.actions[:, i : i + 1], play.seed + i, **play.keywords | {"num_envs": 1})

    def _results_of(self, play: Play) -> Iterator[Results]:
        """Iterate over the results of a play. An exception in the environment ends the check."""
        try:
            for results in play.results():
                self.steps_made += play.env.num_envs if play.step else 0
                yield results
        except Exception as error:
            call = "step" if play.step else f"reset(options={play.options})" if play.options else "reset"
            message = f"{call} raised {type(error).__name__}: {error}"
            self._report(play, message, "exception", self._env_that_raises(play))
            raise _Stopped from error

    def _env_that_raises(self, play: Play) -> int | None:
        for i in range(play.env.num_envs):
            alone = self._alone(play, i)
            alone.actions = alone.actions[: play.step]
            try:
                list(alone.results())
            except Exception:
                return i
        return None

    def _report(
        self, play: Play, message: str, kind: str, env: int | None = None, *, is_error: bool = True, step: bool = True
    ) -> None:
        """Report a finding at the current step of the play, unless there is one of this kind already."""
        if kind in self._reported:
            return
        self._reported.add(kind)
        place: dict[str, Any] = {"step": play.step} if step else {}
        if env is not None:
            place |= {"env": env, "seed": play.seed + env, "actions": play.actions[: play.step, env].copy()}
            if play.state is not None:
                place["state"] = dict(zip(play.env.state_names, play.state[env].tolist(), strict=True))
        self.findings.append(Finding(message, is_error, play.keywords, **place))

    def _check_results(
        self, *, actions: npt.NDArray[Any] | None = None, is_error: bool = True, **keywords: Any
    ) -> None:
        """Compare the results of a play with the spaces."""
        play = self._play(actions, **keywords)
        env, ranges = play.env, ranges_of(play.env)
        for kind in ("observation_space", "action_space"):
            single, batched = getattr(env, f"single_{kind}"), getattr(env, kind)
            if batched != batch_space(single, env.num_envs):
                message = f"{kind}: expected {env.num_envs} times {single}, got {batched}"
                self._report(play, message, kind, step=False)
        before: Results = {}
        step_before = -1
        for results in self._results_of(play):
            for name, bounds in ranges.items():
                if name in results:
                    self._check_range(play, name, results[name], *bounds, is_error=is_error)
            not_finite = ~np.isfinite(results["state"]).all(axis=1)
            if not_finite.any():
                message = "a number of the state is infinite or NaN, and set_state refuses such a state"
                self._report(play, message, "state", int(not_finite.argmax()), is_error=False)
            self._check_observation_again(play, results)
            if play.step == step_before:  # a reset of the envs whose episodes ended
                going_on = ~(before["terminated"] | before["truncated"])
                names = [name for name in results if name.startswith(("observation", "state"))]
                if found := difference(*({name: one[name][going_on] for name in names} for one in (before, results))):
                    message = f"{found[0]} changed when other envs were reset: is there a static variable?"
                    self._report(play, message, "reset_mask", int(np.flatnonzero(going_on)[found[1]]))
            before, step_before = results, play.step

    def _check_range(
        self, play: Play, name: str, array: npt.NDArray[Any], low: npt.NDArray[Any], high: Any, *, is_error: bool
    ) -> None:
        if (array.shape, array.dtype) != (low.shape, low.dtype):
            message = f"{name}: expected shape {low.shape} and dtype {low.dtype}, got {array.shape} and {array.dtype}"
            self._report(play, message, f"shape of {name}")
            raise _Stopped
        wrong = ~(np.isfinite(array) & (array >= low) & (array <= high))
        if wrong.any():
            place = tuple(map(int, np.unravel_index(wrong.argmax(), wrong.shape)))
            index = "".join(f"[{i}]" for i in place[1:])
            expected = f"{'an integer' if array.dtype.kind in 'iub' else 'a number'} from {low[place]} to {high[place]}"
            if not np.isfinite(array[place]):
                expected = "a finite number"
            message = f"{name}{index}: expected {expected}, got {array[place]}"
            kind = f"{name.removeprefix('final ')} {np.isfinite(array[place])}"
            self._report(play, message, kind, place[0], is_error=is_error)

    def _check_observation_again(self, play: Play, results: Results) -> None:
        """Check that the observation follows from the state alone, as `rollout` assumes before its first step."""
        if (type(play.env).reset, type(play.env).step) != (SimdVectorEnv.reset, SimdVectorEnv.step):
            return  # a subclass may change observations
        again = dict(parts("observation", play.env._core.observe()))
        if found := difference(results, results | again):
            name, i = found
            values = [shown(one[name][i].tolist()) for one in (results, again)]
            message = (
                f"{name} is {values[0]}, and {values[1]} when computed again from the same state: does visit_state "
                "omit a member, or is there a static variable?"
            )
            self._report(play, message, "observe", i)

    def _compare(self, play: Play, others: Iterator[Results], message: str, where: str) -> None:
        """Report the first difference between a play and results that should equal it, and end the check."""
        for results, other in zip(self._results_of(play), others, strict=True):
            if found := difference(results, other):
                name, i = found
                values = [shown(one[name][i].tolist()) if name in one else "missing" for one in (results, other)]
                self._report(play, message.format(f"{name} is {values[0]}, and {values[1]} {where}"), where, i)
                raise _Stopped

    def _check_compiled(self) -> None:
        """Compare the compiled code of an environment in Python with the same code as plain Python."""
        plain = getattr(self.env_class, "plain", self.env_class)
        own_methods = (self.env_class.reset, self.env_class.step) != (SimdVectorEnv.reset, SimdVectorEnv.step)
        if plain is self.env_class or own_methods:
            return
        play = self._play(self._actions[:_SHORT])
        other = Play(plain(**play.keywords), play.keywords, play.seed, play.actions)
        message = (
            "compiled code and plain Python differ: {}. Compiled integers have 64 bits and wrap around, and globals "
            "keep the values of the compilation"
        )
        self._compare(play, self._plain_results_of(play, other), message, "in plain Python")

    def _plain_results_of(self, play: Play, plain: Play) -> Iterator[Results]:
        try:
            yield from plain.results()
        except Exception as error:
            message = f"plain Python raised {type(error).__name__}, compiled code did not: {error}"
            self._report(play, message, "exception in plain Python")
            raise _Stopped from error

    def _check_repetition(self, **keywords: Any) -> None:
        """Check that the same seed and actions give the same results, also in an environment that was used before."""
        used = self._play(self._actions[-3:], self.seed + 1, **keywords)
        list(self._results_of(used))
        again = Play(used.env, used.keywords, self.seed, self._actions)
        message = (
            "the same seed and actions have different results: {}. Is there a static or global variable, a clock, "
            "or a random generator other than the one that is passed?"
        )
        self._compare(self._play(**keywords), self._results_of(again), message, "the second time")

    def _check_each_alone(self, **keywords: Any) -> None:
        play = self._play(self._actions[:_SHORT], **keywords)
        alone = [self._results_of(self._alone(play, i)) for i in range(play.env.num_envs)]
        message = "envs influence each other: {}. Is there a static variable, or an operation across lanes?"
        self._compare(play, map(joined, zip(*alone, strict=True)), message, "for the env alone")

    def _check_copies(self, **keywords: Any) -> None:
        """Check that copies, pickles, saved files and restored snapshots continue like the original."""
        play = self._play(self._actions[:_SHORT], **keywords)
        list(self._results_of(play))
        ways: dict[str, Callable[[Any], Any]] = {"copy.deepcopy": copy.deepcopy}
        if getattr(sys.modules.get(self.env_class.__module__), self.env_class.__qualname__, None) is self.env_class:
            ways |= {"pickle": lambda env: pickle.loads(pickle.dumps(env)), "save and load": _saved_and_loaded}
        copies = {}
        for name, copied in ways.items():
            try:
                copies[name] = copied(play.env)
            except Exception as error:
                self._report(play, f"{name} raised {type(error).__name__}: {error}", name, step=False)
        snapshot, step = play.env.snapshot(), play.step
        play.actions = np.concatenate([play.actions, self._actions[:_CONTINUED]])
        expected = list(self._results_of(play))
        play.env.restore(snapshot)
        for name, env in {"restore": play.env, **copies}.items():
            continued = Play(env, play.keywords, self.seed, play.actions, step)
            message = f"an environment does not continue as before after {name}: {{}}"
            self._compare(continued, iter(expected), message, f"without {name}")

    def _check_workers(self) -> None:
        play, two = self._play(num_envs=_MANY), self._play(num_envs=_MANY, workers=2)
        play.actions = two.actions = random_actions(play.env, min(_SHORT, len(self._actions)), self.seed)
        message = "one worker and two workers give different results: {}. Do envs share a variable?"
        self._compare(play, self._results_of(two), message, "with two workers")

    def _check_options(self) -> None:
        """Check that the default bounds of a reset are valid options and change nothing."""
        play, other = self._play(self._actions[:0]), self._play(self._actions[:0])
        other.options = dict(self.env_class._environment.reset_bounds)
        message = "the default bounds of a reset change its results: {}"
        self._compare(play, self._results_of(other), message, f"with options={other.options}")

    def _check_seeds(self) -> None:
        """Warn if envs with different seeds and the same actions have the same results."""
        play = self._play()
        play.actions = np.repeat(self._actions[:_SHORT, :1], play.env.num_envs, axis=1)
        for results in self._results_of(play):
            same = {name: np.broadcast_to(array[:1], array.shape) for name, array in results.items()}
            if play.env.num_envs == 1 or difference(results, same):
                return
        message = "the seed changes nothing: with the same actions, all envs do the same"
        self._report(play, message, "seeds", is_error=False, step=False)

    def _parameter_values(self) -> list[tuple[str, Any, bool]]:
        """List other values of parameters. Findings are errors for flags and choices, and warnings for zeros."""
        values: list[tuple[str, Any, bool]] = []
        for name, one in self.env_class._known.items():
            others: list[Any] = []
            if one.kind == "flag":
                others = [not one.default[0]]
            elif one.kind == "choice":
                others = [choice for i, choice in enumerate(one.choices) if i != one.default[0]]
            elif one.kind in ("number", "numbers") and any(one.default):
                negative = one.value(np.full(one.size, -1.0))
                others = [] if self._accepts(name, negative) else [one.value(np.zeros(one.size))]
            if name not in self.keywords:
                is_error = one.kind in ("flag", "choice")
                values += [(name, other, is_error) for other in others if self._accepts(name, other)]
        return sorted(values, key=lambda value: not value[2])  # errors first

    def _accepts(self, name: str, value: Any) -> bool:
        """Return True if the constructor accepts a parameter's value, which may contradict another parameter."""
        try:
            self._play(**{name: value})
        except (TypeError, ValueError):
            return False
        return True

    def _check_parameter(self, name: str, value: Any, is_error: bool) -> None:
        reported = set(self._reported)
        self._check_results(actions=self._actions[:_SHORT], is_error=is_error, **{name: value})
        if not is_error:
            self._reported = reported  # each parameter may have a warning of the same kind


def _saved_and_loaded(env: SimdVectorEnv[Any]) -> Any:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "environment")
        env.save(path)
        return load(path)
