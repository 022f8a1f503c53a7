"""What training loops need beside the environments: `Logger`."""

from operant.utils.logger import Logger

__all__ = ["Logger"]
