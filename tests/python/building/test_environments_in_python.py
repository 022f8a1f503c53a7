"""Environments in Python: compiled code equals plain Python bit for bit, and has all features of environments."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import json
import linecache
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import traceback
import warnings
from pathlib import Path

import garden
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from modules import module_at
from side_by_side import OracleStatistics, assert_same, run_beside

import operant
from operant.envs.spaces import leaves_in
from operant.policies import MLP, Linear
from operant.python import classes
from operant.python.source import steps_words

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples/in_python"
NAMES = {"cartpole": "CartPole", "snake": "Snake", "inventory": "Inventory", "pendulum": "Pendulum"}
HAS_NUMBA = importlib.util.find_spec("numba") is not None
needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="Numba has no wheels for this Python")


@pytest.fixture(scope="module", autouse=True)
def cache(shared_cache):
    """The session's cache directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPERANT_CACHE_DIR", str(shared_cache))
        yield


def module_of(text, path):
    path.write_text(text)
    linecache.checkcache()
    return module_at(path)


def example(name):
    return garden.Garden if name == "garden" else getattr(module_at(EXAMPLES / f"{name}.py"), NAMES[name])


def sampled(env, steps):
    env.action_space.seed(1)
    return [env.action_space.sample() for _ in range(steps)]


def assert_equal_runs(made, mode, steps=40, **arguments):
    """Assert that compiled code and plain Python play the same episodes."""
    compiled, plain = (one(9, autoreset_mode=mode, **arguments) for one in (made, made.plain))
    run_beside(compiled, plain, sampled(compiled, steps))
    np.testing.assert_array_equal(compiled.state, plain.state)


WALK = """
import math
import numpy as np
from gymnasium.spaces import Box, Discrete
import operant

SPEED = 1


@operant.environment
class Walk:
    max_episode_steps = 50
    action_space = Discrete(3)
    observation_space = Box(-100, 100, (1,))

    class State:
        x: int

    def reset(p, s, random):
        s.x = 0

    def step(p, s, action):
        s.x += SPEED * action
        return float(s.x), s.x > 40

    def observation(p, s, out):
        out[0] = s.x
"""


def walk(tmp_path, old="", new="", name="walk"):
    assert old in WALK
    return module_of(WALK.replace(old, new) if old else WALK, tmp_path / f"{name}.py").Walk


@needs_numba
@pytest.mark.parametrize("name", [*NAMES, "garden"])
def test_compiled_runs_equal_plain_python(name, mode):
    assert_equal_runs(example(name), mode, max_episode_steps=12)


#: An environment with every feature that a vectorised step may have. An env that has just terminated divides by zero.
TOGETHER = """
from typing import Annotated
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Tuple
import operant
from operant import Array, math


def turned(s):
    return math.sin(s.x), math.cos(s.x)


@operant.environment
class Together:
    action_space = MultiDiscrete([3, 2])
    observation_space = Dict(
        {"wave": Box(-1, 1, (2,), np.float64), "pair": Tuple((Discrete(3), Box(0, 9, (3,), np.int8)))}
    )
    gain: float = 1.0
    most: Annotated[int, (1, 20)] = 5

    class State:
        x: float
        k: int
        up: bool
        cells: Array[np.int8, 3]

    class Info:
        speed: float
        where: Array[np.int32, 2]

    def reset(p, s, random):
        s.x = random.uniform(-1.0, 1.0)

    def step(p, s, action, info):
        info.speed = 1.0 / (s.k - p.most)
        s.x += p.gain * (action[0] - 1)
        s.k += action[1]
        s.up = s.x > 0.0
        s.cells[s.k % 3] += 1
        if s.up:
            info.where[1] = s.k
        return (0.5 if s.up else -0.25) * info.speed, s.k == p.most, s.x > 4.0

    def observation(p, s, out):
        out.wave[0], out.wave[1] = turned(s)
        out.pair[0][()] = s.k % 3
        out.pair[1][1] = s.k % 10

    def action_mask(p, s, out):
        out[0] = out[1] = out[3] = out[4] = True
        out[2] = s.up
"""


