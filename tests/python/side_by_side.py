"""Operant and Gymnasium side by side: driven alike, compared after every call."""

from __future__ import annotations

import copy
import pickle

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

# Gymnasium's Acrobot takes the sines of a starting state in float32, numpy's are not always right in the last bit.
RESET_TOLERANCE = {"Acrobot-v1": 1.2e-7}

# What random actions hardly ever do: reach the goal. By observation; continuous environments take directions.
PUMPS = {
    "MountainCar-v0": lambda observations: np.where(observations[:, 1] < 0, 0, 2),
    "MountainCarContinuous-v0": lambda observations: np.where(observations[:, 1] < 0, -1, 1),
    "Acrobot-v1": lambda observations: np.where(observations[:, 5] < 0, 0, 2),
}


GYMNASIUM = tuple(map(int, gym.__version__.split(".")[:2]))


def gymnasium_id_of(registration):
    """The id of Gymnasium's environment that it follows."""
    return registration.id.removeprefix("operant/")


class Oracle(SyncVectorEnv):
    """Gymnasium's SyncVectorEnv, but for two things that Operant does not follow on purpose.

    SyncVectorEnv takes `reset_mask` out of the caller's dict, so that RecordEpisodeStatistics around it does not see
    it; and its rewards are float64.
    """

    float32_rewards = False

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed, options=None if options is None else dict(options))

    def step(self, actions):
        observations, rewards, *rest = super().step(actions)
        return observations, rewards.astype(np.float32) if self.float32_rewards else rewards, *rest


class OracleStatistics(gym.wrappers.vector.RecordEpisodeStatistics):
    """Gymnasium's RecordEpisodeStatistics, with what Gymnasium 1.4 put right.

    Before, in mode SAME_STEP, it left the first step of every episode out, but for an environment's first.
    """

    def step(self, actions):
        result = super().step(actions)
        if GYMNASIUM < (1, 4) and self.env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP:
            self.episode_returns[self.prev_dones] = 0
            self.episode_lengths[self.prev_dones] = 0
            self.prev_dones = np.zeros(self.num_envs, bool)
        return result


def make_oracle(registration, num_envs, autoreset_mode=AutoresetMode.NEXT_STEP, prepare=None, **kwargs):
    """Gymnasium's environments; `prepare` is called with each of them, unwrapped."""

    def make_one():
        env = gym.make(gymnasium_id_of(registration), disable_env_checker=True, **kwargs)
        if prepare is not None:
            prepare(env.unwrapped)
        return env

    return Oracle([make_one] * num_envs, autoreset_mode=autoreset_mode)


def assert_same_array(actual, expected):
    """The same dtype, shape and bytes."""
    assert type(actual) is np.ndarray
    assert actual.dtype == expected.dtype
    assert actual.flags.c_contiguous
    np.testing.assert_array_equal(actual, expected, strict=True)
    assert actual.tobytes() == expected.tobytes(), "a zero has the wrong sign"


def assert_same_infos(actual, expected):
    """The same keys, values and masks, None where a copy has nothing to tell."""
    assert actual.keys() == expected.keys()
    for key, value in expected.items():
        if key == "final_obs":
            assert_same_rows(actual[key], value)
        elif key == "episode":
            assert_same_statistics(actual[key], value)
        elif isinstance(value, dict):
            assert_same_infos(actual[key], value)
        else:
            assert_same_array(actual[key], value)


def assert_same_rows(actual, expected):
    """Arrays of objects, each None or an observation, however they are looked at."""
    assert isinstance(actual, np.ndarray)
    assert len(actual) == len(expected)
    for i, (ours, iterated, theirs) in enumerate(zip(actual, list(actual), expected, strict=True)):
        for row in (ours, iterated, actual[i]):
            if theirs is None:
                assert row is None
            else:
                assert_same_array(np.ascontiguousarray(row), theirs)


def assert_same_statistics(actual, expected):
    """Return and length of the episodes that ended; the time that they took is nobody's promise."""
    assert actual.keys() == expected.keys() == {"r", "l", "t"}
    assert_same_array(actual["r"], expected["r"])
    assert_same_array(actual["l"], expected["l"])
    assert actual["t"].dtype == np.float64
    assert actual["t"].shape == expected["t"].shape
    assert np.all(actual["t"] >= 0)
    assert np.all(actual["t"][expected["l"] == 0] == 0)


