"""The environments of examples/environments/ equal Python versions of them in Gymnasium's vector environment."""

from __future__ import annotations

import re
from pathlib import Path

import example_twins
import gymnasium as gym
import numpy as np
import pytest
from modules import module_at
from side_by_side import Float32Oracle, run_beside

import operant

EXAMPLES = Path(__file__).parents[3] / "examples/environments"
NUM_ENVS = 67
HEADERS = {"Snake": "snake", "ConnectFour": "connect_four", "KeyDoor": "key_door", "QuadrotorLidar": "quadrotor_lidar"}


@pytest.fixture(scope="module")
def loaded(quick_compilations):
    """The classes by the names of the environments."""
    return {name: operant.load(EXAMPLES / f"{header}.hpp") for name, header in HEADERS.items()}


def chase(twin, _):
    """An action that leads a snake towards the fruit."""
    down, right = np.subtract(twin.fruit, twin.snake[0])
    return (0 if down < 0 else 2) if down != 0 else (3 if right < 0 else 1)


def explore(twin, random_action):
    """Take the key and open the door where the agent sees them before it; otherwise do not."""
    object_ahead, _, state = twin.seen()[5, 3]
    if object_ahead == 5:
        return 3
    if object_ahead == 4 and state > 0:
        return 4
    return 2 if random_action > 2 else random_action


#: Actions for every other env that lead to what random actions hardly ever reach.
LIVELY = {"Snake": chase, "KeyDoor": explore}
LIMITS = {"Snake": 60, "KeyDoor": 200, "QuadrotorLidar": 90}


def in_python(name):
    """The class of examples/in_python/ with the rules of a header."""
    pytest.importorskip("numba", reason="Numba has no wheels for this Python")
    return getattr(module_at(EXAMPLES.parent / "in_python" / f"{HEADERS[name]}.py"), name)


@pytest.mark.parametrize(
    ("name", "is_header"), [*((name, True) for name in HEADERS), ("Snake", False)], ids=[*HEADERS, "Snake_in_Python"]
)
def test_whole_runs_equal_those_in_python(loaded, mode, name, is_header):
    limits = {"max_episode_steps": LIMITS[name]} if name in LIMITS else {}

    def make_twin():
        twin = getattr(example_twins, name)()
        return gym.wrappers.TimeLimit(twin, **limits) if limits else twin

    made = loaded[name] if is_header else in_python(name)
    ours = made(NUM_ENVS, autoreset_mode=mode, dtype=np.float64, **limits)
    theirs = Float32Oracle([make_twin] * NUM_ENVS, autoreset_mode=mode)
    theirs.action_space.seed(7)

    def actions():
        for _ in range(1 + max(120, LIMITS.get(name, 0))):
            chosen = theirs.action_space.sample()
            if name in LIVELY:
                twins = [one.unwrapped for one in theirs.envs[::2]]
                chosen[::2] = [LIVELY[name](*both) for both in zip(twins, chosen[::2], strict=True)]
            yield chosen

    terminated, truncated = run_beside(ours, theirs, actions())
    assert terminated > NUM_ENVS / 10
    assert (truncated > 0) == bool(limits)


@pytest.mark.parametrize(
    ("name", "variable", "value", "message"),
    [
        ("Snake", "fruit", 100, "fruit: expected an integer from 0 to 99, got 100"),
        ("Snake", "length", 0, "length: expected an integer from 1 to 100, got 0"),
        ("Snake", "body[5]", 120, "body: expected an integer from 0 to 99, got 120"),
        ("ConnectFour", "mine", 2**42, "mine: expected an integer from 0 to 4398046511103, got 4398046511104"),
        ("KeyDoor", "column", 7, "column: expected an integer from 1 to 6, got 7"),
        ("KeyDoor", "grid[0][3]", 1, "grid: expected an integer from 2 to 2, got 1"),
    ],
)
def test_states_that_a_step_cannot_bear_are_refused(loaded, name, variable, value, message):
    env = loaded[name](2)
    env.reset(seed=0)
    state = env.state
    changed = state.copy()
    changed[1, list(env.state_names).index(variable)] = value
    with pytest.raises(ValueError, match=re.escape(message)):
        env.set_state(changed)
    np.testing.assert_array_equal(env.state, state)


@pytest.fixture(scope="module")
def pictures(loaded):
    """The module with the classes that draw. `loaded` has set the cache."""
    return module_at(EXAMPLES / "pictures.py")


def pixel(picture, row, column):
    """The pixel a third of a cell above the centre of a cell of 24 by 24 pixels, and a third to the left."""
    return picture[row * 24 + 8, column * 24 + 8].tolist()


def test_pictures_show_the_state(pictures):
    snake = pictures.SnakeVecEnv(2, render_mode="rgb_array")
    snake.reset(seed=0)
    for picture, (*body, _, fruit) in zip(snake.render(), snake.state.astype(int), strict=True):
        assert picture.shape == (240, 240, 3)
        assert pixel(picture, *divmod(fruit, 10)) == pictures.RED.tolist()
        assert pixel(picture, *divmod(body[0], 10)) == (pictures.GREEN // 2).tolist()
    four = pictures.ConnectFourVecEnv(5, render_mode="rgb_array")
    observations = four.reset(seed=0)[0]
    colours = np.array([pictures.WHITE, pictures.RED, pictures.YELLOW])
    for _ in range(3):
        for picture, (mine, theirs) in zip(four.render(), observations, strict=True):
            shown = [[pixel(picture, 5 - row, column) for column in range(7)] for row in range(6)]
            np.testing.assert_array_equal(shown, colours[mine + 2 * theirs])
        observations = four.step(np.arange(5))[0]
    door = pictures.KeyDoorVecEnv(3, render_mode="rgb_array")
    door.reset(seed=0)
    for picture, (*_, row, column, _, _) in zip(door.render(), door.state.astype(int), strict=True):
        assert picture.shape == (192, 192, 3)
        assert picture[row * 24 + 12, column * 24 + 12].tolist() == pictures.RED.tolist()
        assert pixel(picture, 0, 7) in (pictures.GREY.tolist(), (pictures.GREY * 0.7).astype(int).tolist())
    lidar = pictures.QuadrotorLidarVecEnv(1, render_mode="rgb_array", radius=2.0)
    lidar.reset(seed=0)
    lidar.set_state(np.zeros((1, 6)))
    (picture,) = lidar.render()
    middle = picture.shape[0] // 2
    assert picture[0, 0].tolist() == pictures.GREY.tolist()
    assert picture[middle, middle].tolist() == pictures.RED.tolist()
    assert picture[middle, -20].tolist() == picture[20, middle].tolist() == pictures.BLUE.tolist()