@needs_numba
@pytest.mark.parametrize(
    "parameters", [{}, {"gain": np.arange(9) / 3, "most": np.arange(9) % 4 + 2}], ids=["", "per_env"]
)
def test_envs_that_are_stepped_together_equal_plain_python(tmp_path, mode, parameters):
    made = module_of(TOGETHER, tmp_path / "together.py").Together
    assert steps_words(made._declaration)
    assert_equal_runs(made, mode, **parameters)


#: An environment whose names and dtypes could be mistaken for others.
UNUSUAL = """
import inspect
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete
import operant

INT32 = {"dtype": np.int32} if "dtype" in inspect.signature(Discrete).parameters else {}  # Gymnasium 1.2 has no dtype


@operant.environment
class Unusual:
    action_space = Discrete(2, **INT32)
    observation_space = Dict({
        "first": Dict({"a_b": Discrete(70000, **INT32), "c": Box(-9, 9, (1,))}),
        "second": Dict({"a": MultiDiscrete([3, 4], dtype=np.int16), "b_c": Box(-9, 9, (1,))}),
    })
    count: int = 2

    class State:
        store: int
        _row: float

    def reset(p, s, random):
        s.store, s._row = 0, random.random()

    def step(p, s, action):
        s.store += p.count * action
        return s._row, s.store > 20

    def observation(p, s, out):
        out.first.a_b[()] = 69000 + s.store
        out.first.c[0] = s._row
        out.second.a[1] = s.store % 4
        out.second.b_c[0] = -s._row
"""


@needs_numba
def test_names_and_dtypes_are_those_of_the_class(tmp_path, mode):
    made = module_of(UNUSUAL, tmp_path / "unusual.py").Unusual
    assert_equal_runs(made, mode)
    env = made(3)
    assert env.single_observation_space == made._declaration.observation_space
    assert env.single_action_space == made._declaration.action_space
    observations, _ = env.reset(seed=0)
    assert observations in env.observation_space
    for (_, array), (_, space) in zip(leaves_in(observations), leaves_in(env.observation_space), strict=True):
        assert array.dtype == space.dtype
    assert observations["first"]["a_b"].tolist() == [69000] * 3


@needs_numba
def test_ordinary_python_compiles(tmp_path, mode):
    steps = [
        "s.x += int(np.clip(action, 0, 1)) + int(float(s.x == 3)) + int(np.clip(2.5, 0.0, 1.5) * 2)",
        "s.x -= np.array([0, 1, 3])[action]",
        "s.x += sum([2, 3]) if s.x > 3 else round(math.hypot(action, 0.5))",
    ]
    assert_equal_runs(walk(tmp_path, "s.x += SPEED * action", "\n        ".join(steps), name="ordinary"), mode)


@needs_numba
def test_the_trial_in_plain_python_obeys_the_mask(tmp_path):
    step = "s.x += action\n        if action != 1:\n            raise ValueError('an illegal action')"
    mask = "    def action_mask(p, s, out):\n        out[1] = True\n\n    def observation"
    text = WALK.replace("s.x += SPEED * action", step).replace("    def observation", mask)
    env = module_of(text, tmp_path / "masked.py").Walk(2)
    env.reset(seed=0)
    assert env.step(np.array([1, 1]))[1].tolist() == [1.0, 1.0]


def test_an_action_mask_is_inherited_as_other_functions_are(tmp_path):
    base = WALK.replace("@operant.environment\nclass Walk", "class Base").replace(
        "\n    class State:\n        x: int\n", ""
    )
    mask = "\n    def action_mask(p, s, out):\n        out[1] = True\n"
    child = "\n\n@operant.environment(compiled=False)\nclass Walk(Base):\n    class State:\n        x: int\n"
    env = module_of(base + mask + child, tmp_path / "inherited.py").Walk(2)
    assert env.reset(seed=0)[1]["action_mask"].tolist() == [[False, True, False]] * 2


