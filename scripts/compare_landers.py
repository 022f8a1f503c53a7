"""Measure the differences between the LunarLanders of Gymnasium, Operant and EnvPool, through their public interfaces.

    python -m pip install --group peers        # EnvPool
    python scripts/compare_landers.py          # a table of means, each with its standard error

Every row is a measurement of many episodes that start from different seeds:

first observation   number of first observations that equal Gymnasium's with the same seed
bounds              share of random episodes with observations outside the observation space
free fall           acceleration in the first steps without engines [m/s^2]
engine              change of a velocity by the first step with an engine, over that without: its mean, and its
                    deviation, which the engine's random dispersion makes
flights             mean return of Gymnasium's landing heuristic, its landings (a last reward of 100) and steps
random              mean return and steps of random actions
wind                "yes" if the constructor accepts enable_wind
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.box2d.lunar_lander import LunarLander, heuristic

import operant  # noqa: F401 (registers environments)

FPS, WIDTH, HEIGHT = 50, 600 / 30, 400 / 30  # to which Gymnasium's observations are scaled

DISCRETE = LunarLander()  # the heuristic reads its attribute `continuous`

MakeEnvs = Callable[..., Any]  # takes a number of envs, a seed, and options


def registered(env_id: str, num_envs: int, seed: int, **options: Any) -> Any:
    """Make the environments of an id."""
    return gym.make_vec(env_id, num_envs, **options)


def envpools(num_envs: int, seed: int, **options: Any) -> Any:
    """Make EnvPool's environments, whose constructor takes the seed."""
    import envpool

    return envpool.make_gymnasium("LunarLander-v3", num_envs=num_envs, num_threads=1, seed=seed, **options)


def reset(make: MakeEnvs, num_envs: int, seed: int) -> tuple[Any, np.ndarray]:
    """Make environments, and return them and their first observations."""
    envs = make(num_envs, seed)
    return envs, np.array(envs.reset()[0] if make is envpools else envs.reset(seed=seed)[0])


def first_steps(make: MakeEnvs, num_envs: int, action: int, steps: int) -> np.ndarray:
    """Return positions and velocities in the first steps in SI units, in the shape (steps + 1, num_envs, 8)."""
    envs, first = reset(make, num_envs, 0)
    observations = [first]
    for _ in range(steps):
        observations.append(np.array(envs.step(np.full(num_envs, action, np.int32))[0]))
    return np.array(observations, float) / [1, 1, WIDTH / 2 / FPS, HEIGHT / 2 / FPS, 1, 20 / FPS, 1, 1]


def mean(numbers: Any) -> str:
    """Return the mean and its standard error."""
    numbers = np.asarray(numbers, float)
    return f"{numbers.mean():.4g} ± {numbers.std() / len(numbers) ** 0.5:.1g}"


def episodes(make: MakeEnvs, num_envs: int, choose: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
    """Play the first episode of every env, and return returns, last rewards, lengths and the largest observations."""
    envs, observations = reset(make, num_envs, 1000)
    returns, lengths, last, over = np.zeros(num_envs), np.zeros(num_envs), np.zeros(num_envs), np.zeros(num_envs, bool)
    low, high = envs.observation_space.low.reshape(-1, 8)[0], envs.observation_space.high.reshape(-1, 8)[0]
    outside = np.zeros(num_envs, bool)
    while not over.all():
        observations, rewards, terminations, truncations, _ = envs.step(choose(observations))
        outside |= ~over & ((observations < low) | (observations > high)).any(axis=1)
        returns += rewards * ~over
        lengths += ~over
        ended = (terminations | truncations) & ~over
        last[ended] = rewards[ended]
        over |= ended
    return {"returns": returns, "lengths": lengths, "landed": last == 100, "outside": outside}


def land(observations: np.ndarray) -> np.ndarray:
    """Choose actions by Gymnasium's heuristic."""
    return np.array([heuristic(DISCRETE, observation) for observation in observations], np.int32)


def measure(make: MakeEnvs, num_envs: int, flights: int) -> dict[str, str]:
    """Return all measurements of a library."""
    rows = {}
    first = np.array([LunarLander().reset(seed=seed)[0] for seed in range(50)])
    rows["first observation"] = f"{int((reset(make, 50, 0)[1] == first).all(axis=1).sum())} of 50"

    # The first observation is that after a step: differences between steps show accelerations and impulses.
    fall = first_steps(make, num_envs, 0, 4)
    rows["free fall"] = mean((fall[4, :, 3] - fall[1, :, 3]) / 3 * FPS)
    for name, action, column in (
        ("main engine, upwards [m/s]", 2, 3),
        ("main engine, turn [1/s]", 2, 5),
        ("left engine, sideways [m/s]", 1, 2),
        ("left engine, turn [1/s]", 1, 5),
        ("right engine, turn [1/s]", 3, 5),
    ):
        fired = first_steps(make, num_envs, action, 1)
        change = (fired[1] - fired[0])[:, column] - (fall[1] - fall[0])[:, column]
        rows[name] = f"{mean(change)}, deviation {change.std():.3g}"

    heuristics = episodes(make, flights, land)
    rows["flights: return"] = mean(heuristics["returns"])
    rows["flights: landed"] = mean(heuristics["landed"])
    rows["flights: steps"] = mean(heuristics["lengths"])
    rng = np.random.default_rng(0)
    random = episodes(make, num_envs, lambda observations: rng.integers(4, size=len(observations), dtype=np.int32))
    rows["random: return"] = mean(random["returns"])
    rows["random: steps"] = mean(random["lengths"])
    rows["bounds"] = f"{random['outside'].mean():.0%} of random episodes leave them"
    try:
        make(1, 0, enable_wind=True)
        rows["wind"] = "yes"
    except Exception as error:  # whatever the library raises
        rows["wind"] = f"no: {type(error).__name__}"
    return rows


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=int, default=400, help="episodes of most measurements")
    parser.add_argument("--flights", type=int, default=200, help="episodes of the heuristic")
    options = parser.parse_args()
    gymnasium = partial(registered, "LunarLander-v3", vectorization_mode="sync")
    libraries = {"Gymnasium": gymnasium, "Operant": partial(registered, "operant/LunarLander-v3"), "EnvPool": envpools}
    tables = {name: measure(make, options.envs, options.flights) for name, make in libraries.items()}
    print("| | " + " | ".join(tables) + " |")
    print("|---|" + "---|" * len(tables))
    for row in tables["Gymnasium"]:
        print(f"| {row} | " + " | ".join(table[row] for table in tables.values()) + " |")


if __name__ == "__main__":
    main()
