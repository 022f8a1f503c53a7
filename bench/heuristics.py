"""Measure landers and walkers that act step by step: by Gymnasium's heuristics, or at random."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from rollouts import repeated

from operant import envs
from operant.cli.measure import NotMeasuredError, in_turn, ratios

_WARM_UP_STEPS = 200  # until the envs differ
_STEPS = 50  # of a rollout

#: Returns the action for an observation. It may remember earlier observations of the episode.
Heuristic = Callable[[npt.NDArray[np.float32]], Any]


def _module(name: str) -> Any:
    try:
        return import_module(f"gymnasium.envs.box2d.{name}")
    except gym.error.DependencyNotInstalled as missing:
        raise NotMeasuredError(str(missing)) from None


def at_random(space: gym.Space[Any]) -> Heuristic:
    """Draw the actions."""
    return lambda observation: space.sample()


def gait(space: gym.Space[Any]) -> Heuristic:
    """Make Gymnasium's hand-written gait, at the start of an episode of BipedalWalker."""
    return _module("bipedal_walker").BipedalWalkerHeuristics().step_heuristic


def landing(space: gym.Space[Any]) -> Heuristic:
    """Make Gymnasium's landing heuristic of LunarLander."""
    discrete = SimpleNamespace(unwrapped=SimpleNamespace(continuous=False))
    return partial(_module("lunar_lander").heuristic, discrete)


class Acting:
    """A vector or single environment in which each env acts by its own heuristic."""

    def __init__(self, env: Any, make_heuristic: Callable[[gym.Space[Any]], Heuristic], seconds: float) -> None:
        """Reset the environment and step it until its envs differ."""
        self.env, self.seconds, self._is_single = env, seconds, not hasattr(env, "num_envs")
        space = env.action_space if self._is_single else env.single_action_space
        space.seed(0)
        self._make = partial(make_heuristic, space)
        self._observations, _ = env.reset(seed=0)
        self._heuristics = [self._make() for _ in range(1 if self._is_single else env.num_envs)]
        self._ended = np.zeros(len(self._heuristics), bool)
        self._elapsed = 0.0
        for _ in range(_WARM_UP_STEPS):
            self.step()

    def step(self) -> npt.NDArray[Any]:
        """Make a step and return its actions. The measured time is that of the environment only, including resets."""
        observations = np.atleast_2d(self._observations)
        rows = [act(observation) for act, observation in zip(self._heuristics, observations, strict=True)]
        actions = np.array(rows[0] if self._is_single else rows, self.env.action_space.dtype)
        start = time.perf_counter()
        self._observations, _, terminated, truncated, _ = self.env.step(actions)
        if self._is_single and (terminated or truncated):
            self._observations, _ = self.env.reset()
        self._elapsed += time.perf_counter() - start
        ended = np.atleast_1d(terminated | truncated)
        # A vector environment resets in the step after the last one of an episode.
        for i in np.flatnonzero(ended if self._is_single else self._ended):
            self._heuristics[i] = self._make()
        self._ended = ended
        return actions

    def rate(self) -> float:
        """Measure for about the `seconds` of the constructor; return the steps per second of all envs together."""
        steps, before = 0, self._elapsed
        while self._elapsed - before < self.seconds:
            self.step()
            steps += len(self._heuristics)
        return steps / (self._elapsed - before)


def landing_against_random(rounds: int, seconds: float) -> list[list[float]]:
    """Return the speed of rollouts of 4096 landers that land over that of rollouts with random actions.

    A rollout repeats the same 50 steps, with actions that are known in advance.
    """
    landers = [Acting(envs.LunarLanderVecEnv(4096), heuristic, seconds) for heuristic in (landing, at_random)]
    return [ratios(*in_turn([_repeated_steps(lander) for lander in landers], rounds))]


def _repeated_steps(acting: Acting) -> Callable[[], float]:
    env, start = acting.env, acting.env.snapshot()
    actions = np.array([acting.step() for _ in range(_STEPS)])
    env.restore(start)
    out = env.rollout(actions, record="returns")

    def run() -> None:
        env.restore(start)
        env.rollout(actions, out=out)

    return repeated(run, actions.size, acting.seconds)
