"""Environments in JAX programs: `reset` and `step` inside of `jit`, `lax.scan` and `lax.fori_loop`, on the CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np

from operant import _core
from operant._checks import shown
from operant._compiler import find_compiler
from operant._extras import require
from operant._loading import built, headers_digest, key_of
from operant.adapters._ids import is_class, our_id
from operant.envs import SimdVectorEnv, _arguments, _infos, _streams

try:
    import jax
    import jax.numpy as jnp
except ModuleNotFoundError:
    require("jax", "operant[jax]")
    raise  # it is there, but something that it needs is not
if jax.__version_info__ < (0, 8, 2):  # whose programs cannot keep an environment
    raise ImportError(
        f'operant.adapters.jax needs JAX 0.8.2 or newer, and {jax.__version__} is installed: pip install "jax>=0.8.2"'
    )

#: What `reset` and `step` return first, and take: see `JaxVectorEnv`.
State: TypeAlias = jax.Array

_RESET, _STEP = "operant_reset", "operant_step"


class JaxVectorEnv:
    """The copies of an environment, reset and stepped by compiled programs.

    ```python
    env = JaxVectorEnv("CartPole-v1", num_envs=64)


    @jax.jit
    def run(seed):
        state, (observations, infos) = env.reset(seed)

        def step(carry, key):
            state, observations = carry
            actions = jax.random.randint(key, (64,), 0, 2)
            state, (observations, rewards, terminations, truncations, infos) = env.step(state, actions)
            return (state, observations), rewards

        _, rewards = jax.lax.scan(step, (state, observations), jax.random.split(jax.random.key(0), 500))
        return rewards


    rewards = run(0)  # of shape (500, 64)
    ```

    The results are those of the environment in Python, bit for bit. Each method returns a state, and then what
    Gymnasium's method of that name returns. The simulation itself is in the environment: the state says only which call
    was the last. Every call takes the state that the last one has returned, so that XLA can neither change their order
    nor leave one out; a call with another state is refused. There is no going back to an earlier state, and neither
    `jax.vmap`, for which there is `num_envs`, nor differentiation.

    Whatever is refused inside of a program (an action, a state, a closed environment) ends the program with a
    `jax.errors.JaxRuntimeError` that has the message. Nothing is stepped then, and the last state stays valid.

    A program keeps the environment, so this object need not be kept. Programs run asynchronously: wait for their
    results (`jax.block_until_ready`) before anything else is done with the environment.

    Attributes:
        env: The environment: its spaces, and what else it can do (logs, `set_parameters`, `save`) between programs.
        num_envs: How many copies there are.
    """

    def __init__(
        self,
        environment: str | type[SimdVectorEnv[Any]] | SimdVectorEnv[Any],
        num_envs: int | None = None,
        **arguments: Any,
    ) -> None:
        """Make an environment, or take one.

        The first time on a machine, and after an update of JAX, this compiles the few lines between XLA and Operant:
        some seconds, with the compiler and the cache directory of `operant.load`.

        Args:
            environment: An id, with or without `operant/`; a class, of `operant.envs` or `operant.load`; or a
                `SimdVectorEnv`, which is not copied.
            num_envs: How many copies to make; None: one.
            **arguments: What else the class takes, as `autoreset_mode` and `dtype`.

        Raises:
            TypeError: The environment is something else; or there are arguments, and it has been made already; or one
                has the wrong type.
            ValueError: An argument is out of range; the id is not that of an environment of Operant; the environment is
                rendered, which programs cannot do.
            gymnasium.error.Error: There is no such id.
            CompileError: There is no compiler, or it refuses.
        """
        _register()
        self.env = _made(environment, num_envs, arguments)
        if self.env.render_mode is not None:
            raise ValueError(f"render_mode: expected None, as programs draw nothing, got {self.env.render_mode!r}")
        self.num_envs = self.env.num_envs
        self.env._start_streams()
        self.env._seeds = _streams.Seeds(-1)  # programs may start them anew, and Python does not hear of it
        self._number = np.uint32(self.env._core.foreign_number())
        of_reset = ("observation", "info", "has_infos") if self.env._environment.has_reset_info else ("observation",)
        self._outputs = self.env._outputs
        self._reset_outputs = [output for output in self._outputs if output[0] in of_reset]
        # Programs keep the environment. Those that JAX makes of calls outside of any are forgotten with this object.
        self._reset = jax.jit(self._call_reset, static_argnames="bounds")
        self._step = jax.jit(self._call_step)

    def reset(
        self, seed: Any = None, *, options: dict[str, Any] | None = None, state: State | None = None
    ) -> tuple[State, tuple[Any, dict[str, Any]]]:
        """Start a new episode in every copy, or in some.

        Args:
            seed: None continues every copy's random stream. An integer seeds copy i with `seed + i`; an array of
                `num_envs` integers has one for each copy. Either may be computed in the program.
            options: The bounds of the start, as the environment takes them, which are constants of the program; and
                `reset_mask`, which may be computed in it: bool, shape `(num_envs,)`. If it selects nothing, the
                observations are returned as they are.
            state: What the last call returned. None: whatever that was, for the first reset in a program. A reset that
                comes after steps in the same program needs it, as XLA may put it before them otherwise.

        Returns:
            The state for the next call, and `(observations, infos)`.

        Raises:
            TypeError: The seed is no integer or array of integers, the mask no bool array.
            ValueError: The seeds or the mask have another shape, a seed is too large for JAX's integers, or there is no
                such option, or it is out of range.
            NotImplementedError: Inside of `jax.vmap`.
        """
        given = dict(_arguments.options_mapping(options))
        mask = self._mask(given.pop("reset_mask", None))
        bounds = tuple(self.env._parse_bounds(given))
        token = jnp.zeros((0,), jnp.uint32) if state is None else self._state("reset", state)
        with _no_vmap():
            state, *arrays = self._reset(token, self._seeds(seed), mask, bounds=bounds)
        return state, (self._observations(arrays), _infos.stacked(self._reset_outputs, arrays))

    def step(
        self, state: State, actions: Any
    ) -> tuple[State, tuple[Any, jax.Array, jax.Array, jax.Array, dict[str, Any]]]:
        """Step every copy once.

        Args:
            state: What the last call returned.
            actions: As the environment takes them: shape `(num_envs,)` or `(num_envs, k)`, of any integer dtype if they
                are discrete, else of any float dtype. They are used in int32 or float32, or in int64 or float64 where
                they are that.

        Returns:
            The state for the next call, and `(observations, rewards, terminations, truncations, infos)`. The infos have
            the same keys in every step: what the environment itself reports, `"final_obs"` and `"final_info"` with
            autoreset mode "SameStep", `"episode"` with `record_episode_statistics`, each with a mask that says of which
            copies. Without `jax_enable_x64`, what is int64 or float64 in Python is int32 or float32 here.

        Raises:
            TypeError: The actions have the wrong dtype, or the state is none.
            ValueError: The actions have the wrong shape.
            NotImplementedError: Inside of `jax.vmap`.
        """
        with _no_vmap():
            state, *arrays = self._step(self._state("step", state), self._actions(actions))
        first = len(self.env.single_observation_space) if self._is_tuple else 1  # type: ignore[arg-type]
        rewards, terminations, truncations = arrays[first : first + 3]
        infos = _infos.stacked(self._outputs, arrays)
        return state, (self._observations(arrays), rewards, terminations, truncations, infos)

    def close(self) -> None:
        """Close the environment; programs that step it end with an error from now on."""
        self.env.close()

    @property
    def _is_tuple(self) -> bool:
        return isinstance(self.env.single_observation_space, gym.spaces.Tuple)

    def _observations(self, arrays: list[Any]) -> Any:
        if not self._is_tuple:
            return arrays[0]
        return tuple(arrays[: len(self.env.single_observation_space)])  # type: ignore[arg-type]

    def _call_reset(self, *arguments: jax.Array, bounds: tuple[float, ...]) -> list[jax.Array]:
        return self._call(_RESET, self._reset_outputs, arguments, bounds=np.array(bounds, np.float64))

    def _call_step(self, *arguments: jax.Array) -> list[jax.Array]:
        return self._call(_STEP, self._outputs, arguments)

    def _call(
        self, target: str, outputs: list[tuple[str, str, str, int]], arguments: tuple[jax.Array, ...], **attributes: Any
    ) -> list[jax.Array]:
        """The state and the arrays that a call returns."""
        results = [jax.ShapeDtypeStruct((3,), np.dtype(np.uint32))]
        for _, _, dtype, width in outputs:
            shape = (self.num_envs, width) if width else (self.num_envs,)
            results.append(jax.ShapeDtypeStruct(shape, jax.dtypes.canonicalize_dtype(dtype)))
        call = jax.ffi.ffi_call(target, results, has_side_effect=True)
        return call(*arguments, number=self._number, **attributes)

    def _state(self, method: str, state: Any) -> jax.Array:
        if not (isinstance(state, jax.Array) and state.dtype == jnp.uint32 and state.shape == (3,)):
            raise TypeError(f"{method}: state: expected what reset or step returned first, got {shown(state)}")
        return state

    def _seeds(self, seed: Any) -> jax.Array:
        if seed is None:
            return jnp.zeros((0,), jnp.uint32)
        if isinstance(seed, jax.Array):
            if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key):
                raise TypeError("seed: expected integers, got a key; jax.random.bits(key) makes a seed of it")
            if not jnp.issubdtype(seed.dtype, jnp.integer):
                raise TypeError(f"seed: expected integers, got dtype {seed.dtype}")
            if seed.shape not in ((), (self.num_envs,)):
                raise ValueError(f"seed: expected shape () or ({self.num_envs},), one for each copy, got {seed.shape}")
            return seed if seed.dtype.itemsize >= 4 else seed.astype(jnp.int32)
        given = _arguments.seeds(seed, self.num_envs)
        if isinstance(given, list) and None in given:
            raise TypeError(f"seed[{given.index(None)}]: expected an integer, got None")
        dtype = np.uint64 if jax.config.jax_enable_x64 else np.uint32
        try:
            return jnp.asarray(np.array(given, dtype))
        except OverflowError:
            raise ValueError(
                f"seed: expected integers that {np.dtype(dtype)} can hold (jax_enable_x64 allows for larger ones), got "
                f"{shown(seed)}"
            ) from None

    def _mask(self, mask: Any) -> jax.Array:
        if mask is None:
            return jnp.zeros((0,), jnp.bool_)
        if not isinstance(mask, (jax.Array, np.ndarray)) or mask.dtype != np.bool_:
            raise TypeError(f"options['reset_mask']: expected a bool array, got {shown(mask)}")
        if mask.shape != (self.num_envs,):
            raise ValueError(f"options['reset_mask']: expected shape ({self.num_envs},), got {mask.shape}")
        return jnp.asarray(mask)

    def _actions(self, actions: Any) -> jax.Array:
        """The actions in a dtype that the kernels take."""
        array = actions if isinstance(actions, jax.Array) else _arguments.as_array("actions", actions)
        space = self.env.single_action_space
        row = space.shape or ()
        shapes = [(self.num_envs, *row)]
        if isinstance(space, gym.spaces.Box) and row == (1,):
            shapes.append((self.num_envs,))
        if array.shape not in shapes:
            expected = " or ".join(map(str, shapes))
            raise ValueError(f"actions: expected shape {expected}, one for each copy, got {array.shape}")
        is_box = isinstance(space, gym.spaces.Box)
        if not (jnp.issubdtype(array.dtype, jnp.integer) or (is_box and jnp.issubdtype(array.dtype, jnp.floating))):
            raise TypeError(f"actions: expected {'a float' if is_box else 'an integer'} dtype, got {array.dtype}")
        if is_box:
            wide = array.dtype.itemsize > 4 and jax.config.jax_enable_x64
            return jnp.asarray(array, jnp.float64 if wide else jnp.float32)
        return self._integers(array)

    def _integers(self, array: Any) -> jax.Array:
        """Whatever integers as int32 or int64; what neither can hold stays beyond what there are actions for."""
        wide = array.dtype.itemsize == 8 and jax.config.jax_enable_x64
        dtype = np.dtype(np.int64 if wide else np.int32)
        if array.dtype.itemsize > dtype.itemsize or array.dtype in (np.uint32, np.uint64):
            least = -1 if array.dtype.kind == "i" else 0
            array = (jnp if isinstance(array, jax.Array) else np).clip(array, least, 2 ** (8 * dtype.itemsize - 1) - 1)
        return jnp.asarray(array, dtype)


@contextmanager
def _no_vmap() -> Iterator[None]:
    try:
        yield
    except NotImplementedError as error:
        raise NotImplementedError(
            "an environment is one thing, with a state of its own, and cannot be reset or stepped inside of jax.vmap: "
            "make one with more copies (num_envs)"
        ) from error


def _made(environment: Any, num_envs: int | None, arguments: dict[str, Any]) -> SimdVectorEnv[Any]:
    if isinstance(environment, SimdVectorEnv):
        if num_envs is not None or arguments:
            raise TypeError("JaxVectorEnv: an environment that has been made takes no arguments")
        return environment
    copies = 1 if num_envs is None else num_envs
    if is_class(environment):
        return environment(copies, **arguments)
    if not isinstance(environment, str):
        raise TypeError(f"environment: expected an id, a class or a SimdVectorEnv, got {shown(environment)}")
    return gym.make_vec(our_id("environment", environment), copies, "vector_entry_point", **arguments)  # type: ignore[return-value]


@lru_cache
def _register() -> None:
    """Make the targets of the calls known to XLA."""
    source = Path(__file__).with_name("xla_calls.cpp")
    text = source.read_text(encoding="utf-8")
    includes = jax.ffi.include_dir()
    compiler = find_compiler()
    key = key_of(compiler, text, headers_digest(Path(includes, "xla", "ffi")))
    library = built(f"{source.stem}-{key}", text, source, compiler, _opened, [includes])
    handlers = library.operant_xla_handlers
    handlers.argtypes, handlers.restype = [ctypes.c_void_p], ctypes.POINTER(ctypes.c_void_p * 5)
    instantiate, reset, step, type_id, type_info = map(jax.ffi.pycapsule, handlers(_core.foreign_calls).contents)
    jax.devices(
        "cpu"
    )  # before there is a backend, JAX only notes what is to be registered, and then does targets first
    jax.ffi.register_ffi_type("operant_environment", {"type_id": type_id, "type_info": type_info})
    for name, execute in ((_RESET, reset), (_STEP, step)):
        jax.ffi.register_ffi_target(name, {"instantiate": instantiate, "execute": execute}, platform="cpu")


def _opened(path: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"{path} cannot be loaded: {error}") from error
