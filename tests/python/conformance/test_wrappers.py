"""Gymnasium's wrappers of vector environments have the same results with Operant as with SyncVectorEnv."""

from __future__ import annotations

import re

import gymnasium as gym
import numpy as np
import pytest
from conftest import CONTINUOUS, ONE_PER_CLASS, id_of
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import transform_observation, vector as wrappers
from side_by_side import (
    GYMNASIUM,
    lively_actions,
    make_oracle,
    random_actions,
    run_beside,
)

# Gymnasium warns of spaces that its own wrappers make.
pytestmark = [
    pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*precision lowered by casting:UserWarning"),
]

NUM_ENVS = 6


@pytest.fixture(params=[one for one in ONE_PER_CLASS if one.name in ("CartPole", "Pendulum")], ids=id_of)
def registration(request):
    """An environment with discrete actions and one with continuous ones: the wrappers see no other difference."""
    return request.param


@pytest.fixture
def both(registration):
    """Makes Operant in float64 and SyncVectorEnv, with rewards in float32 too: the wrappers compute with them."""

    def make_both(mode=AutoresetMode.NEXT_STEP, **kwargs):
        kwargs = {"max_episode_steps": 14, **kwargs}
        ours = gym.make_vec(
            registration.id, num_envs=NUM_ENVS, workers=2, dtype=np.float64, autoreset_mode=mode, **kwargs
        )
        theirs = make_oracle(registration, NUM_ENVS, mode, **kwargs)
        theirs.float32_rewards = True
        return ours, theirs

    return make_both


def drive(ours, theirs, rng):
    """Steps both wrapped environments, and compares all that they return."""
    space = theirs.unwrapped.single_action_space  # the wrapped one may be unbounded

    def actions():
        for step in range(46):
            if step == 1:  # below the wrappers, half of the envs start again, so that episodes end in some envs only
                for env in (ours, theirs):
                    env.unwrapped.reset(options={"reset_mask": np.arange(NUM_ENVS) % 2 == 0})
            yield random_actions(space, rng, NUM_ENVS)

    run_beside(ours, theirs, actions())
    ours.close()
    theirs.close()


ANY_MODE = {
    "ClipReward": lambda env: wrappers.ClipReward(env, -0.4, 0.7),
    "TransformReward": lambda env: wrappers.TransformReward(env, lambda reward: 2 * reward + 1),
    "NormalizeReward": wrappers.NormalizeReward,
    "RecordEpisodeStatistics": wrappers.RecordEpisodeStatistics,
    "DictInfoToList": wrappers.DictInfoToList,
    "DictInfoToList of statistics": lambda env: wrappers.DictInfoToList(wrappers.RecordEpisodeStatistics(env)),
}


@pytest.mark.quick
@pytest.mark.parametrize("wrapper", ANY_MODE)
def test_wrappers_of_rewards_and_infos(both, mode, rng, wrapper):
    if wrapper == "DictInfoToList of statistics" and GYMNASIUM < (1, 3):
        pytest.skip("this Gymnasium fails to list the statistics that it records itself")
    ours, theirs = (ANY_MODE[wrapper](env) for env in both(mode))
    drive(ours, theirs, rng)


def doubled(env):
    """Repeat every observation, one below the other."""
    space = env.single_observation_space
    return gym.spaces.Box(np.stack([space.low] * 2), np.stack([space.high] * 2), dtype=np.float32)


def twice(env):
    return wrappers.VectorizeTransformObservation(
        env,
        transform_observation.TransformObservation,
        func=lambda observation: np.stack([observation, observation]),
        observation_space=doubled(env),
    )


OBSERVATIONS = {
    "TransformObservation": lambda env: wrappers.TransformObservation(env, lambda observations: observations * 0.5),
    "TransformObservation, in place": lambda env: wrappers.TransformObservation(
        env, lambda observations: np.multiply(observations, 0.5, out=observations)
    ),
    "TransformObservation, another shape": lambda env: wrappers.TransformObservation(
        env, lambda observations: np.stack([observations] * 2, axis=1), single_observation_space=doubled(env)
    ),
    "VectorizeTransformObservation": lambda env: wrappers.VectorizeTransformObservation(
        env,
        transform_observation.TransformObservation,
        func=lambda observation: observation * 0.5,
        observation_space=env.single_observation_space,
    ),
    "VectorizeTransformObservation, another shape": twice,
    "FlattenObservation": wrappers.FlattenObservation,
    "FlattenObservation of another shape": lambda env: wrappers.FlattenObservation(twice(env)),
    "ReshapeObservation": lambda env: wrappers.ReshapeObservation(env, (*env.single_observation_space.shape, 1)),
    "DtypeObservation": lambda env: wrappers.DtypeObservation(env, np.float64),
}


@pytest.mark.parametrize("wrapper", OBSERVATIONS)
def test_wrappers_of_observations(both, mode, rng, wrapper):
    """In mode SAME_STEP, the wrappers that refuse Gymnasium's environment also refuse Operant's."""
    ours, theirs = both(mode)
    try:
        theirs = OBSERVATIONS[wrapper](theirs)
    except (ValueError, AssertionError) as refusal:  # Gymnasium before 1.4 asserts
        assert mode is AutoresetMode.SAME_STEP
        with pytest.raises(type(refusal), match=f"^{re.escape(str(refusal))}"):
            OBSERVATIONS[wrapper](ours)
    else:
        drive(OBSERVATIONS[wrapper](ours), theirs, rng)


