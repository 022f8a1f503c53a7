"""Policies in files: a loaded policy acts as the saved one, bit for bit."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from gymnasium import spaces

from operant import policies
from operant.policies import MLP, Linear

RNG = np.random.default_rng(0)
BOX = spaces.Box(np.array([-1, -0.5], np.float32), np.array([1, 2], np.float32))


def layers(*sizes, members=()):
    return [RNG.normal(size=(*members, rows, columns)) for columns, rows in pairwise(sizes)]


POLICIES = [
    Linear(*layers(4, 2)),
    Linear(*layers(4, 2, members=(3,)), RNG.normal(size=(3, 2)), action_space=spaces.Discrete(2), sample=True, seed=5),
    Linear(*layers(4, 2), action_space=BOX, noise=[0.1, 0.2], seed=2**100),
    Linear(*layers(4, 5), action_space=spaces.MultiDiscrete([2, 3])),
    MLP(layers(4, 8, 6, 2), [RNG.normal(size=8), None, RNG.normal(size=2)], ["relu", None, "tanh"], action_space=BOX),
    MLP(layers(4, 8, 2), observation_mean=RNG.normal(size=4), observation_variance=RNG.uniform(1, 2, 4), epsilon=1e-3),
]


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_a_loaded_policy_acts_as_the_saved_one(policy, tmp_path):
    policies.save(policy, tmp_path / "any name")
    loaded = policies.load(tmp_path / "any name")
    assert (type(loaded), repr(loaded), loaded.seed) == (type(policy), repr(policy), policy.seed)
    assert loaded.action_space == policy.action_space
    observations = RNG.normal(size=(60, 4)).astype(np.float32)
    fresh = type(policy)(**policy._made_by[1], seed=policy.seed)
    np.testing.assert_array_equal(loaded(observations), fresh(observations), strict=True)


def test_only_the_network_of_a_subclass_is_kept(tmp_path):
    class Own(Linear):
        pass

    policies.save(Own(np.eye(2)), tmp_path / "policy.npz")
    assert type(policies.load(tmp_path / "policy.npz")) is Linear


def test_the_file_has_arrays_of_numpy(tmp_path):
    weights = layers(4, 8, 2)
    policies.save(MLP(weights), tmp_path / "policy.npz")
    with np.load(tmp_path / "policy.npz", allow_pickle=False) as archive:
        for i, expected in enumerate(weights):
            np.testing.assert_array_equal(archive[f"weights_{i}"], expected.astype(np.float32))


def test_policies_that_cannot_be_saved_are_refused(tmp_path):
    with pytest.raises(TypeError, match="policy: expected a Linear or an MLP, got a Random; pickle it"):
        policies.save(policies.Random(), tmp_path / "policy.npz")
    with pytest.raises(TypeError, match="path: expected a path"):
        policies.save(POLICIES[0], 3)
    assert not list(tmp_path.iterdir())


class Trap:
    def __reduce__(self):
        return pytest.fail, ("loading a policy has run code of the file",)


def test_files_of_something_else_are_refused(tmp_path):
    path = tmp_path / "policy.npz"
    policies.save(POLICIES[0], path)
    good = path.read_bytes()
    broken = [b"", b"weights", pickle.dumps(Trap()), good[: len(good) // 2]]
    for content in broken:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"policy\.npz: expected a file that operant\.policies\.save has written"):
            policies.load(path)
    for arrays in (
        {"weights_0": np.eye(2)},
        {"description": np.array([Trap()], dtype=object)},
        {"description": np.array('{"format": "operant policy 1"}')},
        {"description": np.array("[]")},
        {"description": np.array('{"format": "operant policy 9", "class": "MLP", "activation": []}')},
        {"description": np.array('{"format": "operant policy 1", "class": "MLP", "activation": [null], "spin": 1}')},
    ):
        np.savez(path, **arrays)
        with pytest.raises(ValueError, match=r"operant\.policies\.save has written"):
            policies.load(path)
    with pytest.raises(FileNotFoundError):
        policies.load(tmp_path / "none.npz")
