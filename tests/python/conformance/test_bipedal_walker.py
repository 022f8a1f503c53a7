"""BipedalWalker: equal to environments of Gymnasium that are made anew for every episode, in every bit."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from operant import envs

pytest.importorskip("Box2D", reason="needs Gymnasium's BipedalWalker, and so Box2D")

from fresh_walkers import POLICIES, Walkers

IDS = ["BipedalWalker-v3", "BipedalWalkerHardcore-v3"]


def on_both_tracks(policies):
    """Parametrize a test over policies, on each track in turn."""
    return pytest.mark.parametrize(("policy", "hardcore"), [(one, i % 2 == 1) for i, one in enumerate(policies)])


@on_both_tracks(POLICIES)
def test_equal_to_fresh_environments(policy, hardcore):
    walkers = Walkers(policy, 4, seed=100, hardcore=hardcore)
    for _ in range(120):
        walkers.step()
    assert walkers.steps == 480


@on_both_tracks(["thrown", "thrown softly", "extreme", "constant"])
def test_equal_after_the_end_of_episodes(policy, hardcore):
    """Walkers that lie, slide, tumble over the terrain and sleep."""
    walkers = Walkers(policy, 3, seed=7, hardcore=hardcore, beyond=250)
    for _ in range(450):
        walkers.step()
    assert walkers.steps_beyond > 400


def test_equal_to_the_end_of_the_track():
    walkers = Walkers("gait", 1, seed=13)
    while walkers.episodes == 0:
        walkers.step()
    assert walkers.arrivals == 1


@pytest.mark.parametrize("id", IDS)
def test_pictures_are_gymnasiums_but_for_the_lidar(id):
    pytest.importorskip("pygame")
    theirs, ours = gym.make(id, render_mode="rgb_array"), gym.make(f"operant/{id}", render_mode="rgb_array")
    gait, rng = POLICIES["gait"](), np.random.default_rng(0)
    observation, _ = theirs.reset(seed=13)
    ours.reset(seed=13)
    for t in range(200):
        action = gait(rng, observation, t)
        observation, _, terminated, _, _ = theirs.step(action)
        ours.step(action)
        if t % 20 == 0:
            theirs.unwrapped.lidar_render = 50  # a picture without a ray
            np.testing.assert_array_equal(ours.render(), theirs.render())
        if terminated:
            break
    assert t > 60


def outputs(num_envs, workers=1, steps=40):
    """Return all that some steps return, with restarts."""
    env = envs.BipedalWalkerVecEnv(num_envs, workers, hardcore=True, max_episode_steps=25)
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (steps, 700, 4)).astype(np.float32)
    results = [env.reset(seed=5)[0].copy()]
    results += [np.array(part) for action in actions for part in env.step(action[:num_envs])[:4]]
    return results


def test_num_envs_and_workers_change_nothing():
    expected = outputs(700)
    for num_envs, workers in ((700, 2), (65, 1), (1, 1)):
        for ours, theirs in zip(outputs(num_envs, workers), expected, strict=True):
            assert ours.tobytes() == theirs[:num_envs].tobytes()


def test_a_changed_hardcore_counts_from_the_next_reset_on():
    env = envs.BipedalWalkerVecEnv(2)
    plain = env.reset(seed=3)[0].copy()
    env.set_parameters(hardcore=True)
    walls = env.state_names.index("world.wall_count")
    assert env.state[:, walls].tolist() == [0, 0]
    env.reset(seed=3)
    assert np.all(env.state[:, walls] > 20)
    env.hardcore = False
    assert env.reset(seed=3)[0].tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("world.contact_count", 97),
        ("world.wall_count", 40),
        ("world.contacts[0].body", 5),
        ("world.contacts[0].obstacle", 39 + 199),
        ("world.contacts[0].manifold.count", 3),
    ],
)
def test_impossible_states_are_refused(name, value):
    env = envs.BipedalWalkerVecEnv(1)
    env.reset(seed=0)
    for _ in range(10):
        env.step(np.zeros((1, 4), np.float32))  # until the feet touch the ground
    state = env.state
    assert state[0, env.state_names.index("world.contact_count")] > 0
    state[0, env.state_names.index(name)] = value
    before = env.state.tobytes()
    with pytest.raises(ValueError, match=name.replace("[", r"\[").replace("]", r"\]")):
        env.set_state(state)
    assert env.state.tobytes() == before
