"""Observations of every kind of space, against Gymnasium's SyncVectorEnv of the same environment in Python."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from conftest import needs_compiler
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from gymnasium.vector.utils import batch_space
from shown_counters import KINDS, LIMIT, load, twin
from side_by_side import Float32Oracle, assert_same, run_beside, stacked

import operant
from operant.envs.spaces import leaves_in
from operant.policies import MLP, Linear, Random

pytestmark = needs_compiler

MODES = ("NextStep", "SameStep", "Disabled")
COMPOSED = [name for name, (space, _) in KINDS.items() if isinstance(space, (spaces.Dict, spaces.Tuple))]
ARRAYS = [name for name, (space, _) in KINDS.items() if isinstance(space, (spaces.Box, spaces.MultiBinary))]


def twins(name: str, num_envs: int, mode: str) -> Any:
    return Float32Oracle([lambda: twin(name)] * num_envs, autoreset_mode=gym.vector.AutoresetMode(mode))


@pytest.fixture(scope="module")
def classes(quick_compilations: Any) -> dict[str, Any]:
    return load()


def actions_of(env: Any, steps: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 4, (steps, env.num_envs))


def leaves(observations: Any) -> list[Any]:
    """The arrays in observations."""
    return [leaf for _, leaf in leaves_in(observations)]


@pytest.mark.parametrize("name", KINDS)
def test_the_spaces_are_those_of_gymnasium(name, classes):
    env = classes[name](5)
    space = KINDS[name][0]
    assert env.single_observation_space == space
    assert env.observation_space == batch_space(space, 5)
    assert str(env.observation_space) == str(batch_space(space, 5))
    assert env.observation_size == sum(int(np.prod(leaf.shape[1:])) for leaf in leaves(env.reset()[0]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("num_envs", [1, 67])
@pytest.mark.parametrize("name", KINDS)
def test_steps_equal_gymnasium(name, num_envs, mode, classes):
    """The dtype of the physics changes nothing, so the modes use different ones."""
    dtype = np.float64 if mode == "SameStep" else np.float32
    ours, theirs = classes[name](num_envs, autoreset_mode=mode, dtype=dtype), twins(name, num_envs, mode)
    run_beside(ours, theirs, actions_of(ours, LIMIT + 3))


@pytest.mark.parametrize("name", KINDS)
def test_rollouts_equal_steps(name, classes):
    """From actions, from a function, and into the arrays of an earlier rollout."""
    steps = 6 if name == "Picture" else 12  # an observation of Picture has 3888 numbers
    for mode in ("NextStep", "SameStep") if name in COMPOSED else ("SameStep",):  # which has the outputs of both
        looped, env = (classes[name](530, workers, autoreset_mode=mode) for workers in (1, 2))  # two blocks
        actions = actions_of(env, steps)
        looped.reset(seed=1)
        expected = [looped.step(one) for one in actions]
        rest, rollout, addresses = iter(actions), None, []
        for source, overwrites in ((lambda _, rest=rest: next(rest), False), (actions, False), (actions, True)):
            env.reset(seed=1)
            former, former_addresses = rollout, addresses
            rollout = env.rollout(source, steps, out=former if overwrites else None)
            addresses = [leaf.ctypes.data for leaf in leaves(rollout.observations)]
            assert (rollout is former) == (addresses == former_addresses) == overwrites
            assert_same(rollout.observations, stacked([one[0] for one in expected]))
            if mode == "SameStep":
                mask = rollout.infos["_final_obs"]
                found = leaves(rollout.infos["final_obs"])
                for t, one in enumerate(expected):
                    for i in np.flatnonzero(mask[t]):
                        for ours, theirs in zip(found, leaves(one[4]["final_obs"][i]), strict=True):
                            assert np.array_equal(ours[t, i], theirs)
                assert mask.any() or name == "Picture"


@pytest.mark.parametrize("name", KINDS)
def test_arrays_that_the_caller_holds_are_not_overwritten(name, classes):
    env = classes[name](70)
    held = [env.reset(seed=1)[0]]
    kept = [copy.deepcopy(held[0])]
    for actions in actions_of(env, 9):
        held.append(env.step(actions)[0])
        kept.append(copy.deepcopy(held[-1]))
    for ours, expected in zip(held, kept, strict=True):
        assert_same(ours, expected)
    last = leaves(held[-1])[-1]  # a single leaf of a dict keeps its array, too
    expected = last.copy()
    del held, kept
    for actions in actions_of(env, 9):
        env.step(actions)
    np.testing.assert_array_equal(last, expected)
    assert all(leaf.flags.c_contiguous for leaf in leaves(env.step(actions)[0]))


def test_frames_with_dicts_are_reused(classes):
    env = classes["Mission"](70)
    env.reset(seed=1)
    seen = set()
    for actions in actions_of(env, 20):
        result = env.step(actions)
        seen.add(result[0]["image"].ctypes.data)
        del result
    assert len(seen) <= 2


@pytest.mark.parametrize("name", KINDS)
def test_single_environments_equal_gymnasium_and_pass_its_check(name, classes):
    operant.register(f"Shown{name}-v0", classes[name])
    try:
        ours, theirs = gym.make(f"Shown{name}-v0"), twin(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about render modes, and spaces that are unusual for images
            check_env(ours.unwrapped, skip_render_check=True)
        for seed in range(3):
            assert_same(ours.reset(seed=seed), theirs.reset(seed=seed))
            for action in actions_of(ours.unwrapped._env, LIMIT, seed)[:, 0]:
                result = ours.step(action)
                assert_same(result, theirs.step(action))
                if result[2] or result[3]:
                    break
        ours.close()
    finally:
        del gym.registry[f"Shown{name}-v0"]


WRAPPERS = {
    "FlattenObservation": gym.wrappers.vector.FlattenObservation,
    "DictInfoToList": gym.wrappers.vector.DictInfoToList,
    "RecordEpisodeStatistics": gym.wrappers.vector.RecordEpisodeStatistics,
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", ["Image", "Planes", "Several", "Triple", "Mission", "MissionOnLanes"])
def test_vector_wrappers_of_gymnasium(name, wrapper, classes):
    ours, theirs = (WRAPPERS[wrapper](env) for env in (classes[name](9), twins(name, 9, "NextStep")))
    run_beside(ours, theirs, actions_of(ours, LIMIT + 3))


@pytest.mark.parametrize("wrapper", ["GrayscaleObservation", "ResizeObservation", "ReshapeObservation"])
def test_wrappers_of_images(wrapper, classes):
    arguments = {"ResizeObservation": {"shape": (5, 5)}, "ReshapeObservation": {"shape": (300,)}}.get(wrapper, {})
    if wrapper == "ResizeObservation":
        pytest.importorskip("cv2")
    make = getattr(gym.wrappers.vector, wrapper)
    ours, theirs = (make(env, **arguments) for env in (classes["Image"](9), twins("Image", 9, "NextStep")))
    run_beside(ours, theirs, actions_of(ours, LIMIT + 3))


@pytest.mark.parametrize("name", ARRAYS)
def test_networks_see_the_numbers_of_an_array(name, classes):
    env = classes[name](130)
    observations, _ = env.reset(seed=6)
    rng = np.random.default_rng(1)
    size = env.observation_size
    rows = observations.reshape(130, -1).astype(float)
    normalisation = {"observation_mean": rows.mean(axis=0), "observation_variance": rows.var(axis=0) + 1}
    policies = [
        Linear(rng.normal(size=(4, size)), **normalisation),
        MLP([rng.normal(size=(8, size)), rng.normal(size=(4, 8))], activation="tanh", **normalisation),
    ]
    for policy in policies:
        env.reset(seed=6)
        rollout = env.rollout(policy, 20)
        now = np.concatenate([observations[None], rollout.observations[:-1]])
        rows = [policy(one.reshape(130, -1).astype(np.float32)) for one in now]
        np.testing.assert_array_equal(rollout.actions, np.stack(rows))
        np.testing.assert_array_equal(policy(observations), rows[0])  # of the environment's own dtype and shape
        assert len(np.unique(rollout.actions)) > 1
        evaluated = env.evaluate(policy, 2, seed=6)
        by_calls = env.evaluate(lambda seen, policy=policy: policy(seen), 2, seed=6)
        assert_same(list(evaluated), list(by_calls))


@pytest.mark.parametrize("name", KINDS)
def test_random_actions_need_no_observations(name, classes):
    env = classes[name](70)
    observations, _ = env.reset(seed=1)
    assert Random(env.single_action_space, seed=1)(observations).shape == (70,)
    rollout = env.rollout(Random(seed=1), 30)
    other = classes[name](70)
    other.reset(seed=1)
    assert_same(rollout.observations, other.rollout(rollout.actions).observations)
    evaluation = env.evaluate(Random(seed=1), 3, seed=5)
    assert (evaluation.lengths > 0).all()
    assert (evaluation.lengths <= LIMIT).all()


@pytest.mark.parametrize("name", [*COMPOSED, "Several"])
def test_networks_refuse_several_arrays(name, classes):
    env = classes[name](4)
    env.reset(seed=1)
    policy = Linear(np.ones((4, env.observation_size)))
    for call in (lambda: env.rollout(policy, 3), lambda: env.evaluate(policy)):
        with pytest.raises(
            ValueError, match=r"observations are a Box, a MultiBinary or a Discrete, .* has (tuple|dict|those)"
        ):
            call()


@pytest.mark.parametrize("name", KINDS)
def test_the_check_of_environments_passes(name, classes):
    report = operant.check_environment(classes[name], num_envs=20, steps=10)
    assert not report.errors, str(report)


# Bounds that depend on parameters of each env

SCALED = """\
#pragma once
#include <operant/environment.hpp>

