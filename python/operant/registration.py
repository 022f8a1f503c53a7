"""The environments' ids in Gymnasium's registry."""

from __future__ import annotations

from typing import NamedTuple


class _Registration(NamedTuple):
    id: str
    vector_env: str
    max_episode_steps: int
    reward_threshold: float | None


REGISTRATIONS = (_Registration("operant/CartPole-v1", "CartPoleVecEnv", 500, 475.0),)


def register_envs() -> None:
    """Make Operant's environments known to `gymnasium.make_vec`. Done already when Gymnasium is imported."""
    from gymnasium.envs.registration import register, registry

    for registration in REGISTRATIONS:
        if registration.id not in registry:
            register(
                id=registration.id,
                vector_entry_point=f"operant.envs:{registration.vector_env}",
                max_episode_steps=registration.max_episode_steps,
                reward_threshold=registration.reward_threshold,
            )
