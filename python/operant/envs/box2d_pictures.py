"""Pictures of LunarLander and BipedalWalker, drawn with the calls to pygame that Gymnasium makes, but without Box2D."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from operant.envs.rendering import imported_pygame

Point = tuple[float, float]
Color = tuple[int, int, int]


class Body(NamedTuple):
    """The place of a body: Box2D's transform, in float32."""

    x: float  # [m]
    y: float  # [m]
    sine: float  # of its angle
    cosine: float


class Particle(NamedTuple):
    """A piece of the exhaust."""

    x: float  # [m]
    y: float  # [m]
    time_to_live: float  # 1 for a new one at full thrust; Gymnasium subtracts 0.15 a picture


SCALE = 30.0  # pixels a metre
_WIDTH, _HEIGHT = 600, 400
_CHUNKS = 11
_PAD_HEIGHT = _HEIGHT / SCALE / 4
# Gymnasium draws the terrain from doubles. The pad's smoothed height is a whole number of pixels, which float32 would
# round down.
_SMOOTH_PAD_HEIGHT = 0.33 * (_PAD_HEIGHT + _PAD_HEIGHT + _PAD_HEIGHT)
# The vertices in Box2D's order, which begins at the lowest of those that are farthest to the right.
_HULL = [(17, -10), (17, 0), (14, 17), (-14, 17), (-17, 0), (-17, -10)]
_LEG = [(-2, -8), (2, -8), (2, 8), (-2, 8)]
_WALKER_HULL = [(34, -8), (34, 1), (6, 9), (-30, 9), (-30, -8)]
_UPPER_LEG = [(-4, -17), (4, -17), (4, 17), (-4, 17)]
_LOWER_LEG = [(-3.2, -17), (3.2, -17), (3.2, 17), (-3.2, 17)]
_TERRAIN_STEP = 14 / SCALE  # [m]
_PARTICLE_AREA = math.pi * (2 / SCALE) ** 2  # [m^2]
_AGEING = 0.15  # of a particle, between two pictures
_TIME_STEP = 1 / 50  # [s]
_FILL, _LINE = (128, 102, 230), (77, 77, 128)


def bodies_in(state: Mapping[str, float], count: int) -> list[Body]:
    """Return the places of the bodies of a world from its state variables by their names."""
    names = ("origin.x", "origin.y", "turn.s", "turn.c")
    return [Body(*(state[f"world.bodies[{i}].place.{name}"] for name in names)) for i in range(count)]


def lunar_lander(state: Mapping[str, float], throttles: Sequence[float]) -> npt.NDArray[np.uint8]:
    """Draw the state of a lander.

    Gymnasium simulates particles of the exhaust, which live for seven pictures. Here each engine that is on has one,
    the newest, without the random dispersion.

    Args:
        state: The state variables by their names.
        throttles: The last action, as LunarLanderContinuous takes it: of the main engine and of the side engines.

    Returns:
        An array of shape `(400, 600, 3)`, uint8.
    """
    bodies = bodies_in(state, 3)
    heights = [state[f"world.edges[{i}].from.y"] for i in range(1, _CHUNKS)]
    heights.append(state[f"world.edges[{_CHUNKS - 1}].to.y"])
    return picture(bodies, heights, _exhaust(bodies[0], *throttles))


def _exhaust(lander: Body, main: float, side: float) -> list[Particle]:
    """Return a particle for each engine that is on, at the place of one emitted at the beginning of the step."""
    particles = []
    # The impulse on a particle is its way from the lander to the engine, times a constant and the power.
    if main > 0:
        power = (main + 1) / 2
        x, y = lander.sine * 4 / SCALE, -lander.cosine * 4 / SCALE
        travelled = _TIME_STEP * 13.0 * power / (3.5 * _PARTICLE_AREA)
        particles.append(Particle(lander.x + x + x * travelled, lander.y + y + y * travelled, power - _AGEING))
    if abs(side) > 0.5:
        away = math.copysign(12 / SCALE, side)
        x, y = -lander.cosine * away, -lander.sine * away
        travelled = _TIME_STEP * 0.6 * abs(side) / (0.7 * _PARTICLE_AREA)
        from_x, from_y = lander.x + x - lander.sine * 17 / SCALE, lander.y + y + lander.cosine * 14 / SCALE
        particles.append(Particle(from_x + x * travelled, from_y + y * travelled, abs(side) - _AGEING))
    return particles


