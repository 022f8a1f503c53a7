"""The environments' ids in Gymnasium's registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from operant._checks import shown
from operant.envs import REGISTRATIONS as REGISTRATIONS

if TYPE_CHECKING:
    from operant.envs import SimdVectorEnv


# The ids of the classes that were passed to `register`.
_ids: dict[type, str] = {}

#: The names of the environments without versions: CartPole, MountainCar and others.
ENVIRONMENTS: tuple[str, ...] = tuple(dict.fromkeys(registration.name for registration in REGISTRATIONS))


def register_envs() -> None:
    """Register Operant's environments with Gymnasium. `import operant` does this."""
    from gymnasium.envs.registration import register, registry

    for registration in REGISTRATIONS:
        if registration.id not in registry:
            register(
                id=registration.id,
                entry_point=f"operant.envs.single:{registration.name}Env",
                vector_entry_point=f"operant.envs:{registration.vector_env}",
                max_episode_steps=registration.max_episode_steps,
                reward_threshold=registration.reward_threshold,
                kwargs=dict(registration.kwargs),
            )


def register(id: str, env_class: type[SimdVectorEnv[Any]], **spec: Any) -> None:
    """Register a class with Gymnasium, for `gymnasium.make_vec(id, num_envs=...)` and `gymnasium.make(id)`.

    ```python
    DoubleIntegratorVecEnv = operant.load("double_integrator.hpp")
    operant.register("DoubleIntegrator-v0", DoubleIntegratorVecEnv)
    env = gymnasium.make_vec("DoubleIntegrator-v0", num_envs=4096)
    ```

    Args:
        id: The id, as `gymnasium.register` takes it.
        env_class: A class that `operant.load` returned, or a subclass of a vector environment.
        **spec: Other arguments of `gymnasium.register`, such as `reward_threshold` and `kwargs`. By default,
            `max_episode_steps` is the limit of the environment.

    Raises:
        TypeError: The class is not a class of vector environments, or there is no such argument.
        gymnasium.error.Error: The id is malformed.
    """
    import gymnasium

    from operant.envs.single import SingleEnvMaker
    from operant.envs.vector_env import SimdVectorEnv

    if not (
        isinstance(env_class, type) and issubclass(env_class, SimdVectorEnv) and hasattr(env_class, "_environment")
    ):
        raise TypeError(f"env_class: expected a class such as operant.load returns, got {shown(env_class)}")
    limit = env_class._environment.max_episode_steps
    if limit < 2**31 - 1:
        spec = {"max_episode_steps": limit} | spec
    vector_entry_point: Any = env_class
    gymnasium.register(id, entry_point=SingleEnvMaker(env_class), vector_entry_point=vector_entry_point, **spec)
    _ids[env_class] = id


def id_of(env_class: type[SimdVectorEnv[Any]]) -> str | None:
    """Return the id of this class; if there are several, the one with the default arguments of the class."""
    if not env_class.__module__.startswith("operant.envs."):
        return _ids.get(env_class)
    ids = [registration.id for registration in REGISTRATIONS if registration.vector_env == env_class.__name__]
    usual = f"operant/{env_class.gymnasium_id}"
    return usual if usual in ids else ids[0]
