"""FrozenLake, CliffWalking, Taxi and Blackjack: other parameters than the defaults, and their own features."""

from __future__ import annotations

import re
from textwrap import dedent

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.toy_text.frozen_lake import MAPS, generate_random_map
from gymnasium.envs.toy_text.utils import categorical_sample
from gymnasium.vector import AutoresetMode
from side_by_side import Pair, gymnasium_id_of, gymnasium_id_with, lively_actions, registration_of

from operant import envs

CASES = [
    ("FrozenLake-v1", {"is_slippery": False}),
    ("FrozenLake-v1", {"success_rate": 0.8}),
    ("FrozenLake-v1", {"reward_schedule": (10, -5.5, -0.1)}),
    ("FrozenLake-v1", {"desc": ["SFFSF", "FHxFG", "SFFFF"], "max_episode_steps": 9}),
    ("FrozenLake-v1", {"desc": ["SFFFFFFFFS"], "success_rate": 0.1, "max_episode_steps": 9}),
    ("FrozenLake-v1", {"desc": generate_random_map(12, seed=3)}),
    ("FrozenLake8x8-v1", {}),
    ("CliffWalking-v1", {"is_slippery": True, "max_episode_steps": 45}),
    ("CliffWalkingSlippery-v1", {}),
    ("Taxi-v3", {}),
    ("Taxi-v4", {"is_rainy": True}),
    ("Taxi-v4", {"fickle_passenger": True, "fickle_probability": 0.9}),
    ("Taxi-v4", {"is_rainy": True, "fickle_passenger": True, "rainy_probability": 0.55, "max_episode_steps": 50}),
    ("Blackjack-v1", {"sab": False}),
    ("Blackjack-v1", {"sab": False, "natural": True}),
]
IDS = [", ".join([name, *parameters]) for name, parameters in CASES]
NAMES = sorted({name for name, _ in CASES} - {"Taxi-v3"})  # which has the rules and pictures of Taxi-v4


def make_pair(name, num_envs, mode, dtype, parameters, **arguments):
    """Return both environments; skip parameters that this Gymnasium lacks."""
    if gymnasium_id_with(name, parameters) == "Taxi-v3" and "is_rainy" in parameters:
        pytest.skip("the last digit of the probabilities of this Gymnasium's Taxi-v3 differs")
    return Pair(registration_of(name), num_envs, mode, dtype, **parameters, **arguments)


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_runs_equal_gymnasium(name, parameters, mode, rng):
    """The dtype changes nothing, so the modes use different dtypes."""
    dtype = np.float64 if mode is AutoresetMode.DISABLED else np.float32
    pair = make_pair(name, 5, mode, dtype, parameters, record_episode_statistics=True)
    assert pair.ours.single_observation_space == pair.sync.single_observation_space
    terminated = truncated = 0
    for seed in (0, [3, None, 1, 4, 1]):
        pair.reset(seed=seed)
        terminations, truncations = pair.run(rng, 200, lively=True)
        terminated += np.count_nonzero(terminations)
        truncated += np.count_nonzero(truncations)
    pair.close()
    assert terminated > 0 or parameters.get("desc") == ["SFFFFFFFFS"]  # which has no goal
    assert truncated > 0 or "max_episode_steps" not in parameters


@pytest.mark.parametrize(("name", "mode"), [*zip(NAMES, [*AutoresetMode] * 2, strict=True)])
def test_frames_equal_gymnasium(name, mode, rng):
    """Each environment in one mode, and each mode with two environments: what is drawn does not depend on the mode."""
    pytest.importorskip("pygame")
    pair = make_pair(name, 3, mode, np.float32, {}, render_mode="rgb_array")
    shown = set()
    pair.reset(seed=11)
    for _ in range(12):
        expected = pair.sync.render()
        shown.update(frame.tobytes() for frame in expected)
        for frame, other in zip(pair.ours.render(), expected, strict=True):
            np.testing.assert_array_equal(frame, other, strict=True)
        pair.run(rng, 1, lively=True)
    assert len(shown) > 3
    pair.close()


