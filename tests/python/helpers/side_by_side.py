"""The oracle: Gymnasium and Operant get the same calls, and each pair of results is compared."""

from __future__ import annotations

import copy
import inspect
import pickle
import tempfile
from functools import cache
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import load_env_creator
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from operant import envs
from operant.registration import REGISTRATIONS

# Gymnasium's Acrobot takes the sines of a starting state in float32, and numpy's are not always right in the last bit.
RESET_TOLERANCE = {"Acrobot-v1": 1.2e-7}

# For observations of starting states in float32, where sine and cosine are Operant's own.
FLOAT32_RESET_TOLERANCE = {"Acrobot-v1": 1.2e-7, "Pendulum-v1": 1.2e-7}

# For a float32 step against a float64 step from the same state: an absolute error below 1, a relative one above.
# Acrobot's is larger, as its step has four stages.
FLOAT32_TOLERANCE = 1e-6
FLOAT32_TOLERANCES = {"Acrobot-v1": 1e-5}

# Policies that reach the goal, which random actions hardly ever do. They choose actions by the observation.
PUMPS = {
    "MountainCar-v0": lambda observations: np.where(observations[:, 1] < 0, 0, 2),
    "MountainCarContinuous-v0": lambda observations: np.where(observations[:, 1] < 0, -1, 1),
    "Acrobot-v1": lambda observations: np.where(observations[:, 5] < 0, 0, 2),
}


def towards_the_goal(row, column):
    """On the cliff's grid: up, along, and down again."""
    return np.where(column == 11, 2, np.where(row > 1, 0, 1))


PUMPS["CliffWalking-v1"] = lambda cells: towards_the_goal(*np.divmod(cells, 12))
PUMPS["CliffWalkingSlippery-v1"] = PUMPS["CliffWalking-v1"]
PUMPS["Taxi-v4"] = lambda states: ways_to_destinations()[states]

GYMNASIUM = tuple(map(int, gym.__version__.split(".")[:2]))


def gymnasium_id_of(registration):
    """The id of Gymnasium's environment that this one follows. Both ids of the Taxi follow the newest rules."""
    name = registration.id.removeprefix("operant/")
    return envs.TaxiVecEnv.gymnasium_id if name.startswith("Taxi") else name


def registration_of(name):
    """The registration of the id without `operant/`."""
    return next(one for one in REGISTRATIONS if one.id == f"operant/{name}")


def gymnasium_id_with(name, parameters):
    """The id of Gymnasium's environment; skip a test of an environment or of parameters that this Gymnasium lacks."""
    found = gymnasium_id_of(registration_of(name))
    if found not in gym.registry:
        pytest.skip(f"this Gymnasium has no {found}")
    known = inspect.signature(load_env_creator(gym.spec(found).entry_point)).parameters
    if parameters.keys() - known.keys() - {"render_mode", "max_episode_steps"}:
        pytest.skip(f"this Gymnasium's {found} is an older one")
    return found


@cache
def ways_to_destinations():
    """Return the first action of a shortest way to the end of the episode, for every state of the Taxi."""
    transitions = gym.make(envs.TaxiVecEnv.gymnasium_id, disable_env_checker=True).unwrapped.P
    best, reached = np.zeros(500, int), set()
    while True:
        new = {
            state: action
            for state in range(500)
            for action, ((_, following, _, terminated),) in transitions[state].items()
            if state not in reached and (terminated or following in reached)
        }
        if not new:
            return best
        for state, action in new.items():
            best[state] = action
            reached.add(state)


def bounds_of(registration, low, high):
    """Options for the bounds of the start, by the names that they have in this environment."""
    names = ("y_init", "x_init") if registration.name == "Pendulum" else ("low", "high")
    return dict(zip(names, (low, high), strict=True))


def float32_tolerance_of(registration):
    return FLOAT32_TOLERANCES.get(gymnasium_id_of(registration), FLOAT32_TOLERANCE)


def random_actions(space, rng, num_envs):
    """Actions of the single space, one per env; of a Box, float32 or float64, also on and beyond its bounds."""
    if isinstance(space, gym.spaces.Discrete):
        return space.start + rng.integers(0, space.n, num_envs)
    if isinstance(space, gym.spaces.MultiDiscrete):
        return space.start + rng.integers(0, space.nvec, (num_envs, *space.shape))
    low, high = (np.clip(bounds, -1e3, 1e3) for bounds in (space.low, space.high))  # some are infinite
    middle, half = (high + low) / 2, (high - low) / 2
    drawn = middle + half * rng.uniform(-1.6, 1.6, (num_envs, *space.shape))
    on_bounds = rng.random(num_envs) < 0.25
    drawn[on_bounds] = np.clip(drawn[on_bounds], space.low, space.high)
    return drawn.astype(rng.choice([np.float32, np.float64]))


