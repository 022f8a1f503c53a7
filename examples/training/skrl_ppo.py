"""Train Operant's CartPole with skrl's PPO.

pip install skrl torch
"""

import tempfile

import gymnasium as gym
import torch
from skrl.agents.torch.ppo import PPO, PPO_CFG
from skrl.envs.wrappers.torch import wrap_env
from skrl.memories.torch import RandomMemory
from skrl.models.torch import CategoricalMixin, DeterministicMixin, Model
from skrl.trainers.torch import SequentialTrainer
from skrl.utils import set_seed
from torch import nn

torch.set_num_threads(1)  # more threads slow down such small networks
set_seed(1)

# skrl does not leave out steps that only start an episode, so it needs "SameStep".
env = wrap_env(gym.make_vec("operant:operant/CartPole-v1", num_envs=32, autoreset_mode="SameStep"))


def network(outputs):
    return nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))


class Policy(CategoricalMixin, Model):
    def __init__(self):
        Model.__init__(self, observation_space=env.observation_space, action_space=env.action_space, device=env.device)
        CategoricalMixin.__init__(self)
        self.net = network(2)

    def compute(self, inputs, role):
        return self.net(inputs["observations"]), {}


class Value(DeterministicMixin, Model):
    def __init__(self):
        Model.__init__(self, observation_space=env.observation_space, action_space=env.action_space, device=env.device)
        DeterministicMixin.__init__(self)
        self.net = network(1)

    def compute(self, inputs, role):
        return self.net(inputs["observations"]), {}


rollouts, timesteps, epochs = 32, 4800, 8
settings = PPO_CFG(
    rollouts=rollouts,
    learning_epochs=epochs,
    mini_batches=4,
    discount_factor=0.98,
    gae_lambda=0.9,
    learning_rate=1e-3,
    value_clip=0.0,
    value_loss_scale=0.5,
    learning_rate_scheduler=torch.optim.lr_scheduler.LinearLR,
    learning_rate_scheduler_kwargs={
        "start_factor": 1.0,
        "end_factor": 0.0,
        "total_iters": timesteps // rollouts * epochs,  # skrl steps the scheduler in each epoch
    },
)
settings.experiment.directory = tempfile.mkdtemp()
policy = Policy()
agent = PPO(
    models={"policy": policy, "value": Value()},
    memory=RandomMemory(memory_size=rollouts, num_envs=env.num_envs, device=env.device),
    cfg=settings,
    observation_space=env.observation_space,
    action_space=env.action_space,
    device=env.device,
)
SequentialTrainer(
    cfg={"timesteps": timesteps, "headless": True, "disable_progressbar": True}, env=env, agents=agent
).train()

env = gym.make_vec("CartPole-v1", num_envs=100, vectorization_mode="sync")
observations, _ = env.reset(seed=1)
returns, alive = 0.0, 1.0
for _ in range(500):
    with torch.no_grad():
        actions = policy.net(torch.as_tensor(observations)).argmax(dim=1).numpy()
    observations, rewards, terminations, _, _ = env.step(actions)
    returns += rewards * alive
    alive *= ~terminations
print("mean return of 100 episodes:", returns.mean())