def test_maps_equal_gymnasium():
    assert envs.FrozenLakeVecEnv(2).desc == tuple(MAPS["4x4"])
    assert envs.FrozenLakeVecEnv(2, map_name="8x8").parameters["desc"] == tuple(MAPS["8x8"])
    assert envs.FrozenLakeVecEnv(2, desc=["SG"], map_name="8x8").desc == ("SG",)
    theirs = gym.make("FrozenLake-v1", map_name="8x8").unwrapped
    assert envs.FrozenLakeVecEnv(2, desc=theirs.desc).desc == tuple(MAPS["8x8"])
    random_map = envs.FrozenLakeVecEnv(2, map_name=None).desc
    assert [len(line) for line in random_map] == [8] * 8
    assert set("".join(random_map)) <= set("SFHG")
    assert gym.make("operant/FrozenLake8x8-v1").unwrapped.observation_space.n == 64
    large = envs.FrozenLakeVecEnv(2, desc=["S" * 64] * 64)
    assert large.single_observation_space.n == 4096
    assert large.observation_space.contains(large.reset(seed=0)[0])


REFUSED = [
    ({"desc": ["FFG"]}, ValueError, "desc: expected a map with an S"),
    ({"desc": ["SF", "G"]}, ValueError, "desc: expected strings of the same length"),
    ({"desc": []}, TypeError, "desc: expected a list"),
    ({"desc": "SFG"}, TypeError, "desc: expected a list"),
    ({"desc": ["S" * 65]}, ValueError, "desc: expected strings of the same length, from 1 to 64"),
    ({"map_name": "5x5"}, ValueError, "map_name: expected one of '4x4', '8x8' or None, got '5x5'"),
    ({"map_name": 4}, TypeError, "map_name: expected a string"),
    ({"success_rate": 1.5}, ValueError, "success_rate: expected a probability, from 0 to 1, got 1.5"),
    ({"success_rate": [0.5, 2.0]}, ValueError, "success_rate: expected a probability, from 0 to 1, got 2, of env 1"),
]


@pytest.mark.parametrize(("parameters", "error", "message"), REFUSED)
def test_impossible_parameters_are_refused(parameters, error, message):
    with pytest.raises(error, match=re.escape(message)):
        envs.FrozenLakeVecEnv(2, **parameters)


@pytest.mark.parametrize("parameter", ["rainy_probability", "fickle_probability"])
def test_the_taxis_probabilities_are_checked(parameter):
    with pytest.raises(ValueError, match=f"{parameter}: expected a probability, from 0 to 1, got 1.01"):
        envs.TaxiVecEnv(2, **{parameter: 1.01})


def test_every_env_may_have_another_success_rate():
    rates = np.linspace(0, 1, 3000)
    env = envs.FrozenLakeVecEnv(3000, success_rate=rates, desc=["FFFFF", "FFSFF", "FFFFF"], workers=2)
    env.reset(seed=0)
    observations, _, _, _, infos = env.step(np.full(3000, 2))
    went_right = observations == 8
    np.testing.assert_array_equal(infos["prob"], np.where(went_right, rates, (1 - rates) / 2))
    assert went_right[:1500].mean() < 0.35
    assert went_right[1500:].mean() > 0.65


