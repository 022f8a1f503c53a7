"""The environments, as `gymnasium.vector.VectorEnv`."""

from operant.envs.cartpole import CartPoleVecEnv
from operant.registration import register_envs

__all__ = ["CartPoleVecEnv"]

register_envs()
