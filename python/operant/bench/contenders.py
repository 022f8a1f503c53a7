"""Who takes part: Operant, and other libraries' vector environments of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import gymnasium as gym
import numpy.typing as npt

from operant import envs
from operant.envs import SimdVectorEnv

# SyncVectorEnv steps one copy after the other, so its rate does not grow with their number; but with 65,536 copies one
# step takes most of a second, and making them ten.
_LARGEST_SYNC = 4096


class NotMeasuredError(Exception):
    """There is no such contender for this environment and number of copies; the message says why."""


@dataclass(frozen=True)
class Contender:
    """One vector environment."""

    name: str
    library: str
    workers: int
    make: Callable[[], gym.vector.VectorEnv]


@dataclass(frozen=True)
class Peer:
    """Another library."""

    #: What it is called on the command line.
    option: str
    #: What "times ..." says when the others are compared with it.
    possessive: str
    #: What has to be imported, and what pip calls it.
    module: str
    package: str
    #: Its contenders for an environment's id in Gymnasium, a number of copies and of workers.
    contenders: Callable[[str, int, Iterable[int]], list[Contender]]

    def is_installed(self) -> bool:
        """Whether it can be imported."""
        try:
            import_module(self.module)
        except ModuleNotFoundError as missing:
            if missing.name != self.module:
                raise
            return False
        return True


def environment_class(environment: str) -> type[SimdVectorEnv]:
    """Operant's class for one of `operant.registration.ENVIRONMENTS`."""
    return getattr(envs, f"{environment}VecEnv")


def operants(environment: str, num_envs: int, workers: Iterable[int], dtype: npt.DTypeLike) -> list[Contender]:
    """Operant with each number of workers."""
    env_class = environment_class(environment)
    return [
        Contender(
            f"Operant, {_count(number, 'worker')}",
            "operant",
            number,
            partial(env_class, num_envs, number, dtype=dtype),
        )
        for number in workers
    ]


def _gymnasium_numpy(gymnasium_id: str, num_envs: int, _workers: Iterable[int]) -> list[Contender]:
    entry_point = gym.spec(gymnasium_id).vector_entry_point
    if entry_point is None:
        raise NotMeasuredError("Gymnasium has no numpy vector environment of it")
    class_name = str(entry_point).rpartition(":")[2]
    return [
        Contender(
            f"Gymnasium {class_name} (numpy)",
            "gymnasium",
            1,
            lambda: gym.make_vec(gymnasium_id, num_envs, vectorization_mode="vector_entry_point"),
        )
    ]


def _gymnasium_sync(gymnasium_id: str, num_envs: int, _workers: Iterable[int]) -> list[Contender]:
    if num_envs > _LARGEST_SYNC:
        raise NotMeasuredError(
            f"SyncVectorEnv is measured up to {_LARGEST_SYNC} copies: more take long and are not faster"
        )
    return [
        Contender(
            "Gymnasium SyncVectorEnv",
            "gymnasium-sync",
            1,
            lambda: gym.make_vec(gymnasium_id, num_envs, vectorization_mode="sync"),
        )
    ]


def _envpool(gymnasium_id: str, num_envs: int, workers: Iterable[int]) -> list[Contender]:
    import envpool

    def make(threads: int) -> gym.vector.VectorEnv:
        pool: Any = envpool.make(  # it is none of Gymnasium's, but steps like one
            gymnasium_id, env_type="gymnasium", num_envs=num_envs, num_threads=threads, seed=0
        )
        return pool

    return [
        Contender(f"EnvPool, {_count(threads, 'thread')}", "envpool", threads, partial(make, threads))
        for threads in workers
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


#: The libraries that Operant can be compared with, the one that a table's ratios refer to first.
PEERS: dict[str, Peer] = {
    peer.option: peer
    for peer in (
        Peer("gymnasium", "Gymnasium's numpy", "gymnasium", "gymnasium", _gymnasium_numpy),
        Peer("gymnasium-sync", "SyncVectorEnv", "gymnasium", "gymnasium", _gymnasium_sync),
        Peer("envpool", "EnvPool", "envpool", "envpool", _envpool),
    )
}