def picture(
    bodies: Sequence[Body], heights: Sequence[float], particles: Iterable[Particle] = ()
) -> npt.NDArray[np.uint8]:
    """Draw the lander, its legs, the terrain and the two flags.

    Args:
        bodies: The lander and its legs, in the order of drawing.
        heights: The heights of the terrain at 11 places from the left to the right, in float32 [m].
        particles: The exhaust, the oldest first.

    Returns:
        An array of shape `(400, 600, 3)`, uint8.
    """
    surface = imported_pygame().Surface((_WIDTH, _HEIGHT))
    surface.fill((255, 255, 255))
    _draw_sky(surface, heights)
    # Gymnasium draws the flags again after every body.
    for particle in particles:
        _draw_particle(surface, particle)
        _draw_flags(surface)
    for body, shape in zip(bodies, (_HULL, _LEG, _LEG), strict=True):
        _draw_body(surface, body, shape)
        _draw_flags(surface)
    return _upright(surface)


def _draw_sky(surface: Any, heights: Sequence[float]) -> None:
    """Draw the black sky above the terrain, one polygon a chunk."""
    exact = [_SMOOTH_PAD_HEIGHT if y == np.float32(_SMOOTH_PAD_HEIGHT) else float(y) for y in heights]
    top, chunk = _HEIGHT / SCALE, _WIDTH / SCALE / (_CHUNKS - 1)
    for i in range(_CHUNKS - 1):
        left, right = chunk * i, chunk * (i + 1)
        sky = [(left, exact[i]), (right, exact[i + 1]), (right, top), (left, top)]
        _fill(surface, [(x * SCALE, y * SCALE) for x, y in sky], (0, 0, 0))


