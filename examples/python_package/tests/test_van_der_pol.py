"""Test the installed package."""

import gymnasium
import numpy as np


def test_steps_follow_the_equation():
    env = gymnasium.make_vec("van_der_pol:VanDerPol-v0", num_envs=100, dtype=np.float64, mu=2.0)
    (x, x_dot), force = env.reset(seed=1)[0].T.astype(np.float64), np.linspace(-1, 1, 100)
    env.unwrapped.set_state(np.stack([x, x_dot], axis=1))
    observations, rewards, *_ = env.step(force)
    next_x_dot = x_dot + 0.05 * (2 * (1 - x**2) * x_dot - x + force)
    np.testing.assert_allclose(observations, np.stack([x + 0.05 * next_x_dot, next_x_dot], axis=1), rtol=1e-6)
    np.testing.assert_allclose(rewards, -(x**2 + x_dot**2 + 0.1 * force**2), rtol=1e-6)
