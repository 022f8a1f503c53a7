"""Videos: their frames equal Gymnasium's, and files and notebooks show them."""

from __future__ import annotations

import base64
import copy
import re
import sys
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import operant
from operant import envs
from operant.envs._animation import Animation
from operant.policies import Linear, Random

pytest.importorskip("pygame")
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*pkg_resources.*",
    "ignore:.*avx2.*:RuntimeWarning",
    "ignore:.*Exception ignored in.*:pytest.PytestUnraisableExceptionWarning",  # imageio-ffmpeg leaves pipes open
)

BALANCE = [[0.0, -1, -10, -1], [0, 1, 10, 1]]


def frames_of_gymnasium(gymnasium_id, choose, seed, count):
    """The frames of Gymnasium's own environment, and of its resets."""
    env = gym.make_vec(gymnasium_id, 1, vectorization_mode="sync", render_mode="rgb_array")
    observations, _ = env.reset(seed=seed)
    frames = [env.render()[0]]
    while len(frames) < count:
        observations, *_ = env.step(choose(observations))
        frames.append(env.render()[0])
    env.close()
    return frames


@pytest.mark.parametrize(
    ("env", "weights", "count"),
    [(envs.CartPoleVecEnv, [[0.0, -1, -10, -1], [0, 1, 10, 0.2]], 250), (envs.PendulumVecEnv, [[0.0, 1, 0.1]], 30)],
)
def test_the_frames_equal_gymnasium(env, weights, count):
    made = env(5, dtype=np.float64)
    pace = made.metadata["render_fps"]
    given = np.asarray(weights, np.float32)

    def choose(observations):
        outputs = observations @ given.T
        return np.clip(outputs, -2, 2) if len(given) == 1 else outputs.argmax(axis=1)

    expected = frames_of_gymnasium(made.gymnasium_id, choose, 7, count)
    for policy, shown in ((Linear(weights), count), (choose, 30)):
        animation = made.animate(policy, shown / pace, seed=7)
        assert (animation.frames_per_second, len(animation)) == (pace, shown)
        for ours, theirs in zip(animation, expected[:shown], strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)


def test_several_envs_are_side_by_side_with_their_parameters():
    env = envs.CartPoleVecEnv(4, length=[0.3, 0.5, 0.9, 1.5])
    animation = env.animate(Linear(BALANCE), 0.1, seed=[3, 4, 5, 6], num_envs=3)
    assert animation.shape == (800, 1200, 3)
    for i, place in enumerate((np.s_[:400, :600], np.s_[:400, 600:], np.s_[400:, :600])):
        alone = envs.CartPoleVecEnv(1, length=env.length[i]).animate(Linear(BALANCE), 0.1, seed=3 + i)
        for together, single in zip(animation, alone, strict=True):
            np.testing.assert_array_equal(together[place], single)
            assert (together[400:, 600:] == 255).all()


def test_the_environment_does_not_change():
    env = envs.CartPoleVecEnv(3)
    env.reset(seed=0)
    before = env._core.save()
    env.animate(Random(), 0.1)
    assert env._core.save() == before


def test_actions_follow_the_mask():
    env = envs.TaxiVecEnv(2)
    animation = env.animate(Random(seed=0), 10, seed=0)
    frames = list(animation)
    assert len(frames) == 40
    assert all(not np.array_equal(one, other) for one, other in pairwise(frames))  # every action has an effect


class Drawn(envs.CartPoleVecEnv):
    """Draws itself, with an attribute that users set."""

    shade = 1

    def draw(self, state, action):
        return np.full((5, 7, 3), self.shade + (action is not None), np.uint8)


class Stubborn(Drawn):
    """Steps itself, always to the left."""

    def step(self, actions):
        return super().step(np.zeros_like(actions))


@pytest.mark.parametrize("env_class", [Drawn, Stubborn])
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_subclasses_draw_and_step_themselves(env_class, mode):
    env = env_class(2, autoreset_mode=mode, max_episode_steps=7)
    env.shade = 10
    first, *others = env.animate(Linear(BALANCE), 0.5, seed=0)
    assert (first == 10).all()
    assert {int(one.max()) for one in others} <= {10, 11}
    assert {int(one.max()) for one in others} >= {11}