def generators(seed, count):
    """The streams of a policy that draws, one for each env."""
    return [np.random.Generator(np.random.PCG64(one)) for one in np.random.SeedSequence(seed).spawn(count)]


def lively_actions(registration, space, rng, observations):
    """Random actions for the odd envs; for the even ones, where the goal is hard to reach, actions that reach it."""
    pump = PUMPS.get(gymnasium_id_of(registration))
    actions = random_actions(space, rng, len(observations[0] if isinstance(observations, tuple) else observations))
    if pump is not None:
        wanted = pump(observations[::2])
        if isinstance(space, gym.spaces.Box):
            wanted = np.maximum(np.abs(actions[::2]), 0.5) * wanted.reshape(-1, 1)
        actions[::2] = wanted
    return actions


def assert_same(actual, expected, tolerance=0.0):
    """The same types, keys, dtypes and shapes, and the same bytes; with a tolerance, the same numbers to within it.

    Compares all results of an environment: observations of any space, infos with their masks, final observations.
    The tolerance is absolute for numbers up to 1, relative for larger ones. The duration of an episode only
    has to be a time.
    """
    if isinstance(expected, dict):
        assert isinstance(actual, dict)
        assert actual.keys() == expected.keys()
        for key, value in expected.items():
            if key == "episode":
                assert_same_statistics(actual[key], value, tolerance)
            else:
                assert_same(actual[key], value, tolerance)
    elif isinstance(expected, (tuple, list)):
        assert type(actual) is type(expected)
        for ours, theirs in zip(actual, expected, strict=True):
            assert_same(ours, theirs, tolerance)
    elif isinstance(expected, np.ndarray) and expected.dtype == object:
        assert type(actual) is np.ndarray
        assert actual.dtype == object
        assert actual.shape == expected.shape
        for ours, theirs in zip(actual, expected, strict=True):  # None or an observation
            assert_same(np.ascontiguousarray(ours) if isinstance(ours, np.ndarray) else ours, theirs, tolerance)
    elif isinstance(expected, np.ndarray):
        assert type(actual) is np.ndarray
        assert actual.flags.c_contiguous
        if tolerance and expected.dtype.kind == "f":
            assert actual.dtype == expected.dtype
            assert actual.shape == expected.shape
            assert np.all(np.abs(actual - expected) <= tolerance * np.maximum(1, np.abs(expected)))
        elif (actual.dtype, actual.shape, actual.tobytes()) != (expected.dtype, expected.shape, expected.tobytes()):
            np.testing.assert_array_equal(actual, expected, strict=True)
            raise AssertionError("a zero has the wrong sign")
    else:
        assert type(actual) is type(expected)
        assert actual == expected or (actual != actual and expected != expected)


def assert_same_statistics(actual, expected, tolerance=0.0):
    """Compare return and length of the episodes that ended, but not the times, which differ."""
    assert actual.keys() == expected.keys() == {"r", "l", "t"}
    assert_same(actual["r"], expected["r"], tolerance)
    assert_same(actual["l"], expected["l"])
    seconds = np.asarray(actual["t"])
    assert seconds.dtype == np.float64
    assert seconds.shape == np.shape(expected["t"])
    assert np.all(seconds >= 0)
    assert np.all(seconds[np.asarray(expected["l"]) == 0] == 0)


def rows_of(observations, mask):
    """The observations of the envs that the mask selects, of any space."""
    if isinstance(observations, tuple):
        return tuple(rows_of(part, mask) for part in observations)
    return observations[mask]


def stacked(results):
    """Observations or actions of several steps with a leading time axis."""
    if isinstance(results[0], dict):
        return {name: stacked([one[name] for one in results]) for name in results[0]}
    if isinstance(results[0], tuple):
        return tuple(stacked(list(parts)) for parts in zip(*results, strict=True))
    return np.stack(results)


class Oracle(SyncVectorEnv):
    """Gymnasium's SyncVectorEnv, except for two properties that Operant deliberately does not follow.

    SyncVectorEnv takes `reset_mask` out of the caller's dict, so that RecordEpisodeStatistics around it does not see
    it; and its rewards are float64.
    """

    float32_rewards = False

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed, options=None if options is None else dict(options))

    def step(self, actions):
        observations, rewards, *rest = super().step(actions)
        return observations, rewards.astype(np.float32) if self.float32_rewards else rewards, *rest


