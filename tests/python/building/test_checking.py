"""`check_environment`, on environments with one mistake each, and on those without."""

from __future__ import annotations

import re
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import operant
from operant import cli, envs
from operant.building._play import difference, random_actions
from operant.building.checking import reported
from operant.building.libraries import SUFFIX
from operant.cli import check
from operant.envs import CartPoleVecEnv
from operant.registration import ENVIRONMENTS

ROOT = Path(__file__).parents[3]
HEADER = Path(__file__).with_name("wrong_environments.hpp")
NUM_ENVS = 70
STEPS = 40  # enough for the mistakes to show


@pytest.fixture(scope="module")
def wrong(quick_compilations):
    """The classes by the names of the structs, where pickles find them."""
    classes = {one.__name__: one for one in operant.load(HEADER)}
    globals().update(classes)
    return {name.removesuffix("VecEnv"): one for name, one in classes.items()}


def found(env_class, **keywords):
    """The only finding."""
    (finding,) = report_of(env_class, **keywords).findings
    return finding


def report_of(env_class, steps=STEPS, **keywords):
    try:
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            return operant.check_environment(env_class, steps=steps, **keywords)
    except operant.CheckError as error:
        return error.report


@pytest.fixture(scope="module")
def actions(wrong):
    """The actions that the check plays."""
    return random_actions(wrong["Walk"](NUM_ENVS), STEPS, 0)


@pytest.fixture(scope="module")
def places(actions):
    """The place after each step, as numpy computes it, before the first episodes end."""
    starts = [np.random.default_rng(seed).uniform(-1, 1) for seed in range(NUM_ENVS)]
    return starts + np.where(actions == 1, 1, -1).cumsum(axis=0)[:17]


def first(mask):
    """Step and env."""
    step, env = np.unravel_index(mask.argmax(), mask.shape)
    return step + 1, env


def test_a_right_environment_has_no_findings(wrong):
    report = operant.check_environment(wrong["Walk"])
    assert report.findings == ()
    assert report.steps > 1e6
    assert str(report) == f"WalkVecEnv: errors: 0, warnings: 0, steps: {report.steps:,}"


def first_change(actions):
    """The step before which the wind changes, which the last env makes for env 0."""
    last = actions[:, -1]
    return (last != np.roll(last, 1)).argmax() + 1


