"""Proximal policy optimisation in one file, in the style of CleanRL. Solves CartPole in a second on one core.

    pip install torch
    python ppo.py                                   # CartPole-v1
    python ppo.py Pendulum-v1 --seed 3 --csv pendulum.csv
    operant plot pendulum.csv

Training uses `env.step`, evaluations during training use `env.evaluate`, and the last one Gymnasium's environment.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch
import torch._dynamo  # optimizers import it on first use, which takes a second
from torch import nn
from torch.distributions import Categorical, Distribution, Normal

import operant
from operant.policies import MLP

torch.set_num_threads(1)  # more threads slow down such small networks
Distribution.set_default_validate_args(False)


@dataclass
class Settings:
    """Settings of one environment."""

    solved: float  # mean return without noise in the actions at which training ends
    num_envs: int = 64
    num_steps: int = 64  # per env, between two updates
    learning_rate: float = 3e-3  # falls to 0 over `most_steps`
    gamma: float = 0.99
    gae_lambda: float = 0.95
    epochs: int = 4
    minibatches: int = 4
    clip: float = 0.2
    entropy: float = 0.01
    hidden: int = 64
    log_std: float = 0.0  # of continuous actions, initially
    reward_scale: float = 1.0  # keeps values close to 1
    most_steps: int = 3_000_000


SETTINGS = {
    "CartPole-v1": Settings(solved=499.0, learning_rate=5e-3),
    "Acrobot-v1": Settings(solved=-85.0, learning_rate=5e-3),
    "MountainCarContinuous-v0": Settings(
        solved=92.0, num_steps=256, gamma=0.999, entropy=0.0, log_std=1.0, reward_scale=0.1
    ),
    "Pendulum-v1": Settings(
        solved=-165.0,
        num_envs=32,
        num_steps=201,  # one episode, as all begin together, and the step that begins the next one
        learning_rate=4e-4,
        gamma=0.95,
        epochs=10,
        minibatches=50,
        entropy=0.0,
        reward_scale=0.02,
        most_steps=600_000,
    ),
}


def layer(inputs: int, outputs: int, scale: float = 2**0.5) -> nn.Linear:
    """Make a linear layer with orthogonal weights and zero bias."""
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, scale)
    nn.init.zeros_(linear.bias)
    return linear


def network(inputs: int, hidden: int, outputs: int, scale: float) -> nn.Sequential:
    """Make a network with two hidden layers."""
    return nn.Sequential(
        layer(inputs, hidden), nn.Tanh(), layer(hidden, hidden), nn.Tanh(), layer(hidden, outputs, scale)
    )


class Agent(nn.Module):
    """Actor, critic, and the running mean and variance that normalise their observations."""

    def __init__(self, envs: gym.vector.VectorEnv, settings: Settings) -> None:
        """Make the networks for an environment."""
        super().__init__()
        (inputs,), actions = envs.single_observation_space.shape, envs.single_action_space
        self.discrete = isinstance(actions, gym.spaces.Discrete)
        self.actor = network(inputs, settings.hidden, int(actions.n) if self.discrete else actions.shape[0], 0.01)
        self.critic = network(inputs, settings.hidden, 1, 1.0)
        self.log_std = nn.Parameter(torch.full(() if self.discrete else actions.shape, settings.log_std))
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
        return (observations - self.mean) / torch.sqrt(self.variance + 1e-8)

    def policy(self, normalised: torch.Tensor) -> Distribution:
        """Return the distribution of the next actions."""
        outputs = self.actor(normalised)
        return Categorical(logits=outputs) if self.discrete else Normal(outputs, self.log_std.exp())

    def log_prob(self, policy: Distribution, actions: torch.Tensor) -> torch.Tensor:
        """Return the log probabilities of actions, summed over their components."""
        log_prob = policy.log_prob(actions)
        return log_prob if self.discrete else log_prob.sum(-1)

    def without_noise(self) -> MLP:
        """Return the policy that takes the most probable actions, which Operant runs without Python."""
        return MLP.from_torch(
            self.actor, observation_mean=self.mean.numpy(), observation_variance=self.variance.numpy(), epsilon=1e-8
        )


@dataclass
class Batch:
    """Transitions of all envs, one after another. Steps that only begin an episode are left out."""

    observations: torch.Tensor
    actions: torch.Tensor
    log_probs: torch.Tensor
    advantages: torch.Tensor
    returns: torch.Tensor


class Collector:
    """Steps the envs with the agent's actions."""

    def __init__(self, envs: gym.vector.VectorEnv, seed: int) -> None:
        """Start the first episodes."""
        self.envs = envs
        self.observations, _ = envs.reset(seed=seed)
        self.ended = np.zeros(envs.num_envs, np.bool_)  # True where the last step ended an episode

    @torch.no_grad()
    def collect(self, agent: Agent, settings: Settings) -> Batch:
        """Make `num_steps` steps in each env."""
        seen, taken, rewards, terminations, ends, begins = [self.observations], [], [], [], [], []
        for _ in range(settings.num_steps):
            # In autoreset mode "NextStep", this step only begins a new episode where the last step ended one. Its
            # action is ignored, so it is not a transition to learn from.
            begins.append(self.ended)
            actions = agent.policy(agent.normalised(torch.from_numpy(self.observations))).sample()
            self.observations, reward, terminated, truncated, _ = self.envs.step(actions.numpy())
            self.ended = terminated | truncated
            seen.append(self.observations)  # needs no copy: Operant does not overwrite an array that is referenced
            taken.append(actions)
            rewards.append(reward)
            terminations.append(terminated)
            ends.append(self.ended)
        observations = torch.from_numpy(np.stack(seen))
        normalised = agent.normalised(observations)
        values = agent.critic(normalised).squeeze(-1)
        scaled = np.stack(rewards) * np.float32(settings.reward_scale)
        advantages = self.advantages(values, scaled, np.stack(terminations), np.stack(ends), settings)
        is_step = torch.from_numpy(~np.stack(begins))
        actions = torch.stack(taken)
        log_probs = agent.log_prob(agent.policy(normalised[:-1]), actions)
        batch = Batch(
            normalised[:-1][is_step],
            actions[is_step],
            log_probs[is_step],
            advantages[is_step],
            (advantages + values[:-1])[is_step],
        )
        agent.see(observations[:-1][is_step])
        return batch

    @staticmethod
    def advantages(
        values: torch.Tensor, rewards: np.ndarray, terminations: np.ndarray, ends: np.ndarray, settings: Settings
    ) -> torch.Tensor:
        """Return generalised advantage estimates.

        The step that ends an episode returns its last observation. After a truncation, the value of this observation
        counts, because the episode could have continued; after a termination it does not. In both cases, the next
        episode does not count.
        """
        value = values.numpy()
        errors = rewards + settings.gamma * value[1:] * ~terminations - value[:-1]
        keep = settings.gamma * settings.gae_lambda * ~ends
        advantages, last = np.empty_like(errors), np.zeros_like(errors[0])
        for t in reversed(range(len(errors))):
            advantages[t] = last = errors[t] + keep[t] * last
        return torch.from_numpy(advantages)


