"""Train Operant's CartPole with TorchRL's PPO. `GymWrapper` wraps the vector environment, and a collector steps it.

pip install torchrl
"""

import gymnasium as gym
import torch
from tensordict.nn import TensorDictModule
from torch import nn
from torch.distributions import Categorical
from torchrl.collectors import Collector
from torchrl.envs import GymWrapper
from torchrl.modules import ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

torch.manual_seed(1)
torch.set_num_threads(1)  # more threads slow down such small networks

# TorchRL itself resets the envs whose episode has ended.
vector_env = gym.make_vec("operant:operant/CartPole-v1", num_envs=16, autoreset_mode="Disabled")
env = GymWrapper(vector_env, categorical_action_encoding=True)
env.set_seed(1)


def network(outputs):
    return nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))


logits = network(2)
actor = ProbabilisticActor(
    TensorDictModule(logits, in_keys=["observation"], out_keys=["logits"]),
    in_keys=["logits"],
    distribution_class=Categorical,
    return_log_prob=True,
)
critic = ValueOperator(network(1), in_keys=["observation"])

frames, epochs, minibatch = 1024, 8, 256
collector = Collector(env, actor, frames_per_batch=frames, total_frames=frames * 100)
advantage = GAE(gamma=0.98, lmbda=0.9, value_network=critic)
loss_module = ClipPPOLoss(actor, critic, clip_epsilon=0.2, entropy_coeff=0.0, normalize_advantage=True)
optimizer = torch.optim.Adam(loss_module.parameters(), lr=1e-3)
schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=100)

for batch in collector:
    advantage(batch)
    steps = batch.reshape(-1)
    for _ in range(epochs):
        for chosen in torch.randperm(frames).split(minibatch):
            losses = loss_module(steps[chosen])
            optimizer.zero_grad()
            (losses["loss_objective"] + losses["loss_critic"]).backward()
            nn.utils.clip_grad_norm_(loss_module.parameters(), 0.5)
            optimizer.step()
    schedule.step()
collector.shutdown()

env = gym.make_vec("CartPole-v1", num_envs=100, vectorization_mode="sync")
observations, _ = env.reset(seed=1)
returns, alive = 0.0, 1.0
for _ in range(500):
    with torch.no_grad():
        actions = logits(torch.as_tensor(observations)).argmax(dim=1).numpy()
    observations, rewards, terminations, _, _ = env.step(actions)
    returns += rewards * alive
    alive *= ~terminations
print("mean return of 100 episodes:", returns.mean())
