"""A pendulum in Python. The torque that has to swing it up is too weak to lift it at once.

pip install numba
"""

import math
from typing import Annotated

import numpy as np
from gymnasium.spaces import Box

import operant


@operant.environment
class Pendulum:
    """The equations of Gymnasium's Pendulum-v1, in float64."""

    max_episode_steps = 200
    action_space = Box(-2, 2, (1,))
    observation_space = Box(np.float32([-1, -1, -8]), np.float32([1, 1, 8]))

    g: float = 10.0
    m: Annotated[float, (0.01, 100.0), "mass [kg]"] = 1.0
    l: Annotated[float, (0.01, 100.0), "length [m]"] = 1.0

    class State:
        theta: float
        theta_dot: float

    def reset(p, s, random):
        s.theta = random.uniform(-math.pi, math.pi)
        s.theta_dot = random.uniform(-1.0, 1.0)

    def step(p, s, action):
        torque = min(max(action[0], -2.0), 2.0)
        angle = (s.theta + math.pi) % (2 * math.pi) - math.pi
        cost = angle * angle + 0.1 * (s.theta_dot * s.theta_dot) + 0.001 * (torque * torque)
        acceleration = 3 * p.g / (2 * p.l) * math.sin(s.theta) + 3.0 / (p.m * (p.l * p.l)) * torque
        s.theta_dot = min(max(s.theta_dot + acceleration * 0.05, -8.0), 8.0)
        s.theta += s.theta_dot * 0.05
        return -cost, False

    def observation(p, s, out):
        out[0] = math.cos(s.theta)
        out[1] = math.sin(s.theta)
        out[2] = s.theta_dot
