"""The van der Pol oscillator, thousands at a time: `gymnasium.make_vec("van_der_pol:VanDerPol-v0", num_envs=4096)`."""

from pathlib import Path

import operant
from operant.envs import SimdVectorEnv

_library = operant.load_library(Path(__file__).with_name("environments"))


class VanDerPolVecEnv(SimdVectorEnv, environment=_library["VanDerPol"]):
    """The van der Pol oscillator. A force has to bring it to rest.

    Actions: `Box` of shape `(1,)`, the force, within +-`max_force`.
    Observations: `x` and `x_dot`. Reward: -(x² + x_dot² + 0.1 u²) before the step. No episode terminates.
    Parameters: `mu`, the strength of the nonlinear damping, `max_force`, and `dt`, the time between two steps.
    """


operant.register("VanDerPol-v0", VanDerPolVecEnv)
