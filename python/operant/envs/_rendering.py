"""Frames, drawn by Gymnasium's own renderers from the state of each copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import error

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv, Step


class Renderer:
    """One of Gymnasium's environments, which is put into the state of one copy after the other."""

    def __init__(self, env: SimdVectorEnv) -> None:
        self._env = env
        self._artist: Any = gym.make(env.gymnasium_id, render_mode=env.render_mode, disable_env_checker=True).unwrapped
        for name, value in env.parameters.items():
            setattr(self._artist, name, value)
        self._was_reset = False
        # Pendulum's picture shows the torque; nan where there has been none since a reset.
        self._torques = np.full(env.num_envs, np.nan, np.float32)
        self._pending = np.zeros(env.num_envs, np.bool_)

    def after_reset(self, mask: npt.NDArray[np.bool_] | None) -> None:
        """Note which copies have begun an episode."""
        selected: Any = slice(None) if mask is None else mask
        self._was_reset = True
        self._torques[selected] = np.nan
        self._pending[selected] = False
        if self._env.render_mode == "human":
            self.render()

    def after_step(self, actions: npt.NDArray[Any], result: Step) -> None:
        """Note the torques, and which copies have begun an episode."""
        ended = result[2] | result[3]
        same_step = self._env.metadata["autoreset_mode"] is gym.vector.AutoresetMode.SAME_STEP
        if hasattr(self._artist, "max_torque"):
            limit = self._artist.max_torque
            torques = np.clip(actions, -limit, limit).astype(np.float32).reshape(-1)
            self._torques = np.where(ended if same_step else self._pending, np.float32(np.nan), torques)
        self._pending = ended
        if self._env.render_mode == "human":
            self.render()

    def render(self) -> tuple[npt.NDArray[np.uint8], ...] | None:
        """Draw every copy."""
        if not self._was_reset:
            raise error.ResetNeeded("render: call reset before the first render")
        frames = tuple(map(self._draw, self._env.state, self._torques))
        return frames if self._env.render_mode == "rgb_array" else None

    def _draw(self, state: npt.NDArray[Any], torque: np.float32) -> npt.NDArray[np.uint8]:
        # Gymnasium's MountainCarContinuous keeps float32, and so draws with float32, except after a reset.
        as_float32 = state.astype(np.float32)
        keeps_float32 = self._env.gymnasium_id.startswith("MountainCarContinuous")
        self._artist.state = (
            as_float32 if keeps_float32 and np.array_equal(as_float32, state) else state.astype(np.float64)
        )
        if hasattr(self._artist, "max_torque"):
            self._artist.last_u = None if np.isnan(torque) else torque
        return self._artist.render()

    def close(self) -> None:
        """Close the window."""
        self._artist.close()
