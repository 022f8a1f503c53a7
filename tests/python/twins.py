"""An environment that gets bad input beside one that is spared it."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
from gymnasium import error
from odd_values import OnPurposeError

#: What the documentation lets an argument raise.
DOCUMENTED = (TypeError, ValueError, OverflowError)


def good_actions(env, number=0):
    """Actions that can be stepped with."""
    rng = np.random.default_rng(number)
    if isinstance(env.single_action_space, gym.spaces.Discrete):
        return rng.integers(0, env.single_action_space.n, env.num_envs)
    return rng.uniform(-1, 1, (env.num_envs, 1)).astype(np.float32)


def frozen(value):
    """A value that can be compared, of anything that an environment returns; but for how long episodes took."""
    if isinstance(value, np.ndarray):
        rows = [None if row is None else np.asarray(row).tobytes() for row in value]
        return value.dtype, value.shape, rows
    if isinstance(value, dict):
        return {key: frozen(one) for key, one in value.items() if key != "t"}
    return tuple(frozen(one) for one in value) if isinstance(value, tuple) else value


def refused(call, names, allowed=DOCUMENTED):
    """Whether the call raises what it may: an exception that names an argument, or what the argument itself raised."""
    try:
        call()
    except OnPurposeError:
        return True
    except allowed as error:
        raised = error
    else:
        return False
    message = str(raised)
    assert any(name in message for name in names), f"{names} not in {type(raised).__name__}: {message}"
    assert any(word in message for word in ("expected", "must", "could not", "exceeds")), message
    assert len(message) < 1000
    return True


class Twins:
    """Two environments in the same state."""

    def __init__(self, make):
        self.ours, self.spared = make(), make()
        for env in (self.ours, self.spared):
            env.reset(seed=7)
            for number in range(2):  # the third step ends episodes: the next one has infos
                env.step(good_actions(env, number))

    @property
    def envs(self):
        """Both."""
        return self.ours, self.spared

    def saved(self):
        """Everything that future steps depend on, of both."""
        return tuple((env._core.save(), frozen(env.state), env.get_logs()) for env in self.envs)

    def assert_undisturbed(self):
        """What follows is bit for bit what it would have been."""
        ours, spared = self.saved()
        assert ours == spared
        for number in (3, 4):
            ours, spared = (frozen(env.step(good_actions(env, number))) for env in self.envs)
            assert ours == spared
        ours, spared = self.saved()
        assert ours == spared
        ours, spared = (frozen(env.reset()) for env in self.envs)
        assert ours == spared

    def close(self):
        """Close both."""
        for env in self.envs:
            env.close()


#: `reset` may also raise Gymnasium's error for a seed.
DOCUMENTED_OF_RESET = (*DOCUMENTED, error.Error)
