"""Search for a policy that lands by the cross-entropy method, with players on all machines of a Ray cluster.

    pip install ray
    python distributed_search.py --players 2                     # on this machine
    python distributed_search.py --players 32 --address auto     # on the cluster of this machine

A player is a Ray actor with its own vector environment. The result does not depend on the number of players. If a
machine fails, the search continues without its players.
"""

from __future__ import annotations

import argparse
import time

import gymnasium as gym
import numpy as np
import ray

from operant.policies import Linear, Random

MEMBERS, EPISODES, SHARE, ELITE = 128, 3, 16, 16  # policies, episodes of each, policies of a call, policies selected
GENERATIONS, EXTRA = 25, 0.5  # the deviation that is added to that of the elite falls to 0


@ray.remote(num_cpus=1, scheduling_strategy="SPREAD")
class Player:
    """Plays a share of the population on one core."""

    def __init__(self, scale: np.ndarray) -> None:
        """Make the environment. Episodes have 500 steps, enough to land; a lander that hovers longer wastes time."""
        self.scale = scale
        self.env = gym.make_vec("operant:operant/LunarLander-v3", SHARE * EPISODES, max_episode_steps=500)

    def scores(self, share: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the mean return of each policy from the same starts."""
        policies = Linear(share[..., :-1] * self.scale, share[..., -1])
        returns = self.env.evaluate(policies, seed=np.tile(starts, SHARE).tolist()).returns
        return returns.reshape(SHARE, EPISODES).mean(axis=1)

    def node(self) -> str:
        """Return the id of the machine."""
        return ray.get_runtime_context().get_node_id()


def scale_of_observations(seed: int) -> np.ndarray:
    """Return the factors that bring the observations of random play to a deviation of 1."""
    env = gym.make_vec("operant:operant/LunarLander-v3", 64)
    env.reset(seed=seed)
    return 1 / env.rollout(Random(seed=seed), 200, record="observations").observations.std((0, 1))


def evaluate(players: list, population: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the scores of a population. Lost players are removed from the list, and others play their shares."""
    scores, waiting, idle, running = np.empty(MEMBERS), list(range(0, MEMBERS, SHARE)), list(players), {}
    while waiting or running:
        while waiting and idle:
            player, first = idle.pop(), waiting.pop()
            running[player.scores.remote(population[first : first + SHARE], starts)] = player, first
        if not running:
            raise RuntimeError("no player is left")
        (done, *_), _ = ray.wait(list(running))
        player, first = running.pop(done)
        try:
            scores[first : first + SHARE] = ray.get(done)
            idle.append(player)
        except ray.exceptions.RayActorError:
            players.remove(player)
            waiting.append(first)
    return scores


def search(players: list, seed: int, after_generation=lambda generation, scores: None) -> np.ndarray:
    """Return the weights of scaled observations and the biases of a policy, `(4, 9)`."""
    rng = np.random.default_rng(seed)
    mean, deviation = np.zeros((4, 9)), np.ones((4, 9))
    for generation in range(GENERATIONS):
        population = rng.normal(mean, deviation, (MEMBERS, 4, 9)).astype(np.float32)
        scores = evaluate(players, population, rng.integers(2**31, size=EPISODES))
        elite = population[np.argsort(scores, kind="stable")[-ELITE:]]
        mean, deviation = elite.mean(axis=0), elite.std(axis=0) + EXTRA * (1 - generation / GENERATIONS)
        after_generation(generation, scores)
    return mean


def play(policy: np.ndarray, scale: np.ndarray, episodes: int = 100) -> float:
    """Return the mean return of episodes in Gymnasium's environment."""
    env, total = gym.make("LunarLander-v3"), 0.0
    for seed in range(episodes):
        (observation, _), over = env.reset(seed=seed), False
        while not over:
            action = (policy[:, :-1] @ (scale * observation) + policy[:, -1]).argmax()
            observation, reward, terminated, truncated, _ = env.step(action)
            total, over = total + float(reward), terminated or truncated
    return total / episodes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--players", type=int, default=2, help="number of actors (default: 2)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all random numbers (default: 0)")
    parser.add_argument("--address", help="of a cluster; `auto` is this machine's (default: start one on this machine)")
    arguments = parser.parse_args()
    on_this_machine = {"num_cpus": arguments.players} if arguments.address is None else {}
    ray.init(address=arguments.address, log_to_driver=False, **on_this_machine)
    scale = scale_of_observations(arguments.seed)
    players = [Player.remote(scale) for _ in range(arguments.players)]
    machines = len(set(ray.get([player.node.remote() for player in players])))
    started = time.perf_counter()
    policy = search(
        players, arguments.seed, lambda i, scores: print(f"generation {i}: {scores.mean():.1f}", flush=True)
    )
    seconds = time.perf_counter() - started
    print(f"found in {seconds:.1f} s by {len(players)} players on {machines} machines")
    print("mean return of 100 episodes in Gymnasium's environment:", play(policy, scale))
