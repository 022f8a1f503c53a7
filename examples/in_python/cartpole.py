"""CartPole in Python: the equations of Gymnasium's CartPole-v1, in float64.

With `from operant import math` instead of `import math`, each step computes several envs at once, in SIMD lanes.

pip install numba
"""

import math

import numpy as np
from gymnasium.spaces import Box, Discrete

import operant

ANGLE_LIMIT = 12 * 2 * math.pi / 360


@operant.environment
class CartPole:
    """A pole on a cart, which is pushed to the left or to the right and has to keep the pole upright."""

    max_episode_steps = 500
    action_space = Discrete(2)
    observation_space = Box(
        np.float32([-4.8, -np.inf, -2 * ANGLE_LIMIT, -np.inf]), np.float32([4.8, np.inf, 2 * ANGLE_LIMIT, np.inf])
    )

    gravity: float = 9.8
    masscart: float = 1.0
    masspole: float = 0.1
    length: float = 0.5
    force_mag: float = 10.0
    tau: float = 0.02

    class State:
        x: float
        x_dot: float
        theta: float
        theta_dot: float

    def reset(p, s, random):
        s.x = random.uniform(-0.05, 0.05)
        s.x_dot = random.uniform(-0.05, 0.05)
        s.theta = random.uniform(-0.05, 0.05)
        s.theta_dot = random.uniform(-0.05, 0.05)

    def step(p, s, action):
        force = p.force_mag if action == 1 else -p.force_mag
        cos, sin = math.cos(s.theta), math.sin(s.theta)
        total_mass = p.masspole + p.masscart
        polemass_length = p.masspole * p.length
        temp = (force + polemass_length * (s.theta_dot * s.theta_dot) * sin) / total_mass
        theta_acc = (p.gravity * sin - cos * temp) / (p.length * (4.0 / 3.0 - p.masspole * (cos * cos) / total_mass))
        x_acc = temp - polemass_length * theta_acc * cos / total_mass
        s.x += p.tau * s.x_dot
        s.x_dot += p.tau * x_acc
        s.theta += p.tau * s.theta_dot
        s.theta_dot += p.tau * theta_acc
        return 1.0, abs(s.x) > 2.4 or abs(s.theta) > ANGLE_LIMIT

    def observation(p, s, out):
        out[0] = s.x
        out[1] = s.x_dot
        out[2] = s.theta
        out[3] = s.theta_dot
