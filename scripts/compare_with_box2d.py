"""Step LunarLander or BipedalWalker beside Gymnasium's with Box2D, over millions of steps, and compare every bit.

    python scripts/compare_with_box2d.py lander --steps 5_000_000 --record lander.jsonl
    python scripts/compare_with_box2d.py walker --steps 2_000_000 --record walker.jsonl

The script compares observations, rewards, flags and the positions, angles and velocities of all bodies. It ends with
status 1 at the first difference. It plays parts one after the other, each with its own seeds, and adds a line to the
record after each part. An interrupted run continues from the record. To share a comparison between processes, give each
another --seed.

lander  discrete and continuous actions, without and with wind, gravity and powers drawn for every env; eight policies:
        the landing heuristic, random and constant actions, and mixtures; all autoreset modes, and steps beyond the end
walker  both versions, beside an environment of Gymnasium that is made anew for every episode; the policies of
        tests/python/helpers/fresh_walkers.py: random, held and constant actions, gaits, and walkers that are thrown
        along the track; steps beyond the end, some of them asleep

--learnt adds policies that `operant train` wrote:

    operant train LunarLander-v3 && operant train LunarLanderContinuous-v3 && operant train BipedalWalker-v3
    python scripts/compare_with_box2d.py lander --learnt lunarlander-v3.npz lunarlandercontinuous-v3.npz
    python scripts/compare_with_box2d.py walker --learnt bipedalwalker-v3.npz
"""

import argparse
import itertools
import json
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from tqdm import tqdm

from operant import policies

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "python" / "helpers"))
import fresh_walkers
import landers

Counts = dict[str, int]
Part = tuple[str, Callable[[], Counts]]  # its name, which contains the seed; and a function that plays it

FIGURES = {
    "steps": "steps",
    "episodes": "episodes",
    "beyond": "steps beyond the end of an episode",
    "asleep": "steps asleep",
    "touching": "steps with a leg on the ground",
    "arrivals": "arrivals at the end of the track",
}


def play(make: Callable[..., landers.Landers], *arguments: Any) -> Counts:
    """Step landers, and return the figures of that."""
    pair = make(*arguments)
    for _ in range(1100):
        pair.step()
    return {name: getattr(pair, name) for name in ("steps", "episodes", "touching", "asleep")}


def play_beyond(seeds: range, continuous: bool) -> Counts:
    """Step single landers beyond the end of their episodes."""
    return {"steps": 300 * len(seeds), "beyond": sum(landers.beyond(seed, 300, continuous) for seed in seeds)}


def lander_parts(seed: int) -> Iterator[Part]:
    """Yield parts of the lander's comparison without end."""
    for first in itertools.count(seed, 24):
        seeds = range(first, first + 24)
        for continuous in (False, True):
            kind = "continuous" if continuous else "discrete"
            for wind in (False, True):
                name = f"{kind}, wind" if wind else kind
                yield f"{name}: Disabled, seed {first}", partial(play, landers.Landers, seeds, continuous, wind)
                for mode in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP):
                    make = partial(landers.AutoresetLanders, seeds, mode, continuous, wind)
                    yield f"{name}: {mode.value}, seed {first}", partial(play, make)
            yield f"{kind}: beyond the end, seed {first}", partial(play_beyond, seeds, continuous)


def walk(policy: str, hardcore: bool, seed: int) -> Counts:
    """Play 16 episodes of a policy beside fresh environments."""
    beyond = 400 if policy.startswith(("thrown", "extreme", "constant")) else 20
    walkers = fresh_walkers.Walkers(policy, 16, seed, hardcore, beyond)
    while walkers.episodes < 16:
        walkers.step()
    counts = {name: getattr(walkers, name) for name in ("steps", "episodes", "asleep")}
    return counts | {"beyond": walkers.steps_beyond, "arrivals": int(walkers.arrivals)}


def walker_parts(seed: int) -> Iterator[Part]:
    """Yield parts of the walker's comparison without end."""
    for first in itertools.count(seed, 16):
        for policy, hardcore in itertools.product(fresh_walkers.POLICIES, (False, True)):
            yield f"{policy}{' hardcore' * hardcore}, seed {first}", partial(walk, policy, hardcore, first)


def use_learnt(files: list[str], environment: str) -> None:
    """Add learnt policies to those that play. One call chooses the action of both environments."""
    for number, file in enumerate(files):
        made_from, arguments = policies.load(file)._made_by
        outputs = len(arguments["biases"][-1])
        continuous = environment == "walker" or outputs == 2
        space = gym.spaces.Box(-1, 1, (outputs,)) if continuous else gym.spaces.Discrete(outputs)
        policy = made_from(**arguments | {"action_space": space})  # the file has no space

        def act(observation: np.ndarray, policy: policies.Policy = policy) -> Any:
            return policy(observation[None])[0]

        if environment == "walker":
            fresh_walkers.POLICIES[f"learnt {number}"] = lambda act=act: lambda rng, observation, t: act(observation)
        else:
            landers.LEARNT[continuous] = act


def main() -> None:
    """Compare until there are enough steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", choices=["lander", "walker"])
    parser.add_argument(
        "--steps",
        type=int,
        default=100_000,
        help="compare at least this number of steps, including those in the record",
    )
    parser.add_argument("--seed", type=int, default=0, help="the first seed; others follow it")
    parser.add_argument(
        "--record", type=Path, help="a file of figures, one line for each part, from which a later run continues"
    )
    parser.add_argument("--learnt", nargs="+", default=[], metavar="FILE", help="policies that `operant train` wrote")
    parser.add_argument("--only", default="", metavar="TEXT", help="play only parts whose names contain this text")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*the episode has terminated already")
    use_learnt(options.learnt, options.environment)

    played: dict[str, Counts] = {}
    if options.record and options.record.exists():
        lines = map(json.loads, options.record.read_text().splitlines())
        played = {line.pop("part"): line for line in lines}
    parts = (lander_parts if options.environment == "lander" else walker_parts)(options.seed)
    with tqdm(total=options.steps, unit=" steps", initial=sum(counts["steps"] for counts in played.values())) as bar:
        while bar.n < options.steps:
            name, run = next(parts)
            if name in played or options.only not in name:
                continue
            bar.set_postfix_str(name)
            try:
                played[name] = run()
            except AssertionError as error:
                sys.exit(f"a difference in {name}: {error}")
            if options.record:
                with options.record.open("a") as file:
                    file.write(json.dumps({"part": name} | played[name]) + "\n")
            bar.update(played[name]["steps"])
    show(played)


def show(played: dict[str, Counts]) -> None:
    """Print the figures of all parts, by kind."""
    kinds: dict[str, Counter[str]] = {}
    for name, counts in played.items():
        kinds.setdefault(name.rsplit(", seed", 1)[0], Counter()).update(counts)
    for kind, counts in [*kinds.items(), ("all", sum(kinds.values(), Counter()))]:
        print(f"{kind}: {', '.join(f'{counts[key]:,} {text}' for key, text in FIGURES.items() if counts[key])}")
    print("nothing differs")


if __name__ == "__main__":
    main()
