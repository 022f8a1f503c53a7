"""PPO on CartPole-v1 as one compiled program: acting, stepping, advantages and updates inside a single `jax.jit`.

    pip install jax
    python examples/training/ppo_jax.py --seed 1

The program follows PureJaxRL but needs only JAX: network and Adam are a few lines each. In the default autoreset mode,
the step after the end of an episode starts a new one and ignores its action. It is not a transition, so its weight in
the loss is 0. The observation before it is the last one of the old episode; its value counts after a truncation.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from typing import NamedTuple

import gymnasium as gym
import jax
import jax.numpy as jnp
import numpy as np

from operant.adapters.jax import JaxVectorEnv

NUM_ENVS, STEPS, UPDATES = 64, 64, 60
EPOCHS, MINIBATCHES = 4, 4
LEARNING_RATE, GAMMA, LAMBDA, CLIP, ENTROPY, VALUE, LARGEST_GRADIENT = 3e-3, 0.99, 0.95, 0.2, 0.01, 0.25, 0.5


class Step(NamedTuple):
    """Data of a step of all envs, for the update."""

    observations: jax.Array
    actions: jax.Array
    log_probabilities: jax.Array
    values: jax.Array
    rewards: jax.Array
    terminations: jax.Array
    ended: jax.Array
    returns: jax.Array
    weights: jax.Array


def make_layers(key, sizes, last_scale):
    """Make orthogonal matrices, and zeros for the biases."""
    scales = [2**0.5] * (len(sizes) - 2) + [last_scale]
    keys = jax.random.split(key, len(scales))
    make = [jax.nn.initializers.orthogonal(scale) for scale in scales]
    shapes = pairwise(sizes)
    return [(m(k, shape), jnp.zeros(shape[1])) for m, k, shape in zip(make, keys, shapes, strict=True)]


def apply(layers, inputs):
    """Compute a network with tanh between its layers."""
    for weights, biases in layers[:-1]:
        inputs = jnp.tanh(inputs @ weights + biases)
    weights, biases = layers[-1]
    return inputs @ weights + biases


def adam(parameters, gradients, moments, count, rate):
    """Make one step of Adam, with a limit on the norm of the gradients."""
    norm = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(gradients)))
    gradients = jax.tree.map(lambda g: g * jnp.minimum(1, LARGEST_GRADIENT / (norm + 1e-6)), gradients)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], gradients)
    second = jax.tree.map(lambda m, g: 0.999 * m + 0.001 * g**2, moments[1], gradients)
    rate = rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    return jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-5), parameters, first, second), (first, second)


def loss(parameters, batch):
    """Compute the loss of clipped PPO. `batch` is a Step, advantages and returns."""
    steps, advantages, returns = batch
    weights = steps.weights / jnp.maximum(steps.weights.sum(), 1)
    log_policy = jax.nn.log_softmax(apply(parameters["actor"], steps.observations))
    chosen = jnp.take_along_axis(log_policy, steps.actions[:, None], axis=1)[:, 0]
    ratio = jnp.exp(chosen - steps.log_probabilities)
    mean = (weights * advantages).sum()
    advantages = (advantages - mean) / (jnp.sqrt((weights * (advantages - mean) ** 2).sum()) + 1e-8)
    gain = jnp.minimum(ratio * advantages, jnp.clip(ratio, 1 - CLIP, 1 + CLIP) * advantages)
    entropy = -(jnp.exp(log_policy) * log_policy).sum(axis=1)
    errors = (apply(parameters["critic"], steps.observations)[:, 0] - returns) ** 2
    return (weights * (-gain - ENTROPY * entropy + VALUE * errors)).sum()


def advantages_of(steps, last_values):
    """Compute generalised advantage estimates, from the last step to the first."""

    def before(carry, step):
        following, values = carry
        delta = step.rewards + GAMMA * values * (1 - step.terminations) - step.values
        advantages = delta + GAMMA * LAMBDA * (1 - step.ended) * following
        return (advantages, step.values), advantages

    _, advantages = jax.lax.scan(before, (jnp.zeros_like(last_values), last_values), steps, reverse=True)
    return advantages


def make_train(env):
    """Make the program. It maps a seed to the actor and the mean return of the episodes before each update."""

    def act(carry, key):
        parameters, state, observations, ended = carry
        logits = apply(parameters["actor"], observations)
        actions = jax.random.categorical(key, logits)
        log_probabilities = jnp.take_along_axis(jax.nn.log_softmax(logits), actions[:, None], axis=1)[:, 0]
        values = apply(parameters["critic"], observations)[:, 0]
        weights = 1.0 - ended
        state, (following, rewards, terminations, truncations, infos) = env.step(state, actions)
        ended, returns = jnp.float32(terminations | truncations), infos["episode"]["r"]
        terminated = jnp.float32(terminations)
        step = Step(observations, actions, log_probabilities, values, rewards, terminated, ended, returns, weights)
        return (parameters, state, following, ended), step

    def learn(carry, indices, data, rate):
        parameters, moments, count = carry
        batch = jax.tree.map(lambda array: array[indices], data)
        gradients = jax.grad(loss)(parameters, batch)
        parameters, moments = adam(parameters, gradients, moments, count + 1.0, rate)
        return (parameters, moments, count + 1.0), None

    def update(carry, number):
        parameters, moments, count, state, observations, ended, key = carry
        key, acting, shuffling = jax.random.split(key, 3)
        before = (parameters, state, observations, ended)
        (_, state, observations, ended), steps = jax.lax.scan(act, before, jax.random.split(acting, STEPS))
        advantages = advantages_of(steps, apply(parameters["critic"], observations)[:, 0])
        data = jax.tree.map(
            lambda a: a.reshape(STEPS * NUM_ENVS, *a.shape[2:]), (steps, advantages, advantages + steps.values)
        )
        rate = LEARNING_RATE * (1 - number / UPDATES)

        def epoch(learned, key):
            indices = jax.random.permutation(key, STEPS * NUM_ENVS).reshape(MINIBATCHES, -1)
            return jax.lax.scan(lambda learned, some: learn(learned, some, data, rate), learned, indices)

        learned, _ = jax.lax.scan(epoch, (parameters, moments, count), jax.random.split(shuffling, EPOCHS))
        return (*learned, state, observations, ended, key), steps.returns.sum() / steps.ended.sum()

    def train(seed):
        key, actor, critic = jax.random.split(jax.random.key(seed), 3)
        parameters = {
            "actor": make_layers(actor, (4, 64, 64, 2), 0.01),
            "critic": make_layers(critic, (4, 64, 64, 1), 1.0),
        }
        moments = tuple(jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
        state, (observations, _) = env.reset(seed)
        start = (parameters, moments, 0.0, state, observations, jnp.zeros(NUM_ENVS), key)
        (parameters, *_), means = jax.lax.scan(update, start, jnp.arange(UPDATES))
        return parameters["actor"], means

    return jax.jit(train)


def mean_return(actor, episodes=100, seed=10_000):
    """Return the mean return of the most probable actions in Gymnasium's CartPole."""
    env = gym.make_vec("CartPole-v1", episodes, vectorization_mode="sync")
    choose = jax.jit(lambda observations: apply(actor, observations).argmax(axis=1))
    observations, _ = env.reset(seed=seed)
    returns, alive = np.zeros(episodes), np.ones(episodes, bool)
    while alive.any():
        observations, rewards, terminations, truncations, _ = env.step(np.asarray(choose(observations)))
        returns += rewards * alive
        alive &= ~(terminations | truncations)
    return returns.mean()


def main() -> None:
    """Train, then play Gymnasium's CartPole."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="seed of network, actions and environment (default: 1)")
    seed = parser.parse_args().seed

    start = time.perf_counter()
    train = make_train(JaxVectorEnv("CartPole-v1", NUM_ENVS, record_episode_statistics=True)).lower(seed).compile()
    compiled = time.perf_counter()
    actor, means = jax.block_until_ready(train(seed))
    trained = time.perf_counter()
    print(f"compiled in {compiled - start:.2f} s, {UPDATES * STEPS * NUM_ENVS} steps in {trained - compiled:.2f} s")
    print("mean return of episodes in training:", *(f"{mean:.0f}" for mean in means[:: UPDATES // 10]))
    print(f"mean return over 100 episodes of Gymnasium's: {mean_return(actor):.1f}")


if __name__ == "__main__":
    main()