VECTORIZED = [name for name in OBSERVATIONS if not name.startswith("TransformObservation") and " of " not in name]


@pytest.mark.parametrize("wrapper", VECTORIZED)
def test_vectorized_wrappers_can_write_to_final_observations(both, rng, wrapper):
    """Constructors in Gymnasium 1.1 to 1.4 refuse the mode SAME_STEP, so the test shows them another one."""
    wrapped = []
    for env in both(AutoresetMode.SAME_STEP):
        own = env.metadata
        env.metadata = {**own, "autoreset_mode": AutoresetMode.NEXT_STEP}
        wrapped.append(OBSERVATIONS[wrapper](env))
        env.metadata = own
        wrapped[-1].autoreset_mode = AutoresetMode.SAME_STEP
    drive(*wrapped, rng)


@pytest.mark.parametrize("update", [True, False])
def test_normalize_observation(both, rng, update):
    ours, theirs = (wrappers.NormalizeObservation(env) for env in both())
    for env in (ours, theirs):
        env.reset(seed=0)
        env.update_running_mean = update
    drive(ours, theirs, rng)
    np.testing.assert_array_equal(ours.obs_rms.mean, theirs.obs_rms.mean)
    np.testing.assert_array_equal(ours.obs_rms.var, theirs.obs_rms.var)


CONTINUOUS_ACTIONS = {
    "ClipAction": wrappers.ClipAction,
    "RescaleAction": lambda env: wrappers.RescaleAction(env, -3.0, 5.0),
    "TransformAction": lambda env: wrappers.TransformAction(env, lambda actions: actions * 0.3),
}


@pytest.mark.parametrize("registration", CONTINUOUS[-1:], ids=id_of, indirect=True)
@pytest.mark.parametrize("wrapper", CONTINUOUS_ACTIONS)
def test_wrappers_of_continuous_actions(both, mode, rng, wrapper):
    ours, theirs = (CONTINUOUS_ACTIONS[wrapper](env) for env in both(mode))
    drive(ours, theirs, rng)


@pytest.mark.parametrize("registration", ONE_PER_CLASS[:1], ids=id_of, indirect=True)
def test_transform_action_of_discrete_actions(both, mode, rng):
    ours, theirs = both(mode)
    space = theirs.single_action_space
    ours, theirs = (wrappers.TransformAction(env, lambda actions: space.n - 1 - actions) for env in (ours, theirs))
    drive(ours, theirs, rng)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_numpy_to_torch(both, mode, rng):
    """The oracle is not wrapped. Both fail at `final_obs`, because arrays of objects cannot become tensors."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("array_api_compat")
    from gymnasium.wrappers.numpy_to_torch import numpy_to_torch
    from gymnasium.wrappers.vector import NumpyToTorch

    ours, theirs = both(mode)
    ours = NumpyToTorch(ours)
    observations = ours.reset(seed=3)[0]
    assert observations.dtype == torch.float32
    theirs.reset(seed=3)
    finished = np.zeros(NUM_ENVS, bool)
    for _ in range(30):
        if mode is AutoresetMode.DISABLED and finished.any():
            ours.reset(seed=4)
            theirs.reset(seed=4)
        actions = random_actions(theirs.single_action_space, rng, NUM_ENVS)
        expected = theirs.step(actions)
        if "final_obs" in expected[4]:
            with pytest.raises(Exception) as failure:  # noqa: PT011, as it depends on the versions of Gymnasium and torch
                numpy_to_torch(expected[4])
            with pytest.raises(failure.type):
                ours.step(torch.as_tensor(actions))
            break
        actual = ours.step(torch.as_tensor(actions))
        for part, other in zip(actual[:4], expected[:4], strict=True):
            assert torch.equal(part, torch.as_tensor(other))
        finished = expected[2] | expected[3]


# One environment is enough: test_render.py compares the frames of all.
@pytest.mark.parametrize("registration", ONE_PER_CLASS[:1], ids=id_of, indirect=True)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore:.*pkg_resources.*")
def test_record_video(registration, both, rng, tmp_path):
    if not hasattr(wrappers, "RecordVideo"):
        pytest.skip("this Gymnasium records no videos of vector environments")
    pytest.importorskip("moviepy")
    pytest.importorskip("pygame")
    ours, theirs = recorders = [
        wrappers.RecordVideo(env, str(tmp_path / name), episode_trigger=lambda episode: episode == 0)
        for name, env in zip(("ours", "theirs"), both(render_mode="rgb_array"), strict=True)
    ]
    observations, _ = (recorder.reset(seed=0)[0] for recorder in recorders)
    for _ in range(4):
        actions = lively_actions(registration, theirs.single_action_space, rng, observations)
        observations, _ = (recorder.step(actions)[0] for recorder in recorders)
    frames = [list(recorder.recorded_frames) for recorder in recorders]
    for recorder in recorders:
        recorder.close()
    assert len(frames[0]) == len(frames[1]) == 5
    for frame, other in zip(*frames, strict=True):
        np.testing.assert_array_equal(frame, other)
    assert ours.frames_per_sec == theirs.frames_per_sec
    assert [path.name for path in (tmp_path / "ours").iterdir()] == ["rl-video-episode-0.mp4"]
