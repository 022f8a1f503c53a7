"""TensorBoard's event files, which tensorboardX writes."""

from __future__ import annotations

import os
from typing import Any


class TensorBoard:
    """A sink of `Logger` that writes each number as a scalar over the total steps."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        """Create the directory and an event file in it.

        Raises:
            ImportError: tensorboardX is not installed.
            OSError: The directory cannot be written to.
        """
        try:
            from tensorboardX import SummaryWriter
        except ModuleNotFoundError as missing:
            raise ImportError(
                f'tensorboard_dir: tensorboardX is needed (pip install "operant[tensorboard]"): {missing}'
            ) from missing
        self._writer = SummaryWriter(os.fspath(directory), flush_secs=1)

    def __call__(self, record: dict[str, Any]) -> None:
        """Write one record."""
        for name, value in record.items():
            if name not in ("timestamp", "total_steps"):
                self._writer.add_scalar(name, value, record["total_steps"], walltime=record["timestamp"])

    def close(self) -> None:
        """Write what is left and close the file."""
        self._writer.close()