#: The environment, its only finding, and the step and the env of it, from the actions and the places.
PLACES = {
    "NanReward": ("reward: expected a finite number, got nan", lambda actions, _: (7, (actions[6] == 1).argmax())),
    "InfiniteObservation": ("observation[0]: expected a finite number, got -inf", lambda _, place: first(place < -5)),
    "NarrowBox": ("observation[0]: expected a number from -20.0 to 3.5, got ", lambda _, place: first(place > 3.5)),
    "DiscreteOf99": ("observation: expected an integer from 0 to 3, got 99", lambda *_: (5, 0)),
    # Env 0 has the wind of the last env, made in the step before, or by the environment beside it, in this one.
    "SharedWind": ("results: observation is [", lambda actions, _: (first_change(actions), 0)),
    "OwnGenerator": ("Is there a static or global variable, a clock, or a random generator", lambda *_: (1, 0)),
    "Thrower": ("step raised RuntimeError: the ninth step", lambda actions, _: (9, (actions[8] == 1).argmax())),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_mistake_has_one_finding_with_its_place(name, wrong, actions, places):
    finding = found(wrong[name])
    message, place = PLACES[name]
    assert finding.is_error
    assert message in finding.message
    assert (finding.step, finding.env) == place(actions, places)


@pytest.mark.parametrize("name", ["NanReward", "InfiniteObservation", "NarrowBox", "DiscreteOf99"])
def test_a_finding_is_seen_again_in_one_env_alone(name, wrong):
    finding = found(wrong[name], seed=5)
    env = wrong[name](**finding.keywords | {"num_envs": 1})
    observations, _ = env.reset(seed=finding.seed)
    assert len(finding.actions) == finding.step
    for action in finding.actions:
        assert env.observation_space.contains(observations)
        state = env.state[0]
        observations, rewards, *_ = env.step(action[None])
    assert tuple(state) == tuple(finding.state.values())
    outside = not env.observation_space.contains(observations) or np.isinf(observations).any()
    assert outside or np.isnan(rewards[0])


def test_an_observation_that_depends_on_more_than_the_state(wrong, actions):
    again, reset = report_of(wrong["HiddenAction"]).errors
    env = (actions[0] != actions[0, -1]).argmax()  # the first env whose action is not that of the last one
    values = f"[{actions[0, env]}.0], and [{actions[0, -1]}.0] when computed again from the same state"
    assert again.message.startswith(f"observation is {values}: does visit_state omit a member")
    assert (again.step, again.env) == (1, env)
    assert reset.message == "observation changed when other envs were reset: is there a static variable?"
    assert reset.keywords["autoreset_mode"] == "Disabled"


def test_an_operation_across_lanes(wrong):
    finding = found(wrong["Herd"])
    assert finding.message.startswith("envs influence each other: observation is [")
    place = np.random.default_rng(finding.seed).uniform(-1, 1)
    for action in finding.actions[:-1, 0]:
        place += action
        place = -place if place > 3 else place
    assert finding.state["place"] == pytest.approx(place, abs=1e-5)


def test_flags_and_parameters_that_may_be_zero(wrong):
    error, warning = report_of(wrong["Limits"]).findings
    assert error.is_error
    assert error.message == "observation[0]: expected a number from -20.0 to 20.0, got 50.0"
    assert error.keywords == {"num_envs": NUM_ENVS, "long_steps": True}
    assert not warning.is_error
    assert warning.message == "reward: expected a finite number, got inf"
    assert warning.keywords == {"num_envs": NUM_ENVS, "stride": 0.0}
    assert report_of(wrong["Limits"], stride=2.0).findings[0].keywords == error.keywords | {"stride": 2.0}
    assert report_of(wrong["Limits"], stride=2.0, long_steps=False).findings == ()


def test_suspicious_behaviour_is_a_warning(wrong, actions):
    with np.errstate(all="raise"), pytest.warns(UserWarning, match="RootVecEnv: ") as shown:
        report = operant.check_environment(wrong["Root"], steps=STEPS)
    assert [str(one.message) for one in shown] == [f"RootVecEnv: {one}" for one in report.warnings]
    assert shown[0].filename == __file__
    state, seeds = report.warnings
    assert seeds.message.startswith("the seed changes nothing")
    assert state.message.startswith("a number of the state is infinite or NaN")
    assert (state.step, state.env) == (1, (actions[0] == 0).argmax())


def test_bounds_that_reset_refuses(wrong):
    finding = found(wrong["EndlessBounds"])
    assert finding.message.startswith("reset(options={'high': inf}) raised OverflowError: high: expected a finite")
    assert finding.step == 0


class OtherDtype(CartPoleVecEnv):
    def step(self, actions):
        observations, *others = super().step(actions)
        return observations.astype(np.float64), *others


class OtherSpace(CartPoleVecEnv):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.single_observation_space = gym.spaces.Box(-9, 9, (4,))


class NoCopies(CartPoleVecEnv):
    def __deepcopy__(self, memo):
        raise TypeError("no copies")


class AnotherCopy(CartPoleVecEnv):
    def __deepcopy__(self, memo):
        copied = AnotherCopy(self.num_envs)
        copied.reset(seed=123)
        return copied


class MoreForTwo(CartPoleVecEnv):
    def step(self, actions):
        observations, rewards, *others = super().step(actions)
        return observations, rewards + np.float32(self.workers - 1), *others


@pytest.mark.parametrize(
    ("env_class", "message", "step"),
    [
        (OtherDtype, "observation: expected shape (70, 4) and dtype float32, got (70, 4) and float64", 1),
        (OtherSpace, "observation_space: expected 70 times Box(-9.0, 9.0, (4,), float32), got Box(", None),
        (NoCopies, "copy.deepcopy raised TypeError: no copies", None),
        (AnotherCopy, "an environment does not continue as before after copy.deepcopy: observation is [", 101),
        (MoreForTwo, "one worker and two workers give different results: reward is 1.0, and 2.0 with two workers", 1),
    ],
)
def test_mistakes_of_a_subclass(env_class, message, step):
    with pytest.raises(operant.CheckError) as raised:
        operant.check_environment(env_class, steps=100)
    finding = raised.value.report.errors[0]
    assert finding.message.startswith(message)
    assert finding.step == step
    assert str(raised.value) == str(raised.value.report)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_environments_of_the_package_are_right(name):
    has_bodies = name in {"LunarLander", "LunarLanderContinuous", "BipedalWalker"}  # whose steps take longer
    sizes = {"num_envs": 20, "steps": 12} if has_bodies else {"steps": 40}
    report = report_of(getattr(envs, f"{name}VecEnv"), **sizes)
    messages = [one.message for one in report.findings]
    if has_bodies:
        # Gymnasium's observations leave these spaces, too: an angle may pass 2 pi, for example.
        assert all(re.match(r"observation\[\d\]: expected a number from ", message) for message in messages)
    else:  # CliffWalking has no chance in it
        suspicious = ["the seed changes nothing: with the same actions, all envs do the same"]
        assert messages == (suspicious if name == "CliffWalking" else [])


EXAMPLES = {
    "environments/cartpole_swingup.hpp": "CartPoleSwingUp",
    "environments/connect_four.hpp": "ConnectFour",
    "environments/joint_replenishment.hpp": "JointReplenishment",
    "environments/key_door.hpp": "KeyDoor",
    "environments/pendulum_chain.hpp": "PendulumChain",
    "environments/point_mass.hpp": "PointMass",
    "environments/quadrotor.hpp": "Quadrotor",
    "environments/quadrotor_lidar.hpp": "QuadrotorLidar",
    "environments/snake.hpp": "Snake",
    "python_package/include/van_der_pol.hpp": "VanDerPol",
    "bouncing_ball.hpp": "BouncingBall",
    "double_integrator.hpp": "DoubleIntegrator",
    "hover.hpp": "Hover",
    "treasure.hpp": "Treasure",
}


def test_all_examples_are_checked():
    headers = (path for path in (ROOT / "examples").rglob("*.hpp"))
    assert {path.relative_to(ROOT / "examples").as_posix() for path in headers} == set(EXAMPLES)


#: The headers that other tests load, one by one.
LOADED_ELSEWHERE = {f"environments/{name}.hpp" for name in ("connect_four", "key_door", "quadrotor_lidar", "snake")}


@pytest.fixture(scope="module")
def examples(quick_compilations, tmp_path_factory):
    """The classes of the examples by their names. One library has those that no other test loads."""
    file = tmp_path_factory.mktemp("examples") / "together.hpp"
    together = [path for path in EXAMPLES if path not in LOADED_ELSEWHERE]
    file.write_text("#pragma once\n" + "".join(f'#include "{ROOT}/examples/{path}"\n' for path in together))
    loaded = operant.load(file, environments=[EXAMPLES[path] for path in together])
    loaded = [*loaded, *(operant.load(ROOT / "examples" / path) for path in LOADED_ELSEWHERE)]
    return {one.__name__: one for one in loaded}


@pytest.mark.parametrize("name", EXAMPLES.values())
def test_the_examples_are_right(name, examples):
    assert report_of(examples[f"{name}VecEnv"], steps=30).findings == ()


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"env_class": 3}, TypeError, "env_class: expected a class of environments, got 3"),
        ({"env_class": envs.SimdVectorEnv}, TypeError, "env_class: expected a class of environments, got <class"),
        ({"env_class": CartPoleVecEnv(1)}, TypeError, "env_class: expected a class of environments, got CartPole"),
        ({"num_envs": 0}, ValueError, "num_envs: expected a positive integer, got 0"),
        ({"steps": 1.5}, TypeError, "steps: expected a positive integer, got 1.5"),
        ({"seed": -1}, ValueError, "seed: expected an integer from 0 up, got -1"),
        ({"seed": None}, TypeError, "seed: expected an integer from 0 up, got None"),
        ({"progress": 1}, TypeError, "progress: expected None, True or a function"),
        ({"dtype": np.float64}, TypeError, "dtype: expected no such argument, as the check tries several"),
        ({"gravity": np.full(NUM_ENVS, 9.0)}, TypeError, "gravity: expected a number, or 1 times that"),
        ({"gravitty": 9.0}, TypeError, "did you mean 'gravity'?"),
    ],
)
def test_bad_arguments_are_refused(arguments, kind, message):
    with pytest.raises(kind) as raised:
        operant.check_environment(**{"env_class": CartPoleVecEnv} | arguments)
    assert message in str(raised.value)