class Float32Oracle(Oracle):
    """The same with rewards in float32, for `run_beside`."""

    float32_rewards = True


class FloatProbability(gym.Wrapper):
    """Reports the probability of a reset as a float, as the probabilities of steps are.

    Gymnasium's is an integer, so SyncVectorEnv truncates those of all envs when the first one restarts.
    """

    def reset(self, **kwargs):
        observation, info = self.env.reset(**kwargs)
        return observation, {name: float(value) if name == "prob" else value for name, value in info.items()}


class OracleStatistics(gym.wrappers.vector.RecordEpisodeStatistics):
    """Gymnasium's RecordEpisodeStatistics, with the corrections of Gymnasium 1.4.

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
        try:
            made = gym.make(gymnasium_id_of(registration), disable_env_checker=True, **kwargs)
        except gym.error.DependencyNotInstalled as missing:  # Box2D has no wheels for some systems
            pytest.skip(str(missing))
        env = FloatProbability(made)
        if prepare is not None:
            prepare(env.unwrapped)
        return env

    return Oracle([make_one] * num_envs, autoreset_mode=autoreset_mode)


class Pair:
    """An Operant environment and an oracle; every call goes to both.

    Whatever Operant returns is compared with what the oracle returned: in float64 bit for bit, rewards after rounding
    to float32; in float32 within rounding, each step from the oracle's state. One worker: that nothing depends on their
    number, test_determinism.py shows with enough envs for several workers.
    """

    def __init__(self, registration, num_envs, autoreset_mode=AutoresetMode.NEXT_STEP, dtype=np.float64, **kwargs):
        self.registration = registration
        self.num_envs = num_envs
        self.mode = AutoresetMode(autoreset_mode)
        self.statistics = kwargs.pop("record_episode_statistics", False)
        prepare = kwargs.pop("prepare", None)
        parameters = kwargs.pop("parameters", {})
        self.sync = make_oracle(registration, num_envs, self.mode, prepare, **kwargs)
        self.theirs = OracleStatistics(self.sync) if self.statistics else self.sync
        self.ours = gym.make_vec(
            registration.id,
            num_envs=num_envs,
            dtype=dtype,
            autoreset_mode=autoreset_mode,
            record_episode_statistics=self.statistics,
            **parameters,
            **kwargs,
        )
        self.space = self.sync.single_action_space
        # Discrete observations are exact in both precisions, and Gymnasium keeps those states in other forms.
        # Box2D keeps states in bodies.
        self.has_states = isinstance(self.sync.single_observation_space, gym.spaces.Box) and not hasattr(
            self.sync.envs[0].unwrapped, "world"
        )
        name, self.in_float32 = gymnasium_id_of(registration), dtype == np.float32 and self.has_states
        self.tolerance = float32_tolerance_of(registration) if self.in_float32 else 0
        self.reset_tolerance = (FLOAT32_RESET_TOLERANCE if self.in_float32 else RESET_TOLERANCE).get(name, 0)
        self.at_start = np.ones(num_envs, bool)  # envs whose last observation is from a reset
        self.moved = np.zeros(num_envs, bool)  # envs whose state was set after their last observation was made
        self.finished = np.zeros(num_envs, bool)
        self.observations = None

    def reset(self, seed=None, options=None):
        """Reset both, and compare the results."""
        expected, expected_infos = self.theirs.reset(seed=seed, options=None if options is None else dict(options))
        mask = (options or {}).get("reset_mask", np.ones(self.num_envs, bool))
        self.at_start |= mask
        self.moved &= ~mask
        self.finished &= ~mask
        passed = None if options is None else dict(options)
        actual, infos = self.ours.reset(seed=seed, options=passed)
        assert passed is None or (passed.keys() == options.keys() and all(passed[k] is options[k] for k in passed))
        self._compare_observations(actual, expected)
        assert_same(infos, expected_infos)
        self.observations = expected
        return expected, expected_infos

    def step(self, actions):
        """Step both, and compare the results."""
        if self.in_float32:
            self.set_state(self.states().astype(np.float32))
        expected = self.theirs.step(actions)
        ended = expected[2] | expected[3]
        self.at_start = {
            AutoresetMode.NEXT_STEP: self.finished,
            AutoresetMode.SAME_STEP: ended,
            AutoresetMode.DISABLED: np.zeros(self.num_envs, bool),
        }[self.mode].copy()
        self.moved[:] = False
        self.finished = ended if self.mode is not AutoresetMode.SAME_STEP else np.zeros(self.num_envs, bool)
        observations, rewards, terminations, truncations, infos = self.ours.step(np.array(actions))
        self._compare_observations(observations, expected[0])
        assert_same(rewards, expected[1].astype(np.float32), self.tolerance)
        assert_same(terminations, expected[2])
        assert_same(truncations, expected[3])
        assert_same(infos, expected[4], self.tolerance)
        self.observations = expected[0]
        return expected

    def step_or_reset(self, actions):
        """Step both. In a mode without autoreset, first reset the envs that need it."""
        if self.mode is AutoresetMode.DISABLED and self.finished.any():
            self.reset(options={"reset_mask": self.finished.copy()})
        return self.step(actions)

    def run(self, rng, steps, lively=False):
        """Make many such steps with random actions; return the flags, shape (steps, num_envs)."""
        flags = []
        for _ in range(steps):
            actions = (
                lively_actions(self.registration, self.space, rng, self.observations)
                if lively
                else random_actions(self.space, rng, self.num_envs)
            )
            flags.append(self.step_or_reset(actions)[2:4])
        terminations, truncations = (np.array(which) for which in zip(*flags, strict=True))
        return terminations, truncations

    def states(self):
        """Gymnasium's states, as an array of float64."""
        return np.array([np.asarray(env.unwrapped.state, np.float64) for env in self.sync.envs])

    def set_state(self, state, mask=None):
        """Set the state of both, rounded to the precision in which Gymnasium keeps each env's state.

        Gymnasium's MountainCarContinuous keeps float64 from a reset to the first step, float32 from there on.
        """
        state = np.array(state, np.float64)
        for i, env in enumerate(self.sync.envs):
            own = state[i].astype(np.asarray(env.unwrapped.state).dtype)
            state[i] = own
            if mask is None or mask[i]:
                env.unwrapped.state = own
        self.ours.set_state(state) if mask is None else self.ours.set_state(state, mask)
        self.moved |= True if mask is None else mask

    def compare_states(self):
        """Compare the simulated states."""
        if self.has_states:
            assert_same(self.ours.state, self.states())

    def fork(self, how):
        """Replace the Operant environment by one that `how` makes from it. Steps of the old one must not affect it."""
        old, self.ours = self.ours, how(self.ours)
        old.reset(seed=987654321)
        old.step(random_actions(self.space, np.random.default_rng(1), self.num_envs))
        old.close()

    def close(self):
        self.ours.close()
        self.theirs.close()

    def _compare_observations(self, actual, expected):
        """Compare all rows except those whose state was set since their last step, which are not specified."""
        assert_same(actual, expected, tolerance=np.inf)  # types, dtypes, shapes and layout
        started = self.at_start & ~self.moved
        stepped = ~self.at_start & ~self.moved
        for rows, tolerance in (started, self.reset_tolerance), (stepped, self.tolerance):
            if rows.any():
                assert_same(rows_of(actual, rows), rows_of(expected, rows), tolerance)


