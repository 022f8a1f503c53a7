"""Gymnasium's classic control, toy text and Box2D environments, thousands at a time, in C++ with SIMD instructions.

>>> import gymnasium as gym
>>> import operant
>>> env = gym.make_vec("operant/CartPole-v1", num_envs=4096)
>>> observations, infos = env.reset(seed=42)
>>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())

The import registers the ids of the environments. `gym.make_vec("operant:operant/CartPole-v1", num_envs=4096)` imports
Operant and makes the environment in one call, also in worker processes. The classes are in `operant.envs`, policies for
rollouts in `operant.policies`, and a logger for training metrics in `operant.utils`; `operant.simd` names the
instruction set in use. `operant.load` compiles your own environment or policy from a C++ header and makes a class of
it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from operant import _gymnasium, registration
from operant.building.paths import get_cmake_dir, get_include
from operant.registration import register

if TYPE_CHECKING:
    from operant import envs, policies, simd, utils
    from operant.building.checking import check_environment
    from operant.building.compiler import CompileError
    from operant.building.libraries import load_library
    from operant.building.loading import load
    from operant.building.report import CheckError
    from operant.python.classes import environment
    from operant.python.declaration import Array

__version__ = "0.4.0"

# These need the compiled module, so they are imported at first use. If that import fails, the rest of the package
# still works and the command line can explain the error.
_SUBMODULES = ("envs", "math", "policies", "simd", "utils")
_FUNCTIONS = {
    "Array": "python.declaration",
    "CheckError": "building.report",
    "CompileError": "building.compiler",
    "check_environment": "building.checking",
    "environment": "python.classes",
    "load": "building.loading",
    "load_library": "building.libraries",
}

# Names of version 0.1, when Operant was a Rust library; version 0.2 deprecated them.
_OLD_NAMES = {
    "PyCartPoleVecEnv": ("operant.envs", "CartPoleVecEnv"),
    "PyMountainCarVecEnv": ("operant.envs", "MountainCarVecEnv"),
    "PyPendulumVecEnv": ("operant.envs", "PendulumVecEnv"),
    "Logger": ("operant.utils", "Logger"),
}

__all__ = [
    "Array",
    "CheckError",
    "CompileError",
    "__version__",
    "check_environment",
    "environment",
    "envs",
    "get_cmake_dir",
    "get_include",
    "load",
    "load_library",
    "policies",
    "register",
    "registration",
    "simd",
    "utils",
]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"operant.{name}")
    if name in _FUNCTIONS:
        return getattr(import_module(f"operant.{_FUNCTIONS[name]}"), name)
    if name in _OLD_NAMES:
        import warnings

        module, new_name = _OLD_NAMES[name]
        warnings.warn(
            f"operant.{name} is deprecated: from {module} import {new_name}", DeprecationWarning, stacklevel=2
        )
        return getattr(import_module(module), new_name)
    raise AttributeError(f"module 'operant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


_gymnasium.check_version()
registration.register_envs()
