"""CartPole."""

from __future__ import annotations

from operant.envs.vector_env import SimdVectorEnv


class CartPoleVecEnv(SimdVectorEnv):
    """Copies of Gymnasium's `CartPole-v1`: keep a pole upright on a cart by pushing the cart left or right.

    Actions: 0 pushes the cart to the left, 1 to the right.

    | observation | unit | an episode ends beyond |
    |---|---|---|
    | cart position | m | ±2.4 |
    | cart velocity | m/s | |
    | pole angle | rad | ±0.2095 (12°) |
    | pole angular velocity | rad/s | |

    Reward: 1 for every step, the last included. Start: all four uniform in ±0.05. An episode is truncated after 500
    steps (200 for `CartPole-v0`).

    Parameters: `gravity` 9.8 m/s², `masscart` 1.0 kg, `masspole` 0.1 kg, `length` 0.5 m (half the pole's), `force_mag`
    10 N, `tau` 0.02 s between steps, `kinematics_integrator` "euler" or "semi-implicit euler",
    `theta_threshold_radians` 0.2095, `x_threshold` 2.4 m, `sutton_barto_reward` False (True: reward 0, and -1 for the
    step that terminates). Total mass and pole moment follow from them.

    Source: A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult
    Learning Control Problems", IEEE Transactions on Systems, Man, and Cybernetics 13(5), 1983.

    >>> env = CartPoleVecEnv(4096)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 50}
    gymnasium_id = "CartPole-v1"
    _core_name = "CartPole"
