"""PPO in JAX as in PureJaxRL, with its settings: environment, collection and update are compiled together.

bench/time_to_solve.py uses it. The environment implements the equations of CartPole-v1 and restarts in the step that
ends an episode. As in gymnax, a truncation counts as a termination.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

NUM_ENVS, NUM_STEPS, TOTAL = 4, 128, 500_000
LEARNING_RATE, EPOCHS, MINIBATCHES = 2.5e-4, 4, 4
GAMMA, GAE_LAMBDA, CLIP, ENTROPY, VALUE, MAX_GRADIENT = 0.99, 0.95, 0.2, 0.01, 0.5, 0.5
UPDATES = TOTAL // (NUM_ENVS * NUM_STEPS)


def start(key: Any) -> tuple[Any, Any]:
    """Return the states and elapsed steps of new episodes."""
    return jax.random.uniform(key, (NUM_ENVS, 4), minval=-0.05, maxval=0.05), jnp.zeros(NUM_ENVS, jnp.int32)


def step(key: Any, state: Any, elapsed: Any, action: Any) -> tuple[Any, Any, Any, Any]:
    """Return the next states, elapsed steps, rewards and end flags. Ended episodes restart at once."""
    _, x_dot, theta, theta_dot = state.T
    force = jnp.where(action == 1, 10.0, -10.0)
    temp = (force + 0.05 * theta_dot**2 * jnp.sin(theta)) / 1.1
    theta_acc = (9.8 * jnp.sin(theta) - jnp.cos(theta) * temp) / (0.5 * (4.0 / 3.0 - 0.1 * jnp.cos(theta) ** 2 / 1.1))
    x_acc = temp - 0.05 * theta_acc * jnp.cos(theta) / 1.1
    changes = jnp.stack([x_dot, x_acc, theta_dot, theta_acc], axis=1)
    state, elapsed = state + 0.02 * changes, elapsed + 1
    ended = (jnp.abs(state[:, 0]) > 2.4) | (jnp.abs(state[:, 2]) > 12 * 2 * jnp.pi / 360) | (elapsed >= 500)
    fresh, zero = start(key)
    return jnp.where(ended[:, None], fresh, state), jnp.where(ended, zero, elapsed), jnp.ones(NUM_ENVS), ended


def network(key: Any, outputs: int, scale: float) -> list[tuple[Any, Any]]:
    """Make two hidden layers of 64 units, with orthogonal weights."""
    sizes, scales = (4, 64, 64, outputs), (2**0.5, 2**0.5, scale)
    keys = jax.random.split(key, 3)
    return [
        (jax.nn.initializers.orthogonal(gain)(one, (inputs, units)), jnp.zeros(units))
        for one, gain, inputs, units in zip(keys, scales, sizes[:-1], sizes[1:], strict=True)
    ]


def apply(layers: list[tuple[Any, Any]], values: Any) -> Any:
    """Compute the network's outputs."""
    for weights, bias in layers[:-1]:
        values = jnp.tanh(values @ weights + bias)
    weights, bias = layers[-1]
    return values @ weights + bias


def loss(networks: Any, batch: Any) -> Any:
    """Compute the loss of PPO, with a clipped value loss."""
    observations, actions, old_log_probs, old_values, advantages, targets = batch
    log_probs = jax.nn.log_softmax(apply(networks[0], observations))
    values = apply(networks[1], observations)[:, 0]
    clipped_values = old_values + jnp.clip(values - old_values, -CLIP, CLIP)
    value_loss = 0.5 * jnp.maximum((values - targets) ** 2, (clipped_values - targets) ** 2).mean()
    ratio = jnp.exp(jnp.take_along_axis(log_probs, actions[:, None], 1)[:, 0] - old_log_probs)
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    policy_loss = -jnp.minimum(ratio * advantages, jnp.clip(ratio, 1 - CLIP, 1 + CLIP) * advantages).mean()
    entropy = -(jnp.exp(log_probs) * log_probs).sum(1).mean()
    return policy_loss + VALUE * value_loss - ENTROPY * entropy


def optimizer() -> optax.GradientTransformation:
    """Make an Adam optimizer whose rate falls to 0."""
    rate = optax.linear_schedule(LEARNING_RATE, 0.0, UPDATES * EPOCHS * MINIBATCHES)
    return optax.chain(optax.clip_by_global_norm(MAX_GRADIENT), optax.adam(rate, eps=1e-5))


@jax.jit
def update(networks: Any, optimizer_state: Any, key: Any, state: Any, elapsed: Any) -> Any:
    """Collect steps and learn from them."""

    def collect(carry: Any, key: Any) -> Any:
        state, elapsed = carry
        log_probs = jax.nn.log_softmax(apply(networks[0], state))
        act, restart = jax.random.split(key)
        action = jax.random.categorical(act, log_probs)
        chosen = jnp.take_along_axis(log_probs, action[:, None], 1)[:, 0]
        value = apply(networks[1], state)[:, 0]
        following, elapsed, reward, ended = step(restart, state, elapsed, action)
        return (following, elapsed), (state, action, chosen, value, reward, ended)

    key, collecting = jax.random.split(key)
    (state, elapsed), steps = jax.lax.scan(collect, (state, elapsed), jax.random.split(collecting, NUM_STEPS))
    observations, actions, log_probs, values, rewards, ended = steps

    def estimate(carry: Any, one: Any) -> Any:
        advantage, following = carry
        value, reward, end = one
        error = reward + GAMMA * following * (1 - end) - value
        advantage = error + GAMMA * GAE_LAMBDA * (1 - end) * advantage
        return (advantage, value), advantage

    last = apply(networks[1], state)[:, 0]
    _, advantages = jax.lax.scan(estimate, (jnp.zeros(NUM_ENVS), last), (values, rewards, ended), reverse=True)
    batch = (observations, actions, log_probs, values, advantages, advantages + values)
    batch = jax.tree.map(lambda one: one.reshape((NUM_ENVS * NUM_STEPS, *one.shape[2:])), batch)

    def learn(carry: Any, chosen: Any) -> Any:
        networks, optimizer_state = carry
        gradients = jax.grad(loss)(networks, jax.tree.map(lambda one: one[chosen], batch))
        changes, optimizer_state = optimizer().update(gradients, optimizer_state, networks)
        return (optax.apply_updates(networks, changes), optimizer_state), None

    key, shuffling = jax.random.split(key)
    orders = [jax.random.permutation(one, NUM_ENVS * NUM_STEPS) for one in jax.random.split(shuffling, EPOCHS)]
    chosen = jnp.stack(orders).reshape(EPOCHS * MINIBATCHES, -1)
    (networks, optimizer_state), _ = jax.lax.scan(learn, (networks, optimizer_state), chosen)
    return networks, optimizer_state, key, state, elapsed


def train(seed: int, judge: Callable[..., None]) -> None:
    """Train and call `judge` after every tenth update, because a return to Python costs as much as an update."""
    key, actor, critic, starting = jax.random.split(jax.random.key(seed), 4)
    networks = (network(actor, 2, 0.01), network(critic, 1, 1.0))
    optimizer_state = optimizer().init(networks)
    state, elapsed = start(starting)
    for i in range(UPDATES):
        networks, optimizer_state, key, state, elapsed = update(networks, optimizer_state, key, state, elapsed)
        if i % 10 == 9:
            weights, biases = ([one[part] for one in networks[0]] for part in (0, 1))
            judge([one.T for one in weights], biases, (i + 1) * NUM_ENVS * NUM_STEPS)
