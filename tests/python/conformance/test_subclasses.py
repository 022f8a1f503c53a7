"""Subclasses and added attributes: copies keep the attributes; replaced methods are called or refused."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from types import MethodType
from unittest import mock

import gymnasium as gym
import numpy as np
import pytest
from side_by_side import FORKS

from operant import envs, policies
from operant.envs import CartPoleVecEnv, PendulumVecEnv, SimdVectorEnv, _saving

NUM_ENVS = 6
SPACES = ("single_observation_space", "single_action_space", "observation_space", "action_space")


class Leveled(CartPoleVecEnv):
    """A subclass whose constructor takes other arguments, with added attributes, one of them in a slot."""

    __slots__ = ("slot",)
    level = 1

    def __init__(self, level, *, name="leveled", **keywords):
        super().__init__(NUM_ENVS, **keywords)
        self.level = level
        self.slot = {"name": name}


class Shaped(CartPoleVecEnv):
    """A subclass that scales rewards and observations by an attribute."""

    def __init__(self, scale, **keywords):
        super().__init__(NUM_ENVS, **keywords)
        self.scale = scale

    def reset(self, *, seed=None, options=None):
        observations, infos = super().reset(seed=seed, options=options)
        return observations * self.scale, infos

    def step(self, actions):
        observations, rewards, *flags, infos = super().step(actions)
        return observations * self.scale, rewards * self.scale, *flags, infos


class OwnStart(CartPoleVecEnv):
    """A subclass that replaces only `reset`."""

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed, options={"low": -0.1, "high": 0.1} | (options or {}))


class Closing(Leveled):
    """A subclass that frees an attribute when it is closed."""

    def close_extras(self, **keywords):
        self.freed = self.slot.pop("name")
        super().close_extras(**keywords)


class Reopening(Leveled):
    """Has an attribute that cannot be copied."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.numbers = (number for number in [self.level])

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "numbers"}

    def __setstate__(self, state):
        super().__setstate__(state)
        self.numbers = (number for number in [self.level])


def continues(env, other):
    """Return True if the two environments, stepped in turn, have the same results."""
    actions = np.arange(env.num_envs) % 2
    return all(
        mine.tobytes() == theirs.tobytes()
        for _ in range(20)
        for mine, theirs in zip(env.step(actions)[:4], other.step(actions)[:4], strict=True)
    )


# Copies


@pytest.fixture(params=[*FORKS, "copy"])
def copied(request):
    """Every way to make another environment that continues where one is."""
    return copy.copy if request.param == "copy" else FORKS[request.param]


@pytest.mark.quick
def test_copies_have_the_attributes_that_a_user_has_added(copied):
    env = CartPoleVecEnv(NUM_ENVS)
    env.reset(seed=1)
    env.level, env.others = 3, {"seen": [1, 2.5, None, True], "name": "é"}
    other = copied(env)
    assert (other.level, other.others) == (3, env.others)
    assert [type(one) for one in other.others["seen"]] == [int, float, type(None), bool]
    assert continues(env, other)


def test_copies_of_a_subclass_do_not_call_its_constructor(copied):
    env = Leveled(3, name="third", gravity=3.7, max_episode_steps=15)
    env.reset(seed=1)
    other = copied(env)
    assert (type(other), other.level, other.slot, other.gravity) == (Leveled, 3, {"name": "third"}, 3.7)
    assert continues(env, other)


def test_shallow_copies_share_values_and_deep_ones_do_not():
    env = Leveled(3)
    env.itself = env
    assert copy.copy(env).slot is env.slot
    assert copy.copy(env).itself is env
    deep = copy.deepcopy(env)
    assert deep.slot is not env.slot
    assert deep.itself is deep
    again = pickle.loads(pickle.dumps(env))
    assert again.itself is again


def test_spaces_that_a_subclass_has_replaced_are_copied():
    env = CartPoleVecEnv(NUM_ENVS)
    env.single_observation_space = gym.spaces.Box(-1, 1, (2,))
    env.metadata["render_fps"] = 7
    for copied in (copy.copy, copy.deepcopy, FORKS["pickle"]):
        other = copied(env)
        assert other.single_observation_space == gym.spaces.Box(-1, 1, (2,))
        assert other.metadata == env.metadata


def test_a_subclass_chooses_the_attributes_to_copy(copied):
    env = Reopening(3)
    env.reset(seed=1)
    other = copied(env)
    assert (list(other.numbers), list(env.numbers)) == ([3], [3])
    assert continues(env, other)


def test_a_copy_of_a_closed_environment_is_closed_without_calling_the_subclass():
    env = Closing(3)
    env.close()
    for copied in (copy.copy, copy.deepcopy, FORKS["pickle"]):
        other = copied(env)
        assert (other.closed, other.freed, other.slot) == (True, "leveled", {})
        with pytest.raises(gym.error.ClosedEnvironmentError):
            other.step(np.zeros(NUM_ENVS, int))


def test_a_copy_of_a_rendered_environment_draws_at_once():
    env = PendulumVecEnv(2, render_mode="rgb_array", dtype=np.float64)
    env.reset(seed=1)
    env.step(np.ones((2, 1)))  # Pendulum's pictures show the torque
    for copied in (copy.copy, copy.deepcopy, FORKS["pickle"]):
        np.testing.assert_array_equal(copied(env).render(), env.render())


def test_only_attributes_that_the_constructor_makes_are_made_anew():
    """A new attribute of the class has to be copied, or listed as one that the constructor makes."""
    env = CartPoleVecEnv(2, render_mode="rgb_array")
    env.reset(seed=1)
    env.close()
    assert set(vars(env)) - _saving._NOT_COPIED == {*SPACES, "metadata", "spec"}


# Files


@pytest.mark.parametrize("value", [np.ones(2), (1, 2), np.float64(1), {1: 2}, [{1, 2}]], ids=repr)
def test_attributes_that_a_file_cannot_keep_are_refused_by_name(value, tmp_path):
    env = CartPoleVecEnv(2)
    env.extra = value
    with pytest.raises(TypeError, match=r"extra: a file can keep None, bools, numbers, .* a pickle keeps it"):
        env.save(tmp_path / "env")
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize("name", ["single_action_space", "metadata"])
def test_attributes_that_a_file_would_lose_are_refused(name, tmp_path):
    env = CartPoleVecEnv(2)
    setattr(env, name, gym.spaces.Discrete(3) if name.endswith("space") else env.metadata | {"render_fps": 7})
    with pytest.raises(TypeError, match=f"{name}: a file can keep"):
        env.save(tmp_path / "env")


def test_a_class_that_load_would_not_find_is_refused(tmp_path):
    class Local(CartPoleVecEnv):
        pass

    with pytest.raises(TypeError, match=r"Local: expected a class that `load` finds as .*<locals>\.Local"):
        Local(2).save(tmp_path / "env")
    assert not (tmp_path / "env").exists()


def test_a_closed_environment_is_not_saved(tmp_path):
    env = CartPoleVecEnv(2)
    env.close()
    with pytest.raises(gym.error.ClosedEnvironmentError):
        env.save(tmp_path / "env")
    assert not (tmp_path / "env").exists()
    (tmp_path / "env").write_bytes(_saving.packed(env))
    with pytest.raises(ValueError, match="it has no state"):
        envs.load(tmp_path / "env")


# `step` as a method


def test_step_is_a_method_as_in_gymnasium():
    env, sync = CartPoleVecEnv(2), gym.make_vec("CartPole-v1", 2, vectorization_mode="sync")
    assert inspect.ismethod(env.step)
    assert env.step.__self__ is env
    assert inspect.signature(env.step).parameters.keys() == inspect.signature(sync.step).parameters.keys()
    assert inspect.signature(CartPoleVecEnv.step).parameters.keys() == {"self", "actions"}
    assert (CartPoleVecEnv.step.__name__, CartPoleVecEnv.step.__module__) == ("step", SimdVectorEnv.__module__)
    assert inspect.getdoc(env.step).startswith("Step every env once.")
    assert "step(self, actions" in inspect.getsource(env.step)
    env.reset(seed=1)
    assert len(env.step(actions=np.zeros(2, int))) == 5
    for wrong in ((), (1, 2)):
        with pytest.raises(TypeError, match=r"step\(\) (missing|takes)"):
            env.step(*wrong)


def test_a_bound_step_is_copied_with_its_environment():
    env = CartPoleVecEnv(2)
    env.reset(seed=1)
    for copied in (copy.deepcopy, FORKS["pickle"]):
        step = copied(env.step)
        assert type(step.__self__) is CartPoleVecEnv
        assert step.__self__ is not env
        assert step.__self__.state.tobytes() == env.state.tobytes()


@pytest.mark.parametrize("owner", [CartPoleVecEnv, SimdVectorEnv, None], ids=["class", "base", "object"])
@pytest.mark.parametrize("render_mode", [None, "rgb_array"])
def test_a_patch_of_step_is_called(owner, render_mode):
    env = CartPoleVecEnv(2, render_mode=render_mode)
    env.reset(seed=1)
    with mock.patch.object(owner or env, "step", return_value="patched") as step:
        assert env.step([0, 1]) == "patched"
    step.assert_called_once_with([0, 1])
    assert len(env.step([0, 1])) == 5


# Replaced methods in many steps


def choose(observations):
    """Push towards the side to which the pole leans, which is not enough to balance it."""
    return (observations[:, 2] > 0).astype(np.int64)


def shaped_returns(scale, seed, episodes, limit):
    """Returns and lengths of Gymnasium's environments with the wrappers that do what `Shaped` does."""
    returns, lengths = np.zeros((episodes, NUM_ENVS)), np.zeros((episodes, NUM_ENVS), np.int64)
    for i in range(NUM_ENVS):
        env = gym.make("CartPole-v1", max_episode_steps=limit)
        for episode in range(episodes):
            observation, _ = env.reset(seed=seed + i if episode == 0 else None)
            ended = False
            while not ended:
                action = choose((observation * scale)[None])[0]
                observation, reward, terminated, truncated, _ = env.step(action)
                returns[episode, i] += reward * scale
                lengths[episode, i] += 1
                ended = terminated or truncated
    return returns, lengths


@pytest.mark.parametrize(
    "policy", [choose, policies.Linear([[0.0, 0, -1, 0], [0, 0, 1, 0]])], ids=["python", "compiled"]
)
def test_an_evaluation_calls_the_methods_of_a_subclass(mode, policy):
    env = Shaped(np.float32(0.5), dtype=np.float64, autoreset_mode=mode, max_episode_steps=40)
    env.reset(seed=5)
    before, told = env._core.save(), []
    evaluation = env.evaluate(policy, 3, seed=9, progress=lambda *counts: told.append(counts))
    assert env._core.save() == before
    returns, lengths = shaped_returns(np.float32(0.5), 9, 3, 40)
    assert len(np.unique(lengths)) > 3
    np.testing.assert_array_equal(evaluation.lengths, lengths)
    np.testing.assert_array_equal(evaluation.returns, returns)
    assert told[-1] == (3 * NUM_ENVS, 3 * NUM_ENVS)


def test_an_evaluation_calls_the_reset_of_a_subclass():
    env = OwnStart(NUM_ENVS)
    seen = []
    env.evaluate(lambda observations: seen.append(observations.copy()) or choose(observations), seed=3)
    sync = gym.make_vec("CartPole-v1", NUM_ENVS, vectorization_mode="sync")
    np.testing.assert_allclose(seen[0], sync.reset(seed=3, options={"low": -0.1, "high": 0.1})[0], rtol=1e-6, atol=1e-8)


def test_an_evaluation_needs_nothing_of_a_subclass_that_replaces_nothing():
    env, plain = Closing(3, max_episode_steps=30), CartPoleVecEnv(NUM_ENVS, max_episode_steps=30)
    env.unused = (number for number in [1])  # cannot be copied
    for mine, expected in zip(env.evaluate(choose, 2, seed=1), plain.evaluate(choose, 2, seed=1), strict=True):
        np.testing.assert_array_equal(mine, expected)
    assert env.slot == {"name": "leveled"}


def patched(env, how):
    """Return a context in which the environment's `step` is replaced."""
    original = type(env).step
    if how == "object":
        return mock.patch.object(env, "step", lambda actions: original(env, actions))
    if how == "method":
        return mock.patch.object(env, "step", MethodType(lambda self, actions: original(self, actions), env))
    return mock.patch.object(CartPoleVecEnv, "step", lambda self, actions: original(self, actions))


