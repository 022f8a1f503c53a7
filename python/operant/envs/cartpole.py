"""CartPole."""

from __future__ import annotations

from operant.envs.vector_env import SimdVectorEnv, metadata


class CartPoleVecEnv(SimdVectorEnv):
    """Copies of Gymnasium's `CartPole-v1`: keep a pole upright on a cart by pushing the cart left or right.

    Actions: 0 pushes the cart to the left, 1 to the right, with 10 N.

    | observation | unit | an episode ends beyond |
    |---|---|---|
    | cart position | m | ±2.4 |
    | cart velocity | m/s | |
    | pole angle | rad | ±0.2095 (12°) |
    | pole angular velocity | rad/s | |

    Reward: 1 for every step, the last included. Start: all four uniform in ±0.05. An episode is truncated after
    500 steps.

    Source: A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult
    Learning Control Problems", IEEE Transactions on Systems, Man, and Cybernetics 13(5), 1983.

    >>> env = CartPoleVecEnv(4096)
    >>> observations, infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    """

    metadata = metadata(render_fps=50)
    _core_name = "CartPole"
    _default_bounds = (-0.05, 0.05)
