"""An inventory problem in Python: a shop orders goods, deliveries take some days, and demand is uncertain.

pip install numba
"""

from typing import Annotated

import numpy as np
from gymnasium.spaces import Box, Discrete

import operant


@operant.environment
class Inventory:
    """A shop orders goods. Demand that it cannot meet is lost, and goods in stock cost money every day."""

    max_episode_steps = 200
    action_space = Discrete(11)  # order twice as many units, unless a delivery is on its way
    observation_space = Box(0, np.inf, (3,))  # stock, units that were ordered, days until they arrive

    price: Annotated[float, (0, np.inf), "of a unit that is sold"] = 4.0
    cost: Annotated[float, (0, np.inf), "of a unit that is ordered"] = 2.0
    holding: Annotated[float, (0, np.inf), "costs of a unit in stock, every day"] = 0.1
    mean: Annotated[float, (0, np.inf), "demand of a day"] = 6.0
    deviation: Annotated[float, (0, np.inf), "of the demand"] = 2.0
    burst: Annotated[float, (0, 1), "probability of additional demand"] = 0.1

    class State:
        stock: float
        ordered: float
        delay: int

    class Info:
        demand: float
        arrived: bool

    def reset(p, s, random):
        s.stock = random.uniform(0.0, 20.0)
        s.ordered = 0.0
        s.delay = 0

    def step(p, s, action, random, info):
        paid = 0.0
        if s.delay > 0:
            s.delay -= 1
            if s.delay == 0:
                s.stock += s.ordered
                s.ordered = 0.0
                info.arrived = True
        elif action > 0:
            s.ordered = 2.0 * action
            s.delay = random.integers(1, 4)
            paid = p.cost * s.ordered
        demand = max(0.0, random.normal(p.mean, p.deviation))
        if random.random() < p.burst:
            demand += random.exponential(5.0)
        info.demand = demand
        sold = min(s.stock, demand)
        s.stock -= sold
        return p.price * sold - paid - p.holding * s.stock, False

    def observation(p, s, out):
        out[0] = s.stock
        out[1] = s.ordered
        out[2] = s.delay
