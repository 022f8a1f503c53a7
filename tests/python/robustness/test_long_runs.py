"""Nothing leaks, overflows or drifts: shorter runs of the measurements of `make soak`."""

from __future__ import annotations

import multiprocessing
import sys

import numpy as np
import pytest
from long_runs import counts, growths_while_stepping, memory_of_kept_frames, pendulum_errors

TORQUES = [-2.0, -1.0, 0.0, 0.5, 2.0]


def in_new_process(function, *args):
    """Call a function in a new process, which has no memory of other tests to reuse."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, args)


linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@linux_only
def test_steps_whose_results_are_dropped_take_no_memory(registration):
    assert max(in_new_process(growths_while_stepping, registration.id, 50_000)) < 500_000


@linux_only
def test_the_memory_of_frames_that_are_let_go_is_used_again():
    taken, more = in_new_process(memory_of_kept_frames, 2000, 1024)
    assert taken > 40_000_000
    assert more < 4_000_000


def test_every_episode_and_step_is_counted():
    expected, counted = counts(4096, 40, 50)
    assert counted == expected


def test_a_pendulum_that_turns_for_long_steps_as_well_as_one_that_has_just_started():
    """The angle keeps its resolution, however many turns it has made."""
    assert pendulum_errors(TORQUES, 100_000, np.float32, restart_every=1).max() < 1e-6


def test_a_pendulum_in_float64_stays_where_gymnasiums_would():
    assert pendulum_errors(TORQUES, 100_000, np.float64, restart_every=1000).max() < 1e-6
