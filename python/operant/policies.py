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
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, new_class
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from operant import _core, _policy_arguments
from operant._checks import number, shown, switch
from operant._checks import path as checked_path
from operant._policy_arguments import Description, Floats, Layer
from operant.envs import _parameters

__all__ = ["MLP", "Compiled", "Linear", "Policy", "Random", "from_library"]

_SomePolicy = TypeVar("_SomePolicy", bound="Policy")


class Policy:
    """Chooses an action for each copy. Called with observations, it returns actions; rollouts call it without Python.

    Policies can be pickled; the copy draws what the original would have drawn next.

    Attributes:
        seed: The seed of the random streams: the constructor's argument, or one drawn from fresh entropy.
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
        described = self._guessed() if self._description is None else self._description
        actions: Any = self._core.act(self._checked(observations), described)
        return actions[:, 0] if described[0] == "discrete" else actions

    _description: Description | None = None

    def _guessed(self) -> Description:
        """What the actions of a policy without an action space are, as far as the policy itself tells."""
        raise ValueError("action_space: expected a space, as the policy is called; pass env.single_action_space")

    def _checked(self, observations: Any) -> npt.NDArray[Any]:
        array = _policy_arguments.numbers("observations", observations)
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
    """A network: what `Linear` and `MLP` have in common."""

    def __init__(
        self,
        layers: list[Layer],
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
        self._description = None if action_space is None else _policy_arguments.description_of(action_space)
        self.seed = _policy_arguments.seed_of(seed)
        self._layers = layers
        #: How many networks there are: 1, or the length of the leading axis.
        self.population: int = max(
            len(array) if array.ndim == rank else 1 for array, rank in _policy_arguments.ranked(layers)
        )
        self._observation_size = layers[0][0].shape[-1]
        sample, noise = switch("sample", sample), _policy_arguments.noise_deviations(noise)
        mean, variance = _policy_arguments.normalisation(observation_mean, observation_variance, self._observation_size)
        plain = number("epsilon", epsilon)
        if not 0 <= plain < np.inf:
            raise ValueError(f"epsilon: expected a number that is not negative, got {shown(epsilon)}")
        if self._description is not None:
            _policy_arguments.check_rule(self._description[0], sample, noise)
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
            self._description,
            _policy_arguments.words(self.seed),
        )

    def _guessed(self) -> Description:
        outputs = self._layers[-1][0].shape[-2]
        if outputs < 2 or self._options["noise"]:
            what = "has one output" if outputs < 2 else "makes noise"
            raise ValueError(
                f"action_space: expected a space, as the policy {what} and is called; pass env.single_action_space"
            )
        return _policy_arguments.description_of(spaces.Discrete(outputs))

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
            seed: The seed of the random streams. None: fresh entropy.
            observation_mean: Shape `(observation_size,)` or `(P, observation_size)`. With `observation_variance`, an
                observation x becomes `(x - mean) / sqrt(variance + epsilon)`, as in Gymnasium's `NormalizeObservation`.
            observation_variance: The same shape.
            epsilon: Added to the variance, as above.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: Shapes do not fit, or a number is NaN, infinite or out of range.
        """
        checked = _policy_arguments.weights_array("weights", weights)
        super().__init__(
            [(checked, None if bias is None else _policy_arguments.bias_array("bias", bias, checked), "none")],
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
    def weights(self) -> Floats:
        """The weights, read-only."""
        return self._layers[0][0]

    @property
    def bias(self) -> Floats | None:
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
        super().__init__(
            _policy_arguments.layers(weights, biases, activation),
            action_space=action_space,
            sample=sample,
            noise=noise,
            seed=seed,
            observation_mean=observation_mean,
            observation_variance=observation_variance,
            epsilon=epsilon,
        )
        activations = [None if name == "none" else name for _, _, name in self._layers]
        self._arguments = {
            "weights": self.weights,
            "biases": self.biases,
            "activation": activations,
            **self._options,
        }

    @property
    def weights(self) -> list[Floats]:
        """The weights of each layer, read-only."""
        return [weights for weights, _, _ in self._layers]

    @property
    def biases(self) -> list[Floats | None]:
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
        for one in _policy_arguments.flattened(module):
            name = type(one).__name__.lower()
            weight = getattr(one, "weight", None)
            if getattr(weight, "ndim", 0) == 2 and hasattr(one, "bias"):
                weights.append(_policy_arguments.detached(weight))
                biases.append(None if one.bias is None else _policy_arguments.detached(one.bias))
                activations.append(None)
            elif name in _policy_arguments.ACTIVATIONS:
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
            seed: The seed of the random streams. None: fresh entropy.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: The space has no bounds, or the seed is negative.
        """
        self.action_space = action_space
        self._description = None if action_space is None else _policy_arguments.description_of(action_space)
        if self._description is not None and not np.isfinite(self._description[1:3]).all():
            raise ValueError(f"action_space: expected a space with bounds, got {shown(action_space)}")
        self.seed = _policy_arguments.seed_of(seed)
        self._arguments = {"action_space": action_space}
        self._core = _core.RandomPolicy(self._description, _policy_arguments.words(self.seed))

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
            policy: The policy; None for that of the base class.
            **kwargs: Arguments of other base classes.
        """
        super().__init_subclass__(**kwargs)
        if policy is not None:
            cls._policy = policy
            cls._known = _parameters.known(policy)

    def __init__(self, *, seed: int | None = None, **parameters: Any) -> None:
        """Create the policy.

        Args:
            seed: The seed of the random streams. None: fresh entropy.
            **parameters: The policy's parameters, by their names in the C++ struct.

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
        self.seed = _policy_arguments.seed_of(seed)
        self.action_space = None
        self._observation_size = self._policy.observation_size
        self._arguments = dict(self.parameters)
        self._core = _core.CompiledPolicy(self._policy, numbers.tolist(), _policy_arguments.words(self.seed))

    def _guessed(self) -> Description:
        size, n = self._policy.action_size, self._policy.action_n
        if self._policy.action_kind == "box":
            unbounded = np.full(size, np.inf, np.float32)
            return "box", -unbounded, unbounded, np.zeros(size, np.int64)
        return _policy_arguments.description_of(spaces.Discrete(n[0]) if size == 1 else spaces.MultiDiscrete(n))

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
