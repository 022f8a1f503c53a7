"""The decorator `operant.environment`: makes a vector environment of a class that is written in Python."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from inspect import cleandoc
from typing import Any, overload

from operant import _core
from operant._extras import how_to_install
from operant.building.compiler import CompileError
from operant.building.documentation import documentation
from operant.building.loading import make_env_class
from operant.building.progress import shown_compilation
from operant.envs.parameters import mistake_of
from operant.envs.vector_env import SimdVectorEnv
from operant.python import object_files
from operant.python.declaration import Declaration, Functions, read
from operant.python.plain import Plain
from operant.python.trial import try_plain

_lock = threading.RLock()
_warned = False


@overload
def environment(cls: type, /) -> Any: ...
@overload
def environment(*, compiled: bool = True) -> Callable[[type], Any]: ...
def environment(cls: type | None = None, /, *, compiled: bool = True) -> Any:
    """Make a vector environment of a class of functions in Python.

    ```python
    @operant.environment
    class Walk:
        max_episode_steps = 100
        action_space = Discrete(2)
        observation_space = Box(-10, 10, (1,))
        slip: Annotated[float, (0, 1), "probability of a step to the other side"] = 0.0

        class State:
            x: int

        def reset(p, s, random):
            s.x = random.integers(-2, 3)

        def step(p, s, action, random):
            direction = 2 * action - 1
            s.x += -direction if random.random() < p.slip else direction
            return float(s.x == 10), abs(s.x) == 10

        def observation(p, s, out):
            out[0] = s.x


    env = Walk(4096, workers=2, slip=0.1)
    ```

    The functions are compiled with Numba when the first vector environment is made, and kept in the cache directory of
    `operant.load`. Without Numba, or with `compiled=False`, they run as plain Python, where breakpoints and `print`
    work. The results are the same, but each step takes as long as Python needs for it.

    Args:
        cls: The class, as above; `examples/in_python/` has others.
        compiled: True compiles the functions with Numba; False runs them as plain Python.

    Returns:
        A subclass of `operant.envs.SimdVectorEnv` with the name of the class. Its attribute `plain` is the same
        environment with `compiled=False`.

    Raises:
        CompileError: The class lacks a member, or has code that cannot be compiled. The message has the line.
    """
    frame = sys._getframe(1)
    scope = dict(frame.f_locals) if frame.f_locals is not frame.f_globals else {}

    def made(cls: type) -> Any:
        if not isinstance(cls, type):
            raise TypeError(f"environment: expected a class, got {cls!r}")
        declaration = read(cls, scope)
        plain = _make(declaration, Plain(declaration))
        plain.__qualname__ = f"{cls.__qualname__}.plain"
        result = _make(declaration, _Program(declaration)) if compiled else plain
        if not compiled:
            plain.__qualname__ = cls.__qualname__
        result.plain = plain  # type: ignore[attr-defined]
        return result

    return made if cls is None else made(cls)


def _make(declaration: Declaration, program: Plain) -> type[SimdVectorEnv[Any]]:
    cls = declaration.cls
    description = _core.FunctionEnvironment(declaration.description(), program).description
    if mistake := mistake_of(description, SimdVectorEnv):
        raise CompileError(f"{declaration.place}: {declaration.name}: {mistake}")
    made = make_env_class(description, cls.__module__, cls.__name__, declaration.others)
    made.__qualname__ = cls.__qualname__
    written = cleandoc(cls.__doc__ or "")
    made.__doc__ = "\n\n".join(filter(None, (written, documentation(description))))
    made._declaration = declaration  # type: ignore[attr-defined]
    return made


class _Program(Plain):
    """The functions of an environment. They are compiled when the first vector environment is made."""

    def functions(self) -> Functions:
        """Return the addresses of step, restart and observe."""
        with _lock:
            return self._compiled_functions() if _has_numba() else super().functions()

    def _compiled_functions(self) -> Functions:
        d = self._declaration
        key = object_files.fingerprint(d)
        found = object_files.cached(d, key) if key is not None else None
        if found is not None:
            return found
        try_plain(d)
        try:
            from operant.python.compiled import compile_functions

            with shown_compilation(d.name):
                made = compile_functions(d)
        except Exception as error:
            from operant.python.explaining import explained

            raise explained(d, error) from None
        if key is not None:
            object_files.keep(d, key, made)
        return object_files.loaded(made)


def _has_numba() -> bool:
    global _warned
    if find_spec("numba") is not None:
        return True
    if not _warned:
        _warned = True
        warnings.warn(
            f"Numba is not installed, so environments in Python run as plain Python, a hundred times slower: "
            f"{how_to_install('python')}",
            RuntimeWarning,
            stacklevel=2,
        )
    return False
