"""Gymnasium's classic control environments, thousands at a time, one SIMD lane each.

>>> import gymnasium as gym
>>> import operant
>>> env = gym.make_vec("operant/CartPole-v1", num_envs=4096)
>>> observations, infos = env.reset(seed=42)
>>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())

Importing the package registers the environments' ids; `gym.make_vec("operant:operant/CartPole-v1", num_envs=4096)` does
both in one line, in worker processes too. The classes are in `operant.envs`, policies for many steps at a time in
`operant.policies`, a logger for training metrics in `operant.utils`; `operant.simd` tells which instruction set they
run on. `operant.load` makes a class of an environment or a policy of one's own, which is described in a C++ header.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from operant import _gymnasium, registration
from operant._paths import get_cmake_dir, get_include
from operant.registration import register

if TYPE_CHECKING:
    from operant import envs, policies, simd, utils
    from operant._compiler import CompileError
    from operant._libraries import load_library
    from operant._loading import load

__version__ = "0.2.0"

# These import the compiled module, so they are imported at first use. If that import fails, the rest of the package
# still works, and the command line can explain the error.
_SUBMODULES = ("envs", "policies", "simd", "utils")
_FUNCTIONS = {"CompileError": "_compiler", "load": "_loading", "load_library": "_libraries"}

# The names of the original library, deprecated there too.
_OLD_NAMES = {
    "PyCartPoleVecEnv": ("operant.envs", "CartPoleVecEnv"),
    "PyMountainCarVecEnv": ("operant.envs", "MountainCarVecEnv"),
    "PyPendulumVecEnv": ("operant.envs", "PendulumVecEnv"),
    "Logger": ("operant.utils", "Logger"),
}

__all__ = [
    "CompileError",
    "__version__",
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
