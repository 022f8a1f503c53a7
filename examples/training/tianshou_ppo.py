"""Train Operant's CartPole with Tianshou's PPO.

Tianshou supports only its own vector environments, which step single environments in turn. It can use Operant's single
environments, but loses the batching.

    pip install tianshou
"""

import gymnasium as gym
import numpy as np
import torch
from tianshou.algorithm import PPO
from tianshou.algorithm.modelfree.reinforce import ProbabilisticActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OnPolicyTrainerParams
from tianshou.utils.net.common import Net
from tianshou.utils.net.discrete import DiscreteActor, DiscreteCritic

np.random.seed(1)
torch.manual_seed(1)
torch.set_num_threads(1)  # more threads slow down such small networks

num_envs = 16
train_envs = DummyVectorEnv([lambda: gym.make("operant:operant/CartPole-v1")] * num_envs)
test_envs = DummyVectorEnv([lambda: gym.make("CartPole-v1")] * 100)
train_envs.seed(1)
test_envs.seed(1000)


def body():
    return Net(state_shape=4, hidden_sizes=(64, 64), activation=torch.nn.Tanh)


actor = DiscreteActor(preprocess_net=body(), action_shape=2, softmax_output=False)
policy = ProbabilisticActorPolicy(
    actor=actor,
    dist_fn=lambda logits: torch.distributions.Categorical(logits=logits),
    action_space=gym.make("CartPole-v1").action_space,
    deterministic_eval=True,
    action_scaling=False,
    action_bound_method=None,
)
algorithm = PPO(
    policy=policy,
    critic=DiscreteCritic(preprocess_net=body()),
    optim=AdamOptimizerFactory(lr=1e-3),
    gamma=0.98,
    gae_lambda=0.9,
    ent_coef=0.0,
    max_grad_norm=0.5,
    max_batchsize=2048,
)
train_collector = Collector(algorithm, train_envs, VectorReplayBuffer(20_000, num_envs))
test_collector = Collector(algorithm, test_envs)
result = algorithm.run_training(
    OnPolicyTrainerParams(
        training_collector=train_collector,
        test_collector=test_collector,
        max_epochs=10,
        epoch_num_steps=10_240,
        collection_step_num_env_steps=1024,
        update_step_num_repetitions=8,
        batch_size=256,
        test_step_num_episodes=100,
        stop_fn=lambda mean_return: mean_return >= 475,
        show_progress=False,
    )
)
print("mean return of 100 episodes:", result.best_reward)
