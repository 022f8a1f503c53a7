"""Policies that `rollout` and `evaluate` call without Python: networks, populations of networks, random actions.

>>> import operant
>>> env = operant.envs.CartPoleVecEnv(4096)
>>> policy = operant.policies.Linear([[0.0, -1, -10, -1], [0, 1, 10, 1]])
>>> observations, _ = env.reset(seed=0)
>>> env.step(policy(observations))[0].shape
(4096, 4)

Each env has its own random stream, which does not depend on `num_envs`, `workers` or the instruction set: env i draws
from `np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed).spawn(num_envs)[i]))`.

Weights with a leading axis of length P are a population of P networks; P must divide `num_envs`. Member p controls the
envs `p * num_envs / P` to `(p + 1) * num_envs / P - 1` and acts exactly as it would alone, bit for bit.
"""

from operant.policies.compiled import Compiled, from_library
from operant.policies.networks import MLP, Linear
from operant.policies.policy import (
    Policy,
    _unpickled as _unpickled,  # pickles of version 0.2 name it here
)
from operant.policies.random_actions import Random
from operant.policies.saving import load, save

__all__ = ["MLP", "Compiled", "Linear", "Policy", "Random", "from_library", "load", "save"]
