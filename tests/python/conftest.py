"""Fixtures and lists of environments that tests in several rooms use."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from side_by_side import random_actions

import operant
from operant.building import build_directory, compiler
from operant.registration import REGISTRATIONS

# Classic control: float observations, physical parameters, bounds for resets.
CONTROL = [
    one
    for one in REGISTRATIONS
    if one.name in ("CartPole", "MountainCar", "MountainCarContinuous", "Pendulum", "Acrobot")
]

# CartPole-v0 is CartPole-v1 with another limit: a test that is not about limits needs one id of each class.
ONE_PER_CLASS = [one for one in CONTROL if one.id != "operant/CartPole-v0"]
CONTINUOUS = [one for one in CONTROL if one.name in ("MountainCarContinuous", "Pendulum")]
TOY_TEXT = [one for one in REGISTRATIONS if one.id.partition("/")[2] in ("FrozenLake-v1", "CliffWalking-v1", "Taxi-v4")]
BLACKJACK = [one for one in REGISTRATIONS if one.name == "Blackjack"]


def pytest_collection_finish():
    """Leave what is imported by now out of later garbage collections, which otherwise take up to a second each."""
    gc.collect()
    gc.freeze()


# Without optimisation, GCC compiles large kernels sooner if xsimd does not demand that they are inlined.
UNOPTIMISED = ["-O0", "-DXSIMD_INLINE_HPP", "-DXSIMD_INLINE=inline"]

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="needs a C++ compiler on the PATH"
)


def id_of(registration):
    return registration.id


def every(registrations):
    """Parametrize a test that applies to all spaces. Toy text is plain C++, with one set of kernels."""
    marks = {False: [pytest.mark.scalar_tier], True: []}
    params = [pytest.param(one, marks=marks[one in CONTROL]) for one in registrations]
    return pytest.mark.parametrize("registration", params, ids=id_of)


every_id = every(REGISTRATIONS)
every_environment = every(ONE_PER_CLASS + TOY_TEXT + BLACKJACK)
# The same without Blackjack, whose episodes end after one or two steps, before any time limit.
every_lasting_environment = every(ONE_PER_CLASS + TOY_TEXT)


@pytest.fixture(params=CONTROL, ids=id_of)
def registration(request):
    """An environment of classic control; `every_id` and `every_environment` replace it."""
    return request.param


@pytest.fixture
def make(registration):
    """Return a function that makes Operant's environment."""

    def make_operant(num_envs, workers=1, **kwargs):
        return gym.make_vec(registration.id, num_envs=num_envs, workers=workers, **kwargs)

    return make_operant


@pytest.fixture(params=AutoresetMode, ids=lambda mode: mode.value)
def mode(request):
    """An autoreset mode."""
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


@pytest.fixture
def draw(rng):
    """Return a function that draws random actions for a vector environment."""
    return lambda env: random_actions(env.single_action_space, rng, env.num_envs)


@pytest.fixture(scope="session")
def session_directory(tmp_path_factory):
    """A directory that all workers of pytest-xdist share."""
    directory = tmp_path_factory.getbasetemp()
    return directory.parent if "PYTEST_XDIST_WORKER" in os.environ else directory


@pytest.fixture(scope="session")
def shared_cache(session_directory):
    """A cache directory in which `operant.load` compiles each header once a session."""
    return session_directory / "cache"


@pytest.fixture(scope="session")
def quick_flags(session_directory):
    """`CXXFLAGS` with which a header compiles in little time.

    GCC reads Operant's headers from a precompiled header of the instruction set in use. This takes 0.2 s instead of 1 s
    for a header with a mistake.
    """
    try:
        found = compiler.find_compiler()
    except operant.CompileError:
        return "-O0"
    if found.is_msvc or "Free Software Foundation" not in found.version:
        return "-O0"
    with build_directory.build_directory(session_directory, "precompiled"):
        header = session_directory / "precompiled.hpp"
        if not header.exists():
            source = session_directory / "precompiling.hpp"
            # `operant.load` itself includes these. Each further header would take time in every compilation.
            source.write_text("#include <operant/library/describe.hpp>\n#include <operant/library/table.hpp>\n")
            include = f"-I{operant.get_include()}"
            flags = [*found.flags(operant.simd.active), *UNOPTIMISED, include, "-x", "c++-header"]
            output = session_directory / "precompiled.hpp.gch"
            subprocess.run([*found.command, *flags, source, "-o", output], check=True)
            source.rename(header)
    return f"{' '.join(UNOPTIMISED)} -include {header}"


@pytest.fixture(scope="module")
def quick_compilations(shared_cache, quick_flags):
    """Let `operant.load` use the session's cache directory, and flags with which headers compile in little time.

    Tests that use this need a compiler.
    """
    if needs_compiler.args[0]:
        pytest.skip(needs_compiler.kwargs["reason"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPERANT_CACHE_DIR", str(shared_cache))
        patch.setenv("CXXFLAGS", quick_flags)
        patch.delenv("CXX", raising=False)
        yield shared_cache
