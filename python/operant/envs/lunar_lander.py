"""LunarLander."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import logger

from operant._checks import switch
from operant.envs import box2d_pictures
from operant.envs.vector_env import BUILTIN, SimdVectorEnv, Vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Flag, Keywords, Number

    class LunarLanderKeywords(Keywords, total=False):
        """The keywords of `LunarLanderVecEnv`."""

        gravity: Number
        enable_wind: Flag
        wind_power: Number
        turbulence_power: Number


#: The continuous actions that fire the same engine as the discrete ones.
_THROTTLES = {1: (0.0, -1.0), 2: (1.0, 0.0), 3: (0.0, 1.0)}


def _warn(keywords: dict[str, Any]) -> None:
    """Warn, as Gymnasium does, of wind that is stronger than recommended."""
    for name, highest in ("wind_power", 20.0), ("turbulence_power", 2.0):
        values = np.asarray(keywords.get(name, 0.0))
        if values.dtype.kind in "biuf" and not np.all((values >= 0) & (values <= highest)):
            logger.warn(
                f"{name} value is recommended to be between 0.0 and {highest}, (current value: {keywords[name]})"
            )


class LunarLanderVecEnv(SimdVectorEnv[Vectors], environment=BUILTIN["LunarLander"]):
    """Envs of Gymnasium's `LunarLander-v3`: land on the pad between two flags, with a main engine and two side engines.

    Box2D is not needed: `include/operant/rigid_body` computes the same bits as Box2D 2.3. `LunarLanderContinuousVecEnv`
    has engines with a throttle.

    ## Actions

    `Discrete(4)`, one for each env:

    | action | |
    |---|---|
    | 0 | nothing |
    | 1 | fire the left engine, which pushes to the left and turns the lander anticlockwise |
    | 2 | fire the main engine |
    | 3 | fire the right engine, which pushes to the right and turns the lander clockwise |

    ## Observations

    Shape `(num_envs, 8)`, float32. Positions are relative to the landing pad, in units of half the picture's width and
    height: 10 m and 6.67 m.

    | observation | unit | lowest | highest |
    |---|---|---|---|
    | `x` | 10 m | -2.5 | 2.5 |
    | `y` | 6.67 m | -2.5 | 2.5 |
    | `x` velocity | 5 m/s | -10 | 10 |
    | `y` velocity | 7.5 m/s | -10 | 10 |
    | angle | rad | -6.2832 | 6.2832 |
    | angular velocity | 2.5 rad/s | -10 | 10 |
    | 1 if the first leg touches the ground | | 0 | 1 |
    | 1 if the second leg touches the ground | | 0 | 1 |

    ## Dynamics

    The lander and its legs are rigid bodies, 4.8 kg and twice 0.28 kg, which joints with springs and limits connect.
    A step takes 0.02 s. It adds the impulses of the engines, which two random numbers disperse, then solves the
    velocities in 180 iterations and the positions in at most 60. The ground is ten edges of random heights, flat at the
    pad. Everything is computed in float32, as in Box2D; the `dtype` of the environment makes no difference.

    With `enable_wind`, while no leg touches the ground, a force and a torque act on the lander. `i` begins at a random
    integer from -9999 to 9998 and grows by one each step:

    ```python
    wind = tanh(sin(0.02 * i) + sin(pi * 0.01 * i)) * wind_power
    ```

    ## Episodes

    - Start: the lander is at the top in the middle, and a random force throws it.
    - Reward: the change of a potential, less the fuel, `0.3 * main + 0.03 * side`, with engines on at 1:

      ```python
      potential = -100 * sqrt(x**2 + y**2) - 100 * sqrt(x_velocity**2 + y_velocity**2) - 100 * abs(angle)
      potential += 10 * left_leg + 10 * right_leg
      ```

      The last reward is -100 after a crash or beyond the picture, and 100 when the lander has come to rest.

    - Termination: the lander's body touches the ground; `abs(x)` is 1 or more; the lander sleeps.
    - Truncation: after 1000 steps.

    ## Parameters

    {parameters}

    ## Source

    O. Klimov's environment for OpenAI Gym, 2016, in Gymnasium's version. The engine follows E. Catto's Box2D 2.3 (zlib
    licence).

    ## Example

    >>> env = LunarLanderVecEnv(4096)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 50}
    gymnasium_id = "LunarLander-v3"
    #: An attribute of Gymnasium's environment, whose function `heuristic` reads it.
    continuous = False
    _derived: ClassVar = {"continuous": "the class"}

    def __new__(cls, *arguments: Any, continuous: bool = False, **keywords: Any) -> Any:
        """Make a `LunarLanderContinuousVecEnv` if `continuous`, an argument of Gymnasium's environment."""
        if not switch("continuous", continuous):
            return super().__new__(cls)
        if cls is not LunarLanderVecEnv:
            raise TypeError(f"continuous: {cls.__name__} has the actions of its base LunarLanderVecEnv")
        return LunarLanderContinuousVecEnv(*arguments, **keywords)

    def __init__(
        self, num_envs: int, workers: int = 1, *, continuous: bool = False, **keywords: Unpack[LunarLanderKeywords]
    ) -> None:
        """Create the envs, as `SimdVectorEnv` describes.

        Args:
            num_envs: The number of envs.
            workers: The number of threads.
            continuous: Make a `LunarLanderContinuousVecEnv` instead.
            **keywords: As `SimdVectorEnv` describes.
        """
        super().__init__(num_envs, workers, **keywords)
        _warn(dict(keywords))

    def draw(self, state: npt.NDArray[np.float64], action: Any) -> npt.NDArray[np.uint8]:
        """Draw one env.

        The picture is Gymnasium's except for the exhaust: it shows only the newest particles, without dispersion.

        Args:
            state: The state of the env, a row of `state`.
            action: Its last action; None after a reset.

        Returns:
            A picture of shape `(400, 600, 3)`, uint8.
        """
        throttles = _THROTTLES.get(action, (0.0, 0.0))
        return box2d_pictures.lunar_lander(dict(zip(self.state_names, state.tolist(), strict=True)), throttles)


