"""Starting states are Gymnasium's, bit for bit."""

from __future__ import annotations

import re

import numpy as np
import pytest
from gymnasium import error


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 2, 2**63, 2**64 - 3, 2**64, 2**100 + 7, 2**200])
def test_integer_seeds(make, oracle, seed, dtype):
    observations, infos = make(7, dtype=dtype).reset(seed=seed)
    expected, _ = oracle(7).reset(seed=seed)
    np.testing.assert_array_equal(observations, expected)
    assert observations.dtype == np.float32
    assert observations.flags.c_contiguous
    assert infos == {}


def test_sequences_of_seeds(make, oracle):
    seeds = [5, 2**70, 0, 5, 123456789]
    expected, _ = oracle(5).reset(seed=seeds)
    for sequence in (seeds, tuple(seeds), np.array(seeds, dtype=object)):
        np.testing.assert_array_equal(make(5).reset(seed=sequence)[0], expected)


def test_numpy_integers_are_seeds(make):
    np.testing.assert_array_equal(make(3).reset(seed=np.int64(4))[0], make(3).reset(seed=4)[0])


def test_none_in_a_sequence_continues_that_copy(make, oracle):
    ours, theirs = make(4), oracle(4)
    for seed in (9, [None, 3, None, 3], None, None):
        np.testing.assert_array_equal(ours.reset(seed=seed)[0], theirs.reset(seed=seed)[0])


def test_without_a_seed_all_starts_differ(make):
    starts = np.concatenate([make(50).reset()[0] for _ in range(3)])
    assert len(np.unique(starts, axis=0)) == 150


def test_bounds(make, oracle):
    ours, theirs = make(5), oracle(5)
    for options in ({"low": -0.2, "high": 0.3}, {"high": 1}, None, {"low": -0.01}):
        seed = 3 if options else None
        expected, _ = theirs.reset(seed=seed, options=options)
        np.testing.assert_array_equal(ours.reset(seed=seed, options=options)[0], expected)


@pytest.mark.parametrize(
    ("seed", "exception", "message"),
    [
        (-1, error.Error, r"seed: expected a non-negative integer, got -1"),
        ([1, -2, 3], error.Error, r"seed\[1\]: expected a non-negative integer, got -2"),
        ([1, 2], ValueError, r"seed: expected 3 seeds, one for each copy, got 2"),
        ([1, 2.5, 3], error.Error, r"seed\[1\]: expected a non-negative integer, got 2.5"),
        (1.5, TypeError, r"seed: expected None, an integer or a sequence of them, got 1.5"),
        ("123", TypeError, r"seed: expected None, an integer or a sequence of them, got '123'"),
    ],
)
def test_bad_seeds_change_nothing(make, seed, exception, message):
    env, untouched = make(3), make(3)
    env.reset(seed=0)
    untouched.reset(seed=0)
    with pytest.raises(exception, match=message):
        env.reset(seed=seed)
    np.testing.assert_array_equal(env.reset()[0], untouched.reset()[0])


@pytest.mark.parametrize("options", [{"low": 1, "high": 0}, {"low": "a"}, {"high": None}])
def test_bad_bounds_change_nothing(make, oracle, options):
    env, untouched, theirs = make(3), make(3), oracle(3)
    for one in (env, untouched, theirs):
        one.reset(seed=0)
    with pytest.raises(ValueError, match=r"could not be converted|must be lower") as expected:
        theirs.reset(options=dict(options))
    with pytest.raises(ValueError, match=re.escape(str(expected.value))):
        env.reset(options=options)
    np.testing.assert_array_equal(env.reset()[0], untouched.reset()[0])