def error_of(env, state):
    try:
        env.set_state(state)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_states_are_accepted_if_gymnasium_can_observe_them(name, rng):
    """The results of unreachable states are not specified, but the next episode is correct."""
    env, judge = gym.make_vec(f"operant/{name}", 500, workers=2), gym.make_vec(f"operant/{name}", 1)
    env.reset(seed=0)
    judge.reset(seed=0)
    for _ in range(3):
        drawn = rng.integers(-1, 6, (20000, 1, env.state.shape[1]))
        drawn[:, :, ::2] += rng.integers(0, 25, drawn[:, :, ::2].shape) * (rng.random(drawn[:, :, ::2].shape) < 0.3)
        accepted, refused = [], 0
        for state in drawn:
            before = judge.state
            if error := error_of(judge, state):
                assert re.match(r"state\[0\]: \w+: expected an integer from \d+ to \d+, got -?\d+", error)
                np.testing.assert_array_equal(judge.state, before)
                refused += 1
            else:
                assert judge.observation_space.contains(judge._core.observe())
                accepted.append(state[0])
                if len(accepted) == 500:
                    break
        assert min(len(accepted), refused) > 50
        env.set_state(np.resize(accepted, env.state.shape))
        for _ in range(5):
            env.step(rng.integers(0, env.single_action_space.n, 500))
    observations, _ = env.reset(seed=0)
    assert env.observation_space.contains(observations)
    with pytest.raises(ValueError, match=r"state\[0, 0\]: expected an integer"):
        env.set_state(np.full(env.state.shape, 0.5))


VARIANTS = {
    "FrozenLake-v1": [{"is_slippery": False}, {"success_rate": 0.7, "reward_schedule": (3, -2, -1), "map_name": "8x8"}],
    "CliffWalking-v1": [{}, {"is_slippery": True}],
    "Taxi-v4": [{}, {"is_rainy": True}, {"is_rainy": True, "fickle_passenger": True, "fickle_probability": 0.8}],
    "Blackjack-v1": [{}, {"sab": True}, {"natural": True}],
}


@pytest.mark.parametrize(("name", "parameters"), [(name, one) for name, of in VARIANTS.items() for one in of])
def test_equations_in_docstrings_are_those_of_the_environment(name, parameters, rng):
    env_class = getattr(envs, registration_of(name).vector_env)
    section = re.search(r"^## Dynamics\n(.*?)^## ", dedent("    " + env_class.__doc__), re.MULTILINE | re.DOTALL)[1]
    code = compile(re.search(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[1], name, "exec")
    random = np.random.default_rng()
    functions = {
        "draw": lambda probabilities: int(categorical_sample(probabilities, random)),
        "integers": random.integers,
        "card": lambda: min(int(random.integers(13)) + 1, 10),
    }
    theirs = gym.make(
        gymnasium_id_of(registration_of(name)), disable_env_checker=True
    )  # for its generator, which a reset leaves where the first step begins
    env = env_class(1, autoreset_mode="Disabled", max_episode_steps=-1, **parameters)
    terminated_ever = False
    for seed in range(40):
        observations, _ = env.reset(seed=seed)
        theirs.unwrapped.fickle_passenger = parameters.get("fickle_passenger", False)
        theirs.unwrapped.fickle_probability = parameters.get("fickle_probability", 0.3)
        theirs.reset(seed=seed)
        random.bit_generator.state = theirs.unwrapped.np_random.bit_generator.state
        names = functions | dict(env.parameters)
        if name == "Blackjack-v1":
            names |= {"player": theirs.unwrapped.player, "dealer": theirs.unwrapped.dealer}
        for _ in range(60):
            if name != "Blackjack-v1":
                names |= dict(zip(env.state_names, env.state[0].astype(int).tolist(), strict=True))
            action = lively_actions(registration_of(name), env.single_action_space, rng, observations)
            observations, rewards, terminations, _, infos = env.step(action)
            names["action"] = int(action[0])
            exec(code, names)
            if name == "Blackjack-v1":
                hands = env.state[0].astype(int).tolist()
                assert hands[:2] == [sum(names["player"]), len(names["player"])]
                assert hands[3:5] == [sum(names["dealer"]), len(names["dealer"])]
            else:
                assert [names[one] for one in env.state_names] == env.state[0].tolist()
                assert names["prob"] == infos["prob"][0]
            assert names["reward"] == rewards[0]
            assert names["terminated"] == terminations[0]
            if terminations[0]:
                terminated_ever = True
                break
    assert terminated_ever
