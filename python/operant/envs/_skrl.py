"""A warning for those who train with skrl in an autoreset mode that it does not support."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from gymnasium.vector import AutoresetMode

if TYPE_CHECKING:
    from operant.envs.vector_env import SimdVectorEnv


class StateSpace:
    """The optional attribute `state_space` of environments, for which skrl asks when training begins; there is none.

    skrl takes each step for a transition, and reports no autoreset mode that it cannot handle. No other library asks a
    vector environment of Gymnasium for this attribute.
    """

    def __get__(self, env: SimdVectorEnv[Any] | None, owner: type) -> NoReturn:
        """Raise AttributeError, after one warning in mode NextStep."""
        if env is not None and env.autoreset_mode is AutoresetMode.NEXT_STEP and not env._has_warned:
            env._has_warned = True
            warnings.warn(
                "skrl also learns from the steps that only start an episode, which autoreset mode NextStep has: pass "
                'autoreset_mode="SameStep"',
                UserWarning,
                stacklevel=2,
            )
        raise AttributeError(f"{owner.__name__!r} object has no attribute 'state_space'")