def test_a_gif_shows_every_second_frame(tmp_path):
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "cartpole.GIF"
    animation = envs.CartPoleVecEnv(1).animate(Linear(BALANCE), 1, path=path, seed=0)
    with image.open(path) as gif:
        assert (gif.size, gif.info["loop"]) == ((600, 400), 0)
        total = 0
        for i in range(gif.n_frames):
            gif.seek(i)
            total += gif.info["duration"]
            if i == 0:
                shown = np.asarray(gif.convert("RGB"), float)
                assert np.abs(shown - next(iter(animation))).mean() < 1.5
        assert total == 1000
        assert gif.n_frames <= 25  # Pillow joins equal ones


def test_an_mp4_has_all_frames(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "cartpole.mp4"
    animation = envs.CartPoleVecEnv(1).animate(Linear(BALANCE), 1, path=path, seed=0)
    frames = ffmpeg.read_frames(str(path))
    facts = next(frames)
    assert (facts["fps"], facts["size"], facts["codec"]) == (50, (600, 400), "h264")
    read = [np.frombuffer(one, np.uint8).reshape(400, 600, 3) for one in frames]
    assert len(read) == len(animation) == 50
    for ours, encoded in zip(animation, read, strict=True):
        assert np.abs(ours.astype(float) - encoded).mean() < 3


def test_odd_sizes_are_padded(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    Drawn(1).animate(Random(), 0.2, path=tmp_path / "small.mp4")
    assert next(ffmpeg.read_frames(str(tmp_path / "small.mp4")))["size"] == (8, 6)


def test_notebooks_show_a_video_or_a_gif(monkeypatch):
    pytest.importorskip("imageio_ffmpeg")
    animation = envs.CartPoleVecEnv(1).animate(Linear(BALANCE), 0.2, seed=0)
    html = animation._repr_html_()
    content = base64.b64decode(re.search(r'src="data:video/mp4;base64,(.*?)"', html)[1])
    assert content[4:8] == b"ftyp"
    monkeypatch.setattr(operant.envs._animation, "require", refuse_ffmpeg)
    html = animation._repr_html_()
    assert base64.b64decode(re.search(r'src="data:image/gif;base64,(.*?)"', html)[1]).startswith(b"GIF89a")
    assert repr(animation) == "Animation(0.2 s, 10 frames of 600 x 400 pixels)"


def refuse_ffmpeg(package, requirement):
    if package == "imageio_ffmpeg":
        raise ModuleNotFoundError(f'{package} is not installed: pip install "{requirement}"')


def test_a_missing_library_is_named(monkeypatch, tmp_path):
    animation = Animation(iter([np.zeros((2, 2, 3), np.uint8)]), 10)
    for package, name in (("PIL", "a.gif"), ("imageio_ffmpeg", "a.mp4")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises((ImportError, ValueError), match=package):
            animation.save(tmp_path / name)


ERRORS = [
    ({"policy": 3}, TypeError, "policy: expected a policy or a function"),
    ({"seconds": 0}, ValueError, "seconds: expected a number above 0"),
    ({"seconds": float("nan")}, ValueError, "seconds: expected"),
    ({"seconds": "long"}, TypeError, "seconds: expected a number"),
    ({"path": "film.avi"}, ValueError, r"path: expected a name that ends in \.gif or \.mp4, got 'film\.avi'"),
    ({"path": 3}, TypeError, "path: expected a path"),
    ({"num_envs": 4}, ValueError, "num_envs: expected an integer from 1 to 3"),
    ({"seed": [1, 2]}, ValueError, "seed"),
]


@pytest.mark.parametrize(("keywords", "kind", "message"), ERRORS)
def test_errors(keywords, kind, message):
    env = envs.CartPoleVecEnv(3)
    with pytest.raises(kind, match=message):
        env.animate(**{"policy": Random()} | keywords)


def test_closed_environments_are_refused():
    env = envs.CartPoleVecEnv(3)
    env.close()
    with pytest.raises(gym.error.ClosedEnvironmentError):
        env.animate(Random())


def test_policies_are_those_of_the_caller():
    policy = Random(seed=0)
    twin = copy.deepcopy(policy)
    frames = list(envs.CartPoleVecEnv(1).animate(policy, 0.2, seed=0))
    again = list(envs.CartPoleVecEnv(1).animate(twin, 0.2, seed=0))
    np.testing.assert_array_equal(frames, again)