class LunarLanderContinuousVecEnv(SimdVectorEnv[Vectors], environment=BUILTIN["LunarLanderContinuous"]):
    """Envs of Gymnasium's `LunarLanderContinuous-v3`: `LunarLanderVecEnv` with engines that can be throttled.

    ## Actions

    `Box(-1, 1, shape=(2,), dtype=float32)`, one for each env. Actions beyond the bounds are clipped.

    | action | |
    |---|---|
    | `action[0]` | above 0, the main engine runs with the power `(action[0] + 1) / 2` |
    | `action[1]` | beyond 0.5 in absolute value, a side engine runs with this power: left below 0, right above |

    ## Observations

    Shape `(num_envs, 8)`, float32, as those of `LunarLanderVecEnv`.

    ## Dynamics

    As those of `LunarLanderVecEnv`. An engine's impulse and fuel are multiplied by its power, 0.5 to 1.

    ## Episodes

    As those of `LunarLanderVecEnv`. Truncation: after 1000 steps.

    ## Parameters

    {parameters}

    ## Source

    As that of `LunarLanderVecEnv`.
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 50}
    gymnasium_id = "LunarLanderContinuous-v3"
    #: An attribute of Gymnasium's environment, whose function `heuristic` reads it.
    continuous = True
    _derived: ClassVar = {"continuous": "the class"}

    def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[LunarLanderKeywords]) -> None:
        """Create the envs, as `SimdVectorEnv` describes."""
        super().__init__(num_envs, workers, **keywords)
        _warn(dict(keywords))

    def draw(self, state: npt.NDArray[np.float64], action: Any) -> npt.NDArray[np.uint8]:
        """Draw one env, as `LunarLanderVecEnv.draw` does."""
        throttles = (0.0, 0.0) if action is None else np.clip(action, -1, 1).tolist()
        return box2d_pictures.lunar_lander(dict(zip(self.state_names, state.tolist(), strict=True)), throttles)
