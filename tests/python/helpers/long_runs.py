"""Measurements of long runs: test_long_runs.py makes them for seconds, `make soak` for minutes."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import gymnasium as gym
import numpy as np

from operant.envs import MountainCarVecEnv, PendulumVecEnv


def resident_bytes():
    """Return the memory that this process uses; Linux only."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth_while_stepping(environment_id, steps, num_envs=64, **kwargs):
    """Bytes by which the process grows in `steps` steps whose results are all dropped."""
    env = gym.make_vec(environment_id, num_envs=num_envs, **kwargs)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(16)]
    for step in range(2000):  # everything that is allocated only once is allocated in these
        env.step(actions[step % 16])
    gc.collect()
    before = resident_bytes()
    for _ in range(steps // 16):
        for chosen in actions:
            env.step(chosen)
    gc.collect()
    return resident_bytes() - before


def growths_while_stepping(environment_id, steps):
    """The same with few and with many outputs."""
    outputs = {"autoreset_mode": "SameStep", "record_episode_statistics": True}
    return [growth_while_stepping(environment_id, steps, **arguments) for arguments in ({}, outputs)]


def memory_of_kept_frames(frames, num_envs):
    """Bytes by which the process grows when `frames` results are kept; and when they are dropped and kept again."""
    env = gym.make_vec("operant/CartPole-v1", num_envs=num_envs)
    actions = np.zeros(num_envs, np.int64)
    env.reset(seed=0)
    for _ in range(100):
        env.step(actions)
    gc.collect()
    before = resident_bytes()
    kept = [env.step(actions) for _ in range(frames)]
    taken = resident_bytes() - before
    kept.clear()
    gc.collect()
    kept += [env.step(actions) for _ in range(frames)]
    return taken, resident_bytes() - before - taken


def counts(num_envs, episodes, length):
    """Return the expected and the actual logs after episodes in every env: episodes, steps, reward.

    The cars are left in the valley, so that every episode lasts until its limit.
    """
    env = MountainCarVecEnv(num_envs, 2, max_episode_steps=length)
    env.reset(seed=0)
    actions = np.ones(num_envs, np.int32)
    for _ in range(episodes * (length + 1)):  # after each episode, a step that starts the next
        env.step(actions)
    logs = env.get_logs()
    all_steps = num_envs * episodes * length
    expected = (num_envs * episodes, all_steps, -float(all_steps))
    return expected, (logs["episode_count"], logs["total_steps"], logs["total_reward"])


def pendulum_errors(torques, steps, dtype, restart_every):
    """Return, for each torque, the largest distance of an observation from Gymnasium's equations in float64.

    Operant steps on and on; the reference starts anew from Operant's state every so many steps.
    """
    env = PendulumVecEnv(len(torques), max_episode_steps=10**7, dtype=dtype)
    env.reset(seed=0)
    actions = np.array(torques, np.float32)[:, None]
    observations = np.empty((steps // 1000, restart_every, len(torques), 3), np.float32)
    states = []
    for step in range(steps):
        segment, within = divmod(step, 1000)
        if within == 0:
            states.append(env.state)
        observation = env.step(actions)[0]
        if within < restart_every:
            observations[segment, within] = observation
    theta, theta_dot = np.moveaxis(np.array(states), -1, 0)
    errors = np.zeros(len(torques))
    for step in range(restart_every):  # the references of all segments together
        theta_dot = theta_dot + (3 * 10.0 / (2 * 1.0) * np.sin(theta) + 3.0 / (1.0 * 1.0**2) * actions[:, 0]) * 0.05
        theta_dot = np.clip(theta_dot, -8, 8)
        theta = theta + theta_dot * 0.05
        expected = np.stack([np.cos(theta), np.sin(theta), theta_dot], axis=-1)
        errors = np.maximum(errors, np.abs(observations[:, step] - expected).max(axis=(0, 2)))
    return errors
