"""BipedalWalker's oracle: an environment of Gymnasium that is made anew for every episode."""

from __future__ import annotations

import numpy as np
from box2d_bodies import columns_of, numbers_of
from gymnasium.envs.box2d.bipedal_walker import BipedalWalker, BipedalWalkerHeuristics

from operant.envs import BipedalWalkerVecEnv


class Gait:
    """Gymnasium's gait by hand, with stronger actions or with random ones here and there."""

    def __init__(self, strength=1.0, noise=0.0):
        self._gait, self._strength, self._noise = BipedalWalkerHeuristics(), strength, noise

    def __call__(self, rng, observation, t):
        if t == 0:
            return np.zeros(4, np.float32)
        action = self._strength * self._gait.step_heuristic(observation)
        return np.where(rng.random(4) < self._noise, rng.uniform(-1, 1, 4), action).astype(np.float32)


class Held:
    """Random actions, each for some steps; from some values, or from [-1.3, 1.3]."""

    def __init__(self, steps, values=None):
        self._steps, self._values, self._action = steps, values, None

    def __call__(self, rng, observation, t):
        if t % self._steps == 0:
            drawn = rng.uniform(-1.3, 1.3, 4) if self._values is None else rng.choice(self._values, 4)
            self._action = drawn.astype(np.float32)
        return self._action


class Thrown(Held):
    """Random velocities, which throw the walker along the track. They are set in both environments."""

    def __init__(self, every, speed):
        super().__init__(8)
        self._every, self._speed = every, speed

    def throw(self, rng, x, t):
        """Return a body and its new velocities along x and y and of its angle, or None."""
        if t % self._every:
            return None
        way = 1 if x < 10 else -1 if x > 85 else rng.choice([1, 1, 1, -1])
        velocity = [way * rng.uniform(0, 1) * self._speed, rng.uniform(-0.3, 0.6) * self._speed, rng.uniform(-6, 6)]
        return rng.integers(5), np.float32(velocity)


def constant(*numbers):
    """Return a policy that always acts the same."""
    return lambda: lambda rng, observation, t: np.float32(numbers)


#: Makers of policies: functions of a generator, the observation and the number of steps in the episode.
POLICIES = {
    "random": lambda: Held(1),
    "held": lambda: Held(8),
    "extreme": lambda: Held(25, [-1, 1]),
    "on and off": lambda: Held(10, [-1, 0, 1]),
    "zero": constant(0, 0, 0, 0),
    "constant": lambda: Held(10**9),
    "backwards": constant(1, 1, -1, -1),
    "stand": constant(0, 0.2, 0, 0.2),
    "gait": lambda: Gait(),
    "strong gait": lambda: Gait(strength=1.3),
    "stumbling gait": lambda: Gait(noise=0.05),
    "thrown": lambda: Thrown(30, 12),
    "thrown softly": lambda: Thrown(12, 4),
    "thrown hard": lambda: Thrown(60, 40),
}


class Walkers:
    """Some envs of Operant, and as many environments of Gymnasium that are made anew for every episode.

    They get the same actions. `step` raises an AssertionError if anything differs in any bit: observations, rewards
    (rounded to float32, as Operant reports them), terminations, and the states of all bodies.
    """

    def __init__(self, policy, num_envs, seed, hardcore=False, beyond=0):
        """Make them.

        Args:
            policy: A name in `POLICIES`.
            num_envs: The number of envs.
            seed: The seed of the first env.
            hardcore: As in Gymnasium.
            beyond: The number of steps for which an episode goes on after its end.
        """
        self._hardcore, self._beyond, self._policy = hardcore, beyond, policy
        self.episodes = self.arrivals = self.steps = self.steps_beyond = self.asleep = 0
        limit = 2000 if hardcore else 1600
        self._limit = limit
        self._ours = BipedalWalkerVecEnv(num_envs, hardcore=hardcore, max_episode_steps=-1, autoreset_mode="Disabled")
        self._columns = columns_of(self._ours, 5)
        self._rng = np.random.default_rng(seed)
        self._theirs = [BipedalWalker(hardcore=hardcore) for _ in range(num_envs)]
        self._observations = np.array([env.reset(seed=seed + i)[0] for i, env in enumerate(self._theirs)])
        ours, infos = self._ours.reset(seed=seed)
        assert infos == {}
        self._compare(ours, self._observations)
        self._policies = [POLICIES[policy]() for _ in range(num_envs)]
        self._times, self._over = np.zeros((2, num_envs), int)  # steps in the episode; those after its end

    def _compare(self, ours, theirs):
        assert ours.tobytes() == theirs.tobytes()
        bodies = self._ours.state[:, self._columns].astype(np.float32)
        assert bodies.tobytes() == np.array([numbers_of([env.hull, *env.legs]) for env in self._theirs]).tobytes()

    def step(self):
        """Step all of them, and start new episodes where one has ended."""
        self._throw()
        acts = zip(self._policies, self._observations, self._times, strict=True)
        actions = np.array([policy(self._rng, observation, t) for policy, observation, t in acts])
        results = [env.step(action) for env, action in zip(self._theirs, actions, strict=True)]
        ours = self._ours.step(actions)
        self._observations = np.array([result[0] for result in results])
        self._compare(ours[0], self._observations)
        assert ours[1].tobytes() == np.array([result[1] for result in results], np.float32).tobytes()
        terminated = np.array([result[2] for result in results])
        assert ours[2].tobytes() == terminated.tobytes()
        self._times += 1
        self.steps += len(actions)
        self.steps_beyond += int((self._over > 0).sum())
        self.asleep += sum(not env.hull.awake for env in self._theirs)
        self._over += terminated | (self._over > 0)
        ended = (self._over > self._beyond) | (self._times >= self._limit)
        if ended.any():
            self._restart(ended)
        if (self._over > 0).any():
            self._ours._core.resume()

    def _throw(self):
        if not isinstance(self._policies[0], Thrown):
            return
        state = self._ours.state
        for i, (policy, env, t) in enumerate(zip(self._policies, self._theirs, self._times, strict=True)):
            thrown = policy.throw(self._rng, env.hull.position[0], t)
            if thrown is None:
                continue
            b, velocity = thrown
            body = [env.hull, *env.legs][b]
            body.linearVelocity, body.angularVelocity = velocity[:2].tolist(), float(velocity[2])
            state[i, self._columns[6 * b + 3 : 6 * b + 6]] = velocity
        self._ours.set_state(state)

    def _restart(self, ended):
        self.episodes += int(ended.sum())
        for i in np.flatnonzero(ended):
            self.arrivals += self._theirs[i].hull.position[0] > 88
            fresh = BipedalWalker(hardcore=self._hardcore)
            fresh.np_random = self._theirs[i].np_random
            self._theirs[i] = fresh
            self._observations[i] = fresh.reset()[0]
            self._policies[i] = POLICIES[self._policy]()
        self._times[ended] = self._over[ended] = 0
        ours = self._ours.reset(options={"reset_mask": ended})[0]
        self._compare(ours, self._observations)
