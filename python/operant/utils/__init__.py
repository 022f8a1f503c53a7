"""Tools for training loops: `Logger`."""

from operant.utils.logger import Logger

__all__ = ["Logger"]
