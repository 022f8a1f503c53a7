"""The vector environments, subclasses of `gymnasium.vector.VectorEnv`."""

from operant.envs._animation import Animation
from operant.envs._evaluation import Evaluation
from operant.envs._rollout import Rollout
from operant.envs._saving import load
from operant.envs.acrobot import AcrobotVecEnv
from operant.envs.bipedal_walker import BipedalWalkerVecEnv
from operant.envs.blackjack import BlackjackVecEnv
from operant.envs.cartpole import CartPoleVecEnv
from operant.envs.cliff_walking import CliffWalkingVecEnv
from operant.envs.frozen_lake import FrozenLakeVecEnv
from operant.envs.lunar_lander import LunarLanderContinuousVecEnv, LunarLanderVecEnv
from operant.envs.mountain_car import MountainCarVecEnv
from operant.envs.mountain_car_continuous import MountainCarContinuousVecEnv
from operant.envs.pendulum import PendulumVecEnv
from operant.envs.taxi import TaxiVecEnv
from operant.envs.vector_env import SimdVectorEnv

__all__ = [
    "AcrobotVecEnv",
    "Animation",
    "BipedalWalkerVecEnv",
    "BlackjackVecEnv",
    "CartPoleVecEnv",
    "CliffWalkingVecEnv",
    "Evaluation",
    "FrozenLakeVecEnv",
    "LunarLanderContinuousVecEnv",
    "LunarLanderVecEnv",
    "MountainCarContinuousVecEnv",
    "MountainCarVecEnv",
    "PendulumVecEnv",
    "Rollout",
    "SimdVectorEnv",
    "TaxiVecEnv",
    "load",
]


def __dir__() -> list[str]:
    return sorted(__all__)