def run_beside(ours, theirs, actions):
    """Step both environments with the same actions, and compare everything. `theirs` has float32 rewards.

    If autoreset is disabled, the envs whose episodes have ended are reset. Returns the numbers of terminations and of
    truncations.
    """
    for space in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
        assert getattr(ours, space) == getattr(theirs, space), space
    assert_same(ours.reset(seed=3), theirs.reset(seed=3))
    terminated = truncated = 0
    for one in actions:
        result, expected = ours.step(one), theirs.step(one)
        assert_same(result, expected)
        assert result[0] in ours.observation_space
        done = expected[2] | expected[3]
        terminated, truncated = terminated + expected[2].sum(), truncated + expected[3].sum()
        if ours.metadata["autoreset_mode"] is AutoresetMode.DISABLED and done.any():
            assert_same(*(env.reset(options={"reset_mask": done.copy()}) for env in (ours, theirs)))
    assert terminated + truncated >= ours.num_envs
    return terminated, truncated


def saved_and_loaded(env):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "env"
        env.save(path)
        return envs.load(path, workers=2)


# Ways to make another environment that continues from the state of this one.
FORKS = {"pickle": lambda env: pickle.loads(pickle.dumps(env)), "deepcopy": copy.deepcopy, "file": saved_and_loaded}
