"""Positions, angles and velocities of bodies, in Gymnasium's environments and in Operant's states."""

from __future__ import annotations

import numpy as np

_PARTS = ("place.origin.x", "place.origin.y", "position.angle")
_PARTS += ("velocity.center.x", "velocity.center.y", "velocity.angle")


def columns_of(env, count):
    """The columns of these numbers of the first bodies in Operant's state."""
    return [env.state_names.index(f"world.bodies[{body}].{part}") for body in range(count) for part in _PARTS]


def numbers_of(bodies):
    """The same numbers of Box2D's bodies, float32."""
    numbers = [(*body.position, body.angle, *body.linearVelocity, body.angularVelocity) for body in bodies]
    return np.array(numbers, np.float32).ravel()
