"""The ids are registered with Gymnasium by an import of operant."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import files

import gymnasium as gym
import numpy as np
import pytest

import operant
from operant import envs
from operant.envs import _saving
from operant.registration import ENVIRONMENTS, REGISTRATIONS


def run(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize(("imports", "module"), [("import operant", ""), ("", "operant:")])
def test_an_import_or_an_id_with_the_module_registers_the_ids(imports, module):
    ids = [one.id for one in REGISTRATIONS if one.vector_env != "TaxiVecEnv"]  # Taxi-v3 warns that it is out of date
    code = f"import gymnasium as gym; {imports}\nfor id in {ids}: print(gym.make_vec({module!r} + id, 2))"
    expected = [f"{one.vector_env}({one.id}, num_envs=2)" for one in REGISTRATIONS if one.id in ids]
    assert run(code).splitlines() == expected


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


def test_nothing_is_imported_when_python_starts():
    assert not [file for file in files("operant") if file.suffix == ".pth"]
    code = "import sys; print([name for name in sys.modules if name.partition('.')[0] in ('gymnasium', 'operant')])"
    assert run(code).strip() == "[]"


def test_registering_twice_is_allowed():
    run("from operant.registration import register_envs; register_envs(); register_envs()")


def test_wrappers_go_around_single_environments(registration):
    plain = gym.make_vec(registration.id, num_envs=2)
    wrapped = gym.make_vec(
        registration.id, num_envs=2, vectorization_mode="sync", wrappers=[gym.wrappers.TimeAwareObservation]
    )
    assert wrapped.reset(seed=0)[0].shape == (2, plain.single_observation_space.shape[0] + 1)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_spec_of_a_constructed_environment_makes_the_same(name):
    env_class = getattr(envs, f"{name}VecEnv")
    numbers = [key for key, one in env_class._known.items() if one.kind == "number"]
    default = env_class(1).parameters
    parameters = {key: default[key] + np.array([0, 0, 0.0078125]) for key in numbers[-1:]}
    usual, unlimited = env_class(3), env_class(3, max_episode_steps=-1)
    special = env_class(
        3,
        2,
        max_episode_steps=7,
        autoreset_mode="SameStep",
        render_mode="rgb_array",
        dtype="float64",
        record_episode_statistics=True,
        **parameters,
    )
    for env in (usual, unlimited, special, env_class(1)):
        made = gym.make_vec(env.spec)
        assert (type(made), made.spec) == (env_class, env.spec)
        assert _saving.describe(made) == _saving.describe(env)
        assert (made.workers, made.render_mode) == (env.workers, env.render_mode)
        assert env.spec.max_episode_steps == (None if env.max_episode_steps == -1 else env.max_episode_steps)
        assert gym.envs.registration.EnvSpec.from_json(env.spec.to_json()) == env.spec
    assert usual.spec.id == "operant/" + max(one for one in gym.registry if one.startswith(f"{name}-"))
    if name not in ("FrozenLake", "Blackjack"):  # whose ids have arguments
        assert usual.spec == gym.make_vec(usual.spec.id, num_envs=3).spec


def test_registered_subclasses_have_a_spec(request):
    class MyCartPoleVecEnv(envs.CartPoleVecEnv):
        pass

    assert MyCartPoleVecEnv(2).spec is None
    operant.register("MyCartPole-v3", MyCartPoleVecEnv)
    request.addfinalizer(lambda: gym.registry.pop("MyCartPole-v3"))
    env = MyCartPoleVecEnv(2, length=1.0)
    assert env.spec.id == "MyCartPole-v3"
    made = gym.make_vec(env.spec)
    assert (type(made), made.length, made.spec) == (MyCartPoleVecEnv, 1.0, env.spec)
