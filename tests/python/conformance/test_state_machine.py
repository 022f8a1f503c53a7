"""Random sequences of calls have the same results in Operant and in SyncVectorEnv."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from conftest import ONE_PER_CLASS
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from side_by_side import FORKS, Pair, bounds_of, random_actions

# The same calls in every run, so that failures are reproducible.
BOUNDED = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

SEEDS = st.integers(0, 2**64) | st.sampled_from([0, 2**32 - 1, 2**32, 2**100 + 1])
NUMBERS = st.integers(0, 2**32 - 1)  # that random generators are made of: hypothesis cannot know what to try next


class SideBySide(RuleBasedStateMachine):
    """Calls of an Operant environment and of a SyncVectorEnv, compared by `Pair` after each."""

    mode = None

    def __init__(self):
        super().__init__()
        self.pair = None
        self.kept = []  # arrays that were returned, and what was in them

    @initialize(
        registration=st.sampled_from(ONE_PER_CLASS),
        num_envs=st.integers(1, 9),
        limit=st.sampled_from([None, 1, 2, 5, 12, -1]),
        statistics=st.booleans(),
        seed=SEEDS,
    )
    def make(self, registration, num_envs, limit, statistics, seed):
        self.registration = registration
        limits = {} if limit is None else {"max_episode_steps": limit}
        self.pair = Pair(self.registration, num_envs, self.mode, record_episode_statistics=statistics, **limits)
        self.pair.reset(seed=seed)

    @rule(
        registration=st.sampled_from(ONE_PER_CLASS),
        num_envs=st.integers(1, 20),
        limit=st.sampled_from([3, 8]),
        statistics=st.booleans(),
        seed=SEEDS,
    )
    def close_and_make_another(self, registration, num_envs, limit, statistics, seed):
        self.pair.close()
        self.make(registration, num_envs, limit, statistics, seed)

    @property
    def blocked(self):
        """True if an env waits for a reset by the caller."""
        return self.mode is AutoresetMode.DISABLED and bool(self.pair.finished.any())

    def actions(self, number):
        return random_actions(self.pair.space, np.random.default_rng(number), self.pair.num_envs)

    @precondition(lambda self: not self.blocked)
    @rule(number=NUMBERS, count=st.integers(1, 12))
    def step(self, number, count):
        for i in range(count):
            if not self.blocked:
                self.pair.step(self.actions([number, i]))

    @precondition(lambda self: self.blocked)
    @rule(number=NUMBERS)
    def step_too_early(self, number):
        with pytest.raises(ResetNeeded):
            self.pair.ours.step(self.actions(number))

    @precondition(lambda self: self.blocked)
    @rule()
    def reset_what_is_finished(self):
        self.pair.reset(options={"reset_mask": self.pair.finished.copy()})

    @rule(seed=st.none() | SEEDS, number=NUMBERS, bounded=st.booleans())
    def reset(self, seed, number, bounded):
        self.pair.reset(seed=seed, options=self.bounds(number) if bounded else None)

    @rule(number=NUMBERS, data=st.data(), masked=st.booleans())
    def reset_with_a_seed_for_each(self, number, data, masked):
        seeds = data.draw(st.lists(st.none() | SEEDS, min_size=self.pair.num_envs, max_size=self.pair.num_envs))
        self.pair.reset(seed=seeds, options={"reset_mask": self.mask(number)} if masked else {})

    @rule(number=NUMBERS, seed=st.none() | SEEDS, bounded=st.booleans())
    def reset_some(self, number, seed, bounded):
        options = self.bounds(number) if bounded else {}
        self.pair.reset(seed=seed, options={**options, "reset_mask": self.mask(number)})

    def mask(self, number):
        """A mask of some envs, at least one."""
        rng = np.random.default_rng([number, 1])
        mask = rng.random(self.pair.num_envs) < rng.random()
        mask[rng.integers(self.pair.num_envs)] = True
        return mask

    def bounds(self, number):
        rng = np.random.default_rng([number, 2])
        low, high = np.sort(rng.uniform(-0.5, 0.5, 2))
        if self.registration.name == "Pendulum":
            low, high = abs(high), rng.uniform(0, 20)
        return bounds_of(self.registration, low, high)

    @rule(bad=st.sampled_from(["seed", "mask", "bounds"]))
    def reset_badly(self, bad):
        call = {
            "seed": {"seed": [1] * (self.pair.num_envs + 1)},
            "mask": {"seed": 1, "options": {"reset_mask": np.zeros(self.pair.num_envs, bool)}},
            "bounds": {"seed": 1, "options": {"low": "a", "x_init": "a"}},
        }[bad]
        with pytest.raises((ValueError, AssertionError)) as raised:  # the exception that Gymnasium raises
            copy.deepcopy(self.pair.sync).reset(**call)
        expected = ValueError if raised.type is AssertionError else raised.type  # Gymnasium before 1.4 asserts
        with pytest.raises(expected):
            self.pair.ours.reset(**call)

    @rule(number=NUMBERS, masked=st.booleans(), scale=st.sampled_from([0.0, 0.003, 0.5, 4]), steps=st.integers(0, 3))
    def set_state(self, number, masked, scale, steps):
        rng = np.random.default_rng([number, 3])
        state = self.pair.states()
        state = state * rng.uniform(0.5, 1.5, state.shape) + rng.normal(0, scale, state.shape)
        self.pair.set_state(state, self.mask(number) if masked else None)
        self.pair.compare_states()
        for i in range(steps):
            if not self.blocked:
                self.pair.step(self.actions([number, 4, i]))

    @rule(how=st.sampled_from(sorted(FORKS)))
    def go_on_with_a_copy(self, how):
        self.pair.fork(FORKS[how])

    @rule()
    def keep_what_was_returned(self):
        observations, _ = self.pair.ours.reset(seed=3, options=None)
        self.pair.reset(seed=3)
        self.kept.append((observations, observations.copy()))

    @rule()
    def write_to_what_was_returned(self):
        self.pair.ours.state[...] = 77
        observations, _ = self.pair.ours.reset(seed=4)
        observations[...] = 77
        del observations
        self.pair.reset(seed=4)

    @invariant()
    def states_agree(self):
        if self.pair is not None:
            self.pair.compare_states()

    def teardown(self):
        for array, contents in self.kept:
            np.testing.assert_array_equal(array, contents)
        if self.pair is not None:
            self.pair.close()


def test_any_sequence_of_calls_does_what_gymnasium_does(mode):
    machine = type("Machine", (SideBySide,), {"mode": mode})
    run_state_machine_as_test(machine, settings=BOUNDED)
