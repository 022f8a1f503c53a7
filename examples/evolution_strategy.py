"""Train a network for Acrobot by an evolution strategy of evosax, with returns in Operant as the fitness.

The network is a dictionary of arrays. In a population, each array has a leading axis, both in evosax and in Operant.
Needs evosax: `pip install evosax`.
"""

import argparse

import jax
import numpy as np
from evosax.algorithms import SNES

from operant.envs import AcrobotVecEnv
from operant.policies import MLP

SIZES = [6, 16, 3]  # observation, hidden units, actions
MEMBERS, ENVS = 256, 16  # members of the population; envs of each member


def train(generations, seed):
    """Return the policy at the mean of the last population."""
    layers = list(zip(SIZES[1:], SIZES[:-1], strict=True))
    network = {"weights": [np.zeros(shape) for shape in layers], "biases": [np.zeros(shape[0]) for shape in layers]}
    env = AcrobotVecEnv(MEMBERS * ENVS)
    strategy = SNES(population_size=MEMBERS, solution=network)
    key = jax.random.key(seed)
    state = strategy.init(key, network, strategy.default_params)
    for generation in range(generations):
        key, for_ask, for_tell = jax.random.split(key, 3)
        population, state = strategy.ask(for_ask, state, strategy.default_params)
        returns = env.evaluate(MLP(**population), seed=generation).returns
        scores = returns.reshape(MEMBERS, ENVS).mean(axis=1)
        fitness = np.float32(-scores)  # evosax minimises
        state, _ = strategy.tell(for_tell, population, fitness, state, strategy.default_params)
        if generation % 10 == 0:
            print(f"generation {generation}: the population returns {scores.mean():.1f}, its best {scores.max():.1f}")
    return MLP(**strategy.get_mean(state))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--generations", type=int, default=40, help="default: 40")
    parser.add_argument("--seed", type=int, default=0, help="seed of the populations (default: 0)")
    arguments = parser.parse_args()
    policy = train(arguments.generations, arguments.seed)
    returns = AcrobotVecEnv(1000).evaluate(policy, seed=1000).returns
    print(f"{policy} returns {returns.mean():.1f} on average in 1000 other episodes")
