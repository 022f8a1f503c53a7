"""The states of the copies: looked at, replaced, copied from one to another, noted and returned to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from operant import _core
from operant._checks import shown, switch
from operant.envs import _arguments
from operant.envs._parametrised import Parametrised


class States(Parametrised):
    """The states of the copies."""

    def copy_state(self, source: npt.ArrayLike, target: npt.ArrayLike, *, random: bool = False) -> None:
        """Give copies the state, the elapsed steps and the return so far of other copies; parameters stay.

        All sources are read before any target is written.

        Args:
            source: Numbers of copies, one for each target, any integer dtype; or one number, for all targets.
            target: Numbers of the copies to change, all different.
            random: Whether to copy the random streams, too. If not, every copy keeps its own.

        Raises:
            TypeError: The numbers are no integers. Whatever is raised, nothing is changed.
            ValueError: There are not as many sources as targets, a number is no copy's, or a target comes twice.
            gymnasium.error.ResetNeeded: `reset` has not been called.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        targets = np.atleast_1d(_arguments.copy_numbers("target", target, self.num_envs))
        sources = _arguments.copy_numbers("source", source, self.num_envs)
        if sources.ndim == 0:
            sources = np.full(targets.shape, sources)
        with_random = switch("random", random)
        self._core.copy_state(sources, targets, with_random)
        if with_random and self._seeds is not None:
            self._seeds = self._seeds.copied(sources, targets, self.num_envs)
        if self._renderer is not None:
            self._renderer.after_jump()

    def snapshot(self) -> _core.Snapshot:
        """Note where the environment stands, in memory, for `restore`.

        That is state, elapsed steps, random streams, totals and parameters. It is cheap enough for every step. To keep
        an environment in a file, or to go on with another, there are `save`, pickling and deep copies.

        Returns:
            An object for `restore`.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return self._core.snapshot((self._numbers, self._seeds))

    def restore(self, snapshot: _core.Snapshot) -> None:
        """Return to where the environment stood; from there it continues bit for bit.

        Args:
            snapshot: What `snapshot` of this environment has returned; it can be restored again and again.

        Raises:
            TypeError: It is something else.
            ValueError: It is of another environment. Nothing is changed.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        if not isinstance(snapshot, _core.Snapshot):
            raise TypeError(f"snapshot: expected what snapshot() returned, got {shown(snapshot)}")
        numbers, self._seeds = self._core.restore(snapshot)
        if numbers is not self._numbers:
            self._take_parameters(numbers)
            self._show_in_spec([] if self.spec is None else self._known.keys() & self.spec.kwargs.keys())
        if self._renderer is not None:
            self._renderer.after_jump()

    @property
    def state(self) -> npt.NDArray[np.float64]:
        """A copy of the simulated state, shape `(num_envs, state_size)`, float64 whatever it is simulated in.

        The variables, their order and their units are those of the environment's equations, and for Pendulum and
        Acrobot not those of its observations.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        return self._core.state()

    def set_state(self, state: npt.ArrayLike, mask: npt.NDArray[np.bool_] | None = None) -> None:
        """Replace the simulated state; elapsed steps and random streams stay as they are.

        Args:
            state: Shape `(num_envs, state_size)`, as the property `state` has it; any number dtype.
            mask: Which copies to change, shape `(num_envs,)`, bool; None changes all.

        Raises:
            TypeError: The state has no number dtype, or the mask is not bool. Nothing is changed.
            ValueError: The state or the mask has the wrong shape, or a number is infinite, NaN or beyond what `dtype`
                can hold. Nothing is changed.
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        selected = _arguments.state_mask(mask, self.num_envs)
        shape = (self.num_envs, len(self._environment.state_names))
        new = _arguments.state(state, shape, self.dtype, selected)
        self._core.set_state(new if mask is None else np.where(selected[:, None], new, self.state))
