"""Policies that `rollout` and `evaluate` call without Python: networks, populations of networks, random actions.

>>> import operant
>>> env = operant.envs.CartPoleVecEnv(4096)
>>> policy = operant.policies.Linear([[0.0, -1, -10, -1], [0, 1, 10, 1]])
>>> observations, _ = env.reset(seed=0)
>>> env.step(policy(observations))[0].shape
(4096, 4)

What a policy draws comes from a stream of its own for each copy, the same whatever the number of copies, workers and
the instruction set: copy i draws as `np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed).spawn(n)[i]))`.

Weights of one shape steer all copies. With a leading axis of length P, they are a population, whose size divides the
number of copies N: member p steers the copies `p * N / P` to `(p + 1) * N / P - 1`. A member acts as it would alone,
bit for bit.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, new_class
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from operant import _core
from operant._checks import integer, number, shown, switch
from operant._checks import path as checked_path
from operant.envs import _parameters

__all__ = ["MLP", "Compiled", "Linear", "Policy", "Random", "from_library"]

_ACTIVATIONS = ("tanh", "relu")

#: Kind, lows, highs and n of an action space, as the core has them.
_Described = tuple[str, npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]
_Floats = npt.NDArray[np.float32]
_SomePolicy = TypeVar("_SomePolicy", bound="Policy")


class Policy:
    """Chooses an action for each copy. Called with observations, it returns actions; rollouts call it without Python.

    Policies can be pickled; the copy draws what the original would have drawn next.

    Attributes:
        seed: Of the random streams: what the constructor was given, or has drawn from fresh entropy.
        action_space: What the constructor was given.
    """

    seed: int
    action_space: spaces.Space[Any] | None
    _core: _core.ChoosingPolicy
    _arguments: dict[str, Any]  # of the constructor

    def __call__(self, observations: npt.ArrayLike) -> npt.NDArray[Any]:
        """The actions for so many copies.

        Args:
            observations: Shape `(num_envs, size)`, converted to float32, as rollouts see them; or, where observations
                are discrete, `(num_envs,)` of an integer dtype.

        Returns:
            For `step`: int32 of shape `(num_envs,)`, or `(num_envs, k)` if an action has several numbers; or, for
            continuous actions, float32 of shape `(num_envs, k)`.

        Raises:
            TypeError: The observations are no numbers.
            ValueError: They have the wrong shape, or the policy cannot tell what the actions are.
            RuntimeError: Another thread is using this policy, which draws random numbers.
        """
        described = self._guessed() if self._described is None else self._described
        actions: Any = self._core.act(self._checked(observations), described)
        return actions[:, 0] if described[0] == "discrete" else actions

    _described: _Described | None = None

    def _guessed(self) -> _Described:
        """The actions of a policy that has not been told any."""
        raise ValueError("action_space: expected a space, as the policy is called; pass env.single_action_space")

    def _checked(self, observations: Any) -> npt.NDArray[Any]:
        array = _numbers("observations", observations)
        if array.ndim == 1 and array.dtype.kind in "iu":
            return np.ascontiguousarray(array, np.int64)
        size = self._observation_size
        if array.ndim != 2 or (size is not None and array.shape[1] != size):
            raise ValueError(
                f"observations: expected shape (num_envs, {'size' if size is None else size}), got {array.shape}"
            )
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(array, np.float32)

    _observation_size: int | None = None

    def __reduce__(self) -> Any:
        return _unpickled, (type(self), self._arguments | {"seed": self.seed}, self._core.save())


def _unpickled(policy_class: type[_SomePolicy], arguments: dict[str, Any], streams: bytes) -> _SomePolicy:
    policy = policy_class(**arguments)
    policy._core.load(streams)
    return policy


class _Network(Policy):
    """What `Linear` and `MLP` share."""

    def __init__(
        self,
        layers: list[tuple[_Floats, _Floats | None, str]],
        *,
        action_space: Any,
        sample: Any,
        noise: Any,
        seed: Any,
        observation_mean: Any,
        observation_variance: Any,
        epsilon: Any,
    ) -> None:
        self.action_space = action_space
        self._described = None if action_space is None else _described(action_space)
        self.seed = _seed(seed)
        self._layers = layers
        #: How many networks there are: 1, or the length of the leading axis.
        self.population: int = max(len(array) if array.ndim == rank else 1 for array, rank in _ranked(layers))
        self._observation_size = layers[0][0].shape[-1]
        sample, noise = switch("sample", sample), _noise(noise)
        mean, variance = _normalisation(observation_mean, observation_variance, self._observation_size)
        plain = number("epsilon", epsilon)
        if not 0 <= plain < np.inf:
            raise ValueError(f"epsilon: expected a number that is not negative, got {shown(epsilon)}")
        if self._described is not None:
            _check_rule(self._described[0], sample, noise)
        self._options = {
            "action_space": action_space,
            "sample": sample,
            "noise": noise,
            "observation_mean": mean,
            "observation_variance": variance,
            "epsilon": plain,
        }
        self._core = _core.NetworkPolicy(
            layers,
            [] if mean is None else mean.ravel().tolist(),
            [] if variance is None else variance.ravel().tolist(),
            plain,
            sample,
            noise if isinstance(noise, list) else [noise] if noise else [],
            self._described,
            _words(self.seed),
        )

    def _guessed(self) -> _Described:
        outputs = self._layers[-1][0].shape[-2]
        if outputs < 2 or self._options["noise"]:
            what = "has one output" if outputs < 2 else "makes noise"
            raise ValueError(
                f"action_space: expected a space, as the policy {what} and is called; pass env.single_action_space"
            )
        return _described(spaces.Discrete(outputs))

    def _checked(self, observations: Any) -> npt.NDArray[Any]:
        array = super()._checked(observations)
        if array.ndim == 1 and array.size and not 0 <= array.min() <= array.max() < (self._observation_size or 0):
            raise ValueError(f"observations: expected integers below {self._observation_size}, got some beyond")
        return array

    def __repr__(self) -> str:
        sizes = [self._layers[0][0].shape[-1], *(weights.shape[-2] for weights, _, _ in self._layers)]
        used = dict.fromkeys(name for _, _, name in self._layers if name != "none")
        parts = ["-".join(map(str, sizes)), *used]
        if self.population != 1:
            parts.append(f"population={self.population}")
        if self._options["sample"]:
            parts.append("sample=True")
        if self._options["noise"]:
            parts.append(f"noise={self._options['noise']}")
        return f"{type(self).__name__}({', '.join(parts)})"


class Linear(_Network):
    """Weights times observations plus biases: a network without hidden layers."""

    def __init__(
        self,
        weights: npt.ArrayLike,
        bias: npt.ArrayLike | None = None,
        *,
        action_space: spaces.Space[Any] | None = None,
        sample: bool = False,
        noise: float | Sequence[float] | npt.NDArray[Any] = 0.0,
        seed: int | None = None,
        observation_mean: npt.ArrayLike | None = None,
        observation_variance: npt.ArrayLike | None = None,
        epsilon: float = 1e-8,
    ) -> None:
        """Create the policy. Arrays are copied.

        Args:
            weights: Shape `(outputs, observation_size)`; of a population `(P, outputs, observation_size)`. Discrete
                actions have an output for each action (for each value of each number, if there are several), and the
                largest is chosen, the first of several. Continuous ones have an output for each number. An environment
                with n discrete observations has the observation size n: one column of the weights for each.
            bias: Shape `(outputs,)` or `(P, outputs)`; None for zeros.
            action_space: What actions are, `env.single_action_space`: `Discrete`, `MultiDiscrete` or `Box`. None: in a
                rollout those of the environment, in a call `Discrete(outputs)`. Continuous actions are clipped to it.
            sample: Draw discrete actions, with the probabilities that softmax gives.
            noise: Standard deviation of Gaussian noise on continuous actions, before they are clipped: one number, or
                one for each number of an action.
            seed: Of what is drawn. None: fresh entropy.
            observation_mean: Shape `(observation_size,)` or `(P, observation_size)`. With `observation_variance`, an
                observation x becomes `(x - mean) / sqrt(variance + epsilon)`, as in Gymnasium's `NormalizeObservation`.
            observation_variance: The same shape.
            epsilon: See above.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: Shapes do not fit, or a number is NaN, infinite or out of range.
        """
        checked = _weights("weights", weights)
        super().__init__(
            [(checked, None if bias is None else _bias("bias", bias, checked), "none")],
            action_space=action_space,
            sample=sample,
            noise=noise,
            seed=seed,
            observation_mean=observation_mean,
            observation_variance=observation_variance,
            epsilon=epsilon,
        )
        self._arguments = {"weights": self.weights, "bias": self.bias, **self._options}

    @property
    def weights(self) -> _Floats:
        """The weights, read-only."""
        return self._layers[0][0]

    @property
    def bias(self) -> _Floats | None:
        """The biases, read-only."""
        return self._layers[0][1]


class MLP(_Network):
    """A multilayer perceptron: fully connected layers, with an activation after each but the last."""

    def __init__(
        self,
        weights: Sequence[npt.ArrayLike],
        biases: Sequence[npt.ArrayLike | None] | None = None,
        activation: str | Sequence[str | None] = "tanh",
        *,
        action_space: spaces.Space[Any] | None = None,
        sample: bool = False,
        noise: float | Sequence[float] | npt.NDArray[Any] = 0.0,
        seed: int | None = None,
        observation_mean: npt.ArrayLike | None = None,
        observation_variance: npt.ArrayLike | None = None,
        epsilon: float = 1e-8,
    ) -> None:
        """Create the policy. Arrays are copied.

        Args:
            weights: One array for each layer, from the first to the last, shape `(outputs, inputs)`, as torch's
                `nn.Linear` has them; in a population `(P, outputs, inputs)`, all or some of them.
            biases: One array for each layer, shape `(outputs,)` or `(P, outputs)`, or None for zeros; None for zeros
                everywhere.
            activation: "tanh" or "relu", after each layer but the last; or a sequence with one for each layer, None for
                none.
            action_space: See `Linear`, as for all that follow.
            sample: Draw discrete actions, with the probabilities that softmax gives.
            noise: Standard deviation of Gaussian noise on continuous actions.
            seed: Of what is drawn. None: fresh entropy.
            observation_mean: To normalise observations.
            observation_variance: To normalise observations.
            epsilon: To normalise observations.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: Shapes do not fit, or a number is NaN, infinite or out of range.
        """
        given = _sequence("weights", weights)
        given_biases = [None] * len(given) if biases is None else _sequence("biases", biases)
        if len(given_biases) != len(given):
            raise ValueError(f"biases: expected {len(given)}, one for each layer, got {len(given_biases)}")
        layers: list[tuple[_Floats, _Floats | None, str]] = []
        names = _activations(activation, len(given))
        for i, (one, bias, name) in enumerate(zip(given, given_biases, names, strict=True)):
            array = _weights(f"weights[{i}]", one)
            layers.append((array, None if bias is None else _bias(f"biases[{i}]", bias, array), name))
        super().__init__(
            layers,
            action_space=action_space,
            sample=sample,
            noise=noise,
            seed=seed,
            observation_mean=observation_mean,
            observation_variance=observation_variance,
            epsilon=epsilon,
        )
        activations = [None if name == "none" else name for name in names]
        self._arguments = {
            "weights": self.weights,
            "biases": self.biases,
            "activation": activations,
            **self._options,
        }

    @property
    def weights(self) -> list[_Floats]:
        """The weights of each layer, read-only."""
        return [weights for weights, _, _ in self._layers]

    @property
    def biases(self) -> list[_Floats | None]:
        """The biases of each layer, read-only."""
        return [biases for _, biases, _ in self._layers]

    @classmethod
    def from_torch(cls, module: Iterable[Any], **options: Any) -> MLP:
        """Make a policy of a `torch.nn.Sequential` of `Linear`, `Tanh` and `ReLU`. Weights are copied.

        Args:
            module: The network; modules inside may be such sequences themselves.
            **options: Keyword arguments of the constructor.

        Returns:
            The policy.

        Raises:
            TypeError: The module is no sequence, or has something else in it.
            ValueError: It has no `Linear`, or activations that do not follow one.
        """
        weights, biases, activations = [], [], list[str | None]()
        for one in _flattened(module):
            name = type(one).__name__.lower()
            weight = getattr(one, "weight", None)
            if getattr(weight, "ndim", 0) == 2 and hasattr(one, "bias"):
                weights.append(_detached(weight))
                biases.append(None if one.bias is None else _detached(one.bias))
                activations.append(None)
            elif name in _ACTIVATIONS:
                if not activations or activations[-1] is not None:
                    raise ValueError(f"module: expected {type(one).__name__} after a Linear")
                activations[-1] = name
            elif name != "identity":
                raise TypeError(f"module: expected Linear, Tanh and ReLU, got {shown(one)}")
        if not weights:
            raise ValueError("module: expected at least one Linear, got none")
        return cls(weights, biases, activations, **options)


class Random(Policy):
    """Uniformly random actions."""

    def __init__(self, action_space: spaces.Space[Any] | None = None, *, seed: int | None = None) -> None:
        """Create the policy.

        Args:
            action_space: `Discrete`, `MultiDiscrete`, or a `Box` with bounds. None: in a rollout the environment's; in
                a call there must be one.
            seed: Of the random streams. None: fresh entropy.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: The space has no bounds, or the seed is negative.
        """
        self.action_space = action_space
        self._described = None if action_space is None else _described(action_space)
        if self._described is not None and not np.isfinite(self._described[1:3]).all():
            raise ValueError(f"action_space: expected a space with bounds, got {shown(action_space)}")
        self.seed = _seed(seed)
        self._arguments = {"action_space": action_space}
        self._core = _core.RandomPolicy(self._described, _words(self.seed))

    def __repr__(self) -> str:
        return f"Random({'' if self.action_space is None else self.action_space})"


class Compiled(Policy):
    """A policy that is written in C++: `operant.load` and `from_library` make subclasses of this.

    Attributes:
        parameters: Its parameters by name, read-only.
    """

    _policy: ClassVar[_core.PolicyClass]
    _known: ClassVar[dict[str, _parameters.Parameter]]

    def __init_subclass__(cls, policy: _core.PolicyClass | None = None, **kwargs: Any) -> None:
        """Make a class of a policy of a library.

        Args:
            policy: None for the same as the base class.
            **kwargs: Of other base classes.
        """
        super().__init_subclass__(**kwargs)
        if policy is not None:
            cls._policy = policy
            cls._known = _parameters.known(policy)

    def __init__(self, *, seed: int | None = None, **parameters: Any) -> None:
        """Create the policy.

        Args:
            seed: Of what is drawn. None: fresh entropy.
            **parameters: By the names that the C++ struct gives them.

        Raises:
            TypeError: An argument has the wrong type, or there is no such parameter.
            ValueError: An argument is out of range.
        """
        for name in parameters:
            if name not in self._known:
                raise TypeError(
                    f"{type(self).__name__}: got an unexpected keyword argument {name!r}"
                    f"{_parameters.suggestion(name, self._known)} The parameters are {', '.join(self._known) or 'none'}"
                )
        numbers = _parameters.numbers_of(self._known, parameters, 0, np.dtype(np.float64))
        self.parameters: Mapping[str, Any] = MappingProxyType(_parameters.values_of(self._known, numbers))
        self.seed = _seed(seed)
        self.action_space = None
        self._observation_size = self._policy.observation_size
        self._arguments = dict(self.parameters)
        self._core = _core.CompiledPolicy(self._policy, numbers.tolist(), _words(self.seed))

    def _guessed(self) -> _Described:
        size, n = self._policy.action_size, self._policy.action_n
        if self._policy.action_kind == "box":
            unbounded = np.full(size, np.inf, np.float32)
            return "box", -unbounded, unbounded, np.zeros(size, np.int64)
        return _described(spaces.Discrete(n[0]) if size == 1 else spaces.MultiDiscrete(n))

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({given})"


def from_library(path: str | os.PathLike[str]) -> dict[str, type[Compiled]]:
    """The policies of a library that the CMake function `operant_add_environments` has built.

    Args:
        path: As `operant.load_library` takes it. What it contains runs.

    Returns:
        A class for each by name. Assign them to their names in a module, and their objects can be pickled.

    Raises:
        TypeError: The path is neither a string nor a path.
        FileNotFoundError: There is no such file.
        ImportError: It is no library of policies, damaged, or built for another version of Operant.
    """
    from operant import _libraries

    _, policies = _libraries.contents_of(Path(checked_path("path", path)))
    return {policy.name: make_class(policy, __name__) for policy in policies}


def make_class(policy: _core.PolicyClass, module: str) -> type[Compiled]:
    """A class of a policy, as if defined in that module."""
    rows = [f"    {name}: {one.documentation or 'a parameter'}." for name, one in _parameters.known(policy).items()]
    text = f"The policy `{policy.name}`.\n" + ("\nArgs:\n" + "\n".join(rows) + "\n" if rows else "")
    namespace = {"__module__": module, "__doc__": text}
    return new_class(policy.name, (Compiled,), {"policy": policy}, lambda body: body.update(namespace))


# Checks of arguments.


def _numbers(name: str, value: Any) -> npt.NDArray[Any]:
    try:
        array = np.asarray(value)
    except Exception:  # a ragged list, or an object that is not what it says
        array = np.empty(0, object)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected an array of numbers, got {shown(value)}")
    return array


def _floats(name: str, value: Any, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """A read-only copy of finite numbers."""
    array = _numbers(name, value)
    with np.errstate(over="ignore"):
        copied = np.array(array, dtype, order="C")
        finite = np.isfinite(copied.astype(np.float32))
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{name}[{', '.join(map(str, place))}]: expected a number that float32 can hold, got {array[place]}"
        )
    copied.flags.writeable = False
    return copied


def _weights(name: str, value: Any) -> _Floats:
    array = _floats(name, value)
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ValueError(
            f"{name}: expected shape (outputs, inputs), or (P, outputs, inputs) in a population, got {array.shape}"
        )
    return array


def _bias(name: str, value: Any, weights: _Floats) -> _Floats:
    array = _floats(name, value)
    outputs = weights.shape[-2]
    if array.ndim not in (1, 2) or array.shape[-1] != outputs or 0 in array.shape:
        raise ValueError(f"{name}: expected shape ({outputs},), or (P, {outputs}) in a population, got {array.shape}")
    return array


def _ranked(layers: list[tuple[_Floats, _Floats | None, str]]) -> Iterator[tuple[_Floats, int]]:
    """Every array, and how many axes it has in a population."""
    for weights, biases, _ in layers:
        yield weights, 3
        if biases is not None:
            yield biases, 2


def _normalisation(mean: Any, variance: Any, size: int) -> tuple[Any, Any]:
    if mean is None and variance is None:
        return None, None
    if mean is None or variance is None:
        missing = "observation_mean" if mean is None else "observation_variance"
        raise ValueError(f"{missing}: expected an array, as there is the other one")
    result = []
    for name, value in (("observation_mean", mean), ("observation_variance", variance)):
        array = _floats(name, value, np.float64)
        if array.ndim not in (1, 2) or array.shape[-1] != size or 0 in array.shape:
            raise ValueError(f"{name}: expected shape ({size},), or (P, {size}) in a population, got {array.shape}")
        result.append(array)
    return result[0], result[1]


def _noise(value: Any) -> float | list[float]:
    array = _floats("noise", value, np.float64)
    if array.ndim > 1 or array.size == 0:
        raise ValueError(f"noise: expected a number, or one for each number of an action, got shape {array.shape}")
    if (array < 0).any():
        raise ValueError(f"noise: expected numbers that are not negative, got {shown(value)}")
    if array.ndim == 0:
        return float(array)
    return array.tolist() if array.any() else 0.0


def _check_rule(kind: str, sample: bool, noise: Any) -> None:
    if sample and kind == "box":
        raise ValueError("sample: expected False, as actions are continuous; noise makes them random")
    if noise and kind != "box":
        raise ValueError("noise: expected 0, as actions are discrete; sample=True draws them")


def _sequence(name: str, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected a list of arrays, one for each layer, got {shown(value)}")
    given = list(value)
    if not given:
        raise ValueError(f"{name}: expected at least one layer, got none")
    return given


def _activations(value: Any, count: int) -> list[str]:
    expected = f"one of {', '.join(map(repr, _ACTIVATIONS))}"
    if isinstance(value, str):
        names: list[Any] = [value] * (count - 1) + [None]
        if value not in _ACTIVATIONS:
            raise ValueError(f"activation: expected {expected}, got {shown(value)}")
    elif isinstance(value, Sequence):
        names = list(value)
    else:
        raise TypeError(f"activation: expected {expected}, or a list of {count} of them, got {shown(value)}")
    if len(names) != count:
        raise ValueError(f"activation: expected {count}, one for each layer, got {len(names)}")
    for i, name in enumerate(names):
        if name is not None and name not in _ACTIVATIONS:
            raise ValueError(f"activation[{i}]: expected {expected} or None, got {shown(name)}")
    return ["none" if name is None else name for name in names]


def _described(space: Any) -> _Described:
    """The space as the core has it."""
    low, high, n = np.zeros(1, np.float32), np.zeros(1, np.float32), np.zeros(1, np.int64)
    most = 2**31 - 1
    if isinstance(space, (spaces.Discrete, spaces.MultiDiscrete)):
        kind = "discrete" if isinstance(space, spaces.Discrete) else "multi_discrete"
        counts = np.atleast_1d(np.asarray(space.n if isinstance(space, spaces.Discrete) else space.nvec, np.int64))
        if not np.any(space.start) and counts.ndim == 1 and (counts <= most).all():
            return kind, low, high, counts
    if isinstance(space, spaces.Box) and len(space.shape) == 1 and space.dtype == np.float32:
        return "box", np.ascontiguousarray(space.low), np.ascontiguousarray(space.high), n
    raise TypeError(
        "action_space: expected a Discrete or one-dimensional MultiDiscrete that start at 0, or a one-dimensional Box "
        f"of float32, got {shown(space)}"
    )


def _seed(value: Any) -> int:
    if value is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    plain = None if isinstance(value, bool) else integer(value)
    if plain is None:
        raise TypeError(f"seed: expected None or an integer that is not negative, got {shown(value)}")
    if plain < 0:
        raise ValueError(f"seed: expected an integer that is not negative, got {shown(plain)}")
    return plain


def _words(seed: int) -> list[int]:
    """The 32-bit words of a seed, least significant first."""
    return [seed >> shift & 0xFFFFFFFF for shift in range(0, max(seed.bit_length(), 1), 32)]


def _flattened(module: Any) -> Iterator[Any]:
    if not isinstance(module, Iterable) or isinstance(module, (str, bytes)):
        raise TypeError(f"module: expected a torch.nn.Sequential, got {shown(module)}")
    for one in module:
        if isinstance(one, Iterable):
            yield from _flattened(one)
        else:
            yield one


def _detached(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor
