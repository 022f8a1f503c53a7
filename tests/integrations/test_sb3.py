"""The adapter behaves like a DummyVecEnv of Monitors, and Stable-Baselines3's algorithms and wrappers work with it."""

from __future__ import annotations

import pickle
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from sb3_contrib.common.wrappers import ActionMasker
from shown_counters import KINDS, load, twin
from side_by_side import PUMPS, RESET_TOLERANCE, random_actions
from stable_baselines3 import A2C, DQN, PPO, SAC
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.env_util import make_vec_env as make_dummy
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecMonitor, VecNormalize, VecVideoRecorder

import operant
from operant.adapters.sb3 import OperantVecEnv, make_vec_env
from operant.envs import CartPoleVecEnv

CONTROL = ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1"]
# Gymnasium 1.4 refuses Taxi-v3, and those before 1.3 have no Taxi-v4.
TAXI = "Taxi-v4" if "Taxi-v4" in gym.registry else "Taxi-v3"
TOY_TEXT = ["FrozenLake-v1", "CliffWalking-v1", TAXI, "Blackjack-v1"]
NUM_ENVS = 5


def pair(env_id, seed=3, num_envs=NUM_ENVS, wrapper=None, **kwargs):
    """Return Operant's environment in float64, and Stable-Baselines3's with a wrapper."""
    return (
        make_vec_env(env_id, num_envs, seed, env_kwargs={"dtype": np.float64, **kwargs}),
        make_dummy(env_id, num_envs, seed, env_kwargs=kwargs, wrapper_class=wrapper),
    )


def assert_same(ours, theirs, tolerance=0.0):
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for name, value in theirs.items():
            assert_same(ours[name], value, tolerance)
    elif isinstance(theirs, tuple):
        assert isinstance(ours, tuple)
        for our_part, their_part in zip(ours, theirs, strict=True):
            assert_same(our_part, their_part)
    elif isinstance(theirs, np.ndarray):
        assert type(ours) is np.ndarray
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
    else:
        assert ours == theirs


def assert_same_infos(ours, theirs, dones):
    """Compare infos, without the key that says that an episode was not truncated, where the episode continues."""
    for our_info, their_info, done in zip(ours, theirs, dones, strict=True):
        expected = dict(their_info)
        if not done:
            assert expected.pop("TimeLimit.truncated") is False
        assert our_info.keys() == expected.keys()
        for name, value in expected.items():
            if name == "episode":
                assert our_info[name].keys() == value.keys() == {"r", "l", "t"}
                assert [our_info[name][key] for key in "rl"] == [value[key] for key in "rl"]
                assert our_info[name]["t"] >= 0
            else:
                assert_same(our_info[name], value)


def run_beside(ours, theirs, env_id, steps, tolerance=0.0):
    """Step with random actions; where the goal is hard to reach, every second env pursues it."""
    rng = np.random.default_rng(7)
    observations = ours.reset()
    assert_same(observations, theirs.reset(), tolerance)
    assert_same_resets(ours, theirs)
    ended = np.zeros(ours.num_envs, int)
    for _ in range(steps):
        actions = random_actions(ours.action_space, rng, ours.num_envs)
        if env_id in PUMPS:
            actions[::2] = PUMPS[env_id](observations[::2]).reshape(actions[::2].shape)
        expected = theirs.step(actions)
        observations, rewards, dones, infos = ours.step(actions)
        assert_same(observations, expected[0], tolerance)
        assert_same(rewards, expected[1])
        assert_same(dones, expected[2])
        assert_same_infos(infos, expected[3], dones)
        assert_same_resets(ours, theirs)
        ended += dones
    return ended


def assert_same_resets(ours, theirs):
    for our_info, their_info in zip(ours.reset_infos, theirs.reset_infos, strict=True):
        assert our_info.keys() == their_info.keys()
        for name, value in their_info.items():
            assert_same(our_info[name], value)


@pytest.mark.parametrize("limit", [{}, {"max_episode_steps": 13}], ids=["own limit", "13 steps"])
@pytest.mark.parametrize("env_id", CONTROL + TOY_TEXT)
def test_equal_to_dummy_vec_env_with_monitors(env_id, limit):
    ours, theirs = pair(env_id, **limit)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    ended = run_beside(ours, theirs, env_id, 1100, RESET_TOLERANCE.get(env_id, 0.0))
    if env_id != "CliffWalking-v1" or limit:  # CliffWalking has no limit
        assert ended.all()
    run_beside(ours, theirs, env_id, 20, RESET_TOLERANCE.get(env_id, 0.0))  # without a seed, the streams continue
    ours.close()
    theirs.close()


# Stable-Baselines3 does not support nested Tuples and Dicts.
SHOWN = [name for name, (space, _) in KINDS.items() if name == "Camera" or not isinstance(space, gym.spaces.Dict)]


@pytest.fixture(scope="module")
def counters():
    return load()


@pytest.mark.parametrize("name", SHOWN)
def test_observations_of_every_kind(name, counters):
    ours = make_vec_env(counters[name], NUM_ENVS, seed=3)
    theirs = DummyVecEnv([lambda: Monitor(twin(name))] * NUM_ENVS)
    theirs.seed(3)
    assert ours.observation_space == theirs.observation_space
    assert run_beside(ours, theirs, name, 70).all()


@pytest.mark.parametrize(("name", "policy"), [("Picture", "CnnPolicy"), ("Camera", "MultiInputPolicy")])
def test_policies_of_images_and_dicts_learn_the_same_weights(name, policy, counters):
    weights = []
    theirs = DummyVecEnv([lambda: Monitor(twin(name))] * NUM_ENVS)
    theirs.seed(3)
    for env in (make_vec_env(counters[name], NUM_ENVS, seed=3, env_kwargs={"dtype": np.float64}), theirs):
        model = PPO(policy, env, n_steps=16, batch_size=40, n_epochs=2, seed=1, device="cpu")
        before = [one.clone() for one in model.policy.parameters()]
        model.learn(3 * 16 * NUM_ENVS)
        weights.append([one.detach().numpy().copy() for one in model.policy.parameters()])
        assert any((one != former).any() for one, former in zip(model.policy.parameters(), before, strict=True))
    for ours, expected in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_seeds():
    ours, theirs = pair("CartPole-v1")
    for seed in (11, 2**32 - 3):
        assert ours.seed(seed) == theirs.seed(seed)
        assert_same(ours.reset(), theirs.reset())
    np.random.seed(5)  # Stable-Baselines3 draws a seed from this generator if it gets none
    ours = make_vec_env("CartPole-v1", NUM_ENVS)
    np.random.seed(5)
    theirs = make_dummy("CartPole-v1", NUM_ENVS)
    assert_same(ours.reset(), theirs.reset())


def test_action_spaces_are_seeded():
    ours, theirs = pair("CartPole-v1", seed=9)
    assert [ours.action_space.sample() for _ in range(20)] == [theirs.action_space.sample() for _ in range(20)]


@pytest.mark.parametrize("was_reset", [False, True])
@pytest.mark.parametrize("seeded", [False, True])
def test_options(was_reset, seeded):
    ours, theirs = pair("CartPole-v1")
    wide, narrow = {"low": -0.2, "high": 0.2}, {"low": 0.01, "high": 0.02}
    if was_reset:
        ours.reset(), theirs.reset()
    for options in (wide, [wide, narrow, {}, narrow, wide], None):
        if seeded or not was_reset:
            ours.seed(4), theirs.seed(4)
        ours.set_options(options), theirs.set_options(options)
        assert_same(ours.reset(), theirs.reset())
        assert_same(ours.reset(), theirs.reset())  # options hold for one reset


def test_options_for_another_number_of_envs():
    ours = make_vec_env("CartPole-v1", NUM_ENVS)
    ours.set_options([{}] * 2)
    with pytest.raises(ValueError, match=f"options: expected {NUM_ENVS} dicts"):
        ours.reset()


def test_attributes():
    ours, theirs = pair("CartPole-v1")
    for env in (ours, theirs):
        env.reset()
    for name in ("gravity", "length", "observation_space", "action_space"):
        assert ours.get_attr(name) == theirs.get_attr(name)
        assert ours.get_attr(name, [1, 3]) == theirs.get_attr(name, [1, 3])
    assert ours.has_attr("gravity")
    assert not ours.has_attr("levity")
    with pytest.raises(AttributeError, match="levity"):
        ours.get_attr("levity")

    ours.set_attr("gravity", 3.5)
    ours.set_attr("force_mag", 20.0, indices=[0, 4])
    for i, env in enumerate(theirs.envs):  # DummyVecEnv sets it on the Monitor, where it does nothing
        env.unwrapped.gravity = 3.5
        env.unwrapped.force_mag = 20.0 if i in (0, 4) else 10.0
    assert ours.get_attr("gravity") == [3.5] * NUM_ENVS
    assert ours.get_attr("force_mag", 4) == [20.0]
    rng = np.random.default_rng(1)
    for _ in range(60):
        actions = rng.integers(0, 2, NUM_ENVS)
        for mine, expected in zip(ours.step(actions)[:3], theirs.step(actions)[:3], strict=True):
            assert_same(mine, expected)
    with pytest.raises(AttributeError, match="levity"):
        ours.set_attr("levity", 1.0)
    with pytest.raises(ValueError, match="length"):
        ours.set_attr("length", -1.0)


def test_env_is_wrapped():
    ours, theirs = pair("CartPole-v1")
    for wrapper in (Monitor, gym.Wrapper, gym.wrappers.RescaleAction):
        assert ours.env_is_wrapped(wrapper) == theirs.env_is_wrapped(wrapper)
    assert ours.env_is_wrapped(Monitor, [0, 2]) == [True, True]
    without = make_vec_env("CartPole-v1", 2, env_kwargs={"record_episode_statistics": False})
    assert without.env_is_wrapped(Monitor) == [False, False]


def test_images():
    ours, theirs = pair("Pendulum-v1", num_envs=3, render_mode="rgb_array")
    assert ours.render_mode == theirs.render_mode == "rgb_array"
    ours.reset(), theirs.reset()
    actions = np.ones((3, 1), np.float32)
    ours.step(actions), theirs.step(actions)
    for mine, expected in zip(ours.get_images(), theirs.get_images(), strict=True):
        np.testing.assert_array_equal(mine, expected)
    np.testing.assert_array_equal(ours.render(), theirs.render())
    np.testing.assert_array_equal(ours.env_method("render", indices=[1]), theirs.env_method("render", indices=[1]))
    without = make_vec_env("Pendulum-v1", 2)
    with pytest.warns(UserWarning, match="render_mode"):
        assert without.get_images() == [None, None]


def test_wrappers():
    ours, theirs = (VecNormalize(VecFrameStack(env, 2), gamma=0.9) for env in pair("CartPole-v1"))
    assert run_beside(ours, theirs, "CartPole-v1", 150).all()


def test_monitor_of_the_vector(tmp_path):
    """VecMonitor writes the monitor files of a vector environment."""
    kwargs = {"dtype": np.float64, "record_episode_statistics": False}
    ours = VecMonitor(make_vec_env("CartPole-v1", NUM_ENVS, 3, env_kwargs=kwargs), str(tmp_path / "ours"))
    theirs = VecMonitor(DummyVecEnv([lambda: gym.make("CartPole-v1")] * NUM_ENVS), str(tmp_path / "theirs"))
    theirs.seed(3)
    assert run_beside(ours, theirs, "CartPole-v1", 150).all()
    ours.close(), theirs.close()

    def episodes(name):
        lines = (tmp_path / f"{name}.monitor.csv").read_text().splitlines()[2:]
        return [line.split(",")[:2] for line in lines]

    assert episodes("ours") == episodes("theirs") != []


def test_videos(tmp_path):
    env = make_vec_env("CartPole-v1", 2, 1, env_kwargs={"render_mode": "rgb_array"})
    assert env.metadata["render_fps"] == gym.make("CartPole-v1").metadata["render_fps"]
    recorder = VecVideoRecorder(env, str(tmp_path), lambda step: step == 0, video_length=5)
    recorder.reset()
    for _ in range(7):
        recorder.step(np.zeros(2, int))
    recorder.close()
    (video,) = tmp_path.glob("*.mp4")
    assert video.stat().st_size > 1000


ALGORITHMS = {
    "PPO": (PPO, "CartPole-v1", {"n_steps": 32, "batch_size": 64}),
    "A2C": (A2C, "CartPole-v1", {}),
    "DQN": (DQN, "CartPole-v1", {"learning_starts": 100}),
    "SAC": (SAC, "Pendulum-v1", {"learning_starts": 100}),
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithms_learn_the_same(name):
    """Training gives the same weights as with DummyVecEnv, so all data that the algorithms read are the same."""
    algorithm, env_id, settings = ALGORITHMS[name]
    models = []
    for env in pair(env_id, seed=2, num_envs=4, max_episode_steps=50):
        model = algorithm("MlpPolicy", env, seed=2, device="cpu", **settings)
        models.append(model.learn(500))
    ours, theirs = (model.policy.state_dict() for model in models)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert [one["r"] for one in models[0].ep_info_buffer] == [one["r"] for one in models[1].ep_info_buffer] != []
    untrained = algorithm("MlpPolicy", env, seed=2, device="cpu", **settings).policy.state_dict()
    assert not all(torch.equal(ours[name], untrained[name]) for name in untrained)


def test_actions_of_several_parts_are_refused():
    header = Path(__file__).parents[1] / "python" / "building" / "action_kinds.hpp"
    (car,) = [one for one in operant.load(header) if one.__name__ == "CarVecEnv"]
    with pytest.raises(
        ValueError, match="env: expected actions of one part, as Stable-Baselines3 supports no Tuple of"
    ):
        make_vec_env(car)


def test_masked_ppo_learns_the_same():
    """MaskablePPO asks the envs for their masks, as it asks Gymnasium's Taxi in an ActionMasker."""
    ours, theirs = pair(TAXI, seed=2, num_envs=4, wrapper=masked, max_episode_steps=30)
    assert is_masking_supported(ours)
    models = []
    for env in (ours, theirs):
        model = MaskablePPO("MlpPolicy", env, seed=2, device="cpu", n_steps=64, batch_size=64)
        models.append(model.learn(600))
        np.testing.assert_array_equal(get_action_masks(env).sum(axis=1) > 0, True)
    ours_state, theirs_state = (model.policy.state_dict() for model in models)
    assert all(torch.equal(ours_state[name], theirs_state[name]) for name in theirs_state)
    assert [one["r"] for one in models[0].ep_info_buffer] == [one["r"] for one in models[1].ep_info_buffer] != []
    assert min(one["r"] for one in models[0].ep_info_buffer) >= -30  # an action that is not allowed may cost 10
    assert not is_masking_supported(make_vec_env("CartPole-v1"))


def masked(env):
    """Gymnasium's Taxi with the method that MaskablePPO calls."""
    return ActionMasker(env, lambda env: env.unwrapped.action_mask(env.unwrapped.s))


def test_evaluation(tmp_path):
    model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, 0), seed=0, device="cpu", n_steps=64)
    results = []
    for env in pair("CartPole-v1", seed=8):
        results.append(evaluate_policy(model, env, n_eval_episodes=12, return_episode_rewards=True))
    assert results[0] == results[1]

    callback = EvalCallback(
        make_vec_env("CartPole-v1", 2, 1), eval_freq=50, log_path=str(tmp_path), best_model_save_path=str(tmp_path)
    )
    model.learn(512, callback=callback)
    evaluated = np.load(tmp_path / "evaluations.npz")
    assert evaluated["results"].shape == (len(evaluated["timesteps"]), 5)
    assert len(evaluated["timesteps"]) >= 2
    assert (tmp_path / "best_model.zip").exists()


def test_saved_models_and_environments_go_on(tmp_path):
    env = make_vec_env("CartPole-v1", 4, 0)
    model = PPO("MlpPolicy", env, seed=0, device="cpu", n_steps=64).learn(256)
    model.save(tmp_path / "model")
    loaded = PPO.load(tmp_path / "model", env=make_vec_env("CartPole-v1", 4, 0), device="cpu")
    loaded.learn(256)
    observations = env.reset()
    np.testing.assert_array_equal(model.predict(observations, deterministic=True)[0].shape, (4,))
    copied = pickle.loads(pickle.dumps(env))
    actions = np.zeros(4, int)
    for _ in range(20):
        assert_same(copied.step(actions)[:3], env.step(actions)[:3])


def test_other_ways_to_name_an_environment():
    by_id = make_vec_env("operant/CartPole-v1", 2, 1)
    by_class = make_vec_env(CartPoleVecEnv, 2, 1)
    taken = OperantVecEnv(CartPoleVecEnv(2, autoreset_mode="SameStep"))
    taken.seed(1)
    expected = make_vec_env("CartPole-v1", 2, 1).reset()
    for env in (by_id, by_class, taken):
        assert_same(env.reset(), expected)


def test_arguments_reach_the_environment():
    env = make_vec_env("CartPole-v1", 2, env_kwargs={"workers": 2, "gravity": 5.0, "max_episode_steps": 7}).env
    assert (env.workers, env.gravity, env.max_episode_steps, env.num_envs) == (2, 5.0, 7, 2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("CartPole-v1", 0), ValueError, "n_envs"),
        (("CartPole-v1", 2.5), TypeError, "n_envs"),
        ((7,), TypeError, "env_id.*7"),
        ((gym.Env,), TypeError, "env_id"),
        (("CartPole-v7",), gym.error.Error, "CartPole"),
        (("CarRacing-v3",), ValueError, "env_id.*CarRacing-v3"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        make_vec_env(*arguments)


def test_stable_baselines_makes_single_environments_of_a_header():
    """Its function asks for pictures, which the class cannot draw, and then makes the environment without them."""
    operant.register("ShownImage-v0", load()["Image"])
    theirs, ours = make_dummy("ShownImage-v0", 3, 5), make_vec_env("ShownImage-v0", 3, 5)
    assert_same(ours.reset(), theirs.reset())


def test_bad_environments():
    with pytest.raises(TypeError, match="env: expected"):
        OperantVecEnv(gym.make("CartPole-v1"))
    with pytest.raises(ValueError, match="NextStep"):
        OperantVecEnv(CartPoleVecEnv(2))


def test_the_example_trains_an_agent(run_example):
    assert run_example("sb3_ppo.py") >= 475


def test_the_example_learns_snake_from_images(run_example):
    assert run_example("sb3_snake.py") >= 10


def test_the_snake_in_python_trains_like_the_one_in_cpp(run_example):
    """Both give the same images, rewards and ends, so the networks and the episodes that they play are the same."""
    pytest.importorskip("numba", reason="Numba has no wheels for this Python")
    steps = ("--steps", "65536")
    assert run_example("sb3_snake.py", "--python", *steps) == run_example("sb3_snake.py", *steps) > 1.2


def test_the_lander_is_learnt(assert_lander_is_learnt):
    assert_lander_is_learnt("Stable-Baselines3", 0)
