"""The arrays that a step returns are not overwritten while the caller can reach them, and recycled afterwards."""

from __future__ import annotations

import copy
import gc
import weakref

import numpy as np
import pytest
from side_by_side import assert_same

# Ways in which a caller can hold an array, each with a function that reads it again later.
HOLDS = {
    "the array": (lambda array: array, np.asarray),
    "a slice": (lambda array: array[3:9], np.asarray),
    "a transposed view": (lambda array: array.T, np.asarray),
    "a view of a view": (lambda array: array[2:][1:].reshape(-1), np.asarray),
    "a view as bytes": (lambda array: array.view(np.uint8), np.asarray),
    "the owner of the memory": (lambda array: array.base, np.asarray),
    "a memoryview": (memoryview, np.asarray),
    "a slice of a memoryview": (lambda array: memoryview(array)[1:], np.asarray),
    "a DLPack capsule": (lambda array: array.__dlpack__(), lambda capsule: np.from_dlpack(Capsule(capsule))),
    "an array from DLPack": (np.from_dlpack, np.asarray),
    "an iterator": (lambda array: array.flat, lambda flat: np.asarray(flat.base)),
    "the array interface": (lambda array: Interface(array), np.asarray),
}


class Capsule:
    """Hands out a DLPack capsule, as a tensor of another library would."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack__(self, **_):
        return self.capsule

    def __dlpack_device__(self):
        return (1, 0)


class Interface:
    """An object that shares an array's memory through `__array_interface__`."""

    def __init__(self, array):
        self.array = array.view()

    @property
    def __array_interface__(self):
        return self.array.__array_interface__


@pytest.mark.quick
@pytest.mark.parametrize("hold", HOLDS)
def test_arrays_that_are_held_do_not_change(make, draw, hold):
    take, read = HOLDS[hold]
    for which in range(4):  # observations, rewards, terminations, truncations
        env = make(100, max_episode_steps=3)
        env.reset(seed=0)
        held, copies = [], []
        for _ in range(12):
            array = env.step(draw(env))[which]
            copies.append(np.array(read(take(array)), copy=True))
            held.append(take(array))
            del array
        for kept, copied in zip(held, copies, strict=True):
            np.testing.assert_array_equal(read(kept), copied)


def test_infos_that_are_held_do_not_change(make, draw):
    """The infos are read after later steps, and compared with those of a twin, which are copied at once."""
    arguments = {"max_episode_steps": 2, "autoreset_mode": "SameStep", "record_episode_statistics": True}
    env, twin = make(6, **arguments), make(6, **arguments)
    env.reset(seed=0)
    twin.reset(seed=0)
    held, copies = [], []
    for _ in range(40):
        actions = draw(env)
        held.append(env.step(actions)[4])
        copies.append(copy.deepcopy(twin.step(actions)[4]))
    assert np.count_nonzero(["final_obs" in infos for infos in copies]) >= 10
    for infos, copied in zip(held, copies, strict=True):
        assert_same(infos, copied)


def test_a_loop_gets_the_same_two_frames(make, draw):
    env = make(100)
    env.reset(seed=0)
    addresses = set()
    for _ in range(50):
        observations, rewards, _, _, _ = env.step(draw(env))
        addresses.add((observations.ctypes.data, rewards.ctypes.data))
    del observations, rewards
    assert len(addresses) == 2


@pytest.mark.filterwarnings("ignore:Setting the (shape|dtype|strides):DeprecationWarning")
@pytest.mark.parametrize(
    "alter",
    [
        lambda array: array.setflags(write=False),
        lambda array: setattr(array, "shape", (array.size,)),
        lambda array: setattr(array, "dtype", np.int32),
    ],
    ids=["flags", "shape", "dtype"],
)
def test_arrays_that_were_altered_in_place_are_not_handed_out_again(make, draw, alter):
    env = make(4)
    env.reset(seed=0)
    for _ in range(6):
        observations = env.step(draw(env))[0]
        assert observations.shape == env.observation_space.shape
        assert observations.dtype == np.float32
        assert observations.flags.writeable
        alter(observations)
        del observations


def test_arrays_outlive_the_environment(make):
    env = make(10)
    observations, _ = env.reset(seed=0)
    copy = observations.copy()
    env.close()
    reference = weakref.ref(env)
    del env
    gc.collect(1)  # without the objects of other tests
    assert reference() is None
    np.testing.assert_array_equal(observations, copy)


def test_callers_may_write_to_results(make, draw):
    env, untouched = make(10), make(10)
    env.reset(seed=0)
    untouched.reset(seed=0)
    for _ in range(20):
        actions = draw(env)
        ours, theirs = env.step(actions), untouched.step(actions)
        np.testing.assert_array_equal(ours[0], theirs[0])
        for array in ours[:4]:
            array[...] = 1