@pytest.mark.parametrize("how", ["subclass", "class", "object", "method"])
def test_a_rollout_refuses_an_environment_with_a_replaced_step(how):
    env = Shaped(0.5) if how == "subclass" else CartPoleVecEnv(NUM_ENVS)
    env.reset(seed=1)
    before = env._core.save()
    actions = np.zeros((3, NUM_ENVS), int)
    with patched(env, "class" if how == "subclass" else how):
        for source in (actions, choose, policies.Random()):
            with pytest.raises(NotImplementedError, match=r"rollout: .* own step, got a (Shaped|CartPoleVecEnv)"):
                env.rollout(source, 3)
    assert env._core.save() == before
    if how != "subclass":
        env.rollout(actions)


@pytest.mark.parametrize("how", ["object", "method"])
def test_an_evaluation_refuses_methods_of_one_object(how):
    env = CartPoleVecEnv(NUM_ENVS)
    with (
        patched(env, how),
        pytest.raises(NotImplementedError, match=r"evaluate: expected step to be defined in a class"),
    ):
        env.evaluate(choose)
    env.evaluate(choose)


def test_an_evaluation_of_a_subclass_with_another_step_needs_a_policy_that_python_can_call():
    env = Shaped(0.5)
    policy = policies.Random(seed=1)._core
    with pytest.raises(NotImplementedError, match="policy that Python can call"):
        env.evaluate(policy)


# Policies


class Scaled(policies.Linear):
    """A policy whose constructor takes other arguments."""

    def __init__(self, scale):
        super().__init__(scale * np.array([[0.0, 0, -1, -1], [0, 0, 1, 1]]), sample=True, seed=4)
        self.scale = scale


class Contrary(policies.Linear):
    """Does the opposite."""

    def __call__(self, observations):
        return 1 - super().__call__(observations)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, FORKS["pickle"]])
def test_copies_of_policies_have_added_attributes(copied):
    policy = Scaled(3.0)
    policy.note = ["kept"]
    observations = np.random.default_rng(1).uniform(-1, 1, (40, 4))
    policy(observations)
    other = copied(policy)
    assert (type(other), other.scale, other.note) == (Scaled, 3.0, ["kept"])
    assert not other.weights.flags.writeable
    np.testing.assert_array_equal(other(observations), policy(observations))


@pytest.mark.parametrize("method", ["rollout", "evaluate"])
def test_a_policy_that_chooses_in_python_is_called(method):
    weights = np.array([[0.0, 0, -1, -1], [0, 0, 1, 1]])
    results = []
    for policy in (Contrary(weights), policies.Linear(-weights)):
        env = CartPoleVecEnv(NUM_ENVS, max_episode_steps=50)
        env.reset(seed=1)
        result = env.rollout(policy, 30) if method == "rollout" else env.evaluate(policy, 2, seed=1)
        results.append(result.actions if method == "rollout" else result.lengths)
    np.testing.assert_array_equal(*results)


# Importing again


IMPORT_AGAIN = """
import importlib, sys
import numpy as np
from operant import envs

def numbers(env):
    return b"".join(array.tobytes() for _ in range(30) for array in env.step([0, 1])[:4])

first = envs.CartPoleVecEnv(2)
first.reset(seed=1)
expected = numbers(first)
for prefix in sys.argv[1:]:
    for name in [name for name in sys.modules if (name + ".").startswith(prefix + ".")]:
        del sys.modules[name]
    import operant.envs
    core = importlib.import_module("operant._core")
    importlib.reload(core)
    again = operant.envs.CartPoleVecEnv(2)
    again.reset(seed=1)
    first.reset(seed=1)
    assert numbers(again) == numbers(first) == expected
    assert isinstance(first._core, core.Engine)
    assert again.rollout(operant.policies.Random(seed=1), 3).returns.shape == (2,)
    try:
        first.step([0, 2])
    except ValueError as error:
        assert "actions[1]" in str(error)
    import gymnasium
    gymnasium.make_vec("operant/CartPole-v1", 2).reset(seed=1)
print(core.__name__, core.__spec__.name)
"""


@pytest.mark.parametrize("prefixes", [["operant._core"], ["operant"], ["operant", "operant._core", "operant"]])
def test_the_module_can_be_imported_again(prefixes):
    program = [sys.executable, "-W", "error", "-c", IMPORT_AGAIN, *prefixes]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "operant._core operant._core\n", "")
