"""Frames equal those of Gymnasium's own renderer, pixel by pixel."""

from __future__ import annotations

import pickle

import gymnasium as gym
import numpy as np
import pytest
from conftest import ONE_PER_CLASS, id_of
from parameter_ranges import BY_FAMILY, derive_attributes
from side_by_side import Pair, gymnasium_id_of, lively_actions, make_oracle, random_actions

pytest.importorskip("pygame")
pytestmark = pytest.mark.filterwarnings("ignore:.*pkg_resources.*", "ignore:.*avx2.*:RuntimeWarning")


@pytest.fixture(params=ONE_PER_CLASS, ids=id_of)
def registration(request):
    return request.param


def compare_frames(pair):
    expected = pair.sync.render()
    frames = pair.ours.render()
    assert isinstance(frames, tuple)
    assert len(frames) == pair.num_envs
    for frame, other in zip(frames, expected, strict=True):
        assert frame.dtype == np.uint8
        np.testing.assert_array_equal(frame, other, strict=True)
    return expected


def test_frames_equal_gymnasium(registration, mode, rng):
    pair = Pair(registration, 3, mode, render_mode="rgb_array", max_episode_steps=6)
    pair.reset(seed=0)
    compare_frames(pair)
    pair.run(rng, 2)
    before, changed = compare_frames(pair), 0
    pair.reset(options={"reset_mask": np.array([False, True, False])})
    for _ in range(6):
        pair.step_or_reset(lively_actions(registration, pair.space, rng, pair.observations))
        frames = compare_frames(pair)
        changed += any(not np.array_equal(frame, other) for frame, other in zip(frames, before, strict=True))
        before = frames
    assert changed >= 4
    pair.close()


def test_any_state_that_is_set_is_drawn(registration, rng):
    pair = Pair(registration, 8, render_mode="rgb_array")
    pair.reset(seed=0)
    pair.step(random_actions(pair.space, rng, 8))
    scale = 0.5 if gymnasium_id_of(registration).startswith("MountainCar") else 2
    pair.set_state(rng.uniform(-scale, scale, pair.states().shape))
    compare_frames(pair)
    pair.close()


def test_collected_frames_equal_gymnasium(registration, mode, rng):
    """`make_vec` gives each env a list of the frames since the last call or the beginning of the episode."""
    pair = Pair(registration, 2, mode, render_mode="rgb_array_list", max_episode_steps=4)
    assert pair.ours.render_mode == pair.sync.render_mode == "rgb_array_list"
    assert set(pair.ours.metadata["render_modes"]) <= set(pair.sync.metadata["render_modes"])
    pair.reset(seed=0)
    counts = []
    for steps in (0, 0, 2, 4, 1):
        if steps:
            pair.run(rng, steps)
        ours, theirs = pair.ours.render(), pair.sync.render()
        assert isinstance(ours, tuple)
        assert [len(frames) for frames in ours] == [len(frames) for frames in theirs]
        counts += [len(frames) for frames in theirs]
        for mine, expected in zip(ours, theirs, strict=True):
            for frame, other in zip(mine, expected, strict=True):
                np.testing.assert_array_equal(frame, other, strict=True)
    assert min(counts) == 0
    pair.run(rng, 2)
    copy, expected = pickle.loads(pickle.dumps(pair.ours)), pair.sync.render()
    for frames in (copy.render(), pair.ours.render()):
        assert [len(one) for one in frames] == [len(one) for one in expected]
    pair.close()


@pytest.mark.parametrize("render_mode", ["nonsense", "nonsense_list", "rgb"])
def test_an_unknown_render_mode_is_a_warning_and_renders_nothing(registration, rng, render_mode):
    pattern = f"initialised with render_mode='{render_mode}' that is not in the possible render_modes"
    made = []
    for id in (registration.id, gymnasium_id_of(registration)):
        mode = "vector_entry_point" if id == registration.id else "sync"
        with pytest.warns(UserWarning, match=pattern):
            made.append(gym.make_vec(id, num_envs=1, vectorization_mode=mode, render_mode=render_mode))
        made[-1].reset(seed=0)
        made[-1].step(random_actions(made[-1].single_action_space, rng, 1))
    with pytest.raises(ValueError, match=rf"render: expected a render_mode of .*, got '{render_mode}'"):
        made[0].render()
    with pytest.raises(AssertionError):
        made[1].render()


DRAWN = [
    ("CartPole", {"length": 1.2}),
    ("CartPole", {"x_threshold": 1.0}),
    ("MountainCar", {"goal_position": 0.2}),
    ("MountainCar", {"min_position": -1.0, "max_position": 0.9}),
    ("MountainCarContinuous", {"goal_position": 0.2}),
    ("MountainCarContinuous", {"min_position": -1.0, "max_position": 0.9}),
    ("Acrobot", {"LINK_LENGTH_1": 0.5}),
    ("Acrobot", {"LINK_LENGTH_2": 1.5}),
]


@pytest.mark.parametrize(("family", "parameters"), DRAWN)
def test_parameters_are_drawn_as_gymnasium_does(rng, family, parameters):
    def prepare(env):
        for name, value in parameters.items():
            setattr(env, name, value)
        derive_attributes(env)

    registration = BY_FAMILY[family]
    pair = Pair(registration, 2, render_mode="rgb_array", parameters=parameters, prepare=prepare)
    pair.reset(seed=0)
    plain = make_oracle(registration, 2, render_mode="rgb_array")
    plain.reset(seed=0)
    frames = compare_frames(pair)
    assert not np.array_equal(frames[0], plain.render()[0])  # the parameters change the picture
    for _ in range(3):
        pair.step(random_actions(pair.space, rng, 2))
        compare_frames(pair)
    pair.close()


def test_frames_that_are_held_do_not_change(registration, rng):
    env = gym.make_vec(registration.id, num_envs=2, render_mode="rgb_array")
    env.reset(seed=0)
    frames = env.render()
    copies = [frame.copy() for frame in frames]
    for _ in range(5):
        env.step(random_actions(env.single_action_space, rng, 2))
        env.render()
    for frame, copy in zip(frames, copies, strict=True):
        np.testing.assert_array_equal(frame, copy)
