"""Train with PPO of other libraries, on Operant's vector environment and on Gymnasium's.

    make test-integrations
    build/integrations/bin/python bench/libraries.py --runners 0 1 2 --json docs/rllib.json
    build/integrations/bin/python bench/libraries.py --learn skrl

The first command measures RLlib's iterations on LunarLander with an env runner in this process (0), or with 1 or 2 env
runners in other processes, on both environments in turn. The second command trains on LunarLander with settings that
learn fast (QUICK), and prints the mean return of the policy without noise in Gymnasium's environment. The tests use it.
bench/time_to_solve.py measures the time of training with each library's own settings (DEFAULTS).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
import torch._dynamo  # torch's optimizers import it on first use, which takes a second
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import TransformReward
from torch import nn

from operant.cli.machine import machine

LANDER = "LunarLander-v3"
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """The settings of PPO that all libraries have. `minibatches` is the number of minibatches in an epoch."""

    num_envs: int
    num_steps: int
    epochs: int
    minibatches: int
    learning_rate: float
    gamma: float = 0.99
    gae_lambda: float = 0.95
    reward_scale: float = 1.0

    @property
    def batch(self) -> int:
        """The number of steps between two updates."""
        return self.num_envs * self.num_steps


# TorchRL: its tutorial of PPO, which makes 1,000 steps between two updates. skrl: PPO_CFG. CleanRL: ppo.py.
# TorchRL and skrl have no default for the number of envs: 16 here.
DEFAULTS = {
    "TorchRL": Settings(num_envs=16, num_steps=64, epochs=10, minibatches=16, learning_rate=3e-4),
    "skrl": Settings(num_envs=16, num_steps=16, epochs=8, minibatches=2, learning_rate=1e-3),
    "CleanRL": Settings(num_envs=4, num_steps=128, epochs=4, minibatches=4, learning_rate=2.5e-4),
}
# As in examples/ppo.py: many envs, and few large updates with a large learning rate. Libraries that make fewer steps
# per second get more updates. Each entry has a number of steps after which the mean return has risen.
LARGE = Settings(64, 128, 2, 16, learning_rate=4e-3, gamma=0.997, gae_lambda=0.97, reward_scale=0.01)
SMALL = Settings(64, 64, 4, 8, learning_rate=3e-3, reward_scale=0.01)
QUICK = {
    "Stable-Baselines3": (LARGE, 327_680),
    "skrl": (LARGE, 327_680),
    "CleanRL": (LARGE, 327_680),
    "TorchRL": (LARGE, 327_680),
    "RLlib": (Settings(16, 64, 4, 4, learning_rate=2.5e-3, reward_scale=0.01), 131_072),
    "Tianshou": (SMALL, 131_072),
}

#: A function that trains, and one that returns actions without noise for an array of observations.
Trained = tuple[Callable[[], object], Callable[[np.ndarray], np.ndarray]]


def nothing(network: nn.Sequential, steps: int) -> None:
    """Let the training go on."""


@dataclass(frozen=True)
class Task:
    """A training run. After each update, it passes the policy's network and the number of steps to `updated`."""

    ours: bool
    settings: Settings
    steps: int
    seed: int
    env_id: str = LANDER
    updated: Callable[[nn.Sequential, int], None] = nothing

    def vector(self, mode: AutoresetMode, num_envs: int | None = None) -> Any:
        """Make Operant's vector environment in float64, which equals Gymnasium's, or Gymnasium's own."""
        num_envs = num_envs or self.settings.num_envs
        if self.ours:
            env_id = f"operant:operant/{self.env_id}"
            return gym.make_vec(env_id, num_envs=num_envs, autoreset_mode=mode, dtype=np.float64)
        return SyncVectorEnv([lambda: gym.make(self.env_id)] * num_envs, autoreset_mode=mode)


def network(inputs: int, outputs: int) -> nn.Sequential:
    """Return a network of two hidden layers, for the libraries that have no default."""
    return nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))


