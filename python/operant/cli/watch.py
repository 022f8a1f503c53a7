"""`operant watch`: shows an env that a policy controls."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from typing import Any

from operant._checks import suggestion
from operant._extras import require
from operant.cli.argument_types import duration, not_negative_integer, output_file, positive_integer, printable
from operant.registration import REGISTRATIONS


def add_parser(commands: Any) -> None:
    """Add `watch` to the subcommands."""
    parser = commands.add_parser(
        "watch",
        help="show an env that a policy controls, in a window or as a video",
        description="Shows an env in a window until the window is closed, or until Ctrl-C. With --output, writes a GIF "
        "or an MP4 video instead, for which no screen is needed.",
    )
    add = parser.add_argument
    add("env", metavar="ENV", help="an id from `operant envs`, or one that you registered: module:id")
    text = "a file that operant.policies.save or `operant train` wrote (default: random actions)"
    add("--policy", metavar="FILE", help=text)
    add("-o", "--output", type=_video, metavar="FILE", help="write this file, which ends in .gif or .mp4")
    text = "the length of the video (default: 10 in a file, no end in a window)"
    add("--seconds", type=duration, metavar="S", help=text)
    add("--seed", type=not_negative_integer, metavar="N", help="seed of the env (default: another one in every run)")
    add("--num-envs", type=positive_integer, default=1, metavar="N", help="envs in the picture of a file (default: 1)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show the window, or write the file and print its name."""
    from operant import policies

    require("pygame", "render")
    if options.output is None and options.num_envs > 1:
        raise ValueError("--num-envs: a window shows one env; expected --output as well")
    env = _made(options.env, options.num_envs)
    policy: Any = policies.Random(seed=options.seed) if options.policy is None else policies.load(options.policy)
    if options.output is None:
        _show(env, policy, options)
        return 0
    animation = env.animate(policy, options.seconds or 10.0, seed=options.seed, num_envs=options.num_envs)
    animation.save(options.output)
    print(f"{printable(str(options.output))}: {animation}")
    return 0


def _show(env: Any, policy: Any, options: argparse.Namespace) -> None:
    """Show a window until it is closed."""
    import pygame

    from operant.envs._animation import played

    pygame.display.init()
    # SDL chooses this driver where there is no screen.
    if pygame.display.get_driver() == "offscreen" and "SDL_VIDEODRIVER" not in os.environ:
        raise ValueError("there is no screen for a window; write a video instead, with --output FILE")
    seconds = options.seconds
    steps = None if seconds is None else max(1, round(seconds * env.metadata.get("render_fps", 30)))
    if sys.stderr is not None:
        print("close the window, or press Ctrl-C, to stop", file=sys.stderr)
    for _ in itertools.islice(played(env, policy, "human", options.seed), steps):
        if pygame.display.get_init() and pygame.event.peek(pygame.QUIT):
            return


def _made(name: str, num_envs: int) -> Any:
    """Make the environment of an id, with or without "operant/" before it."""
    import gymnasium as gym

    from operant.envs import SimdVectorEnv

    ids = {one.id.removeprefix("operant/").lower(): one.id for one in REGISTRATIONS}
    env_id = ids.get(name.lower().removeprefix("operant/"), name)
    if env_id == name and name not in ids.values() and ":" not in name and name not in gym.registry:
        short = [one.removeprefix("operant/") for one in ids.values()]
        raise ValueError(f"{name}: expected an id from `operant envs`{suggestion(name, short)}")
    try:
        env: Any = gym.make_vec(env_id, num_envs=num_envs)
    except gym.error.Error as mistake:
        raise ValueError(f"{name}: {mistake}") from mistake
    if not isinstance(env.unwrapped, SimdVectorEnv):
        raise ValueError(f"{name}: expected an environment of Operant, got a {type(env.unwrapped).__name__}")
    return env.unwrapped


def _video(text: str) -> str:
    from operant.envs._animation import check_ending

    try:
        check_ending(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong).removeprefix("path: ")) from None
    return str(output_file(text))