@needs_numba
def test_the_example_of_the_reference_runs(tmp_path):
    (text,) = re.findall(r"```python\n(.*?)```", inspect.cleandoc(operant.environment.__doc__), re.DOTALL)
    head = "from typing import Annotated\nfrom gymnasium.spaces import Box, Discrete\nimport operant\n"
    module = module_of(head + text, tmp_path / "reference.py")
    assert module.env.num_envs == 4096
    assert_equal_runs(module.Walk, AutoresetMode.NEXT_STEP, slip=0.1, max_episode_steps=30)


@needs_numba
def test_only_steps_without_draws_and_loops_are_vectorised():
    together = {name: steps_words(example(name)._declaration) for name in [*NAMES, "garden"]}
    assert together == {"cartpole": True, "pendulum": True, "snake": False, "inventory": False, "garden": False}


@needs_numba
@pytest.mark.parametrize("name", ["inventory", "garden"])
def test_check_environment_finds_nothing_in_correct_environments(name):
    report = operant.check_environment(example(name), num_envs=8, steps=40)
    assert not report.findings


@needs_numba
@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("s.x = s.x * 3 + 1", "plain Python raised RuntimeError, compiled code did not:.*OverflowError: .*64 bits"),
        ("s.x += int(math.sqrt(9 - s.x) > -1.0)", "plain Python raised RuntimeError, .*ValueError: .*"),
        ("", "compiled code and plain Python differ: .*in plain Python"),
        ("return SPEED * 0.0, s.x > 40", "compiled code and plain Python differ: reward is 0.0, and -0.0 in plain"),
    ],
    ids=["overflow", "domain", "frozen_global", "sign_of_zero"],
)
def test_check_environment_finds_differences_of_compiled_code(tmp_path, step, said):
    if step:
        text = "s.x += SPEED * action\n        return float(s.x), s.x > 40"
        made = walk(tmp_path, text, f"{step}\n        return 0.0, False")
    else:
        made = walk(tmp_path, name="frozen")
    made(2)  # compiles it
    made._declaration.functions["step"].__globals__["SPEED"] = -1
    with pytest.raises(operant.CheckError) as caught:
        operant.check_environment(made, num_envs=2, steps=60)
    assert re.search(said, str(caught.value).replace("\n", " "))


@needs_numba
def test_an_env_has_its_own_parameters():
    values = {"rain": [0.0, 0.5, 1.0], "most": [1, 5, 10]}
    together = garden.Garden(3, **values)
    alone = [garden.Garden(1, **{name: of[i] for name, of in values.items()}) for i in range(3)]
    together.reset(seed=5)
    for i, env in enumerate(alone):
        env.reset(seed=5 + i)
    together.action_space.seed(0)
    for _ in range(40):
        action = together.action_space.sample()
        rewards = together.step(action)[1]
        for i, env in enumerate(alone):
            assert env.step(action[i : i + 1])[1][0] == rewards[i]
            np.testing.assert_array_equal(env.state[0], together.state[i])
    assert (together.state[0] != together.state[2]).any()


@needs_numba
@pytest.mark.parametrize(("name", "value"), [("rain", 1.5), ("most", 2.5), ("most", 11), ("toroidal", 2)])
def test_limits_of_parameters_are_checked(name, value):
    with pytest.raises((TypeError, ValueError), match=name):
        garden.Garden(2, **{name: value})


@needs_numba
def test_the_state_can_be_set():
    env = garden.Garden(3)
    env.reset(seed=1)
    state = env.state
    state[:, env.state_names.index("row")] = 2
    env.set_state(state)
    np.testing.assert_array_equal(env.state, state)


