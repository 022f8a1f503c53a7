"""Steps per second of Operant and of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from operant.bench.contenders import PEERS, Contender, NotMeasuredError, environment_class, operants
from operant.bench.measurement import in_turn, make_stepper


@dataclass
class Comparison:
    """One environment with one number of copies."""

    environment: str
    num_envs: int
    contenders: list[Contender]
    #: Who is missing, and why.
    missing: dict[str, str]
    #: Steps per second, all copies together, of each contender in each round.
    rates: list[list[float]] = field(default_factory=list)

    @property
    def baseline(self) -> int | None:
        """The contender that ratios refer to: the first of another library."""
        others = (i for i, contender in enumerate(self.contenders) if contender.library != "operant")
        return next(others, None)


def plan(environment: str, num_envs: int, workers: Sequence[int], dtype: str, against: Sequence[str]) -> Comparison:
    """Find out who can take part."""
    contenders, missing = operants(environment, num_envs, workers, dtype), {}
    gymnasium_id = environment_class(environment).gymnasium_id
    for option, peer in PEERS.items():
        if option in against:
            try:
                contenders += peer.contenders(gymnasium_id, num_envs, workers)
            except NotMeasuredError as reason:
                missing[option] = str(reason)
    return Comparison(environment, num_envs, contenders, missing)


def measure(comparison: Comparison, rounds: int, seconds: float, announce: Callable[[str], None]) -> None:
    """Fill in the rates. Calls `announce` before every measurement, and once a contender before the first."""
    steppers = []
    for contender in comparison.contenders:
        announce(f"warming up {contender.name}")
        steppers.append(make_stepper(contender.make, comparison.num_envs, seconds))
    comparison.rates = in_turn(
        [stepper.rate for stepper in steppers],
        rounds,
        lambda index: announce(f"measuring {comparison.contenders[index].name}"),
    )
    for stepper in steppers:
        stepper.env.close()
