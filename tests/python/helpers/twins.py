"""Two equal environments: one gets bad input, the other one does not."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
from gymnasium import error
from odd_values import OnPurposeError
from side_by_side import assert_same, random_actions

#: The documented exceptions for a wrong argument.
DOCUMENTED = (TypeError, ValueError, OverflowError)
#: `reset` may also raise Gymnasium's error for a seed.
DOCUMENTED_OF_RESET = (*DOCUMENTED, error.Error)


def actions_of(env, number=0):
    """Random actions; equal numbers give equal actions."""
    return random_actions(env.single_action_space, np.random.default_rng(number), env.num_envs)


def refused(call, names, allowed=DOCUMENTED):
    """Return True if the call is refused, by an exception that names an argument or that the argument raised."""
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
    """Two environments in the same state, with every kind of output: `ours` gets the bad input, `spared` does not."""

    def __init__(self, registration, **arguments):
        usual = {
            "num_envs": 3,
            "autoreset_mode": "SameStep",
            "max_episode_steps": 3,
            "record_episode_statistics": True,
        }
        self.envs = self.ours, self.spared = [gym.make_vec(registration.id, **usual | arguments) for _ in range(2)]
        for env in self.envs:
            env.reset(seed=7)
            for number in range(2):  # the third step ends episodes: the next one has infos
                env.step(actions_of(env, number))

    def assert_same_state(self):
        """Assert that everything that future steps depend on is the same."""
        ours, spared = self.envs
        assert ours._core.save() == spared._core.save()
        assert_same(ours.state, spared.state)
        assert ours.get_logs() == spared.get_logs()

    def assert_undisturbed(self):
        """Assert that future results are, bit for bit, those without the bad input."""
        ours, spared = self.envs
        self.assert_same_state()
        for number in (3, 4):
            assert_same(ours.step(actions_of(ours, number)), spared.step(actions_of(spared, number)))
        self.assert_same_state()
        assert_same(ours.reset(), spared.reset())
