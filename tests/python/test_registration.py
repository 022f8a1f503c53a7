"""Gymnasium finds the environments by itself."""

from __future__ import annotations

import subprocess
import sys

import gymnasium as gym


def run(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_found_without_importing_operant(registration):
    code = f"import gymnasium as gym; print(gym.make_vec({registration.id!r}, num_envs=2))"
    assert run(code).strip() == f"{registration.vector_env}({registration.id}, num_envs=2)"


def test_found_when_only_the_registry_is_imported(registration):
    code = f"from gymnasium.envs.registration import registry; print({registration.id!r} in registry)"
    assert run(code).strip() == "True"


def test_starting_python_imports_neither_gymnasium_nor_the_core():
    code = "import sys; print([name for name in ('gymnasium', 'numpy', 'operant._core') if name in sys.modules])"
    assert run(code).strip() == "[]"


def test_importing_operant_first_is_fine(registration):
    code = f"import operant.envs, gymnasium as gym; print(gym.spec({registration.id!r}).max_episode_steps)"
    assert run(code).strip() == str(registration.max_episode_steps)


def test_registering_twice_is_fine():
    run("from operant.registration import register_envs; register_envs(); register_envs()")


def test_wrappers_go_around_single_environments(registration):
    plain = gym.make_vec(registration.id, num_envs=2)
    wrapped = gym.make_vec(
        registration.id, num_envs=2, vectorization_mode="sync", wrappers=[gym.wrappers.TimeAwareObservation]
    )
    assert wrapped.reset(seed=0)[0].shape == (2, plain.single_observation_space.shape[0] + 1)
