"""LunarLander beside Gymnasium's with Box2D: the same seeds, options and actions, and all bits compared."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
from box2d_bodies import columns_of, numbers_of
from gymnasium.envs.box2d.lunar_lander import LunarLander, heuristic
from gymnasium.vector import AutoresetMode

from operant import envs

#: Policies that were learnt, by `continuous`: functions of an observation.
LEARNT = {}

POLICIES = ("random", "heuristic", "nothing", "main", "mixed", "side", "brake", "shove")


def choose(policy, env, observation, t, rng):
    """An action of Gymnasium's environment."""
    random = rng.uniform(-1.2, 1.2, 2) if env.continuous else int(rng.integers(4))
    if policy == "random" or (policy == "mixed" and rng.random() < 0.2) or (policy == "shove" and t % 100 >= 60):
        action = random
    elif policy in ("heuristic", "mixed", "shove"):
        action = heuristic(env, observation)
    elif policy == "learnt":
        action = LEARNT[env.continuous](observation)
    elif policy == "side":
        action = [0.0, (-1.0) ** (t // 40)] if env.continuous else 1 + 2 * (t // 40 % 2)
    else:
        fires = policy == "main" or (policy == "brake" and observation[3] < -0.25)
        action = [1.0 if fires else -1.0, 0.0] if env.continuous else 2 * fires
    return np.array(action, np.float32) if env.continuous else int(action)


def same_bits(a, b):
    return np.array_equal(np.asarray(a, np.float32).view(np.uint32), np.asarray(b, np.float32).view(np.uint32))


class Landers:
    """Envs of both, each with its own seed, policy and options. Envs whose episode has ended are reset."""

    autoreset_mode = AutoresetMode.DISABLED

    def __init__(self, seeds, continuous=False, wind=False, dtype=np.float32):
        rng = np.random.default_rng(seeds[0])
        n = len(seeds)
        self.rngs = [np.random.default_rng(seed) for seed in seeds]
        policies = POLICIES + ("learnt",) * (continuous in LEARNT)
        self.policies = [policies[seed % len(policies)] for seed in seeds]
        options = {
            "gravity": np.where(rng.random(n) < 0.5, -10.0, rng.uniform(-11.9, -0.5, n)),
            "wind_power": rng.uniform(0, 20, n),
            "turbulence_power": rng.uniform(0, 2, n),
        }
        self.theirs = [
            LunarLander(
                continuous=continuous, enable_wind=wind, **{name: values[i].item() for name, values in options.items()}
            )
            for i in range(n)
        ]
        env_class = envs.LunarLanderContinuousVecEnv if continuous else envs.LunarLanderVecEnv
        self.ours = env_class(n, enable_wind=wind, autoreset_mode=self.autoreset_mode, dtype=dtype, **options)
        self.columns = columns_of(self.ours, 3)
        self.steps = self.episodes = self.touching = self.asleep = 0
        self.t = np.zeros(n, int)
        self.observations, _ = self.ours.reset(seed=list(seeds))
        expected = [env.reset(seed=seed)[0] for env, seed in zip(self.theirs, seeds, strict=True)]
        assert same_bits(self.observations, expected)

    def choose(self):
        """Choose the actions of all envs."""
        return [
            choose(policy, env, observation, t, rng)
            for policy, env, observation, t, rng in zip(
                self.policies, self.theirs, self.observations, self.t, self.rngs, strict=True
            )
        ]

    def compare(self, ours, theirs):
        """Compare observations, rewards, terminations and all bodies."""
        where = f"after {self.steps} steps, seeds {self.policies}"
        assert same_bits(ours[0], theirs[0]), where
        assert same_bits(ours[1], theirs[1]), where
        assert np.array_equal(ours[2], theirs[2]), where
        bodies = [numbers_of((env.lander, *env.legs)) for env in self.theirs]
        assert same_bits(self.ours.state[:, self.columns], bodies), where
        self.t += 1
        self.steps += len(self.theirs)
        self.touching += int((ours[0][:, 6:] > 0).any(axis=1).sum())
        self.asleep += sum(not env.lander.awake for env in self.theirs)

    def step(self):
        """Step all envs, and compare."""
        actions = self.choose()
        observations, rewards, terminations, truncations, _ = self.ours.step(np.array(actions))
        results = [env.step(action) for env, action in zip(self.theirs, actions, strict=True)]
        self.compare((observations, rewards, terminations), [[result[i] for result in results] for i in range(3)])
        assert np.array_equal(truncations, self.t >= 1000)
        ended = terminations | truncations
        self.observations = observations.copy()
        if ended.any():
            self.episodes += int(ended.sum())
            self.t[ended] = 0
            observations, _ = self.ours.reset(options={"reset_mask": ended})
            expected = [env.reset()[0] for env, over in zip(self.theirs, ended, strict=True) if over]
            assert same_bits(observations[ended], expected)
            self.observations[ended] = observations[ended]


class AutoresetLanders(Landers):
    """Envs of both that start their episodes by themselves. Gymnasium's are in its `SyncVectorEnv`."""

    def __init__(self, seeds, autoreset_mode, continuous=False, wind=False):
        self.autoreset_mode = autoreset_mode
        super().__init__(seeds, continuous, wind)
        limited = [lambda env=env: gym.wrappers.TimeLimit(env, 1000) for env in self.theirs]
        self.vector = gym.vector.SyncVectorEnv(limited, autoreset_mode=autoreset_mode)
        assert same_bits(self.vector.reset(seed=list(seeds))[0], self.observations)

    def step(self):
        """Step all envs, and compare."""
        actions = np.array(self.choose())
        ours, theirs = self.ours.step(actions), self.vector.step(actions)
        self.compare(ours, theirs)
        assert np.array_equal(ours[3], theirs[3])
        assert ours[4].keys() == theirs[4].keys()
        ended = ours[2] | ours[3]
        if "final_obs" in ours[4]:
            assert np.array_equal(ours[4]["_final_obs"], theirs[4]["_final_obs"])
            for i in np.flatnonzero(ended):
                assert same_bits(ours[4]["final_obs"][i], theirs[4]["final_obs"][i])
        self.observations = ours[0].copy()
        self.episodes += int(ended.sum())
        self.t[ended] = 0


def beyond(seed, steps, continuous=False):
    """Step single environments beyond the end of the episode, and compare. Returns the number of steps after it."""
    name = "operant/LunarLanderContinuous-v3" if continuous else "operant/LunarLander-v3"
    ours, theirs = gym.make(name, disable_env_checker=True).unwrapped, LunarLander(continuous=continuous)
    rng, policy, after = np.random.default_rng(seed), POLICIES[seed % len(POLICIES)], 0
    observation, _ = ours.reset(seed=seed)
    assert same_bits(observation, theirs.reset(seed=seed)[0])
    for t in range(steps):
        action = choose(policy, theirs, observation, t, rng)
        observation, reward, terminated, _, _ = ours.step(action)
        expected = theirs.step(action)
        assert same_bits(observation, expected[0]), (seed, t)
        assert (np.float32(reward), terminated) == (np.float32(expected[1]), expected[2]), (seed, t)
        after += terminated
    return after
