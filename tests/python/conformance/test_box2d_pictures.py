"""Pictures of LunarLander and BipedalWalker against Gymnasium's, which Box2D's bodies make."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from operant import envs
from operant.envs import box2d_pictures

pytest.importorskip("pygame")
pytest.importorskip("Box2D", reason="needs box2d")

from gymnasium.envs.box2d.bipedal_walker import BipedalWalkerHeuristics
from gymnasium.envs.box2d.lunar_lander import heuristic

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*pkg_resources.*", "ignore:.*avx2.*:RuntimeWarning", "ignore:.*SwigPy.*", "ignore:.*swigvarlink.*"
)


#: Actions from the environment, the observation and a generator.
POLICIES = {
    "crash": lambda world, observation, rng: 0,
    "leave the picture, turning": lambda world, observation, rng: 3,
    "random": lambda world, observation, rng: int(rng.integers(4)),
    "land, and rest on both legs": lambda world, observation, rng: int(heuristic(world, observation)),
}


def body_of(body):
    """The body to draw of a body in Gymnasium's environment."""
    return box2d_pictures.Body(*body.transform.position, body.transform.R.s, body.transform.R.c)


def drawn_from_bodies(world):
    """Draw Gymnasium's bodies and particles."""
    bodies = list(map(body_of, world.drawlist))
    heights = [np.float32(sky[0][1]) for sky in world.sky_polys] + [np.float32(world.sky_polys[-1][1][1])]
    particles = [box2d_pictures.Particle(*body.position, body.ttl) for body in world.particles]
    return box2d_pictures.picture(bodies, heights, particles)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_pictures_of_bodies_equal_gymnasium(policy, rng):
    world = gym.make("LunarLander-v3", render_mode="rgb_array").unwrapped
    observation, _ = world.reset(seed=0)
    terminated, seen = False, []
    for step in range(400):
        observation, _, terminated, _, _ = world.step(policy(world, observation, rng))
        if step % 3 and not terminated:  # the next picture is almost the same
            continue
        expected = world.render()
        np.testing.assert_array_equal(drawn_from_bodies(world), expected, strict=True)
        seen.append(expected)
        if terminated:
            break
    assert terminated
    assert not np.array_equal(seen[0], seen[-1])


def walker_from_bodies(world):
    """Draw Gymnasium's walker."""
    shown = world.lidar_render
    rays = [
        *world.lidar,
        *(world.lidar[len(world.lidar) - i - 1] for i in range(len(world.lidar), 2 * len(world.lidar))),
    ]
    return box2d_pictures.bipedal_walker(
        list(map(body_of, (world.hull, *world.legs))),
        world.terrain_y,
        [polygon for polygon, _, _ in world.cloud_poly],
        obstacles=[
            [tuple(vertex) for vertex in body.fixtures[0].shape.vertices]
            for body in reversed(world.terrain)
            if len(body.fixtures[0].shape.vertices) > 2
        ],
        lidar=(tuple(rays[shown].p1), tuple(rays[shown].p2)) if shown < len(rays) else None,
    )


@pytest.mark.parametrize("hardcore", [False, True])
@pytest.mark.parametrize("walks", [False, True])
def test_pictures_of_a_walker_equal_gymnasium(walks, hardcore, rng):
    world = gym.make("BipedalWalker-v3", hardcore=hardcore, render_mode="rgb_array").unwrapped
    observation, _ = world.reset(seed=0)
    heuristics, scrolls = BipedalWalkerHeuristics(), set()
    for step in range(120):
        action = heuristics.step_heuristic(observation) if walks else rng.uniform(-1, 1, 4).astype(np.float32)
        observation, _, terminated, _, _ = world.step(action)
        if step % 3 == 0 or terminated:
            expected = world.render()
            np.testing.assert_array_equal(walker_from_bodies(world), expected, strict=True)
            scrolls.add(world.scroll > 0)
        if terminated:
            break
    assert True in scrolls or not walks


@pytest.mark.parametrize("continuous", [False, True])
def test_pictures_equal_gymnasium_apart_from_the_exhaust(continuous, rng):
    oracle = gym.make("LunarLander-v3", continuous=continuous, render_mode="rgb_array").unwrapped
    env_class = envs.LunarLanderContinuousVecEnv if continuous else envs.LunarLanderVecEnv
    env = env_class(1, render_mode="rgb_array")
    for seed in range(2):
        oracle.reset(seed=seed)
        env.reset(seed=[seed])
        terminated, without_exhaust = False, 0
        while not terminated:
            # The engines are on for some steps, then off for longer than particles live.
            on = len(oracle.particles) == 0 and rng.random() < 0.2
            action = (rng.uniform(-1, 1, 2).astype(np.float32) if continuous else int(rng.integers(1, 4))) if on else 0
            if continuous and not on:
                action = np.zeros(2, np.float32)
            terminated = oracle.step(action)[2]
            env.step(np.asarray(action)[None])
            expected, (frame,) = oracle.render(), env.render()
            if oracle.particles:
                assert (frame != expected).any(axis=2).sum() < 200
            else:
                without_exhaust += 1
                np.testing.assert_array_equal(frame, expected, strict=True)
            if env.autoreset_mode and terminated:
                break
        assert without_exhaust > 20
