"""Swing up Gymnasium's Pendulum by model predictive path integral control, with thousands of envs as the model."""

import argparse
import time

import gymnasium as gym
import numpy as np

from operant.envs import PendulumVecEnv

CONTROL_STEP = 0.05  # seconds for which Pendulum applies a torque; a plan must take less
HORIZON = 20  # control steps of a plan
NOISE = 2.0  # standard deviation of the tried torques around the last plan
TEMPERATURE = 1.0  # lower values give more weight to the best torques


class Planner:
    """Plans torques by trying them in a model.

    Williams et al., "Information theoretic MPC for model-based reinforcement learning", ICRA 2017.
    """

    def __init__(self, num_envs, seed):
        """Create the model."""
        self.random = np.random.default_rng(seed)
        self.models = PendulumVecEnv(num_envs)
        self.models.reset(seed=seed)
        self.start = self.models.snapshot()
        self.plan = np.zeros((HORIZON, 1), np.float32)

    def torque(self, angle, velocity):
        """Return the torque of the next control step, an array of one number."""
        num_envs = self.models.num_envs
        self.models.restore(self.start)  # resets the elapsed steps, so no plan reaches the time limit
        self.models.set_state(np.tile([angle, velocity], (num_envs, 1)))
        tried = np.clip(self.plan + NOISE * self.random.standard_normal((HORIZON, num_envs), np.float32), -2, 2)
        returns = self.models.rollout(tried, record="returns").returns
        weights = np.exp((returns - returns.max()) / TEMPERATURE).astype(np.float32)
        plan = tried @ weights[:, None] / weights.sum()
        self.plan = np.append(plan[1:], np.zeros((1, 1), np.float32), axis=0)
        return plan[0]


def swing_up(planner, render_mode=None):
    """Return the angles of an episode that starts with a hanging pendulum, and the seconds of each plan."""
    env = gym.make("Pendulum-v1", render_mode=render_mode)
    env.reset()
    env.unwrapped.state = np.array([np.pi, 0.0])
    observation, over, angles, seconds = (-1.0, 0.0, 0.0), False, [], []
    while not over:
        start = time.perf_counter()
        cosine, sine, velocity = observation
        torque = planner.torque(np.arctan2(sine, cosine), velocity)
        seconds.append(time.perf_counter() - start)
        observation, _, _, over, _ = env.step(torque)
        angles.append(np.arctan2(observation[1], observation[0]))
    env.close()
    return np.array(angles), np.array(seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num-envs", type=int, default=4096, help="envs of the model (default: 4096)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the tried torques (default: 0)")
    parser.add_argument("--render", action="store_true", help="show the pendulum in a window")
    arguments = parser.parse_args()
    planner = Planner(arguments.num_envs, arguments.seed)
    angles, seconds = swing_up(planner, "human" if arguments.render else None)
    upright = np.flatnonzero(np.abs(angles) > 0.1).max() + 1
    print(f"within 0.1 rad of upright from step {upright} of {len(angles)} on, after {upright * CONTROL_STEP:.2f} s")
    late = (seconds > CONTROL_STEP).sum()
    print(
        f"a plan took {1e3 * np.median(seconds):.1f} ms (median; longest {1e3 * seconds.max():.1f}) of "
        f"{1e3 * CONTROL_STEP:.0f}, {late} came late; {arguments.num_envs} envs, {HORIZON} steps ahead"
    )