#: A policy that runs without Python, for each environment.
NETWORKS = {
    "inventory": lambda rng: Linear(rng.normal(size=(11, 3)), rng.normal(size=11)),
    "pendulum": lambda rng: MLP([rng.normal(size=(16, 3)), rng.normal(size=(1, 16))], action_space=Box(-2, 2, (1,))),
}


@needs_numba
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_acts_in_a_rollout_as_in_a_loop_of_steps(name, mode):
    made, policy = example(name), NETWORKS[name](np.random.default_rng(0))
    looped, rolled = (made(5, autoreset_mode=mode, max_episode_steps=50) for _ in range(2))
    observations, _ = looped.reset(seed=3)
    rolled.reset(seed=3)
    batch = rolled.rollout(policy, 40)
    assert len(np.unique(batch.actions)) > 1
    for i in range(40):
        actions = policy(observations)
        observations, *results, _ = looped.step(actions)
        stacks = (batch.actions, batch.observations, batch.rewards, batch.terminations, batch.truncations)
        assert_same([stack[i] for stack in stacks], [actions, observations, *results])
    np.testing.assert_array_equal(looped.state, rolled.state)


@needs_numba
@pytest.mark.parametrize("is_compiled", [True, False], ids=["network", "function"])
def test_evaluations_play_the_episodes_of_a_loop(is_compiled):
    made, policy = example("inventory"), NETWORKS["inventory"](np.random.default_rng(0))
    env = made.plain(4, autoreset_mode="SameStep", max_episode_steps=20)
    observations, _ = env.reset(seed=7)
    returns = np.zeros((2, 4))
    for i in range(40):
        observations, rewards, _, truncated, _ = env.step(policy(observations))
        returns[i // 20] += rewards
        assert truncated.all() == (i % 20 == 19)
    seen, lengths = made(4, max_episode_steps=20).evaluate(policy if is_compiled else lambda x: policy(x), 2, seed=7)
    np.testing.assert_allclose(seen, returns, rtol=1e-6)  # the rewards of the loop are rounded to float32
    assert (lengths == 20).all()


@needs_numba
def test_statistics_of_episodes_equal_those_of_gymnasiums_wrapper(mode):
    made, arguments = example("snake"), {"autoreset_mode": mode, "max_episode_steps": 12}
    env = made(9, record_episode_statistics=True, **arguments)
    wrapped = OracleStatistics(made.plain(9, **arguments), buffer_length=1000)
    run_beside(env, wrapped, sampled(env, 60))
    logs = env.get_logs()
    assert logs["episode_count"] == len(wrapped.return_queue) > 20
    assert (logs["total_reward"], logs["total_steps"]) == (sum(wrapped.return_queue), sum(wrapped.length_queue))


@needs_numba
@pytest.mark.parametrize("name", [*NAMES, "garden"])
def test_gymnasium_makes_and_checks_it(name):
    operant.register("Operant-Written-v0", example(name))
    try:
        single = gym.make("Operant-Written-v0")
        with warnings.catch_warnings():
            # Some spaces are unbounded; Gymnasium recommends to normalise them.
            warnings.filterwarnings("error", category=UserWarning)
            warnings.filterwarnings("ignore", message=".*(infinity|symmetric|render|Box observation space).*")
            check_env(single.unwrapped, skip_render_check=True)
        many = gym.make_vec("Operant-Written-v0", num_envs=3)
        first = many.reset(seed=3)[0]
        single_first = gym.make("Operant-Written-v0").reset(seed=3)[0]
        for (place, ours), (other, theirs) in zip(leaves_in(first), leaves_in(single_first), strict=True):
            assert place == other
            np.testing.assert_array_equal(ours[0], theirs)
    finally:
        del gym.registry["Operant-Written-v0"]


@needs_numba
def test_draw_makes_pictures():
    env = garden.Garden(2, render_mode="rgb_array")
    env.reset(seed=1)
    pictures = env.render()
    board = env.state[0, :16].reshape(4, 4, 1)
    np.testing.assert_array_equal(np.asarray(pictures)[0], np.repeat((255 * board).astype(np.uint8), 3, axis=2))


DRAWS = """
import numpy as np
from gymnasium.spaces import Box, Discrete
import operant
from operant import Array


@operant.environment
class Draws:
    action_space = Discrete(2)
    observation_space = Box(-np.inf, np.inf, (8,), np.float64)

    class State:
        seen: Array[np.float64, 8]

    def reset(p, s, random):
        pass

    def step(p, s, action, random):
        s.seen[0] = random.random()
        s.seen[1] = random.uniform(-3.0, 5.0)
        s.seen[2] = random.integers(7)
        s.seen[3] = random.integers(-5, 6)
        s.seen[4] = random.normal(1.5, 0.5)
        s.seen[5] = random.exponential(2.5)
        s.seen[6] = random.integers(0, 2**40)
        s.seen[7] = random.integers(1)
        return 0.0, False

    def observation(p, s, out):
        for i in range(8):
            out[i] = s.seen[i]
"""


@needs_numba
@pytest.mark.parametrize("plain", [False, True], ids=["compiled", "plain"])
def test_draws_equal_those_of_numpys_generator(tmp_path, plain):
    made = module_of(DRAWS, tmp_path / "draws.py").Draws
    env = (made.plain if plain else made)(2)
    env.reset(seed=11)
    generators = [np.random.default_rng(11 + i) for i in range(2)]
    for _ in range(200):
        seen = env.step(np.zeros(2, np.int64))[0]
        for random, row in zip(generators, seen, strict=True):
            drawn = [random.random(), random.uniform(-3.0, 5.0), random.integers(7), random.integers(-5, 6)]
            drawn += [random.normal(1.5, 0.5), random.exponential(2.5), random.integers(0, 2**40), random.integers(1)]
            assert row.tolist() == [float(one) for one in drawn]


#: A step that raises an exception when x is 6; the parameter selects it, so that one class serves all tests.
RAISING = """\
s.x += action
        if p.fault == 1 and s.x > 5:
            raise ValueError('too far')
        s.x += 0 // (6 - s.x) if p.fault == 2 else 0
        s.x += int(0.0 / (6 - s.x)) if p.fault == 3 else 0
        s.x += (1, 2, 3, 4, 5, 6)[s.x] * 0 if p.fault == 4 else 0"""
#: The parameter, the type of the exception, and the text of the line that raises it.
RAISES = {
    "raise": (1, ValueError, "raise Val"),
    "division": (2, ZeroDivisionError, "0 // (6"),
    "float_division": (3, ZeroDivisionError, "0.0 / (6"),
    "index": (4, IndexError, "(1, 2, 3"),
}


@needs_numba
@pytest.mark.parametrize(
    ("plain", "workers"), [(False, 1), (False, 2), (True, 2)], ids=["compiled-1", "compiled-2", "plain"]
)
@pytest.mark.parametrize("name", RAISES)
def test_an_exception_names_env_and_line(tmp_path, name, plain, workers):
    fault, kind, line = RAISES[name]
    text = WALK.replace("s.x += SPEED * action", RAISING).replace("class State:", "fault: int = 0\n\n    class State:")
    made = module_of(text, tmp_path / "raises.py").Walk
    env = (made.plain if plain else made)(600, workers=workers, fault=fault)
    env.reset(seed=0)
    actions = np.zeros(600, np.int64)
    actions[530] = 1
    for _ in range(5):
        env.step(actions)
    with pytest.raises(RuntimeError, match=rf"Walk, env 530, in `step`: {kind.__name__}: .*now closed") as caught:
        env.step(actions)
    cause = caught.value.__cause__
    assert type(cause) is kind
    frames = traceback.extract_tb(cause.__traceback__)
    assert line in frames[-1].line
    assert (frames[0].name, frames[-1].filename) == ("step", str(tmp_path / "raises.py"))
    with pytest.raises(gym.error.ClosedEnvironmentError, match="env 530"):
        print(env.state)


def test_a_wrong_assignment_in_plain_python_names_the_line(tmp_path):
    env = walk(tmp_path, "s.x += SPEED * action", "s.x = 0.5", name="wrong").plain(2)
    env.reset(seed=0)
    line = WALK[: WALK.index("s.x += SPEED")].count("\n") + 1
    with pytest.raises(RuntimeError, match=rf"`State\.x` is a int, got 0\.5 \(\S+wrong\.py:{line}\)"):
        env.step(np.zeros(2, np.int64))


def test_ctrl_c_in_plain_python_is_a_keyboard_interrupt(tmp_path):
    stop = "import signal\n        signal.raise_signal(signal.SIGINT)"
    env = walk(tmp_path, "s.x += SPEED * action", stop, name="stops").plain(3)
    env.reset(seed=0)
    # A process in the background does not have this handler.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            env.step(np.zeros(3, np.int64))
    finally:
        signal.signal(signal.SIGINT, handler)
    assert [one.name for one in traceback.extract_tb(caught.value.__traceback__)][-1] == "step"
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert re.search(r"env 0, in `step`: KeyboardInterrupt \(.*now closed", str(caught.value.__cause__))
    with pytest.raises(gym.error.ClosedEnvironmentError, match="KeyboardInterrupt"):
        env.step(np.zeros(3, np.int64))


@needs_numba
def test_an_exception_of_a_reset_names_the_env(tmp_path):
    reset = "s.x = random.integers(0, 10)\n        if s.x == 0:\n            raise ValueError('zero')"
    env = walk(tmp_path, "s.x = 0", reset, name="resets")(2000)
    seeds = [int(np.random.default_rng(seed).integers(0, 10)) for seed in range(2000)]
    with pytest.raises(RuntimeError, match=rf"env {seeds.index(0)}, in `reset`: ValueError: zero"):
        env.reset(seed=0)


def test_without_numba_it_runs_and_warns_once(tmp_path, monkeypatch):
    monkeypatch.setattr(classes, "find_spec", lambda name: None)
    monkeypatch.setattr(classes, "_warned", False)
    made = walk(tmp_path)
    with pytest.warns(RuntimeWarning, match="Numba is not installed.*pip install"):
        env = made(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(2)
    env.reset(seed=0)
    assert env.step(np.array([1, 2]))[1].tolist() == [1.0, 2.0]


def test_plain_python_can_be_chosen(tmp_path):
    made = walk(tmp_path, "@operant.environment", "calls = []\n@operant.environment(compiled=False)", name="chosen")
    made._declaration.functions["step"].__globals__["SPEED"] = 3
    env = made(1)
    env.reset(seed=0)
    assert env.step(np.array([2]))[1].tolist() == [6.0]
    assert made.plain is made


@needs_numba
def test_a_cell_that_runs_again_makes_the_new_class():
    namespace = {"__name__": "__main__"}
    rewards = []
    envs = []
    for i, speed in enumerate((1, 5)):
        text = WALK.replace("SPEED = 1", f"SPEED = {speed}")
        name = f"<cell {i}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        exec(compile(text, name, "exec"), namespace)
        envs.append(namespace["Walk"](1))
    for env in envs:
        env.reset(seed=0)
        rewards.append(env.step(np.array([2]))[1][0])
    assert rewards == [2.0, 10.0]


def started(directory, architecture):
    """Step the walk of a module in a new process. Return True if it imported Numba, and the state."""
    code = (
        "import json, sys; import numpy as np; from walk import Walk; env = Walk(3); env.reset(seed=1); "
        "env.step(np.arange(3)); print(json.dumps(['numba' in sys.modules, env.state.tolist()]))"
    )
    environment = os.environ | {"OPERANT_CACHE_DIR": str(directory), "OPERANT_ARCH": architecture}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, cwd=directory, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@needs_numba
def test_a_cached_start_imports_no_numba_and_each_instruction_set_has_its_own_code(tmp_path):
    (tmp_path / "walk.py").write_text(WALK)
    for architecture in operant.simd.available:
        starts = [started(tmp_path, architecture) for _ in range(2)]
        assert starts == [[True, [[0], [1], [2]]], [False, [[0], [1], [2]]]]
    codes = {path.read_bytes() for path in tmp_path.glob("*.pyenv")}
    assert len(codes) == len(operant.simd.available)


@needs_numba
def test_a_damaged_cache_is_compiled_again(tmp_path, monkeypatch):
    monkeypatch.setenv("OPERANT_CACHE_DIR", str(tmp_path / "cache"))
    walk(tmp_path)(2)
    (file,) = (tmp_path / "cache").glob("*.pyenv")
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    env = walk(tmp_path)(2)
    env.reset(seed=0)
    assert env.step(np.array([1, 2]))[1].tolist() == [1.0, 2.0]
    digest, _, rest = file.read_bytes().partition(b"\n")
    assert hashlib.sha256(rest).hexdigest() == digest.decode()


#: Definitions of a speed that is 1 or 10, and how a step uses it.
SPEEDS = {
    "number": ("SPEED = {}", (1, 10), "SPEED"),
    "in a module": (
        "import types\nsettings = types.ModuleType('settings')\nsettings.SPEED = {}",
        (1, 10),
        "settings.SPEED",
    ),
    "in an enum": ("import enum\nclass Speed(enum.IntEnum):\n    FAST = {}", (1, 10), "(1 if Speed.FAST == 1 else 10)"),
    "in a named tuple": (
        "from collections import namedtuple\nspeeds = namedtuple('Speeds', {})(1, 10)",
        ("['fast', 'slow']", "['slower', 'fast']"),
        "speeds.fast",
    ),
}


@needs_numba
@pytest.mark.parametrize("where", SPEEDS)
def test_a_changed_global_is_compiled_again(tmp_path, where):
    defined, texts, used = SPEEDS[where]
    for speed, text in zip((1, 10), texts, strict=True):
        # Files of different lengths, because Python's bytecode keeps length and seconds only.
        source = WALK.replace("SPEED * action", f"{used} * action").replace("SPEED = 1", defined.format(text))
        env = module_of(source, tmp_path / "globals.py").Walk(1)
        env.reset(seed=0)
        assert env.step(np.array([2]))[1].tolist() == [2.0 * speed]


@needs_numba
def test_a_statement_that_left_its_try_is_compiled_again(tmp_path):
    """The byte code is the same. The table of exception handlers is not."""
    begin, divide, handle = (
        "try:\n            s.x += 5",
        "\n            s.x += 1 // (s.x - 5)",
        "\n        except Exception:",
    )
    inside = f"{begin}{divide}{handle}\n            s.x = 9"
    outside = f"{begin}{handle}\n            s.x = 9\n        else:{divide}"
    env = walk(tmp_path, "s.x += SPEED * action", inside, name="handlers")(1)
    env.reset(seed=0)
    assert env.step(np.array([0]))[1].tolist() == [9.0]
    with pytest.raises(operant.CompileError, match="ZeroDivisionError"):
        walk(tmp_path, "s.x += SPEED * action", outside, name="handlers")(1)


def state_in_process(pickled):
    env = pickle.loads(pickled)
    env.step(np.ones((3, 2), np.int64))
    return env.state


@needs_numba
def test_spawned_processes_continue_from_pickles():
    env = garden.Garden(3)
    env.reset(seed=2)
    pickled = pickle.dumps(env)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        theirs = pool.apply(state_in_process, [pickled])
    env.step(np.ones((3, 2), np.int64))
    np.testing.assert_array_equal(theirs, env.state)
