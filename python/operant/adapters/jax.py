"""Environments in JAX programs: `reset` and `step` inside `jit`, `lax.scan` and `lax.fori_loop`, on the CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np

from operant import _core
from operant._checks import refuse_masks, shown
from operant._extras import require
from operant.adapters._ids import is_class, operant_id
from operant.building.cache import built
from operant.envs import SimdVectorEnv, _infos, arguments as _arguments, streams as _streams
from operant.envs.spaces import arranged

try:
    import jax
    import jax.numpy as jnp
except ModuleNotFoundError:
    require("jax", "jax")
    raise  # the package is installed, but one of its dependencies is not
if jax.__version_info__ < (0, 8, 2):  # programs of older versions cannot keep an environment alive
    raise ImportError(
        f'operant.adapters.jax needs JAX 0.8.2 or newer, and {jax.__version__} is installed: pip install "jax>=0.8.2"'
    )

#: A token that identifies the last call: `reset` and `step` return it first, and the next call takes it.
State: TypeAlias = jax.Array

_RESET, _STEP = "operant_reset", "operant_step"


class JaxVectorEnv:
    """A vector environment that compiled JAX programs reset and step.

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

    The results equal those of the environment in Python, bit for bit. Each method returns a state, followed by the
    values that Gymnasium's method of that name returns. The environment holds the simulation; the state only identifies
    the last call. Every call takes the state that the last call returned, so XLA cannot reorder or omit calls. A call
    with another state is refused, so a program cannot return to an earlier state. `jax.vmap` (use `num_envs` instead)
    and differentiation are not supported.

    An error inside a program (a wrong action or state, a closed environment) ends the program with a
    `jax.errors.JaxRuntimeError` that has the message. Nothing is stepped then, and the last state stays valid. An
    exception of the environment's own code raises the same error and closes the environment.

    A program keeps the environment alive, so this object may be dropped. Programs run asynchronously: wait for their
    results (`jax.block_until_ready`) before you use the environment in another way.

    Attributes:
        env: The environment. Between programs, all its methods may be called (`logs`, `set_parameters`, `save`).
        num_envs: The number of envs.
    """

    def __init__(
        self,
        environment: str | type[SimdVectorEnv[Any]] | SimdVectorEnv[Any],
        num_envs: int | None = None,
        **arguments: Any,
    ) -> None:
        """Make an environment, or use an existing one.

        The first call on a machine, and the first one after an update of JAX, compiles the code between XLA and
        Operant. That takes some seconds and uses the compiler and the cache directory of `operant.load`.

        Args:
            environment: An id, with or without `operant/`; a class from `operant.envs` or `operant.load`; or a
                `SimdVectorEnv`, which is not copied.
            num_envs: The number of envs to make; None makes one.
            **arguments: Other arguments of the class, such as `autoreset_mode` and `dtype`.

        Raises:
            TypeError: The environment is something else, an argument has the wrong type, or arguments are passed for an
                existing environment.
            ValueError: An argument is out of range, Operant has no environment with this id, or the environment has a
                render mode, which programs do not support.
            NotImplementedError: A subclass or a patch has replaced `step` or `reset`, which programs would not call.
            gymnasium.error.Error: There is no such id.
            CompileError: There is no compiler, or compilation fails.
        """
        _register()
        self.env = _made(environment, num_envs, arguments)
        if self.env.render_mode is not None:
            raise ValueError(f"render_mode: expected None, as programs do not render, got {self.env.render_mode!r}")
        if self.env._is_replaced("step") or self.env._is_replaced("reset"):
            name = type(self.env).__name__
            raise NotImplementedError(f"environment: programs would not call the step or reset of {name}")
        self.num_envs = self.env.num_envs
        self.env._start_streams()
        self.env._seeds = _streams.Seeds(-1)  # the seeds are unknown, because a program may reseed the streams
        self._number = np.uint32(self.env._core.foreign_number())
        of_reset = ("observation", "info", "has_infos") if self.env._environment.has_reset_info else ("observation",)
        self._outputs = self.env._outputs
        self._reset_outputs = [output for output in self._outputs if output[0] in of_reset]
        # Programs keep the environment alive. The programs that JAX compiles for single calls are freed with this
        # object.
        self._reset = jax.jit(partial(self._call, _RESET, self._reset_outputs), static_argnames="bounds")
        self._step = jax.jit(partial(self._call, _STEP, self._outputs))

    def reset(
        self, seed: Any = None, *, options: dict[str, Any] | None = None, state: State | None = None
    ) -> tuple[State, tuple[Any, dict[str, Any]]]:
        """Start a new episode in every env, or in some of them.

        Args:
            seed: None continues the random stream of every env. An integer seeds env i with `seed + i`; an array of
                `num_envs` integers has one seed per env. Integers and arrays may be computed in the program.
            options: The bounds of the start, which are constants of the program; and `reset_mask`, a bool array of
                shape `(num_envs,)`, which may be computed in the program. If the mask selects nothing, the present
                observations are returned.
            state: The state that the last call returned. None accepts any state, for the first reset in a program. A
                reset after steps in the same program needs the state; otherwise XLA may put it before them.

        Returns:
            The state for the next call, and `(observations, infos)`.

        Raises:
            TypeError: The seed is not an integer or an array of integers, or the mask is not a bool array.
            ValueError: The seeds or the mask have another shape, a seed is too large for JAX's integers, or an option
                is unknown or out of range.
            NotImplementedError: The call is inside `jax.vmap`.
        """
        given = dict(_arguments.options_mapping(options))
        mask = self._mask(given.pop("reset_mask", None))
        bounds = tuple(self.env._parse_bounds(given))
        token = jnp.zeros((0,), jnp.uint32) if state is None else self._state("reset", state)
        with _no_vmap():
            state, *arrays = self._reset(token, self._seeds(seed), mask, bounds=bounds)
        return state, (
            self._observations(arrays),
            _infos.stacked(self._reset_outputs, arrays, self.env._observation_tree),
        )

    def step(
        self, state: State, actions: Any
    ) -> tuple[State, tuple[Any, jax.Array, jax.Array, jax.Array, dict[str, Any]]]:
        """Step every env once.

        Args:
            state: The state that the last call returned.
            actions: Shape `(num_envs,)` or `(num_envs, k)`, of any integer dtype if the action space is discrete,
                otherwise of any float dtype. The step uses int64 and float64 as they are, and converts other dtypes to
                int32 or float32.

        Returns:
            The state for the next call, and `(observations, rewards, terminations, truncations, infos)`. The infos have
            the same keys in every step: the environment's own infos, `"final_obs"` and `"final_info"` with autoreset
            mode "SameStep", and `"episode"` with `record_episode_statistics`. Each has a mask of the envs with valid
            entries. Without `jax_enable_x64`, int64 becomes int32, and float64 becomes float32.

        Raises:
            TypeError: The actions have the wrong dtype, or the state is not a state.
            ValueError: The actions have the wrong shape.
            NotImplementedError: The call is inside `jax.vmap`.
        """
        with _no_vmap():
            state, *arrays = self._step(self._state("step", state), self._actions(actions))
        first = len(self.env._environment.leaves)
        rewards, terminations, truncations = arrays[first : first + 3]
        infos = _infos.stacked(self._outputs, arrays, self.env._observation_tree)
        return state, (self._observations(arrays), rewards, terminations, truncations, infos)

    def close(self) -> None:
        """Close the environment. Programs that step it afterwards end with an error."""
        self.env.close()

    def _observations(self, arrays: list[Any]) -> Any:
        return arranged(self.env._observation_tree, arrays)

    def _call(
        self, target: str, outputs: list[_infos.Output], *arguments: jax.Array, bounds: tuple[float, ...] | None = None
    ) -> list[jax.Array]:
        """Call an XLA target. Return the new state and the output arrays."""
        results = [jax.ShapeDtypeStruct((3,), np.dtype(np.uint32))]
        for _, _, dtype, shape in outputs:
            results.append(jax.ShapeDtypeStruct((self.num_envs, *shape), jax.dtypes.canonicalize_dtype(dtype)))
        call = jax.ffi.ffi_call(target, results, has_side_effect=True)
        attributes = {} if bounds is None else {"bounds": np.array(bounds, np.float64)}
        return call(*arguments, number=self._number, **attributes)

    def _state(self, method: str, state: Any) -> jax.Array:
        if not (isinstance(state, jax.Array) and state.dtype == jnp.uint32 and state.shape == (3,)):
            raise TypeError(f"{method}: state: expected the state that reset or step returned, got {shown(state)}")
        return state

    def _seeds(self, seed: Any) -> jax.Array:
        if seed is None:
            return jnp.zeros((0,), jnp.uint32)
        if isinstance(seed, jax.Array):
            if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key):
                raise TypeError("seed: expected integers, got a key; jax.random.bits(key) makes a seed from it")
            if not jnp.issubdtype(seed.dtype, jnp.integer):
                raise TypeError(f"seed: expected integers, got dtype {seed.dtype}")
            if seed.shape not in ((), (self.num_envs,)):
                raise ValueError(f"seed: expected shape () or ({self.num_envs},), one per env, got {seed.shape}")
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
        refuse_masks("options['reset_mask']", mask)
        if not isinstance(mask, (jax.Array, np.ndarray)) or mask.dtype != np.bool_:
            raise TypeError(f"options['reset_mask']: expected a bool array, got {shown(mask)}")
        if mask.shape != (self.num_envs,):
            raise ValueError(f"options['reset_mask']: expected shape ({self.num_envs},), got {mask.shape}")
        return jnp.asarray(mask)

    def _actions(self, actions: Any) -> jax.Array:
        """Convert the actions to a dtype that the kernels take."""
        parts = self.env._action_parts
        if parts is None:
            return self._array("actions", actions, self.env.single_action_space)
        arrays = [self._array(*part) for part in parts.parts_of(actions).values()]
        is_wide = any(array.dtype == jnp.float64 for array in arrays)
        rows = [array.astype(jnp.float64 if is_wide else jnp.float32).reshape(self.num_envs, -1) for array in arrays]
        return jnp.concatenate(rows, axis=1)

    def _array(self, name: str, actions: Any, space: gym.Space[Any]) -> jax.Array:
        """Convert an array of actions, or a part of them, to a dtype that the kernels take."""
        array = actions if isinstance(actions, jax.Array) else _arguments.as_array(name, actions)
        row = space.shape or ()
        shapes = [(self.num_envs, *row)]
        if isinstance(space, gym.spaces.Box) and row == (1,):
            shapes.append((self.num_envs,))
        if array.shape not in shapes:
            expected = " or ".join(map(str, shapes))
            raise ValueError(f"{name}: expected shape {expected}, one for each env, got {array.shape}")
        is_box = isinstance(space, gym.spaces.Box)
        if not (jnp.issubdtype(array.dtype, jnp.integer) or (is_box and jnp.issubdtype(array.dtype, jnp.floating))):
            raise TypeError(f"{name}: expected {'a float' if is_box else 'an integer'} dtype, got {array.dtype}")
        if is_box:
            wide = array.dtype.itemsize > 4 and jax.config.jax_enable_x64
            with np.errstate(all="ignore"):  # JAX uses numpy to convert numpy arrays
                return jnp.asarray(array, jnp.float64 if wide else jnp.float32)
        return self._integers(array)

    def _integers(self, array: Any) -> jax.Array:
        """Convert integers to int32 or int64. Values that do not fit are clipped, and stay invalid as actions."""
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
            "an environment has one state and cannot be reset or stepped inside jax.vmap: pass a larger num_envs"
        ) from error


def _made(environment: Any, num_envs: int | None, arguments: dict[str, Any]) -> SimdVectorEnv[Any]:
    if isinstance(environment, SimdVectorEnv):
        if num_envs is not None or arguments:
            raise TypeError("JaxVectorEnv: expected no arguments for an existing environment")
        return environment
    count = 1 if num_envs is None else num_envs
    if is_class(environment):
        return environment(count, **arguments)
    if not isinstance(environment, str):
        raise TypeError(f"environment: expected an id, a class or a SimdVectorEnv, got {shown(environment)}")
    return gym.make_vec(operant_id("environment", environment), count, "vector_entry_point", **arguments)  # type: ignore[return-value]


@lru_cache
def _register() -> None:
    """Compile the call targets and register them with XLA."""
    source = Path(__file__).with_name("xla_calls.cpp")
    text = source.read_bytes()
    library = built(source, text, text, _opened, includes=[str(source.parent), jax.ffi.include_dir()])
    handlers = library.operant_xla_handlers
    handlers.argtypes, handlers.restype = [ctypes.c_void_p], ctypes.POINTER(ctypes.c_void_p * 5)
    instantiate, reset, step, type_id, type_info = map(jax.ffi.pycapsule, handlers(_core.foreign_calls).contents)
    # Without a backend, JAX only queues registrations, and then registers targets before types.
    jax.devices("cpu")
    jax.ffi.register_ffi_type("operant_environment", {"type_id": type_id, "type_info": type_info})
    for name, execute in ((_RESET, reset), (_STEP, step)):
        jax.ffi.register_ffi_target(name, {"instantiate": instantiate, "execute": execute}, platform="cpu")


def _opened(path: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"{path} cannot be loaded: {error}") from error
