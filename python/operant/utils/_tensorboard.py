"""TensorBoard's event files, with the formats that tensorboardX knows."""

from __future__ import annotations

import os
import struct
import time
from typing import Any


class TensorBoard:
    """A sink of `Logger` that writes each number as a scalar over the total steps.

    Each record is one write to an unbuffered file: tensorboardX's `SummaryWriter` has a queue and a buffer, which a
    forked child would write a second time.
    """

    def __init__(self, directory: str) -> None:
        """Create the directory and an event file in it."""
        try:
            from tensorboardX.proto.event_pb2 import Event
            from tensorboardX.record_writer import masked_crc32c
            from tensorboardX.summary import scalar
        except ModuleNotFoundError as missing:
            raise ImportError(
                f'tensorboard_dir: tensorboardX is needed (pip install "operant[tensorboard]"): {missing}'
            ) from missing
        self._event, self._checksum, self._scalar = Event, masked_crc32c, scalar
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, f"events.out.tfevents.{time.time_ns()}")
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115
        self.close = self._file.close
        self._write(wall_time=time.time(), file_version="brain.Event:2")

    def __call__(self, record: dict[str, Any]) -> None:
        """Write one record."""
        wall_time, step = record.pop("timestamp"), record.pop("total_steps")
        values = [self._scalar(name, value).value[0] for name, value in record.items()]
        self._write(wall_time=wall_time, step=step, summary={"value": values})

    def _write(self, **event: Any) -> None:
        data = self._event(**event).SerializeToString()
        length = struct.pack("<Q", len(data))
        checksum = self._checksum
        self._file.write(struct.pack(f"<8sI{len(data)}sI", length, checksum(length), data, checksum(data)))
