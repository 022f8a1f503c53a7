"""BipedalWalker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from operant.envs import box2d_pictures
from operant.envs.vector_env import BUILTIN, SimdVectorEnv, Vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Flag, Keywords

    class BipedalWalkerKeywords(Keywords, total=False):
        """The keywords of `BipedalWalkerVecEnv`."""

        hardcore: Flag


class BipedalWalkerVecEnv(SimdVectorEnv[Vectors], environment=BUILTIN["BipedalWalker"]):
    """Envs of Gymnasium's `BipedalWalker-v3`: a hull on two legs walks over uneven ground with four motors.

    With `hardcore`, it is `BipedalWalkerHardcore-v3`: the terrain also has stumps, pits and stairs.

    ## Actions

    `Box(-1, 1, shape=(4,), dtype=float32)`, one for each env: the first leg's hip and knee, the second leg's hip and
    knee. The sign of a number is the direction of the motor; its absolute value is the torque as a fraction of 80 N m,
    at most 1.

    ## Observations

    Shape `(num_envs, 24)`, float32:

    | observation | |
    |---|---|
    | 0 | angle of the hull [rad] |
    | 1 | angular velocity of the hull, times 2 / 50 [rad/s] |
    | 2, 3 | velocity of the hull along x and y, times 0.12 and 0.08 [m/s] |
    | 4, 5 | first hip: angle [rad], angular velocity / 4 [rad/s] |
    | 6, 7 | first knee: angle + 1 [rad], angular velocity / 6 [rad/s] |
    | 8 | 1 if the first lower leg touches the ground, else 0 |
    | 9 to 13 | the same of the second leg |
    | 14 to 23 | lidar: the fractions of ten rays of 16 / 3 m, from straight down to nearly level, up to the ground |

    The state has more: place, velocity and box of the five bodies, impulses in the joints, the terrain, the contacts,
    and what pictures show, each in Box2D's units.

    ## Dynamics

    The environment is a world of Box2D 2.3: five bodies, four joints with motors and limits, and 199 edges. A step is
    `b2World::Step(1 / 50, 180, 60)`; Operant computes it without Box2D, in float32 and in Box2D's order, so that every
    bit is the same. The state is in float32 with either `dtype`.

    Gymnasium keeps one world for the life of an environment, and what former episodes left in it changes the order of
    contacts: the same seed plays another episode in a used environment than in a fresh one. Here, every episode is the
    one that a freshly made environment of Gymnasium plays from the same random stream.

    ## Episodes

    - Start: the walker stands above the left end of the terrain, and a random force of up to 5 N pushes it in the first
      step. Terrain, clouds and force are drawn from the env's random stream.
    - Reward: the change of `130 * x / 30 - 5 * abs(angle)` of the hull, minus 0.028 for the size of each of the four
      numbers of the action; -100 for the step that falls.
    - Termination: the hull touches the ground, leaves over the left end, or arrives at the right end, at x = 88.7 m.
    - Truncation: after 1600 steps (2000 for `operant/BipedalWalkerHardcore-v3`).

    ## Parameters

    {parameters}

    ## Source

    O. Klimov, for OpenAI Gym, 2016. E. Catto, Box2D 2.3.

    ## Example

    >>> env = BipedalWalkerVecEnv(1024, hardcore=True)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 50}
    gymnasium_id = "BipedalWalker-v3"

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[BipedalWalkerKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""

    def draw(self, state: npt.NDArray[np.float64], action: Any) -> npt.NDArray[np.uint8]:
        """Draw one env.

        The picture equals Gymnasium's, except that it lacks the lidar ray that Gymnasium adds to 20 of 100 pictures.

        Args:
            state: The state of the env, a row of `state`.
            action: Its last action; None after a reset. Pictures do not show it.

        Returns:
            A picture of shape `(400, 600, 3)`, uint8.
        """
        values = dict(zip(self.state_names, state.tolist(), strict=True))

        def point(x: str, y: str) -> tuple[float, float]:
            return values[x], values[y]

        clouds = [
            [point(f"clouds[{i}]", f"clouds[{i + 1}]") for i in range(first, first + 10, 2)]
            for first in range(0, 100, 10)
        ]
        obstacles = [
            [point(f"world.walls[{w}].vertices[{i}].x", f"world.walls[{w}].vertices[{i}].y") for i in range(4)]
            for w in range(int(values["world.wall_count"]))
        ]
        heights = [values[f"heights[{i}]"] for i in range(200)]
        bodies = box2d_pictures.bodies_in(values, 5)
        return box2d_pictures.bipedal_walker(bodies, heights, clouds, obstacles=obstacles)
