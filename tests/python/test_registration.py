"""How Gymnasium comes to know the environments: by an import of operant."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import files

import gymnasium as gym


def run(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_the_import_registers_the_ids(registration):
    code = f"import gymnasium as gym, operant; gym.register_envs(operant); print(gym.make_vec({registration.id!r}, 2))"
    assert run(code).strip() == f"{registration.vector_env}({registration.id}, num_envs=2)"


def test_an_id_with_the_module_needs_no_import(registration):
    code = f"import gymnasium as gym; print(gym.make_vec('operant:{registration.id}', 2))"
    assert run(code).strip() == f"{registration.vector_env}({registration.id}, num_envs=2)"


def test_an_id_with_the_module_works_in_worker_processes():
    code = """if True:
        import gymnasium as gym
        make = lambda: gym.make("operant:operant/CartPole-v1")
        if __name__ == "__main__":
            env = gym.vector.AsyncVectorEnv([make, make], context="forkserver", shared_memory=False)
            print(env.reset(seed=0)[0].shape)
            env.close()
    """
    assert run(code).strip() == "(2, 4)"


def test_nothing_of_it_runs_when_python_starts():
    assert not [file for file in files("operant") if file.suffix == ".pth"]
    code = "import sys; print([name for name in sys.modules if name.partition('.')[0] in ('gymnasium', 'operant')])"
    assert run(code).strip() == "[]"


def test_registering_twice_is_fine():
    run("from operant.registration import register_envs; register_envs(); register_envs()")


def test_wrappers_go_around_single_environments(registration):
    plain = gym.make_vec(registration.id, num_envs=2)
    wrapped = gym.make_vec(
        registration.id, num_envs=2, vectorization_mode="sync", wrappers=[gym.wrappers.TimeAwareObservation]
    )
    assert wrapped.reset(seed=0)[0].shape == (2, plain.single_observation_space.shape[0] + 1)