def update(agent: Agent, optimizer: torch.optim.Optimizer, batch: Batch, settings: Settings) -> None:
    """Learn from a batch in several passes."""
    count = len(batch.returns)
    for _ in range(settings.epochs):
        for chosen in torch.randperm(count).chunk(settings.minibatches):
            observations, advantages = batch.observations[chosen], batch.advantages[chosen]
            policy = agent.policy(observations)
            ratio = (agent.log_prob(policy, batch.actions[chosen]) - batch.log_probs[chosen]).exp()
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
            clipped = ratio.clamp(1 - settings.clip, 1 + settings.clip)
            policy_loss = -torch.min(advantages * ratio, advantages * clipped).mean()
            value_loss = (agent.critic(observations).squeeze(-1) - batch.returns[chosen]).square().mean()
            loss = policy_loss + 0.25 * value_loss - settings.entropy * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            optimizer.step()


def train(env_id: str, seed: int, csv: str | None = None, quiet: bool = False) -> tuple[Agent, float]:
    """Train until the agent solves the environment or has made all steps. Return the agent and its mean return."""
    settings = SETTINGS[env_id]
    torch.manual_seed(seed)
    envs = gym.make_vec(f"operant/{env_id}", num_envs=settings.num_envs)
    judge = gym.make_vec(f"operant/{env_id}", num_envs=128)
    agent = Agent(envs, settings)
    optimizer = torch.optim.Adam(agent.parameters(), lr=settings.learning_rate, eps=1e-5, fused=True)
    collector = Collector(envs, seed)
    per_update = settings.num_envs * settings.num_steps
    mean = -np.inf
    with operant.utils.Logger(csv_path=csv, quiet=quiet) as logger:
        updates = settings.most_steps // per_update
        for i in range(updates):
            optimizer.param_groups[0]["lr"] = settings.learning_rate * (1 - i / updates)
            update(agent, optimizer, collector.collect(agent, settings), settings)
            mean = judge.evaluate(agent.without_noise(), seed=1000 * i).returns.mean()
            logger.log(steps=per_update, mean_return=mean)
            if mean >= settings.solved:
                break
    return agent, mean


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
    parser.add_argument("env_id", nargs="?", default="CartPole-v1", choices=SETTINGS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--csv", help="file for the curve, for `operant plot`")
    parser.add_argument("--quiet", action="store_true")
    arguments = parser.parse_args()
    started = time.process_time()
    agent, _ = train(arguments.env_id, arguments.seed, arguments.csv, arguments.quiet)
    print(f"trained in {time.process_time() - started:.2f} s of processor time")
    mean = judged_by_gymnasium(agent, arguments.env_id, seed=100_000 + arguments.seed)
    print("mean return of 100 episodes in Gymnasium's environment:", mean)