def test_progress():
    calls = []
    reported(CartPoleVecEnv, 2, 200, 0, lambda done, total: calls.append((done, total)), {})
    total = calls[0][1]
    assert calls == sorted(calls)
    assert calls[-1] == (total, total)


def test_the_command_reports_each_environment(wrong, capsys):
    assert cli.main(["check", str(HEADER), "--steps", "10"]) == 1
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "WalkVecEnv: errors: 0, warnings: 0, steps: " in shown.out
    assert "NanRewardVecEnv: errors: 1, warnings: 0" in shown.out
    assert "\n  error: reward: expected a finite number, got nan\n    step 7, env 0, seed 0, action 1" in shown.out
    assert ", action 1, state before {'place': " in shown.out
    assert len(shown.out.split("VecEnv: errors: ")) == len(wrong) + 1


def test_the_command_takes_libraries(wrong, quick_compilations, capsys, monkeypatch):
    """In a terminal, it shows a bar."""
    library = next(quick_compilations.glob(f"{HEADER.stem}*{SUFFIX}"))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert cli.main(["check", str(library), "--environments", "Walk,Root", "--steps", "50", "--seed", "3"]) == 0
    shown = capsys.readouterr()
    names = [line.partition(":")[0] for line in shown.out.splitlines() if not line.startswith(" ")]
    assert names == ["WalkVecEnv", "RootVecEnv"]
    assert "plays" in shown.err
    assert cli.main(["check", str(library), "--environments", "Walks"]) == 2
    assert "--environments: expected some of Walk, NanReward" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "operant check: [Errno 2] No such file or directory"),
        ("struct Nothing {};", "an environment needs `static constexpr std::string_view name`"),
    ],
)
def test_a_header_that_cannot_be_checked_is_explained(content, message, tmp_path, capsys):
    header = tmp_path / "header.hpp"
    if content is not None:
        header.write_text(content)
    assert cli.main(["check", str(header)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "-1"], "argument --seed: expected an integer from 0 up, got -1"),
        (["--steps", "0"], "argument --steps: expected a positive integer, got 0"),
    ],
)
def test_mistakes_in_the_command_are_explained(arguments, message, capsys):
    assert cli.main(["check", "header.hpp", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_header_of_policies_alone_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(operant, "load", lambda *_, **__: operant.policies.Random, raising=False)
    assert cli.main(["check", "header.hpp"]) == 2
    assert capsys.readouterr().err == "operant check: header.hpp: expected an environment, found only policies\n"


def test_the_bar_needs_a_terminal(monkeypatch):
    assert not check._shows_progress()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert check._shows_progress() == (find_spec("tqdm") is not None)
    monkeypatch.setattr(sys, "stderr", None)
    assert not check._shows_progress()


def test_the_bar_counts_plays(capsys):
    pytest.importorskip("tqdm")
    operant.check_environment(envs.CartPoleVecEnv, num_envs=3, steps=10, progress=True)
    done, total = re.findall(r"(\d+)\S*/(\d+)\S* \[", capsys.readouterr().err)[-1]
    assert done == total


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_differ_in_bits(dtype):
    """Python's own equality says that 0.0 is -0.0, and that a NaN is not itself."""
    first = {"reward": np.array([np.nan, 0.0, -0.0], dtype)}
    assert difference(first, {"reward": np.array([-np.nan, 0.0, -0.0], dtype)}) is None
    assert difference(first, {"reward": np.array([np.nan, 0.0, 0.0], dtype)}) == ("reward", 2)
    assert difference(first, {"reward": np.array([0.0, 0.0, -0.0], dtype)}) == ("reward", 0)
    assert difference({"state": np.zeros((2, 2), dtype)}, {"state": np.array([[0, 0], [0, -0.0]], dtype)}) == (
        "state",
        1,
    )
