"""The vector environments, subclasses of `gymnasium.vector.VectorEnv`, which are imported at first use.

This file lists the environments twice: their classes, for type checkers, and their ids in Gymnasium's registry.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from operant.envs._animation import Animation as Animation
    from operant.envs._evaluation import Evaluation as Evaluation
    from operant.envs._rollout import Rollout as Rollout
    from operant.envs._saving import load as load
    from operant.envs.acrobot import AcrobotVecEnv as AcrobotVecEnv
    from operant.envs.bipedal_walker import BipedalWalkerVecEnv as BipedalWalkerVecEnv
    from operant.envs.blackjack import BlackjackVecEnv as BlackjackVecEnv
    from operant.envs.cartpole import CartPoleVecEnv as CartPoleVecEnv
    from operant.envs.cliff_walking import CliffWalkingVecEnv as CliffWalkingVecEnv
    from operant.envs.frozen_lake import FrozenLakeVecEnv as FrozenLakeVecEnv
    from operant.envs.lunar_lander import (
        LunarLanderContinuousVecEnv as LunarLanderContinuousVecEnv,
        LunarLanderVecEnv as LunarLanderVecEnv,
    )
    from operant.envs.mountain_car import MountainCarVecEnv as MountainCarVecEnv
    from operant.envs.mountain_car_continuous import MountainCarContinuousVecEnv as MountainCarContinuousVecEnv
    from operant.envs.pendulum import PendulumVecEnv as PendulumVecEnv
    from operant.envs.taxi import TaxiVecEnv as TaxiVecEnv
    from operant.envs.vector_env import SimdVectorEnv as SimdVectorEnv


class Registration(NamedTuple):
    """An id of Gymnasium's registry."""

    id: str
    path: str  # the module in this package, and the name of the environment
    max_episode_steps: int | None  # None: episodes are not truncated
    reward_threshold: float | None = None
    kwargs: tuple[tuple[str, Any], ...] = ()  # of the constructor

    @property
    def name(self) -> str:
        """The name of the environment, without a version."""
        return self.path.partition(".")[2]

    @property
    def vector_env(self) -> str:
        """The name of the class in `operant.envs`."""
        return f"{self.name}VecEnv"


REGISTRATIONS = (
    Registration("operant/CartPole-v0", "cartpole.CartPole", 200, 195.0),
    Registration("operant/CartPole-v1", "cartpole.CartPole", 500, 475.0),
    Registration("operant/MountainCar-v0", "mountain_car.MountainCar", 200, -110.0),
    Registration("operant/MountainCarContinuous-v0", "mountain_car_continuous.MountainCarContinuous", 999, 90.0),
    Registration("operant/Pendulum-v1", "pendulum.Pendulum", 200),
    Registration("operant/Acrobot-v1", "acrobot.Acrobot", 500, -100.0),
    Registration("operant/BipedalWalker-v3", "bipedal_walker.BipedalWalker", 1600, 300.0),
    Registration(
        "operant/BipedalWalkerHardcore-v3", "bipedal_walker.BipedalWalker", 2000, 300.0, (("hardcore", True),)
    ),
    Registration("operant/FrozenLake-v1", "frozen_lake.FrozenLake", 100, 0.70, (("map_name", "4x4"),)),
    Registration("operant/FrozenLake8x8-v1", "frozen_lake.FrozenLake", 200, 0.85, (("map_name", "8x8"),)),
    Registration("operant/CliffWalking-v1", "cliff_walking.CliffWalking", None),
    Registration("operant/CliffWalkingSlippery-v1", "cliff_walking.CliffWalking", None, None, (("is_slippery", True),)),
    Registration("operant/Taxi-v3", "taxi.Taxi", 200, 8.0),
    Registration("operant/Taxi-v4", "taxi.Taxi", 200, 8.0),
    Registration("operant/LunarLander-v3", "lunar_lander.LunarLander", 1000, 200.0),
    Registration("operant/LunarLanderContinuous-v3", "lunar_lander.LunarLanderContinuous", 1000, 200.0),
    Registration("operant/Blackjack-v1", "blackjack.Blackjack", None, None, (("sab", True), ("natural", False))),
)

# The module of each class and function.
_MODULES = {one.vector_env: one.path.partition(".")[0] for one in REGISTRATIONS} | {
    "Animation": "_animation",
    "Evaluation": "_evaluation",
    "Rollout": "_rollout",
    "SimdVectorEnv": "vector_env",
    "load": "_saving",
}

__all__ = sorted(_MODULES)


if not TYPE_CHECKING:  # because of this function, type checkers would accept any name

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return getattr(import_module(f"operant.envs.{_MODULES[name]}"), name)
        if name in _MODULES.values():
            return import_module(f"operant.envs.{name}")
        raise AttributeError(f"module 'operant.envs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
