"""TensorBoard's event files, which tensorboardX writes."""

from __future__ import annotations

import os
import time
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
        # Without a suffix, two files of the same second would be one.
        self._writer = SummaryWriter(os.fspath(directory), flush_secs=1, filename_suffix=f".{time.time_ns()}")

    def __call__(self, record: dict[str, Any]) -> None:
        """Write one record."""
        for name, value in record.items():
            if name not in ("timestamp", "total_steps"):
                self._writer.add_scalar(name, value, record["total_steps"], walltime=record["timestamp"])

    def close(self) -> None:
        """Write what is left and close the file."""
        self._writer.close()

    def abandon(self) -> None:
        """In a forked child: keep tensorboardX from writing its copy of what the parent is about to write."""
        events = self._writer.file_writer.event_writer
        events._closed = True  # it would be closed at exit
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), events._ev_writer._py_recordio_writer._writer.fileno())
