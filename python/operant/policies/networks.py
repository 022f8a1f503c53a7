"""Neural networks as policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from operant import _core
from operant._checks import number, shown, switch
from operant.policies import arguments
from operant.policies.arguments import Description, Floats, Layer
from operant.policies.policy import Policy


class _Network(Policy):
    """The base class of `Linear` and `MLP`.

    Attributes:
        population: The number of networks: 1, or the length of the leading axis.
    """

    def __init__(
        self,
        layers: list[Layer],
        action_space: Any,
        sample: Any,
        noise: Any,
        seed: Any,
        observation_mean: Any,
        observation_variance: Any,
        epsilon: Any,
    ) -> None:
        self.action_space = action_space
        self._description = None if action_space is None else arguments.description_of(action_space)
        self.seed = arguments.seed_of(seed)
        self._layers = layers
        members = [len(weights) for weights, _, _ in layers if weights.ndim == 3]
        members += [len(biases) for _, biases, _ in layers if biases is not None and biases.ndim == 2]
        self.population: int = max(members, default=1)
        self._observation_size = layers[0][0].shape[-1]
        sample, noise = switch("sample", sample), arguments.noise_deviations(noise)
        mean, variance = arguments.normalisation(observation_mean, observation_variance, self._observation_size)
        plain = number("epsilon", epsilon)
        if not 0 <= plain < np.inf:
            raise ValueError(f"epsilon: expected a number that is not negative, got {shown(epsilon)}")
        self._options = {"action_space": action_space, "sample": sample, "noise": noise, "epsilon": plain}
        self._options |= {"observation_mean": mean, "observation_variance": variance}
        self._core = _core.NetworkPolicy(
            layers,
            [] if mean is None else mean.ravel().tolist(),
            [] if variance is None else variance.ravel().tolist(),
            plain,
            sample,
            noise if isinstance(noise, list) else [noise] if noise else [],
            self._description,
            arguments.words(self.seed),
        )

    def _implied_actions(self) -> Description:
        outputs = self._layers[-1][0].shape[-2]
        if outputs < 2 or self._options["noise"]:
            reason = "has one output" if outputs < 2 else "adds noise"
            raise ValueError(
                f"action_space: expected a space, as the policy {reason} and is called; pass env.single_action_space"
            )
        return arguments.description_of(spaces.Discrete(outputs))

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
    """A network without hidden layers: weights times observations, plus biases."""

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
            weights: Shape `(outputs, observation_size)`, or `(P, outputs, observation_size)` for a population.
                Discrete actions need one output for each action (for each value of each number, if an action has
                several numbers); the policy chooses the largest output, and the first of equal ones. Continuous
                actions need one output for each number. For n discrete observations, `observation_size` is n: each
                observation selects a column of the weights.
            bias: Shape `(outputs,)` or `(P, outputs)`; None for zeros.
            action_space: `Discrete`, `MultiDiscrete` or `Box`, such as `env.single_action_space`. Continuous actions
                are clipped to it. None: a rollout uses the environment's space, a call uses `Discrete(outputs)`.
            sample: Draw discrete actions from the softmax of the outputs.
            noise: The standard deviation of Gaussian noise on continuous actions, added before they are clipped: one
                number, or one for each number of an action.
            seed: The seed of the random streams. None: fresh entropy.
            observation_mean: Shape `(observation_size,)` or `(P, observation_size)`. Together with
                `observation_variance`, it replaces an observation x by `(x - mean) / sqrt(variance + epsilon)`, as
                Gymnasium's `NormalizeObservation` does.
            observation_variance: The same shape.
            epsilon: Added to the variance, as above.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: Shapes do not fit, or a number is NaN, infinite or out of range.
        """
        checked = arguments.weights_array("weights", weights)
        biases = None if bias is None else arguments.vector("bias", bias, checked.shape[-2])
        layers = [(checked, biases, "none")]
        super().__init__(layers, action_space, sample, noise, seed, observation_mean, observation_variance, epsilon)
        self._made_by = Linear, {"weights": self.weights, "bias": self.bias, **self._options}

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
            weights: One array for each layer, from the first to the last. Each has the shape `(outputs, inputs)`, as in
                torch's `nn.Linear`, or `(P, outputs, inputs)` in a population, where layers may also be shared.
            biases: One array for each layer, of shape `(outputs,)` or `(P, outputs)`, or None for zeros. None: zeros in
                all layers.
            activation: "tanh" or "relu", after each layer but the last; or a sequence with one of them, or None, for
                each layer.
            action_space: See `Linear`, also for the arguments below.
            sample: Draw discrete actions from the softmax of the outputs.
            noise: The standard deviation of Gaussian noise on continuous actions.
            seed: The seed of the random streams. None: fresh entropy.
            observation_mean: The mean that normalises observations.
            observation_variance: The variance that normalises observations.
            epsilon: Added to the variance.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: Shapes do not fit, or a number is NaN, infinite or out of range.
        """
        layers = arguments.layers(weights, biases, activation)
        super().__init__(layers, action_space, sample, noise, seed, observation_mean, observation_variance, epsilon)
        names = [None if name == "none" else name for _, _, name in layers]
        self._made_by = MLP, {"weights": self.weights, "biases": self.biases, "activation": names, **self._options}

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
            module: The network. It may contain other sequences.
            **options: Keyword arguments of the constructor.

        Returns:
            The policy.

        Raises:
            TypeError: The module is not a sequence, or contains another kind of module.
            ValueError: The module has no `Linear`, or an activation that does not follow one.
        """
        weights, biases, activations = [], [], list[str | None]()
        for one in arguments.flattened(module):
            name = type(one).__name__.lower()
            weight = getattr(one, "weight", None)
            if getattr(weight, "ndim", 0) == 2 and hasattr(one, "bias"):
                weights.append(arguments.detached(weight))
                biases.append(None if one.bias is None else arguments.detached(one.bias))
                activations.append(None)
            elif name in arguments.ACTIVATIONS:
                if not activations or activations[-1] is not None:
                    raise ValueError(f"module: expected {type(one).__name__} after a Linear")
                activations[-1] = name
            elif name != "identity":
                raise TypeError(f"module: expected Linear, Tanh and ReLU, got {shown(one)}")
        if not weights:
            raise ValueError("module: expected at least one Linear, got none")
        return cls(weights, biases, activations, **options)
