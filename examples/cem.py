"""Find a policy by the cross-entropy method, and play it in Gymnasium's environment."""

import argparse
import time

import gymnasium as gym
import numpy as np

from operant.policies import MLP, Random

# Outputs and 1 + inputs of each layer (the bias is first), members, envs per member, generations, extra deviation.
SETTINGS = {
    "CartPole-v1": ([(2, 5)], 256, 4, 6, 0.3),
    "Pendulum-v1": ([(16, 4), (1, 17)], 1024, 16, 40, 0.3),
    "Acrobot-v1": ([(3, 7)], 256, 16, 10, 0.3),
    "MountainCar-v0": ([(16, 3), (3, 17)], 1024, 16, 40, 0.3),
    "MountainCarContinuous-v0": ([(16, 3), (1, 17)], 256, 16, 20, 0.3),
    "LunarLander-v3": ([(4, 9)], 128, 3, 25, 0.5),
}
MOST_STEPS = {"LunarLander-v3": 500}  # of an episode: enough to land; longer ones only hover


def train(name, seed):
    """Return the policy and, for each generation, the CPU time so far and the population's mean return."""
    shapes, members, envs_each, generations, extra = SETTINGS[name]
    start, history, rng = time.process_time(), [], np.random.default_rng(seed)
    env = gym.make_vec(f"operant:operant/{name}", members * envs_each, max_episode_steps=MOST_STEPS.get(name))
    env.reset(seed=seed)
    seen = env.rollout(Random(seed=seed), 200, record="observations").observations[::20]
    options = {"observation_mean": seen.mean((0, 1)), "observation_variance": seen.var((0, 1))}
    options["action_space"] = env.single_action_space
    means, deviations = [np.zeros(shape) for shape in shapes], [np.ones(shape) for shape in shapes]
    for generation in range(generations):
        layers = [rng.normal(*layer, (members, *layer[0].shape)) for layer in zip(means, deviations, strict=True)]
        population = MLP([layer[..., 1:] for layer in layers], [layer[..., 0] for layer in layers], **options)
        starts = np.tile(rng.integers(2**31, size=envs_each), members).tolist()  # equal for all members
        scores = env.evaluate(population, seed=starts).returns.reshape(members, envs_each).mean(axis=1)
        elite = np.argsort(scores)[-16:]
        means = [layer[elite].mean(axis=0) for layer in layers]
        deviations = [layer[elite].std(axis=0) + extra * (1 - generation / generations) for layer in layers]
        history.append((time.process_time() - start, scores.mean()))
    return MLP([mean[:, 1:] for mean in means], [mean[:, 0] for mean in means], **options), history


def play(name, policy, episodes=100):
    """Return the mean return of episodes in Gymnasium's environment."""
    env, total = gym.make(name), 0.0
    for seed in range(episodes):
        (observation, _), over = env.reset(seed=seed), False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(policy(observation[None])[0])
            total, over = total + reward, terminated or truncated
    return total / episodes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("env", nargs="?", default="CartPole-v1", choices=SETTINGS)
    parser.add_argument("--seed", type=int, default=0, help="seed of all random numbers (default: 0)")
    arguments = parser.parse_args()
    policy, history = train(arguments.env, arguments.seed)
    print(f"found in {history[-1][0]:.3f} s of CPU time, returns {play(arguments.env, policy):.1f} in Gymnasium")
