"""TensorBoard's event files, with the formats that tensorboardX knows."""

from __future__ import annotations

import os
import struct
import time
from collections import deque
from itertools import islice
from typing import Any

from operant._extras import require
from operant.utils._csv_file import BASE_COLUMNS, MOST_WAITING


class TensorBoard:
    """Writes each number of a record as a scalar over the total steps.

    Each record is one write to an unbuffered file: tensorboardX's `SummaryWriter` has a queue and a buffer, which a
    forked child would write a second time.
    """

    def __init__(self, directory: str) -> None:
        """Create the directory and an event file in it."""
        require("tensorboardX", "operant[tensorboard]")
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.record_writer import masked_crc32c
        from tensorboardX.summary import scalar

        self.error: OSError | None = None  # why the last attempt to write has failed
        self._event, self._checksum, self._scalar = Event, masked_crc32c, scalar
        os.makedirs(directory, exist_ok=True)
        self._path = os.path.join(directory, f"events.out.tfevents.{time.time_ns()}")
        self._file = open(self._path, "xb", buffering=0)  # noqa: SIM115
        self.close = self._file.close
        self._waiting: deque[bytes] = deque()  # events, or what is left of them, to be written before anything else
        self._dropped = 0
        self._add(wall_time=time.time(), file_version="brain.Event:2")

    @property
    def missing(self) -> int:
        """How many records are not in the file."""
        return len(self._waiting) + self._dropped

    def append(self, record: dict[str, Any]) -> None:
        """Write one record, after those that could not be written before."""
        if self.error is not None and len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
        else:
            names = ("steps_per_second", *islice(record, len(BASE_COLUMNS), None))
            values = [self._scalar(name, record[name]).value[0] for name in names]
            self._add(wall_time=record["timestamp"], step=record["total_steps"], summary={"value": values})

    def _add(self, **event: Any) -> None:
        data = self._event(**event).SerializeToString()
        length = struct.pack("<Q", len(data))
        checksum = self._checksum
        self._waiting.append(struct.pack(f"<8sI{len(data)}sI", length, checksum(length), data, checksum(data)))
        self._write()

    def _write(self) -> None:
        try:
            while self._waiting:
                rest = self._waiting[0][self._file.write(self._waiting[0]) :]
                if rest:
                    self._waiting[0] = rest
                else:
                    self._waiting.popleft()
            self.error = None
        except OSError as error:
            self.error = OSError(error.errno, error.strerror, self._path)
