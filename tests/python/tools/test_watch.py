"""`operant watch`."""

from __future__ import annotations

import re
import sys

import gymnasium as gym
import numpy as np
import pytest

import operant
from operant import cli, envs, policies

pygame = pytest.importorskip("pygame")
pytestmark = pytest.mark.filterwarnings("ignore:.*pkg_resources.*", "ignore:.*avx2.*:RuntimeWarning")

BALANCE = policies.Linear([[0.0, -1, -10, -1], [0, 1, 10, 1]])


class Gray(envs.CartPoleVecEnv):
    """Draws its angle as a shade of gray."""

    def draw(self, state, action):
        return np.full((6, 8, 3), np.clip(128 + 500 * state[2], 0, 255), np.uint8)


@pytest.fixture
def gray():
    operant.register("Gray-v0", Gray)
    yield "Gray-v0"
    del gym.registry["Gray-v0"]


@pytest.mark.parametrize("name", ["CartPole-v1", "operant/CartPole-v1", "cartpole-v1"])
def test_the_file_shows_the_policy(name, tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    policies.save(BALANCE, tmp_path / "policy.npz")
    path = tmp_path / "film.gif"
    command = ["watch", name, "--policy", str(tmp_path / "policy.npz"), "-o", str(path), "--seconds", "0.4"]
    assert cli.main([*command, "--seed", "3"]) == 0
    assert capsys.readouterr().out == f"{path}: Animation(0.4 s, 20 frames of 600 x 400 pixels)\n"
    expected = next(iter(envs.CartPoleVecEnv(1).animate(BALANCE, 0.02, seed=3)))
    with image.open(path) as gif:
        assert np.abs(np.asarray(gif.convert("RGB"), float) - expected).mean() < 1.5


def test_own_environments_and_random_actions(gray, tmp_path, capsys):
    pytest.importorskip("PIL")
    assert cli.main(["watch", gray, "-o", str(tmp_path / "film.gif"), "--num-envs", "2"]) == 0
    assert "10 s, 500 frames of 16 x 6 pixels" in capsys.readouterr().out


def test_the_window_closes(gray, monkeypatch, capsys):
    """A click on the window's cross ends the program; Ctrl-C does, too, and --seconds."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    shown = []

    def draw(self, state, action):
        shown.append(state)
        if len(shown) == 3:
            pygame.event.post(pygame.event.Event(pygame.QUIT))
        if len(shown) == 20:
            raise KeyboardInterrupt
        return np.zeros((6, 8, 3), np.uint8)

    monkeypatch.setattr(Gray, "draw", draw)
    assert cli.main(["watch", gray]) == 0
    assert len(shown) == 3
    assert not pygame.display.get_init()
    assert cli.main(["watch", gray, "--seconds", "0.1"]) == 0
    assert len(shown) == 3 + 5
    assert cli.main(["watch", gray]) == 130
    assert re.match("close the window, or press Ctrl-C, to stop\n", capsys.readouterr().err)


@pytest.mark.skipif(sys.platform != "linux", reason="there is always a screen")
def test_no_screen(monkeypatch, capsys):
    """Without a screen, SDL draws windows that nobody sees."""
    for variable in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    pygame.display.quit()
    pygame.display.init()
    if pygame.display.get_driver() != "offscreen":
        pytest.skip(f"SDL found a screen: {pygame.display.get_driver()}")
    assert cli.main(["watch", "CartPole-v1", "--seconds", "0.1"]) == 2
    assert "there is no screen for a window; write a video instead, with --output FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["CartPol-v1"], "CartPol-v1: expected an id from `operant envs`; did you mean 'CartPole-v1'?"),
        (["zzz"], "zzz: expected an id from `operant envs`."),
        (["no_such_module:Some-v0"], "no_such_module"),
        (["CartPole-v1", "--policy", __file__, "-o", "film.gif"], "expected a file that operant.policies.save"),
        (["CartPole-v1", "-o", "film.avi"], "expected a name that ends in .gif or .mp4, got 'film.avi'"),
        (["CartPole-v1", "-o", "no folder/film.gif"], "expected a file in a directory that exists"),
        (["CartPole-v1", "--num-envs", "2"], "--num-envs: a window shows one env"),
    ],
)
def test_errors(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["watch", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
