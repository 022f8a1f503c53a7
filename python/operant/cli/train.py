"""`operant train`: trains an agent on one of Operant's environments."""

from __future__ import annotations

import argparse
import time
from importlib import import_module
from typing import Any

import gymnasium as gym

from operant._checks import suggestion
from operant._extras import require
from operant.cli.argument_types import not_negative_integer, output_file, printable


def add_parser(commands: Any) -> None:
    """Add `train` to the subcommands."""
    parser = commands.add_parser(
        "train",
        help="train an agent with PPO",
        description="Trains an agent with proximal policy optimisation on one core, until it solves the environment, "
        "and writes its policy to a file for `operant watch`. Needs torch. The exit code is 1 if the mean return stays "
        "below Gymnasium's threshold.",
    )
    add = parser.add_argument
    add("env", metavar="ENV", help="an id such as LunarLander-v3; an unknown id lists those with settings")
    add("--seed", type=not_negative_integer, default=1, metavar="N", help="seed of the training (default: 1)")
    add("--csv", metavar="FILE", help="write the learning curve, for `operant plot`")
    text = "the file of the policy (default: the id in lower case with .npz)"
    add("-o", "--output", type=output_file, metavar="FILE", help=text)
    add("--quiet", action="store_true", help="do not show the progress")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, write the policy, and print how long it took."""
    require("torch", "train")
    from operant import policies

    # CMake installs examples/ppo.py there; the sources have no such file.
    ppo: Any = import_module("operant.training.ppo")
    ids = {env_id.lower(): env_id for env_id in ppo.SETTINGS}
    env_id = ids.get(options.env.lower().removeprefix("operant/"))
    if env_id is None:
        hint = suggestion(options.env, list(ppo.SETTINGS))
        raise ValueError(f"{options.env}: expected one of {', '.join(ppo.SETTINGS)}{hint}")
    wall, processor = time.perf_counter(), time.process_time()
    agent, mean = ppo.train(env_id, options.seed, options.csv, options.quiet)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    output = str(options.output or f"{env_id.lower()}.npz")
    policies.save(agent.without_noise(), output)
    print(f"to see it: operant watch {env_id} --policy {printable(output)}")
    threshold = gym.spec(env_id).reward_threshold  # below the mean return at which training ends
    is_solved = mean >= (ppo.SETTINGS[env_id].solved if threshold is None else threshold)
    print(
        f"{env_id}: {'solved' if is_solved else 'not solved'} in {wall:.1f} s, {processor:.1f} s of processor time; "
        f"mean return {mean:.1f} in 128 new episodes"
    )
    return 0 if is_solved else 1
