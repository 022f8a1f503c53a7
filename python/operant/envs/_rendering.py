"""Frames of the copies, drawn from their states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import error

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv


class Renderer:
    """Draws with an environment of Gymnasium, which is put into the state of one copy after the other.

    A class that follows none of Gymnasium's environments draws with its own method `draw`.
    """

    def __init__(self, env: SimdVectorEnv[Any]) -> None:
        """Make Gymnasium's environment with the same parameters."""
        self._env = env
        self._artist: Any = None
        if env.gymnasium_id is not None:
            made = gym.make(env.gymnasium_id, render_mode=env.render_mode, disable_env_checker=True)
            self._artist = made.unwrapped
        self._was_reset = False
        # The actions of the last step, which some pictures show, and which copies have acted since their reset.
        self._actions: npt.NDArray[Any] | None = None
        self._acted = np.zeros(env.num_envs, np.bool_)
        self._pending = np.zeros(env.num_envs, np.bool_)

    def after_reset(self, mask: npt.NDArray[np.bool_] | None) -> None:
        """Note which copies have begun an episode."""
        selected: Any = slice(None) if mask is None else mask
        self._was_reset = True
        self._acted[selected] = False
        self._pending[selected] = False
        if self._env.render_mode == "human":
            self.render()

    def after_step(self, actions: npt.NDArray[Any], ended: npt.NDArray[np.bool_]) -> None:
        """Note the actions, and which copies have ended an episode."""
        same_step = self._env.metadata["autoreset_mode"] is gym.vector.AutoresetMode.SAME_STEP
        self._actions = actions.copy()
        self._acted = ~(ended if same_step else self._pending)
        self._pending = ended
        if self._env.render_mode == "human":
            self.render()

    def after_jump(self) -> None:
        """Note that states were copied or restored, so that no copy has a last action."""
        self._was_reset = True
        self._acted = np.zeros_like(self._acted)
        self._pending = np.zeros_like(self._pending)
        if self._env.render_mode == "human":
            self.render()

    def render(self) -> tuple[npt.NDArray[np.uint8], ...] | None:
        """Draw every copy."""
        if not self._was_reset:
            raise error.ResetNeeded("render: call reset before the first render")
        states = self._env.state
        frames = tuple(self._draw(copy, states[copy]) for copy in range(self._env.num_envs))
        return frames if self._env.render_mode == "rgb_array" else None

    def _draw(self, copy: int, state: npt.NDArray[np.float64]) -> Any:
        action = self._actions[copy] if self._acted[copy] and self._actions is not None else None
        if self._artist is None:
            return self._env.draw(state, action)
        for name, value in self._env.parameters.items():
            setattr(self._artist, name, value[copy] if isinstance(value, np.ndarray) else value)
        self._env._pose(self._artist, state, action)
        return self._artist.render()

    def close(self) -> None:
        """Close the window."""
        if self._artist is not None:
            self._artist.close()
