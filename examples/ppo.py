"""Proximal policy optimisation in one file, in the style of CleanRL. Learns to land in about three seconds on one core.

    pip install torch
    python ppo.py                                   # LunarLander-v3
    python ppo.py CartPole-v1 --seed 3 --csv cartpole.csv
    operant plot cartpole.csv

Training uses `env.rollout`, which runs policy, critic and environment without Python. Evaluations during training use
`env.evaluate`; the final one uses Gymnasium's environment. The command `operant train` runs this file.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
import torch._dynamo  # optimizers import it on first use, which takes a second
from torch import nn
from torch.nn import functional

import operant
from operant.policies import MLP


@dataclass
class Settings:
    """Settings of one environment."""

    solved: float  # mean return without noise in the actions at which training ends
    gate: float = -math.inf  # mean return in training below which policies are not judged
    judge_every: int = 1  # updates; a judgement takes 128 episodes
    num_envs: int = 64
    num_steps: int = 128  # per env, between two updates
    learning_rate: float = 4e-3  # falls to 0 over `most_steps`
    gamma: float = 0.99
    gae_lambda: float = 0.95
    epochs: int = 2
    minibatch: int = 512
    clip: float = 0.2
    entropy: float = 0.0
    hidden: int = 32
    activation: type[nn.Module] = nn.ReLU
    log_std: float = 0.0  # of continuous actions, initially
    reward_scale: float = 1.0  # keeps values close to 1
    normalise: bool = False  # observations, by their running mean and variance
    most_steps: int = 3_000_000


SETTINGS = {
    "CartPole-v1": Settings(
        solved=499.0,
        num_steps=64,
        learning_rate=6e-3,
        epochs=4,
        minibatch=1024,
        entropy=0.01,
        reward_scale=0.1,
        normalise=True,
    ),
    "Acrobot-v1": Settings(solved=-85.0, num_steps=64, epochs=4, hidden=64, entropy=0.01, reward_scale=0.1),
    "MountainCarContinuous-v0": Settings(
        solved=92.0,
        num_steps=256,
        learning_rate=3e-3,
        gamma=0.999,
        epochs=4,
        minibatch=4096,
        hidden=64,
        activation=nn.Tanh,
        log_std=1.0,
        reward_scale=0.1,
        normalise=True,
    ),
    "Pendulum-v1": Settings(
        solved=-165.0,
        num_envs=32,
        num_steps=201,  # an episode of 200 steps, and the step that begins the next one; all envs are in phase
        learning_rate=4e-4,
        gamma=0.95,
        epochs=10,
        minibatch=128,
        hidden=64,
        reward_scale=0.02,
        most_steps=600_000,
    ),
    "LunarLander-v3": Settings(
        solved=215.0, gate=150.0, gamma=0.997, gae_lambda=0.97, reward_scale=0.01, most_steps=1_500_000
    ),
    # With the lander's gamma, 0.997, the policy lands only with noise in its actions, and hovers without.
    "LunarLanderContinuous-v3": Settings(
        solved=215.0, gate=200.0, gamma=0.99, gae_lambda=0.97, reward_scale=0.01, most_steps=1_000_000
    ),
    "BipedalWalker-v3": Settings(
        solved=310.0,
        gate=270.0,
        judge_every=5,
        num_steps=256,
        learning_rate=2e-3,
        gamma=0.995,
        epochs=4,
        minibatch=2048,
        hidden=64,
        log_std=-0.5,
        reward_scale=0.05,
        normalise=True,
        most_steps=5_000_000,
    ),
}


def layer(inputs: int, outputs: int, scale: float = 2**0.5) -> nn.Linear:
    """Make a linear layer with orthogonal weights and zero bias."""
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, scale)
    nn.init.zeros_(linear.bias)
    return linear


def network(inputs: int, outputs: int, scale: float, settings: Settings) -> nn.Sequential:
    """Make a network with two hidden layers."""
    hidden, activation = settings.hidden, settings.activation
    return nn.Sequential(
        *(layer(inputs, hidden), activation()), *(layer(hidden, hidden), activation()), layer(hidden, outputs, scale)
    )


class Agent(nn.Module):
    """Actor, critic, and the running mean and variance that normalise their observations."""

    def __init__(self, envs: gym.vector.VectorEnv, settings: Settings) -> None:
        """Make the networks for an environment."""
        super().__init__()
        (inputs,), actions = envs.single_observation_space.shape, envs.single_action_space
        self.discrete = isinstance(actions, gym.spaces.Discrete)
        self.actor = network(inputs, int(actions.n) if self.discrete else actions.shape[0], 0.01, settings)
        self.critic = network(inputs, 1, 1.0, settings)
        self.log_std = nn.Parameter(torch.full(() if self.discrete else actions.shape, settings.log_std))
        # The environment clips actions. The policy does not, so the agent learns from the actions that it has drawn.
        self.unbounded = None if self.discrete else gym.spaces.Box(-np.inf, np.inf, actions.shape)
        self.normalises = settings.normalise
        self.mean, self.variance, self.seen = torch.zeros(inputs), torch.ones(inputs), 1e-4

    def see(self, observations: torch.Tensor) -> None:
        """Update mean and variance, like Gymnasium's NormalizeObservation."""
        rows = observations.reshape(-1, observations.shape[-1])
        total, delta = self.seen + len(rows), rows.mean(0) - self.mean
        squares = self.variance * self.seen + rows.var(0, correction=0) * len(rows)
        self.variance = (squares + delta**2 * self.seen * len(rows) / total) / total
        self.mean, self.seen = self.mean + delta * len(rows) / total, total

    def normalised(self, observations: torch.Tensor) -> torch.Tensor:
        """Normalise observations for the networks."""
        return (observations - self.mean) / torch.sqrt(self.variance + 1e-8) if self.normalises else observations

    def without_python(self, network: nn.Sequential, **options: Any) -> MLP:
        """Return a network that Operant runs without Python."""
        if self.normalises:
            options |= {"observation_mean": self.mean.numpy(), "observation_variance": self.variance.numpy()}
        return MLP.from_torch(network, **options)

    def with_noise(self, seed: int) -> MLP:
        """Return the policy that draws its actions."""
        if self.discrete:
            return self.without_python(self.actor, sample=True, seed=seed)
        noise = self.log_std.detach().exp().numpy()
        return self.without_python(self.actor, noise=noise, action_space=self.unbounded, seed=seed)

    def without_noise(self) -> MLP:
        """Return the policy that takes the most probable actions."""
        return self.without_python(self.actor)

    def log_probs(self, outputs: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """Return the log probabilities of actions, given the actor's outputs."""
        if self.discrete:
            return -functional.cross_entropy(outputs, actions.long(), reduction="none")
        scaled = (actions - outputs) * torch.exp(-self.log_std)
        constant = self.log_std.sum() + len(self.log_std) * math.log(2 * math.pi) / 2
        return -scaled.square().sum(1) / 2 - constant

    def entropy(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the mean entropy of the actions, less a constant."""
        if self.discrete:
            logits = outputs.log_softmax(1)
            return -(logits.exp() * logits).sum(1).mean()
        return self.log_std.sum()


class Batch(NamedTuple):
    """Transitions of all envs, one after another. Steps that only begin an episode are left out."""

    observations: torch.Tensor
    actions: torch.Tensor
    log_probs: torch.Tensor
    advantages: torch.Tensor
    returns: torch.Tensor


class Collector:
    """Steps the envs with the agent's actions."""

    def __init__(self, envs: Any, seed: int) -> None:
        """Start the first episodes."""
        self.envs = envs
        self.observations, _ = envs.reset(seed=seed)
        self.ended = np.zeros(envs.num_envs, np.bool_)  # True where the last step ended an episode
        self.random = np.random.default_rng(seed)

    @torch.no_grad()
    def collect(self, agent: Agent, settings: Settings) -> Batch:
        """Make `num_steps` steps in each env."""
        steps = self.envs.rollout(
            agent.with_noise(int(self.random.integers(2**63))),
            settings.num_steps,
            critic=agent.without_python(agent.critic),
            record=("observations", "actions", "rewards", "terminations", "truncations", "log_probs", "values"),
        )
        observations = torch.from_numpy(np.concatenate([self.observations[None], steps.observations]))
        first_values = agent.critic(agent.normalised(observations[0])).squeeze(-1).numpy()
        values = np.concatenate([first_values[None], steps.values])
        ends = steps.terminations | steps.truncations
        # In autoreset mode "NextStep", a step only begins a new episode where the last step ended one. Its action is
        # ignored, so it is not a transition to learn from.
        is_step = torch.from_numpy(~np.concatenate([self.ended[None], ends[:-1]]))
        self.observations, self.ended = steps.observations[-1], ends[-1]
        rewards = steps.rewards * np.float32(settings.reward_scale)
        advantages = self.advantages(values, rewards, steps.terminations, ends, settings)
        seen = observations[:-1][is_step]
        batch = Batch(
            agent.normalised(seen),
            torch.from_numpy(steps.actions)[is_step],
            torch.from_numpy(steps.log_probs)[is_step],
            torch.from_numpy(advantages)[is_step],
            torch.from_numpy(advantages + values[:-1])[is_step],
        )
        if agent.normalises:
            agent.see(seen)
        return batch

    @staticmethod
    def advantages(
        values: np.ndarray, rewards: np.ndarray, terminations: np.ndarray, ends: np.ndarray, settings: Settings
    ) -> np.ndarray:
        """Return generalised advantage estimates.

        The step that ends an episode returns its last observation. After a truncation, the value of this observation
        counts, because the episode could have continued; after a termination it does not. In both cases, the next
        episode does not count.
        """
        errors = rewards + np.float32(settings.gamma) * values[1:] * ~terminations - values[:-1]
        keep = np.float32(settings.gamma * settings.gae_lambda) * ~ends
        advantages, last = np.empty_like(errors), np.zeros_like(errors[0])
        for t in reversed(range(len(errors))):
            advantages[t] = last = errors[t] + keep[t] * last
        return advantages


def update(agent: Agent, optimizer: torch.optim.Optimizer, batch: Batch, settings: Settings) -> None:
    """Learn from a batch in several passes."""
    parameters = list(agent.parameters())
    for _ in range(settings.epochs):
        order = torch.randperm(len(batch.returns))
        for some in zip(*(part[order].split(settings.minibatch) for part in batch), strict=True):
            part = Batch(*some)
            if len(part.returns) < settings.minibatch // 2:
                continue  # too few advantages for a reliable mean and deviation
            outputs = agent.actor(part.observations)
            ratio = (agent.log_probs(outputs, part.actions) - part.log_probs).exp()
            deviation, mean = torch.std_mean(part.advantages)
            advantages = (part.advantages - mean) / (deviation + 1e-8)
            # The usual min(advantages * ratio, advantages * ratio.clamp(1 - clip, 1 + clip)), in fewer operations.
            clipped = torch.where(
                advantages > 0, ratio.clamp(max=1 + settings.clip), ratio.clamp(min=1 - settings.clip)
            )
            value_loss = functional.mse_loss(agent.critic(part.observations)[:, 0], part.returns)
            loss = 0.25 * value_loss - (advantages * clipped).mean()
            if settings.entropy:
                loss -= settings.entropy * agent.entropy(outputs)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 0.5)
            optimizer.step()


def train(
    env_id: str, seed: int, csv: str | None = None, quiet: bool = False, settings: Settings | None = None
) -> tuple[Agent, float]:
    """Train until the agent solves the environment or has made all steps. Return the best agent and its mean return."""
    settings = settings or SETTINGS[env_id]
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # more threads slow down such small networks
    envs: Any = gym.make_vec(f"operant/{env_id}", num_envs=settings.num_envs)
    judge: Any = gym.make_vec(f"operant/{env_id}", num_envs=128)
    agent = Agent(envs, settings)
    optimizer = torch.optim.Adam(agent.parameters(), lr=settings.learning_rate, eps=1e-5, fused=True)
    collector = Collector(envs, seed)
    per_update = settings.num_envs * settings.num_steps
    best, best_mean, training_return = agent, -np.inf, -np.inf
    updates = settings.most_steps // per_update
    with operant.utils.Logger(csv_path=csv, quiet=quiet, total_steps=updates * per_update) as logger:
        for i in range(updates):
            optimizer.param_groups[0]["lr"] = settings.learning_rate * (1 - i / updates)
            update(agent, optimizer, collector.collect(agent, settings), settings)
            logs = envs.get_logs()
            if logs["episode_count"] >= 16:
                training_return = logs["mean_reward"]
                envs.clear_logs()
            metrics = {"training_return": training_return}
            if (training_return >= settings.gate and i % settings.judge_every == 0) or i == updates - 1:
                mean = judge.evaluate(agent.without_noise(), seed=1000 * (seed + i)).returns.mean()
                metrics["mean_return"] = mean
                if mean > best_mean:
                    best, best_mean = copy.deepcopy(agent), mean
            logger.log(steps=per_update, **metrics)
            if best_mean >= settings.solved:
                break
    return best, float(best_mean)


@torch.no_grad()
def judged_by_gymnasium(agent: Agent, env_id: str, seed: int, episodes: int = 100) -> float:
    """Return the mean return of new episodes in Gymnasium's environment."""
    envs = gym.make_vec(env_id, num_envs=episodes, vectorization_mode="sync")
    observations, _ = envs.reset(seed=seed)
    returns, alive = np.zeros(episodes), np.ones(episodes, np.bool_)
    while alive.any():
        outputs = agent.actor(agent.normalised(torch.as_tensor(observations)))
        actions = outputs.argmax(1) if agent.discrete else outputs
        observations, rewards, terminations, truncations, _ = envs.step(actions.numpy())
        returns += rewards * alive
        alive &= ~(terminations | truncations)
    return float(returns.mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("env_id", nargs="?", default="LunarLander-v3", choices=SETTINGS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--csv", help="file for the curve, for `operant plot`")
    parser.add_argument("--quiet", action="store_true")
    arguments = parser.parse_args()
    started, started_cpu = time.perf_counter(), time.process_time()
    agent, _ = train(arguments.env_id, arguments.seed, arguments.csv, arguments.quiet)
    wall, cpu = time.perf_counter() - started, time.process_time() - started_cpu
    print(f"trained in {wall:.2f} s, {cpu:.2f} s of processor time")
    mean = judged_by_gymnasium(agent, arguments.env_id, seed=100_000 + arguments.seed)
    print("mean return of 100 episodes in Gymnasium's environment:", mean)
