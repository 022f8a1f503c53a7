"""Starting states are Gymnasium's, bit for bit."""

from __future__ import annotations

import re

import numpy as np
import pytest
from gymnasium import error


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 2, 2**63, 2**64 - 3, 2**64, 2**100 + 7, 2**200])
def test_integer_seeds(make, oracle, assert_starts_equal, seed, dtype):
    observations, infos = make(7, dtype=dtype).reset(seed=seed)
    expected, _ = oracle(7).reset(seed=seed)
    assert_starts_equal(observations, expected)
    assert observations.dtype == np.float32
    assert observations.flags.c_contiguous
    assert infos == {}


def test_sequences_of_seeds(make, oracle, assert_starts_equal):
    seeds = [5, 2**70, 0, 5, 123456789]
    expected, _ = oracle(5).reset(seed=seeds)
    for sequence in (seeds, tuple(seeds), np.array(seeds, dtype=object)):
        assert_starts_equal(make(5).reset(seed=sequence)[0], expected)


def test_numpy_integers_are_seeds(make):
    np.testing.assert_array_equal(make(3).reset(seed=np.int64(4))[0], make(3).reset(seed=4)[0])


def test_none_in_a_sequence_continues_that_copy(make, oracle, assert_starts_equal):
    ours, theirs = make(4), oracle(4)
    for seed in (9, [None, 3, None, 3], None, None):
        assert_starts_equal(ours.reset(seed=seed)[0], theirs.reset(seed=seed)[0])


def test_without_a_seed_all_starts_differ(make):
    starts = np.concatenate([make(50).reset()[0] for _ in range(3)])
    assert len(np.unique(starts, axis=0)) == 150


@pytest.fixture
def assert_starts_equal(registration):
    """Bit for bit, but for sine and cosine in float32."""

    def assert_equal(actual, expected):
        tolerance = 1.2e-7 if registration.name in ("Acrobot", "Pendulum") else 0
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)

    return assert_equal


def test_bounds(registration, make, oracle, assert_starts_equal):
    ours, theirs = make(5), oracle(5)
    low, high = ("x_init", "y_init") if registration.name == "Pendulum" else ("low", "high")
    for options in ({low: 0.2, high: 0.3}, {high: 1}, None, {low: -0.9, high: -0.8}, {low: "0.25"}):
        if low == "x_init":
            options = options and {name: abs(float(value)) for name, value in options.items()}
        elif options == {low: "0.25"}:
            options = {high: "0.25"}
        seed = 3 if options else None
        expected, _ = theirs.reset(seed=seed, options=options)
        assert_starts_equal(ours.reset(seed=seed, options=options)[0], expected)


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


@pytest.mark.parametrize("bad", [(1, 0), ("a", 1), (0, None), (0, np.inf), (np.nan, 1)])
def test_bad_bounds_are_gymnasiums_errors_and_change_nothing(registration, make, oracle, bad):
    names = ("x_init", "y_init") if registration.name == "Pendulum" else ("low", "high")
    options = dict(zip(names, bad, strict=True))
    env, untouched, theirs = make(3), make(3), oracle(3)
    for one in (env, untouched, theirs):
        one.reset(seed=0)
    try:
        theirs.reset(options=dict(options))
    except (ValueError, OverflowError) as expected:
        with pytest.raises(type(expected), match=re.escape(str(expected))):
            env.reset(options=options)
        np.testing.assert_array_equal(env.reset()[0], untouched.reset()[0])
    else:
        env.reset(options=options)
