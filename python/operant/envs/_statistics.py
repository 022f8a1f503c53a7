"""Totals of the episodes that have ended."""

from __future__ import annotations

from typing import Any

from operant.envs._parametrised import Parametrised


class Statistics(Parametrised):
    """Totals of the episodes that have ended."""

    def get_logs(self) -> dict[str, Any]:
        """Totals of the episodes that ended since `clear_logs`, exact however many.

        Returns:
            `episode_count`, an int; `total_reward`, a float, and `total_steps`, an int, the sums of the episodes'
            returns and lengths; `mean_reward` and `mean_length`, floats, per episode, 0.0 without one.

        Raises:
            gymnasium.error.ClosedEnvironmentError: The environment has been closed.
        """
        count, reward, steps = self._core.logs()
        return {
            "episode_count": count,
            "total_reward": reward,
            "total_steps": steps,
            "mean_reward": reward / max(count, 1),
            "mean_length": steps / max(count, 1),
        }

    def clear_logs(self) -> None:
        """Set the totals of `get_logs` to zero; episodes that have begun before count in full when they end."""
        self._core.clear_logs()