def _draw_flags(surface: Any) -> None:
    pygame = imported_pygame()
    for chunk in (_CHUNKS // 2 - 1, _CHUNKS // 2 + 1):
        x = _WIDTH / SCALE / (_CHUNKS - 1) * chunk * SCALE
        bottom = _PAD_HEIGHT * SCALE
        top = bottom + 50
        pygame.draw.line(surface, color=(255, 255, 255), start_pos=(x, bottom), end_pos=(x, top), width=1)
        _fill(surface, [(x, top), (x, top - 10), (x + 25, top - 5)], (204, 204, 0))


def _draw_body(surface: Any, body: Body, shape: Sequence[Point]) -> None:
    pygame = imported_pygame()
    path = [_moved(body, x, y) for x, y in shape]
    _fill(surface, path, _FILL)
    pygame.draw.aalines(surface, color=_LINE, points=path, closed=True)


def _draw_particle(surface: Any, particle: Particle) -> None:
    pygame = imported_pygame()
    left = particle.time_to_live
    dim = int(max(0.2, 0.5 * left) * 255)
    center = _scaled(particle.x, particle.y)
    radius = float(np.float32(2 / SCALE)) * SCALE
    pygame.draw.circle(surface, (int(max(0.2, 0.15 + left) * 255), dim, dim), center, radius)


def bipedal_walker(
    bodies: Sequence[Body],
    heights: Sequence[float],
    clouds: Iterable[Sequence[Point]],
    *,
    obstacles: Sequence[Sequence[Point]] = (),
    lidar: tuple[Point, Point] | None = None,
) -> npt.NDArray[np.uint8]:
    """Draw the walker, the part of the terrain around it, clouds and the flag at the start.

    Args:
        bodies: The hull, then the upper and the lower part of the first leg and of the second.
        heights: The heights of the terrain every 14/30 m, from 0 on, as doubles [m]. Many are whole numbers of pixels,
            which float32 would round down.
        clouds: Polygons [m].
        obstacles: The polygons of the hardcore terrain in the order in which they were made [m].
        lidar: The ends of a ray to draw [m]. Gymnasium shows one of ten rays, in 20 of 100 pictures.

    Returns:
        An array of shape `(400, 600, 3)`, uint8.
    """
    pygame = imported_pygame()
    scroll = bodies[0].x - _WIDTH / SCALE / 5
    # As in Gymnasium, the left part of the surface is beyond the picture.
    surface = pygame.Surface((_WIDTH + max(0.0, scroll) * SCALE, _HEIGHT))
    left = scroll * SCALE
    corners = [(left, 0), (left + _WIDTH, 0), (left + _WIDTH, _HEIGHT), (left, _HEIGHT)]
    pygame.draw.polygon(surface, (215, 215, 255), corners)
    for cloud in clouds:
        xs = [x for x, _ in cloud]
        if max(xs) >= scroll / 2 and min(xs) <= scroll / 2 + _WIDTH / SCALE:
            _fill(surface, [(x * SCALE + left / 2, y * SCALE) for x, y in cloud], (255, 255, 255))
    _draw_ground(surface, heights, scroll)
    if lidar is not None:
        start, end = ((x * SCALE, y * SCALE) for x, y in lidar)
        pygame.draw.line(surface, (255, 0, 0), start, end, width=1)
    _draw_edges(surface, heights, scroll)
    for obstacle in reversed(obstacles):
        _draw_framed(surface, [_scaled(x, y) for x, y in obstacle], (255, 255, 255), (153, 153, 153))
    hull, *limbs = bodies
    for i, limb in enumerate(limbs):
        shade = 25 if i < 2 else -25
        shape = _UPPER_LEG if i % 2 == 0 else _LOWER_LEG
        path = [_moved(limb, x, y) for x, y in shape]
        _draw_framed(surface, path, (153 + shade, 76 + shade, 127 + shade), (102 + shade, 51 + shade, 76 + shade))
    _draw_framed(surface, [_moved(hull, x, y) for x, y in _WALKER_HULL], (127, 51, 229), (76, 76, 127))
    _draw_start(surface)
    return _upright(surface)[:, -_WIDTH:]


def _draw_ground(surface: Any, heights: Sequence[float], scroll: float) -> None:
    """Draw the ground below the edges in view, from doubles."""
    for i in range(len(heights) - 1):
        x1, x2 = i * _TERRAIN_STEP, (i + 1) * _TERRAIN_STEP
        if x2 >= scroll and x1 <= scroll + _WIDTH / SCALE:
            ground = [(x1, heights[i]), (x2, heights[i + 1]), (x2, 0), (x1, 0)]
            _fill(surface, [(x * SCALE, y * SCALE) for x, y in ground], (102, 153, 76))


def _draw_edges(surface: Any, heights: Sequence[float], scroll: float) -> None:
    """Draw the edges in view and their neighbours, from float32."""
    pygame = imported_pygame()
    for i in reversed(range(len(heights) - 1)):
        x1, x2 = i * _TERRAIN_STEP, (i + 1) * _TERRAIN_STEP
        if x2 >= scroll - 1 and x1 <= scroll + _WIDTH / SCALE + 1:
            color = (76, 255 if i % 2 == 0 else 204, 76)
            pygame.draw.aaline(surface, color, _scaled(x1, heights[i]), _scaled(x2, heights[i + 1]))


def _draw_start(surface: Any) -> None:
    """Draw the flag at the start."""
    pygame = imported_pygame()
    x, bottom = _TERRAIN_STEP * 3 * SCALE, _PAD_HEIGHT * SCALE
    top = bottom + 50
    pygame.draw.aaline(surface, (0, 0, 0), (x, bottom), (x, top))
    flag = [(x, top), (x, top - 10), (x + 25, top - 5)]
    pygame.draw.polygon(surface, (230, 51, 0), flag)
    pygame.draw.lines(surface, (0, 0, 0), closed=False, points=[*flag, flag[0]], width=1)


def _draw_framed(surface: Any, path: Sequence[Point], fill: Color, frame: Color) -> None:
    pygame = imported_pygame()
    _fill(surface, path, fill)
    closed = [*path, path[0]]
    pygame.draw.polygon(surface, frame, closed, width=1)
    pygame.gfxdraw.aapolygon(surface, closed, frame)


def _scaled(x: float, y: float) -> Point:
    """Return the pixels of a point, computed in float32 as in Box2D."""
    return float(np.float32(x) * np.float32(SCALE)), float(np.float32(y) * np.float32(SCALE))


def _moved(body: Body, x: float, y: float) -> Point:
    """Return the place of a vertex on the screen; all operations are in float32, as in Box2D."""
    c, s = np.float32(body.cosine), np.float32(body.sine)
    vx, vy = np.float32(x / SCALE), np.float32(y / SCALE)
    moved = (c * vx - s * vy) + np.float32(body.x), (s * vx + c * vy) + np.float32(body.y)
    return _scaled(float(moved[0]), float(moved[1]))


def _fill(surface: Any, points: Sequence[Point], color: Color) -> None:
    pygame = imported_pygame()
    pygame.draw.polygon(surface, color, points)
    pygame.gfxdraw.aapolygon(surface, points, color)


def _upright(surface: Any) -> npt.NDArray[Any]:
    """Turn the y axis up, and return the pixels."""
    pygame = imported_pygame()
    pixels = pygame.surfarray.pixels3d(pygame.transform.flip(surface, False, True))
    return np.transpose(np.array(pixels), axes=(1, 0, 2))
