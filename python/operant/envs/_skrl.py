"""A warning about training with skrl in an autoreset mode that skrl does not support."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from gymnasium.vector import AutoresetMode

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv


class StateSpace:
    """A descriptor in the place of the optional attribute `state_space`, which skrl reads when training begins.

    skrl learns from every step as a transition, and does not check the autoreset mode. No other library reads this
    attribute of Gymnasium's vector environments.
    """

    def __get__(self, env: SimdVectorEnv[Any] | None, owner: type) -> NoReturn:
        """Raise AttributeError, after one warning in mode NextStep."""
        if env is not None and env.autoreset_mode is AutoresetMode.NEXT_STEP and not env._has_warned:
            env._has_warned = True
            warnings.warn(
                "in autoreset mode NextStep, skrl also learns from the steps that only start an episode: pass "
                'autoreset_mode="SameStep"',
                UserWarning,
                stacklevel=2,
            )
        raise AttributeError(f"{owner.__name__!r} object has no attribute 'state_space'")
