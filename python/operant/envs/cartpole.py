"""CartPole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from operant.envs.vector_env import BUILTIN, SimdVectorEnv, Vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Flag, Keywords, Number

    class CartPoleKeywords(Keywords, total=False):
        """The keywords of `CartPoleVecEnv`."""

        gravity: Number
        masscart: Number
        masspole: Number
        length: Number
        force_mag: Number
        tau: Number
        kinematics_integrator: Literal["euler", "semi-implicit euler"]
        theta_threshold_radians: Number
        x_threshold: Number
        sutton_barto_reward: Flag


class CartPoleVecEnv(SimdVectorEnv[Vectors], environment=BUILTIN["CartPole"]):
    """Envs of Gymnasium's `CartPole-v1`: keep a pole upright on a cart by pushing the cart left or right.

    ## Actions

    `Discrete(2)`, one for each env:

    | action | push on the cart |
    |---|---|
    | 0 | to the left, with `force_mag` |
    | 1 | to the right, with `force_mag` |

    ## Observations

    Shape `(num_envs, 4)`, float32; the state itself. The bounds of the space are twice the thresholds, so that it
    contains the last observation of an episode.

    | observation | unit | lowest | highest |
    |---|---|---|---|
    | `x`, position of the cart | m | -4.8 | 4.8 |
    | `x_dot`, velocity of the cart | m/s | -inf | inf |
    | `theta`, angle of the pole, 0 is upright | rad | -0.41888 | 0.41888 |
    | `theta_dot`, angular velocity of the pole | rad/s | -inf | inf |

    ## Dynamics

    A frictionless cart and pole, `tau` seconds a step:

    ```python
    force = force_mag if action == 1 else -force_mag
    total_mass = masscart + masspole
    temp = (force + masspole * length * theta_dot**2 * sin(theta)) / total_mass
    theta_acc = (gravity * sin(theta) - cos(theta) * temp) / (
        length * (4 / 3 - masspole * cos(theta) ** 2 / total_mass)
    )
    x_acc = temp - masspole * length * theta_acc * cos(theta) / total_mass

    if kinematics_integrator == "euler":
        x, x_dot = x + tau * x_dot, x_dot + tau * x_acc
        theta, theta_dot = theta + tau * theta_dot, theta_dot + tau * theta_acc
    else:
        x_dot, theta_dot = x_dot + tau * x_acc, theta_dot + tau * theta_acc
        x, theta = x + tau * x_dot, theta + tau * theta_dot

    terminated = abs(x) > x_threshold or abs(theta) > theta_threshold_radians
    reward = (-1 if terminated else 0) if sutton_barto_reward else 1
    ```

    ## Episodes

    - Start: all four uniform in [-0.05, 0.05]; `reset(options={"low": ..., "high": ...})` chooses other bounds.
    - Reward: 1 for every step, including the last. With `sutton_barto_reward`: 0, and -1 for the step that terminates.
    - Termination: the cart is more than 2.4 m from the middle, or the pole more than 12° from upright.
    - Truncation: after 500 steps (200 for `operant/CartPole-v0`).

    ## Parameters

    {parameters}

    ## Source

    A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult Learning
    Control Problems", IEEE Transactions on Systems, Man, and Cybernetics 13(5), 1983. Equations of motion: R. V.
    Florian, "Correct equations for the dynamics of the cart-pole system", 2007, without friction.

    ## Example

    >>> env = CartPoleVecEnv(4096)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 50}
    gymnasium_id = "CartPole-v1"
    _derived: ClassVar = {"total_mass": "masscart and masspole", "polemass_length": "masspole and length"}

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[CartPoleKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""

    @property
    def total_mass(self) -> Any:
        """The mass of cart and pole, kg, the sum of `masscart` and `masspole`."""
        return self.masspole + self.masscart

    @property
    def polemass_length(self) -> Any:
        """`masspole * length`, kg m."""
        return self.masspole * self.length
