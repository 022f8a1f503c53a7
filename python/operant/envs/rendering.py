"""Draws envs from their states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import error

from operant._extras import how_to_install

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv


class Window:
    """A window that shows pictures at the pace of the environment."""

    def __init__(self, frames_per_second: float) -> None:
        """Open the window with the first picture, which has its size."""
        self._frames_per_second = frames_per_second
        self._screen: Any = None
        self._clock: Any = None

    def show(self, picture: npt.NDArray[np.uint8]) -> None:
        """Show a picture, an array of shape (height, width, 3), once the time of a frame has passed."""
        pygame = imported_pygame()
        surface = pygame.surfarray.make_surface(np.transpose(picture, axes=(1, 0, 2)))
        if self._screen is None:
            pygame.display.init()
            self._screen = pygame.display.set_mode(surface.get_size())
            self._clock = pygame.time.Clock()
        self._screen.blit(surface, (0, 0))
        pygame.event.pump()
        self._clock.tick(self._frames_per_second)
        pygame.display.flip()

    def close(self) -> None:
        """Close the window. The next picture opens another one."""
        if self._screen is not None:
            imported_pygame().display.quit()
            self._screen = None


def imported_pygame() -> Any:
    """Import pygame.

    Raises:
        gymnasium.error.DependencyNotInstalled: It is not installed.
    """
    try:
        import pygame
        import pygame.gfxdraw
    except ImportError as missing:
        raise error.DependencyNotInstalled(f"pygame is not installed, run `{how_to_install('render')}`") from missing
    return pygame


class Renderer:
    """Draws one env after the other.

    The renderer calls the method `draw` of the class. If the class has none, an environment of Gymnasium gets each
    state and draws it.
    """

    def __init__(self, env: SimdVectorEnv[Any]) -> None:
        """Make Gymnasium's environment if the class has no method `draw`."""
        self._env = env
        self._artist: Any = None
        self._window = Window(env.metadata.get("render_fps", 30))
        if env.gymnasium_id is not None and not hasattr(env, "draw"):
            mode = "human" if env.render_mode == "human" else "rgb_array"
            made = gym.make(env.gymnasium_id, render_mode=mode, disable_env_checker=True)
            self._artist = made.unwrapped
        self._was_reset = False
        # The actions of the last step, which some pictures show, and a mask of the envs that acted since a reset.
        self._actions: npt.NDArray[Any] | None = None
        self._acted = np.zeros(env.num_envs, np.bool_)
        self._pending = np.zeros(env.num_envs, np.bool_)
        #: The pictures of each env since the last `render` or the beginning of the episode, for "rgb_array_list".
        self._collected: list[list[Any]] = [[] for _ in range(env.num_envs)]

    def after_reset(self, mask: npt.NDArray[np.bool_] | None) -> None:
        """Note the envs that have begun an episode."""
        selected: Any = slice(None) if mask is None else mask
        self._was_reset = True
        self._acted[selected] = False
        self._pending[selected] = False
        self._show(np.ones_like(self._acted) if mask is None else mask, mask)

    def after_step(self, actions: npt.NDArray[Any], ended: npt.NDArray[np.bool_]) -> None:
        """Note the actions, and the envs whose episodes ended."""
        same_step = self._env.metadata["autoreset_mode"] is gym.vector.AutoresetMode.SAME_STEP
        self._actions = actions.copy()
        begun = ended if same_step else self._pending
        self._acted = ~begun
        self._pending = ended
        self._show(begun)

    def _show(self, begun: npt.NDArray[np.bool_], drawn: npt.NDArray[np.bool_] | None = None) -> None:
        """Show or collect the pictures after a reset or a step, as Gymnasium's modes "human" and "rgb_array_list" do.

        Where an episode has begun, the collection begins anew. With a mask, only its envs are collected.
        """
        if self._env.render_mode == "human":
            self.render()
        elif self._env.render_mode == "rgb_array_list":
            states = self._env.state
            for index in range(len(begun)) if drawn is None else np.flatnonzero(drawn).tolist():
                if begun[index]:
                    self._collected[index] = []
                self._collected[index].append(self._draw(index, states[index]))

    def show_action(self, action: Any) -> None:
        """Set the last action that the picture of the only env shows; None for no action."""
        self._actions = None if action is None else np.asarray(action)[None]
        self._acted[:] = action is not None

    def after_jump(self) -> None:
        """Note that states were copied or restored, so that no env has a last action."""
        self._was_reset = True
        self._acted = np.zeros_like(self._acted)
        self._pending = np.zeros_like(self._pending)
        if self._env.render_mode == "human":
            self.render()

    def render(self) -> tuple[Any, ...] | None:
        """Draw every env, or return the pictures that were collected."""
        if not self._was_reset:
            raise error.ResetNeeded("render: call reset before the first render")
        if self._env.render_mode == "rgb_array_list":
            collected, self._collected = self._collected, [[] for _ in self._collected]
            return tuple(collected)
        if self._env.render_mode not in self._env.metadata["render_modes"]:
            modes = ", ".join(self._env.metadata["render_modes"])
            raise ValueError(f"render: expected a render_mode of {modes}, got {self._env.render_mode!r}")
        states = self._env.state
        frames = tuple(self._draw(index, state) for index, state in enumerate(states))
        if self._env.render_mode == "rgb_array":
            return frames
        if self._artist is None:
            self._window.show(frames[0])
        return None

    def _draw(self, index: int, state: npt.NDArray[np.float64]) -> Any:
        action = self._actions[index] if self._acted[index] and self._actions is not None else None
        if action is not None and self._env._action_parts is not None:
            action = self._env._action_parts.unpack(action)
        if self._artist is None:
            return self._env.draw(state, action)
        with np.errstate(all="ignore"):
            for name, value in self._env.parameters.items():
                setattr(self._artist, name, value[index] if isinstance(value, np.ndarray) else value)
            self._env._pose(self._artist, state, action)
            return self._artist.render()

    def get_data(self) -> tuple[Any, ...]:
        """Return the data that pictures show in addition to the states, for `set_data`."""
        return self._was_reset, self._actions, self._acted, self._pending, self._collected

    def set_data(self, data: tuple[Any, ...]) -> None:
        """Continue as the renderer whose `get_data` returned the data."""
        self._was_reset, self._actions, self._acted, self._pending, *collected = data
        if collected:  # pickles of versions up to 0.3 have none
            self._collected = [list(pictures) for pictures in collected[0]]

    def close(self) -> None:
        """Close the window."""
        self._window.close()
        if self._artist is not None:
            self._artist.close()