class Pair:
    """One Operant environment for each number of workers, in float64, and an oracle; every call goes to all of them.

    Whatever Operant returns is compared with what the oracle returned: bit for bit, rewards after rounding to float32.
    """

    def __init__(self, registration, num_envs, workers=(1,), autoreset_mode=AutoresetMode.NEXT_STEP, **kwargs):
        self.registration = registration
        self.num_envs = num_envs
        self.mode = AutoresetMode(autoreset_mode)
        self.statistics = kwargs.pop("record_episode_statistics", False)
        prepare = kwargs.pop("prepare", None)
        parameters = kwargs.pop("parameters", {})
        self.ours = [
            gym.make_vec(
                registration.id,
                num_envs=num_envs,
                workers=count,
                dtype=np.float64,
                autoreset_mode=autoreset_mode,
                record_episode_statistics=self.statistics,
                **parameters,
                **kwargs,
            )
            for count in workers
        ]
        self.sync = make_oracle(registration, num_envs, self.mode, prepare, **kwargs)
        self.theirs = OracleStatistics(self.sync) if self.statistics else self.sync
        self.tolerance = RESET_TOLERANCE.get(gymnasium_id_of(registration), 0)
        self.at_start = np.ones(num_envs, bool)  # shows the observation that its reset brought
        self.moved = np.zeros(num_envs, bool)  # its state was set since its observation was made
        self.finished = np.zeros(num_envs, bool)
        self.observations = None

    def reset(self, seed=None, options=None):
        """Resets all, and compares what they return."""
        expected, expected_infos = self.theirs.reset(seed=seed, options=None if options is None else dict(options))
        mask = (options or {}).get("reset_mask", np.ones(self.num_envs, bool))
        self.at_start |= mask
        self.moved &= ~mask
        self.finished &= ~mask
        for ours in self.ours:
            passed = None if options is None else dict(options)
            actual, infos = ours.reset(seed=seed, options=passed)
            assert passed is None or (passed.keys() == options.keys() and all(passed[k] is options[k] for k in passed))
            self._compare_observations(actual, expected)
            assert_same_infos(infos, expected_infos)
        self.observations = expected
        return expected, expected_infos

    def step(self, actions):
        """Steps all, and compares what they return."""
        expected = self.theirs.step(actions)
        ended = expected[2] | expected[3]
        self.at_start = {
            AutoresetMode.NEXT_STEP: self.finished,
            AutoresetMode.SAME_STEP: ended,
            AutoresetMode.DISABLED: np.zeros(self.num_envs, bool),
        }[self.mode].copy()
        self.moved[:] = False
        self.finished = ended if self.mode is not AutoresetMode.SAME_STEP else np.zeros(self.num_envs, bool)
        for ours in self.ours:
            observations, rewards, terminations, truncations, infos = ours.step(np.array(actions))
            self._compare_observations(observations, expected[0])
            assert_same_array(rewards, expected[1].astype(np.float32))
            assert_same_array(terminations, expected[2])
            assert_same_array(truncations, expected[3])
            assert_same_infos(infos, expected[4])
        self.observations = expected[0]
        return expected

    def step_or_reset(self, actions):
        """A step; before it, in a mode without autoreset, a reset of the copies that need it."""
        if self.mode is AutoresetMode.DISABLED and self.finished.any():
            self.reset(options={"reset_mask": self.finished.copy()})
        return self.step(actions)

    def states(self):
        """Gymnasium's states, as an array of float64."""
        return np.array([np.asarray(env.unwrapped.state, np.float64) for env in self.sync.envs])

    def set_state(self, state, mask=None):
        """Sets the state of all, rounded to the precision that Gymnasium happens to keep each copy's in.

        Gymnasium's MountainCarContinuous keeps float64 from a reset to the first step, float32 from there on.
        """
        state = np.array(state, np.float64)
        for i, env in enumerate(self.sync.envs):
            own = state[i].astype(np.asarray(env.unwrapped.state).dtype)
            state[i] = own
            if mask is None or mask[i]:
                env.unwrapped.state = own
        for ours in self.ours:
            ours.set_state(state) if mask is None else ours.set_state(state, mask)
        self.moved |= True if mask is None else mask

    def compare_states(self):
        """Compares the simulated states."""
        for ours in self.ours:
            assert ours.state.dtype == np.float64
            np.testing.assert_array_equal(ours.state, self.states(), strict=True)

    def fork(self, how):
        """Replaces every Operant environment by what `how` makes of it. The old ones go on, elsewhere."""
        old, self.ours = self.ours, [how(ours) for ours in self.ours]
        for ours in old:
            ours.reset(seed=987654321)
            ours.step(random_actions(ours.single_action_space, np.random.default_rng(1), self.num_envs))
            ours.close()

    def close(self):
        for env in (*self.ours, self.theirs):
            env.close()

    def _compare_observations(self, actual, expected):
        """Rows whose state was set by hand show, until the next step, what is nobody's promise."""
        assert actual.shape == expected.shape
        assert actual.dtype == expected.dtype == np.float32
        assert actual.flags.c_contiguous
        exact = ~self.moved & ~(self.at_start & (self.tolerance > 0))
        assert_same_array(actual[exact], expected[exact])
        near = self.at_start & ~self.moved
        np.testing.assert_allclose(actual[near], expected[near], rtol=0, atol=self.tolerance)


# Ways to another environment that goes on where this one is.
FORKS = {"pickle": lambda env: pickle.loads(pickle.dumps(env)), "deepcopy": copy.deepcopy}


def random_actions(space, rng, num_envs):
    """Actions of the single space, one a copy: of a Box beyond its bounds too, and on them, in float32 or float64."""
    if isinstance(space, gym.spaces.Discrete):
        return space.start + rng.integers(0, space.n, num_envs)
    middle, half = (space.high + space.low) / 2, (space.high - space.low) / 2
    drawn = middle + half * rng.uniform(-1.6, 1.6, (num_envs, *space.shape))
    on_bounds = rng.random(num_envs) < 0.25
    drawn[on_bounds] = np.clip(drawn[on_bounds], space.low, space.high)
    return drawn.astype(rng.choice([np.float32, np.float64]))


def lively_actions(registration, space, rng, observations):
    """Random actions for the odd copies; for the even ones those that reach the goal, where it is hard to reach."""
    actions = random_actions(space, rng, len(observations))
    pump = PUMPS.get(gymnasium_id_of(registration))
    if pump is not None:
        wanted = pump(observations[::2])
        if isinstance(space, gym.spaces.Box):
            wanted = np.maximum(np.abs(actions[::2]), 0.5) * wanted.reshape(-1, 1)
        actions[::2] = wanted
    return actions
