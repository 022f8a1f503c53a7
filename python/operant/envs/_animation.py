"""Videos of envs that a policy controls."""

from __future__ import annotations

import base64
import copy
import io
import math
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from gymnasium import error
from gymnasium.vector import AutoresetMode

from operant._checks import number, path as checked_path, positive_integer, shown
from operant._extras import require
from operant.envs import _rollout, arguments, streams
from operant.envs._evaluation import fresh_env

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv

#: Browsers slow down GIFs with more frames a second, and such files are large.
_MOST_GIF_FRAMES = 25
_LONGEST = 86_400


class Animation:
    """The frames of a video. Notebooks show it; `save` writes it to a file.

    Attributes:
        frames_per_second: The frame rate, `metadata["render_fps"]`.
        shape: The shape of a frame, `(height, width, 3)`.
    """

    def __init__(self, frames: Iterator[npt.NDArray[np.uint8]], frames_per_second: float) -> None:
        """Keep the frames, compressed: ten seconds of CartPole take 3 MB instead of 360 MB."""
        self.frames_per_second = frames_per_second
        self._frames: list[bytes] = []
        self.shape: tuple[int, ...] = (0, 0, 3)
        for frame in frames:
            self.shape = frame.shape
            self._frames.append(zlib.compress(frame.tobytes(), 1))

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._frames)

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Iterate over the frames, arrays `(height, width, 3)`, uint8."""
        for frame in self._frames:
            yield np.frombuffer(zlib.decompress(frame), np.uint8).reshape(self.shape)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file: a GIF (with Pillow), or an MP4 video in H.264 (with imageio-ffmpeg).

        A GIF has at most 25 frames a second. The others are left out.

        Args:
            path: A path that ends in `.gif` or `.mp4`; an existing file is replaced.

        Raises:
            TypeError: The path is neither a string nor a path.
            ValueError: The path has another ending.
            ModuleNotFoundError: The library is not installed.
            OSError: The file cannot be written.
        """
        path = checked_path("path", path)
        check_ending(path)
        if path.lower().endswith(".gif"):
            self._write_gif(path)
        else:
            self._write_mp4(path)

    def _write_gif(self, file: Any) -> None:
        require("PIL", "video")
        from PIL import Image

        stride = math.ceil(self.frames_per_second / _MOST_GIF_FRAMES)
        # Adjacent frames must have the same palette, or the file would repeat the pixels that do not change.
        frames = [Image.fromarray(frame) for frame in islice(self, 0, None, stride)]
        sample = frames[:: max(1, len(frames) // 16)]
        joined = Image.new("RGB", (frames[0].width, frames[0].height * len(sample)))
        for i, frame in enumerate(sample):
            joined.paste(frame, (0, i * frame.height))
        # This method hardly changes the colour of large areas; the default averages it with those of smooth edges.
        palette = joined.quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
        milliseconds = 1000 * stride / self.frames_per_second
        first.save(file, "GIF", save_all=True, append_images=others, duration=milliseconds, loop=0, optimize=True)

    def _write_mp4(self, path: str) -> None:
        require("imageio_ffmpeg", "video")
        import imageio_ffmpeg

        open(path, "ab").close()  # an OSError here says more than the messages of ffmpeg
        height, width, _ = self.shape
        even = height + height % 2, width + width % 2  # H.264 halves the resolution of colours
        writer = imageio_ffmpeg.write_frames(path, even[::-1], fps=self.frames_per_second, macro_block_size=2)
        with closing(writer):
            writer.send(None)
            for frame in self:
                padding = ((0, even[0] - height), (0, even[1] - width), (0, 0))
                writer.send(np.ascontiguousarray(np.pad(frame, padding, mode="edge")))

    def _repr_html_(self) -> str:
        """Show a video in a notebook, or a GIF if no library can write the video."""
        _, width, _ = self.shape
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "animation.mp4"
                self._write_mp4(str(path))
                content = base64.b64encode(path.read_bytes()).decode()
        except ModuleNotFoundError:
            file = io.BytesIO()
            self._write_gif(file)
            return f'<img width="{width}" src="data:image/gif;base64,{base64.b64encode(file.getvalue()).decode()}">'
        source = f"data:video/mp4;base64,{content}"
        return f'<video width="{width}" controls autoplay loop muted playsinline src="{source}"></video>'

    def __repr__(self) -> str:
        height, width, _ = self.shape
        seconds = len(self) / self.frames_per_second
        return f"Animation({seconds:g} s, {len(self)} frames of {width} x {height} pixels)"


def check_ending(path: str) -> None:
    """Raise a ValueError unless `Animation.save` can write a file of this name."""
    if not path.lower().endswith((".gif", ".mp4")):
        raise ValueError(f"path: expected a name that ends in .gif or .mp4, got {shown(path)}")


def animate(env: SimdVectorEnv[Any], policy: Any, seconds: Any, path: Any, seed: Any, num_envs: Any) -> Animation:
    """See `SimdVectorEnv.animate`."""
    length = number("seconds", seconds)
    if not 0 < length <= _LONGEST:
        raise ValueError(f"seconds: expected a number above 0, up to {_LONGEST}, got {shown(seconds)}")
    if path is not None:
        check_ending(checked_path("path", path))
    pace = env.metadata.get("render_fps", 30)
    steps = max(1, round(length * pace))
    drawn = islice(played(env, policy, "rgb_array", seed, num_envs), steps)
    animation = Animation((_side_by_side(one.render()) for one in drawn), pace)
    if path is not None:
        animation.save(path)
    return animation


def played(
    env: SimdVectorEnv[Any], policy: Any, render_mode: str, seed: Any = None, num_envs: Any = 1
) -> Iterator[Any]:
    """Play with a policy, without end, in new envs that can be drawn. Yield them after each reset and step."""
    if _rollout.compiled(policy) is None and not callable(policy):
        raise TypeError(f"policy: expected a policy or a function of the observations, got {shown(policy)}")
    num_envs = positive_integer("num_envs", num_envs, env.num_envs)
    if env.closed:
        raise error.ClosedEnvironmentError("this environment has been closed")
    if isinstance(arguments.seeds(seed, env.num_envs), list):
        seed = seed[:num_envs]
    own_methods = env._is_replaced("step") or env._is_replaced("reset")
    mode = env.autoreset_mode if own_methods else AutoresetMode.NEXT_STEP
    fresh = fresh_env(env, mode, num_envs, render_mode=render_mode)
    added = {name: value for name, value in env.__getstate__().items() if name not in vars(fresh)}
    fresh.__setstate__(copy.deepcopy(added, {id(env): fresh}))
    with closing(fresh):
        observations, _ = fresh.reset(seed=streams.random_seed() if seed is None else seed)
        while True:
            yield fresh
            if not own_methods:
                fresh.rollout(policy, 1, record=())
                continue
            observations, _, terminations, truncations, _ = fresh.step(policy(observations))
            ended = terminations | truncations
            if mode is AutoresetMode.DISABLED and ended.any():
                observations, _ = fresh.reset(options={"reset_mask": ended})


def _side_by_side(frames: tuple[npt.NDArray[np.uint8], ...]) -> npt.NDArray[np.uint8]:
    """Arrange the frames of several envs in rows of a picture."""
    columns = math.ceil(math.sqrt(len(frames)))
    height, width, _ = frames[0].shape
    white = [np.full_like(frames[0], 255)] * (-len(frames) % columns)
    grid = np.reshape([*frames, *white], (-1, columns, height, width, 3))
    return grid.swapaxes(1, 2).reshape(-1, columns * width, 3)