struct Scaled : operant::Environment {
    static constexpr std::string_view name = "Scaled";
    static constexpr std::int32_t max_episode_steps = 9;
    using ActionSpace = operant::Discrete<2>;
    struct State { std::int32_t place; OPERANT_MEMBERS(place) };
    struct Parameters { double most = 9; OPERANT_PARAMETERS((most, operant::Sign::positive)) };
    struct Space {
        operant::BoxOf<std::uint8_t, 2, 2> image;
        operant::Discrete<> cell;
        OPERANT_MEMBERS(image, cell)
    };
    static Space observation_space(const Parameters& p) {
        return {operant::BoxOf<std::uint8_t, 2, 2>::bounded(0, static_cast<std::uint8_t>(p.most)),
                {static_cast<std::int64_t>(p.most) + 1}};
    }
    static State reset(const Parameters&, operant::Pcg64&) { return {}; }
    static auto observation(const Parameters& p, const State& s) {
        const auto most = static_cast<std::uint8_t>(p.most);
        return std::tuple(std::array<std::uint8_t, 4>{most, most, most, most}, s.place);
    }
    static operant::Outcome<double> step(const Parameters&, State&, std::int64_t) { return {0, false}; }
};
"""


def test_bounds_may_depend_on_the_parameters_of_each_env(tmp_path):
    header = tmp_path / "scaled.hpp"
    header.write_text(SCALED)
    env = operant.load(header)(3, most=[4, 200, 7])
    image, cell = env.observation_space["image"], env.observation_space["cell"]
    np.testing.assert_array_equal(image.high[:, 1, 1], [4, 200, 7])
    assert image.dtype == np.uint8
    assert env.single_observation_space == spaces.Dict(
        {"image": spaces.Box(0, 200, (2, 2), np.uint8), "cell": spaces.Discrete(201)}
    )
    np.testing.assert_array_equal(cell.nvec, [201] * 3)
    observations, _ = env.reset(seed=1)
    np.testing.assert_array_equal(observations["image"], np.full((3, 2, 2), [[[4]], [[200]], [[7]]], np.uint8))
    env.observation_space.seed(1)
    env.set_parameters(most=20)
    assert env.observation_space == batch_space(env.single_observation_space, 3)
    assert env.single_observation_space["image"] == spaces.Box(0, 20, (2, 2), np.uint8)