def greedy(logits: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[np.ndarray], np.ndarray]:
    """Choose the most probable action."""

    def act(observations: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return logits(torch.as_tensor(observations)).argmax(dim=1).numpy()

    return act


def stable_baselines3(task: Task) -> Trained:
    """Return training with Stable-Baselines3's PPO."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env as make_dummy
    from stable_baselines3.common.vec_env import VecNormalize

    from operant.adapters.sb3 import make_vec_env

    settings, seed = task.settings, task.seed
    options: dict[str, Any] = {"env_kwargs": {"dtype": np.float64}} if task.ours else {}
    env = (make_vec_env if task.ours else make_dummy)(LANDER, settings.num_envs, seed, **options)
    model = PPO(
        "MlpPolicy",
        env if settings.reward_scale == 1.0 else VecNormalize(env, norm_obs=False, gamma=settings.gamma),
        n_steps=settings.num_steps,
        batch_size=settings.batch // settings.minibatches,
        n_epochs=settings.epochs,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        learning_rate=lambda left: settings.learning_rate * left,
        seed=seed,
        device="cpu",
    )
    return lambda: model.learn(task.steps), lambda observations: model.predict(observations, deterministic=True)[0]


def torchrl(task: Task) -> Trained:
    """Return the training loop of TorchRL's examples."""
    from tensordict.nn import TensorDictModule
    from torch.distributions import Categorical
    from torchrl.collectors import Collector
    from torchrl.envs import GymWrapper, RewardScaling, TransformedEnv
    from torchrl.modules import ProbabilisticActor, ValueOperator
    from torchrl.objectives import ClipPPOLoss
    from torchrl.objectives.value import GAE

    settings = task.settings
    torch.manual_seed(task.seed)
    vector = task.vector(AutoresetMode.DISABLED)
    env: Any = GymWrapper(vector, categorical_action_encoding=True)
    if settings.reward_scale != 1.0:
        env = TransformedEnv(env, RewardScaling(loc=0.0, scale=settings.reward_scale))
    env.set_seed(task.seed)
    (inputs,), outputs = vector.single_observation_space.shape, vector.single_action_space.n
    logits = network(inputs, outputs)
    actor = ProbabilisticActor(
        TensorDictModule(logits, in_keys=["observation"], out_keys=["logits"]),
        in_keys=["logits"],
        distribution_class=Categorical,
        return_log_prob=True,
    )
    critic = ValueOperator(network(inputs, 1), in_keys=["observation"])
    collector = Collector(env, actor, frames_per_batch=settings.batch, total_frames=task.steps)
    advantage = GAE(gamma=settings.gamma, lmbda=settings.gae_lambda, value_network=critic)
    loss_module = ClipPPOLoss(actor, critic, clip_epsilon=0.2, entropy_coeff=0.0, normalize_advantage=True)
    optimizer = torch.optim.Adam(loss_module.parameters(), lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=task.steps // settings.batch)

    def train() -> None:
        for update, batch in enumerate(collector):
            advantage(batch)
            transitions = batch.reshape(-1)
            for _ in range(settings.epochs):
                for chosen in torch.randperm(settings.batch).chunk(settings.minibatches):
                    losses = loss_module(transitions[chosen])
                    optimizer.zero_grad()
                    (losses["loss_objective"] + losses["loss_critic"]).backward()
                    nn.utils.clip_grad_norm_(loss_module.parameters(), 0.5)
                    optimizer.step()
            schedule.step()
            task.updated(logits, (update + 1) * settings.batch)
        collector.shutdown()

    return train, greedy(logits)


def skrl(task: Task) -> Trained:
    """Return skrl's trainer."""
    from skrl.agents.torch.ppo import PPO, PPO_CFG
    from skrl.envs.wrappers.torch import wrap_env
    from skrl.memories.torch import RandomMemory
    from skrl.models.torch import CategoricalMixin, DeterministicMixin, Model
    from skrl.trainers.torch import SequentialTrainer
    from skrl.utils import set_seed

    settings = task.settings
    set_seed(task.seed)
    env: Any = wrap_env(task.vector(AutoresetMode.SAME_STEP), verbose=False)
    (inputs,), outputs = env.observation_space.shape, env.action_space.n
    spaces = {"observation_space": env.observation_space, "action_space": env.action_space, "device": env.device}

    class Network(Model):  # type: ignore[misc]
        def __init__(self, outputs: int) -> None:
            Model.__init__(self, **spaces)
            self.net = network(inputs, outputs)

        def compute(self, inputs: Any, role: str) -> Any:
            return self.net(inputs["observations"]), {}

    class Policy(CategoricalMixin, Network):  # type: ignore[misc]
        def __init__(self) -> None:
            Network.__init__(self, outputs)
            CategoricalMixin.__init__(self)

    class Value(DeterministicMixin, Network):  # type: ignore[misc]
        def __init__(self) -> None:
            Network.__init__(self, 1)
            DeterministicMixin.__init__(self)

    class Agent(PPO):  # type: ignore[misc]
        def update(self, *, timestep: int, timesteps: int) -> None:
            super().update(timestep=timestep, timesteps=timesteps)
            task.updated(policy.net, (timestep + 1) * settings.num_envs)

    policy = Policy()
    # skrl's own settings do not lower the learning rate. It steps the scheduler in each epoch.
    updates = task.steps // settings.batch * settings.epochs
    anneal = {} if settings == DEFAULTS["skrl"] else {"start_factor": 1.0, "end_factor": 0.0, "total_iters": updates}
    cfg = PPO_CFG(
        rollouts=settings.num_steps,
        learning_epochs=settings.epochs,
        mini_batches=settings.minibatches,
        discount_factor=settings.gamma,
        gae_lambda=settings.gae_lambda,
        learning_rate=settings.learning_rate,
        learning_rate_scheduler=torch.optim.lr_scheduler.LinearLR if anneal else None,
        learning_rate_scheduler_kwargs=anneal,
        rewards_shaper=lambda rewards, *_: rewards * settings.reward_scale,
    )
    cfg.experiment.directory = tempfile.mkdtemp()
    cfg.experiment.write_interval = 0
    agent = Agent(
        models={"policy": policy, "value": Value()},
        memory=RandomMemory(memory_size=settings.num_steps, num_envs=settings.num_envs, device=env.device),
        cfg=cfg,
        **spaces,
    )
    options = {"timesteps": task.steps // settings.num_envs, "headless": True, "disable_progressbar": True}
    return SequentialTrainer(cfg=options, env=env, agents=agent).train, greedy(policy.net)


def cleanrl_script(ours: bool) -> str:
    """Return its ppo.py with the changes of docs/training.md, on Gymnasium's SyncVectorEnv or on Operant in float64."""
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (script,) = (path for path in files("cleanrl") or [] if str(path) == "cleanrl/ppo.py")
    code = script.read_text()
    found = re.search(r"^```diff\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    for hunk in re.findall(r"(?:^-.*\n)+(?:^\+.*\n)*", found[1], re.MULTILINE):
        old, new = ("\n".join(line[1:] for line in hunk.splitlines() if line[0] == sign) for sign in "-+")
        code = code.replace(old, new)
    if ours:
        old = "        record_episode_statistics=True,\n"
        assert old in code
        return code.replace(old, old + "        dtype=np.float64,\n")
    start, end = code.index("    envs = gym.make_vec("), code.index("    assert isinstance(envs.single_action_space")
    return (
        code[:start]
        + "    envs = gym.wrappers.vector.RecordEpisodeStatistics(gym.vector.SyncVectorEnv(\n"
        + "        [lambda: gym.make(args.env_id)] * args.num_envs,\n"
        + "        autoreset_mode=gym.vector.AutoresetMode.SAME_STEP))\n"
        + code[end:]
    )


def cleanrl(task: Task) -> Trained:
    """Return a run of CleanRL's script with the changes of docs/training.md."""
    from torch.utils.tensorboard import SummaryWriter  # noqa: F401 (before the clock starts)

    settings = task.settings
    arguments = {
        "env-id": task.env_id,
        "seed": task.seed,
        "cuda": False,
        "total-timesteps": task.steps,
        "num-envs": settings.num_envs,
        "num-steps": settings.num_steps,
        "update-epochs": settings.epochs,
        "num-minibatches": settings.minibatches,
        "learning-rate": settings.learning_rate,
        "gamma": settings.gamma,
        "gae-lambda": settings.gae_lambda,
    }
    script = cleanrl_script(task.ours)
    stepped, updated = "            done = terminated | truncated\n", "        y_pred, y_true = "
    assert script.count(stepped) == script.count(updated) == 1
    if settings.reward_scale != 1.0:
        script = script.replace(stepped, f"{stepped}            reward = reward * {settings.reward_scale}\n")
    script = script.replace(updated, f"        updated(agent.actor, global_step)\n{updated}")
    code = compile(script, "ppo.py", "exec")
    names: dict[str, Any] = {"__name__": "__main__", "__file__": "ppo.py", "updated": task.updated}

    def train() -> None:
        sys.argv = ["ppo.py", *(f"--{name}={value}" for name, value in arguments.items())]
        exec(code, names)

    return train, greedy(lambda observations: names["agent"].actor(observations))


def tianshou(task: Task) -> Trained:
    """Return Tianshou's training, on single environments in turn."""
    from tianshou.algorithm import PPO
    from tianshou.algorithm.modelfree.reinforce import ProbabilisticActorPolicy
    from tianshou.algorithm.optim import AdamOptimizerFactory
    from tianshou.data import Collector, VectorReplayBuffer
    from tianshou.env import DummyVectorEnv
    from tianshou.trainer import OnPolicyTrainerParams
    from tianshou.utils.net.common import Net
    from tianshou.utils.net.discrete import DiscreteActor, DiscreteCritic

    settings = task.settings
    np.random.seed(task.seed)
    torch.manual_seed(task.seed)

    def single() -> Any:
        env: gym.Env[Any, Any] = gym.make(f"operant:operant/{LANDER}" if task.ours else LANDER)
        return gym.wrappers.TransformReward(env, lambda reward: reward * settings.reward_scale)

    envs = DummyVectorEnv([single] * settings.num_envs)
    envs.seed(task.seed)

    def body() -> Any:
        return Net(state_shape=8, hidden_sizes=(64, 64), activation=nn.Tanh)

    actor = DiscreteActor(preprocess_net=body(), action_shape=4, softmax_output=False)
    policy = ProbabilisticActorPolicy(
        actor=actor,
        dist_fn=lambda logits: torch.distributions.Categorical(logits=logits),
        action_space=gym.spaces.Discrete(4),
        action_scaling=False,
        action_bound_method=None,
    )
    algorithm = PPO(
        policy=policy,
        critic=DiscreteCritic(preprocess_net=body()),
        optim=AdamOptimizerFactory(lr=settings.learning_rate),
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        ent_coef=0.0,
        max_grad_norm=0.5,
        max_batchsize=settings.batch,
    )
    parameters = OnPolicyTrainerParams(
        training_collector=Collector(algorithm, envs, VectorReplayBuffer(2 * settings.batch, settings.num_envs)),
        max_epochs=1,
        epoch_num_steps=task.steps,
        collection_step_num_env_steps=settings.batch,
        update_step_num_repetitions=settings.epochs,
        batch_size=settings.batch // settings.minibatches,
        show_progress=False,
    )
    return lambda: algorithm.run_training(parameters), greedy(lambda observations: actor(observations)[0])


def rllib_algorithm(env_id: str, num_envs: int, runners: int, seed: int, **training: Any) -> Any:
    """Build RLlib's PPO with its own settings, or with others."""
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

    config = (
        PPOConfig()
        .environment(env_id)
        .env_runners(
            num_env_runners=runners,
            num_envs_per_env_runner=num_envs,
            gym_env_vectorize_mode="sync" if env_id == LANDER else "vector_entry_point",
        )
        .debugging(seed=seed, log_level="ERROR")
    )
    if training:
        networks = DefaultModelConfig(fcnet_hiddens=[64, 64], vf_share_layers=False)
        config = config.training(**training).rl_module(model_config=networks)
    return config.build_algo()


def rllib(task: Task) -> Trained:
    """Return RLlib's training in this process."""
    settings = task.settings

    def scaled(**options: Any) -> Any:
        env = task.vector(AutoresetMode.NEXT_STEP, options["num_envs"])
        return TransformReward(env, lambda rewards: rewards * settings.reward_scale)

    gym.register("ScaledLander-v3", vector_entry_point=scaled)
    algorithm = rllib_algorithm(
        "ScaledLander-v3",
        settings.num_envs,
        0,
        task.seed,
        lr=[[0, settings.learning_rate], [task.steps, 0.0]],
        gamma=settings.gamma,
        lambda_=settings.gae_lambda,
        clip_param=0.2,
        use_kl_loss=False,
        grad_clip=0.5,
        vf_loss_coeff=0.5,
        entropy_coeff=0.01,
        train_batch_size=settings.batch,
        minibatch_size=settings.batch // settings.minibatches,
        num_epochs=settings.epochs,
    )

    def train() -> None:
        for _ in range(task.steps // settings.batch):
            algorithm.train()

    def logits(observations: torch.Tensor) -> torch.Tensor:
        return algorithm.get_module().forward_inference({"obs": observations})["action_dist_inputs"]

    return train, greedy(logits)


LIBRARIES: dict[str, Callable[[Task], Trained]] = {
    "Stable-Baselines3": stable_baselines3,
    "TorchRL": torchrl,
    "skrl": skrl,
    "CleanRL": cleanrl,
    "RLlib": rllib,
    "Tianshou": tianshou,
}


def mean_return(act: Callable[[np.ndarray], np.ndarray], episodes: int = 50) -> float:
    """Play episodes in Gymnasium's environment, one in each env."""
    env = gym.make_vec(LANDER, num_envs=episodes, vectorization_mode="sync")
    observations, _ = env.reset(seed=10_000)
    returns, alive = np.zeros(episodes), np.ones(episodes, np.bool_)
    while alive.any():
        observations, rewards, terminations, truncations, _ = env.step(act(observations))
        returns += rewards * alive
        alive &= ~(terminations | truncations)
    return float(returns.mean())


def measure_rllib(runners: list[int], num_envs: int, rounds: int) -> list[dict[str, Any]]:
    """Measure the time of RLlib's sampling of 4,000 steps between two updates, and of the rest of an iteration."""
    import ray
    from ray.rllib.execution.rollout_ops import synchronous_parallel_sample

    ray.init(num_cpus=max(runners) + 1, include_dashboard=False, log_to_driver=False)
    runs = []
    for seed in range(1, rounds + 1):
        for count in runners:
            for ours in (True, False):
                algorithm = rllib_algorithm(f"operant:operant/{LANDER}" if ours else LANDER, num_envs, count, seed)
                times = []
                for _ in range(6):
                    began = time.perf_counter()
                    synchronous_parallel_sample(
                        worker_set=algorithm.env_runner_group,
                        max_env_steps=algorithm.config.total_train_batch_size,
                        _uses_new_env_runners=True,
                    )
                    times.append(time.perf_counter() - began)
                began = time.perf_counter()
                algorithm.train()
                result = {"sampling": float(np.median(times[1:])), "wall": time.perf_counter() - began}
                algorithm.stop()
                runs.append({"runners": count, "ours": ours, "seed": seed} | result)
                print(runs[-1], file=sys.stderr, flush=True)
    ray.shutdown()
    return runs


def learn(name: str, seed: int) -> None:
    """Learn with QUICK, and print the mean return."""
    train, act = LIBRARIES[name](Task(True, *QUICK[name], seed))
    began = time.process_time()
    train()
    print(f"{name}: {time.process_time() - began:.1f} s of processor time")
    print(f"mean return: {mean_return(act):.1f}")


def main() -> None:
    """Measure RLlib, or learn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--runners", nargs="+", type=int, help="measure RLlib with these numbers of env runners")
    what.add_argument("--learn", choices=LIBRARIES, help="learn, and print the mean return")
    parser.add_argument("--rounds", type=int, default=3, help="of --runners (default: %(default)s)")
    parser.add_argument("--num-envs", type=int, default=16, help="of each env runner (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the times of --runners")
    parser.add_argument("--seed", type=int, default=1, help="of --learn (default: %(default)s)")
    arguments = parser.parse_args()
    path = arguments.json.resolve() if arguments.json else None
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)  # some libraries write files
        if arguments.learn:
            learn(arguments.learn, arguments.seed)
            return
        runs = measure_rllib(arguments.runners, arguments.num_envs, arguments.rounds)
    if path:
        written = {"machine": machine(), "num_envs": arguments.num_envs, "results": runs}
        path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
