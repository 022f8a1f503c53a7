"""`operant.math`: sine and cosine for compiled environments."""

from __future__ import annotations

import math as exact

import numpy as np
import pytest

from operant import math

PAIRS = [(math.sin, np.sin), (math.cos, np.cos)]


@pytest.mark.quick
@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=["sin", "cos"])
@pytest.mark.parametrize("most", [0.5, 10.0, 1e4, 1.6e6])
def test_sine_and_cosine_are_within_a_few_units_in_the_last_place(ours, theirs, most):
    rng = np.random.default_rng(0)
    angles = np.concatenate([rng.uniform(-most, most, 20_000), np.rint(rng.uniform(-most, most, 2_000)) * (np.pi / 2)])
    angles = angles[np.abs(angles) <= most]
    expected = theirs(angles)
    got = np.array([ours(float(angle)) for angle in angles])
    # numpy's own error is below one unit in the last place.
    assert (np.abs(got - expected) <= 3.5 * np.spacing(np.abs(expected))).all()
    assert (np.abs(got) <= 1).all()


@pytest.mark.quick
@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=["sin", "cos"])
def test_large_angles_are_off_by_half_a_unit_in_their_last_place(ours, theirs):
    angles = np.exp(np.random.default_rng(0).uniform(np.log(1e6), np.log(1e15), 20_000))
    got = np.array([ours(float(angle)) for angle in angles])
    assert (np.abs(got - theirs(angles)) <= 0.5 * np.spacing(angles) + 1e-15).all()


@pytest.mark.quick
@pytest.mark.parametrize("angle", [1.1e15, -1e300, exact.inf, -exact.inf, exact.nan])
def test_angles_without_a_sine_have_nan(angle):
    assert exact.isnan(math.sin(angle))
    assert exact.isnan(math.cos(angle))


@pytest.mark.quick
def test_all_other_functions_are_those_of_pythons_math():
    public = [name for name in dir(exact) if not name.startswith("_") and name not in ("sin", "cos")]
    assert len(public) > 40
    for name in public:
        assert getattr(math, name) is getattr(exact, name)


@pytest.mark.parametrize(("ours", "name"), [(math.sin, "sin"), (math.cos, "cos")], ids=["sin", "cos"])
def test_compiled_code_returns_the_same_bits(ours, name):
    numba = pytest.importorskip("numba", reason="Numba has no wheels for this Python")
    from operant.python import numba_types  # noqa: F401

    @numba.njit
    def compiled(angles, out):
        for i in range(len(angles)):
            out[i] = ours(angles[i])

    rng = np.random.default_rng(1)
    angles = np.concatenate([rng.uniform(-4, 4, 5_000), rng.normal(0, 1e5, 5_000), [0.0, 1e15, 2e15, np.inf, np.nan]])
    got = np.empty_like(angles)
    compiled(angles, got)
    np.testing.assert_array_equal(got, [getattr(math, name)(float(angle)) for angle in angles])
