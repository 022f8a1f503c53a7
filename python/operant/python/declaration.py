"""Reads the class that a user has written: its parameters, state, infos, spaces and functions."""

from __future__ import annotations

import inspect
import keyword
import linecache
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import FunctionType
from typing import Annotated, Any, ClassVar, NamedTuple, NoReturn, get_args, get_origin

import numpy as np
from gymnasium import spaces

from operant._checks import shown, suggestion
from operant.building.compiler import CompileError
from operant.envs.spaces import Tree, leaves_in

_UNLIMITED = 2**31 - 1
_SCALARS = frozenset((float, int, bool, np.float64, np.int64, np.bool_))
_DTYPES = frozenset(
    ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"]
)
#: The functions of a class, and the names that their arguments after the first two may have.
_ARGUMENTS = {
    "reset": ("random", "info"),
    "step": ("action", "random", "info"),
    "observation": ("out",),
    "action_mask": ("out",),
}
_MEMBERS = frozenset({*_ARGUMENTS, "State", "Info", "action_space", "observation_space", "max_episode_steps"})


class Array:
    """The type of an array in a `State` or an `Info`: `Array[np.int8, 10, 10]` has 10 rows of 10 int8."""

    def __class_getitem__(cls, item: Any) -> ArrayOf:
        """Make the type of an array with a dtype and a shape."""
        dtype, *shape = item if isinstance(item, tuple) else (item,)
        try:
            return ArrayOf(np.dtype(dtype), tuple(shape))
        except TypeError:
            raise TypeError(
                f"Array: expected a dtype and lengths, as in Array[np.int8, 100], got {shown(item)}"
            ) from None


class ArrayOf(NamedTuple):
    """An `Array` with its dtype and shape, or a part of an observation."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Parameter:
    """A keyword of the constructor."""

    name: str
    kind: type  # float, int or bool
    default: float
    low: float
    high: float
    documentation: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its 8 bytes in the row of an env's parameters."""
        return np.dtype(np.float64 if self.kind is float else np.int64)


@dataclass(frozen=True)
class Declaration:
    """The declarations of a user's class.

    Attributes:
        functions: The user's functions, by name.
        arguments: The names of their arguments after the first two.
        state: The numbers and arrays of an env's state, as the dtype of one record in memory.
        info: The record of the infos of a step; without infos, it has no fields.
    """

    cls: type
    name: str
    place: str  # file:line
    functions: Mapping[str, FunctionType]
    arguments: Mapping[str, tuple[str, ...]]
    parameters: tuple[Parameter, ...]
    state: np.dtype[Any]
    info: np.dtype[Any]
    action_space: spaces.Space[Any]
    observation_space: spaces.Space[Any]
    leaves: tuple[ArrayOf, ...]  # the parts of the observation space that are one array
    observation_tree: Tree
    max_episode_steps: int
    others: Mapping[str, Any] = field(repr=False)  # further members of the class, such as `draw`

    most_state: ClassVar[int] = 2**20

    @property
    def row(self) -> np.dtype[Any]:
        """The record of an env's parameters, 8 bytes each."""
        return np.dtype([(one.name, one.dtype) for one in self.parameters] or [("_", np.dtype(np.float64))])

    @property
    def action_size(self) -> int:
        """The number of numbers in an action."""
        return math.prod(self.action_space.shape or ())

    @property
    def has_mask(self) -> bool:
        """True if there is an action mask."""
        return "action_mask" in self.functions

    @property
    def mask_size(self) -> int:
        """The number of bytes of an action mask."""
        nvec = getattr(self.action_space, "nvec", None)
        return int(np.sum(nvec)) if nvec is not None else int(getattr(self.action_space, "n", 0))

    @property
    def has_reset_info(self) -> bool:
        """True if resets have infos, too."""
        return self.has_mask or "info" in self.arguments["reset"]

    def description(self) -> dict[str, Any]:
        """Describe the environment as the core's `FunctionEnvironment` takes it."""
        infos: list[dict[str, Any]] = [
            {"name": name, "dtype": kind.base.name, "shape": kind.shape} for name, kind, _ in fields_of(self.info)
        ]
        if self.has_mask:
            infos.append({"name": "action_mask", "dtype": "bool", "shape": (self.mask_size,)})
        variables = []
        for name, kind, offset in fields_of(self.state):
            for i, index in enumerate(np.ndindex(kind.shape)):
                suffix = "".join(f"[{k}]" for k in index)
                place = offset + i * kind.base.itemsize
                variables.append({"name": name + suffix, "dtype": kind.base.name, "array": 0, "offset": place})
        return {
            "name": self.name,
            "max_episode_steps": self.max_episode_steps,
            "action": _space(self.action_space),
            "observation": _space(self.observation_space),
            "parameters": [
                vars(one) | {"flag": one.kind is bool, "integer": one.kind is int} for one in self.parameters
            ],
            "state": variables,
            "strides": [self.state.itemsize],
            "infos": infos,
            "has_action_mask": self.has_mask,
            "has_reset_info": self.has_reset_info,
        }


def fields_of(record: np.dtype[Any]) -> list[tuple[str, np.dtype[Any], int]]:
    """List name, type and offset of the fields of a record."""
    return [(name, *place[:2]) for name, place in (record.fields or {}).items()]


def read(cls: type, scope: Mapping[str, Any]) -> Declaration:
    """Read a class.

    Args:
        cls: The class.
        scope: The names that its annotations may mention, besides those of its module.

    Raises:
        CompileError: Something is missing or cannot be compiled; the message has the file and the line.
    """
    return _Reader(cls, scope).declaration()


def _source(cls: type) -> tuple[str, list[str], int]:
    """Return the file of a class, the lines of the class, and the number of the first.

    The code objects of its functions know the file also where `inspect` does not, as in the cells of a notebook.
    """
    # From Python 3.14 on, the annotations are a function, too, whose first line is that of the decorator.
    members = [getattr(one, "__func__", one) for name, one in vars(cls).items() if not name.startswith("__annotate")]
    codes = [one.__code__ for one in members if isinstance(one, FunctionType)]
    if not codes:
        return getattr(sys.modules.get(cls.__module__), "__file__", None) or "<unknown>", [], 1
    code = min(codes, key=lambda one: one.co_firstlineno)
    lines = linecache.getlines(code.co_filename)
    above = range(min(code.co_firstlineno, len(lines)) - 1, -1, -1)
    start = next((i for i in above if re.match(rf"\s*class {cls.__name__}\b", lines[i])), None)
    if start is None:
        return code.co_filename, [], code.co_firstlineno
    return code.co_filename, inspect.getblock(lines[start:]), start + 1


class _Reader:
    def __init__(self, cls: type, scope: Mapping[str, Any]) -> None:
        self.cls = cls
        self.scope = scope
        self.file, self.lines, self.first = _source(cls)
        # The globals come from a function, because the module of the class may not be in `sys.modules`.
        members = (getattr(one, "__func__", one) for one in vars(cls).values())
        self.globals = next((one.__globals__ for one in members if isinstance(one, FunctionType)), None)

    def refuse(self, reason: str, at: str = "", function: FunctionType | None = None) -> NoReturn:
        """Raise the error for a name in the class, or for one of its functions."""
        line = self.first
        if function is not None:
            line = function.__code__.co_firstlineno
        elif at:
            found = (
                i for i, text in enumerate(self.lines) if text.strip().startswith((at, f"class {at}", f"def {at}"))
            )
            line += next(found, 0)
        raise CompileError(f"{self.file}:{line}: {self.cls.__name__}: {reason}")

    def declaration(self) -> Declaration:
        functions = {
            name: self.function(name) for name in _ARGUMENTS if hasattr(self.cls, name) or name != "action_mask"
        }
        arguments = {name: self.arguments(name, function) for name, function in functions.items()}
        if "action" not in arguments["step"]:
            self.refuse("`step` needs the argument `action`: def step(p, s, action)", function=functions["step"])
        parameters = self.parameters()
        state = self.record("State")
        if not state.names:
            self.refuse("an environment needs a class `State` with annotations, such as `position: int`")
        info = self.record("Info") if hasattr(self.cls, "Info") else np.dtype([])
        for name, used in arguments.items():
            if "info" in used and not info.names:
                self.refuse(f"`{name}` has the argument `info`, but there is no class `Info`", function=functions[name])
        if info.names and "info" not in arguments["step"]:
            self.refuse("there is a class `Info`, but `step` lacks the argument `info`", function=functions["step"])
        action_space = self.space("action_space")
        if isinstance(action_space, (spaces.Tuple, spaces.Dict)):
            self.refuse(
                "actions of a Tuple or a Dict are for C++ headers: use a MultiDiscrete or a Box", "action_space"
            )
        discrete = isinstance(action_space, (spaces.Discrete, spaces.MultiDiscrete))
        if "action_mask" in functions and not discrete:
            self.refuse("an `action_mask` needs a Discrete or a MultiDiscrete", function=functions["action_mask"])
        observation_space = self.space("observation_space")
        declared = {one.name for one in parameters}
        others = {
            name: value
            for name, value in vars(self.cls).items()
            if name not in _MEMBERS | declared
            and name not in ("__dict__", "__weakref__", "__module__", "__qualname__", "__doc__", "__annotations__")
            and not name.startswith("__annot")
        }
        return Declaration(
            cls=self.cls,
            name=self.cls.__name__,
            place=f"{self.file}:{self.first}",
            functions=functions,
            arguments=arguments,
            parameters=parameters,
            state=state,
            info=info,
            action_space=action_space,
            observation_space=observation_space,
            leaves=tuple(ArrayOf(one.dtype, tuple(one.shape)) for _, one in leaves_in(observation_space)),
            observation_tree=_tree(observation_space, count()),
            max_episode_steps=self.limit(),
            others=others,
        )

    def function(self, name: str) -> FunctionType:
        given = inspect.getattr_static(self.cls, name, None)
        given = given.__func__ if isinstance(given, staticmethod) else given
        if given is None:
            close = suggestion(name, [one for one in vars(self.cls) if not one.startswith("_")])
            self.refuse(
                f"an environment needs a function `{name}(p, s{', ...' if name != 'observation' else ', out'})`{close}"
            )
        if not isinstance(given, FunctionType):
            self.refuse(f"`{name}` has to be a plain function, got {shown(given)}", name)
        return given

    def arguments(self, name: str, function: FunctionType) -> tuple[str, ...]:
        signature = inspect.signature(function).parameters
        plain = all(one.kind is one.POSITIONAL_OR_KEYWORD and one.default is one.empty for one in signature.values())
        names = tuple(signature)
        allowed = ", ".join(_ARGUMENTS[name])
        wrong = next((one for one in names[2:] if one not in _ARGUMENTS[name]), None)
        if not plain or len(names) < 2 or wrong is not None:
            got = f", got `{wrong}`" if wrong else ""
            self.refuse(f"`{name}` takes the parameters and the state, then any of: {allowed}{got}", function=function)
        if name in ("observation", "action_mask") and names[2:] != ("out",):
            self.refuse(f"`{name}` takes (p, s, out) and fills the array `out`", function=function)
        if name in ("reset", "step") and inspect.isgeneratorfunction(function):
            self.refuse(f"`{name}` must not `yield`", function=function)
        return names[2:]

    def annotations(self, cls: type) -> dict[str, Any]:
        try:
            names = {**self.scope, **vars(cls)}
            return inspect.get_annotations(cls, globals=self.globals, locals=names, eval_str=True)
        except Exception as error:
            self.refuse(f"an annotation of `{cls.__name__}` cannot be evaluated ({error})", cls.__name__)

    def parameters(self) -> tuple[Parameter, ...]:
        found = []
        for name, annotation in self.annotations(self.cls).items():
            if name in _MEMBERS or get_origin(annotation) is ClassVar:
                continue
            if not _is_public_name(name):
                self.refuse(f"`{name}`: the name of a parameter has to begin with a letter", name)
            low, high, documentation, kind = -math.inf, math.inf, "", annotation
            if get_origin(annotation) is Annotated:
                kind, *notes = get_args(annotation)
                for note in notes:
                    if isinstance(note, str):
                        documentation = note
                    elif isinstance(note, tuple) and len(note) == 2:
                        low, high = map(float, note)
                    else:
                        self.refuse(f"`{name}`: expected limits (low, high) or a description, got {shown(note)}", name)
            if kind is str:
                self.refuse(f"`{name}`: parameters are float, int or bool; number the choices of a string", name)
            if kind not in (float, int, bool):
                self.refuse(f"`{name}`: expected the type float, int or bool, got {shown(kind)}", name)
            if name == "compiled":
                self.refuse("`compiled` is the name of an argument already: choose another one", name)
            default = vars(self.cls).get(name)
            expected = (float, int) if kind is float else (kind,)
            if not isinstance(default, expected) or (kind is not bool and isinstance(default, bool)):
                self.refuse(f"`{name}` needs a default that is a {kind.__name__}, got {shown(default)}", name)
            assert isinstance(default, (float, int))
            if not low <= default <= high:
                self.refuse(f"`{name}`: the default {default} is not within ({low}, {high})", name)
            most = 2.0**53 if kind is int else float(np.finfo(np.float64).max)
            found.append(Parameter(name, kind, default, max(low, -most), min(high, most), documentation))
        return tuple(found)

    def record(self, name: str) -> np.dtype[Any]:
        cls = vars(self.cls).get(name)
        if not isinstance(cls, type):
            self.refuse(f"an environment needs a class `{name}` with annotations, such as `position: int`")
        fields: list[Any] = []
        for member, annotation in self.annotations(cls).items():
            if isinstance(annotation, ArrayOf):
                dtype, shape = annotation
                fits = dtype.name in _DTYPES and shape and all(isinstance(one, int) and one > 0 for one in shape)
                if not fits or (name == "Info" and len(shape) > 3):
                    self.refuse(
                        f"`{member}`: expected an Array of numbers or bools with lengths, got {annotation}", member
                    )
                fields.append((member, dtype, shape))
            elif annotation in _SCALARS:
                fields.append((member, np.dtype(annotation)))
            else:
                advice = "; for a single small number write Array[np.float32, 1]" if _is_numpy(annotation) else ""
                self.refuse(
                    f"`{name}.{member}`: expected float, int, bool or an Array[dtype, length], got "
                    f"{shown(annotation)}{advice}",
                    member,
                )
        if any(member in vars(cls) for member, *_ in fields):
            self.refuse(f"members of `{name}` have no defaults: `reset` sets them", name)
        record = np.dtype(fields, align=True)
        if record.itemsize > Declaration.most_state:
            self.refuse(f"`{name}` has {record.itemsize:,} bytes, and {Declaration.most_state:,} are possible", name)
        return record

    def space(self, name: str) -> spaces.Space[Any]:
        space = getattr(self.cls, name, None)
        if callable(space) and not isinstance(space, spaces.Space):
            self.refuse(f"`{name}` cannot depend on parameters: assign a space of Gymnasium", name)
        if not isinstance(space, spaces.Space):
            self.refuse(f"an environment needs `{name}`, a space of Gymnasium, got {shown(space)}", name)
        self.check_space(name, space)
        return space

    def check_space(self, name: str, space: spaces.Space[Any]) -> None:
        if isinstance(space, (spaces.Tuple, spaces.Dict)):
            items = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
            for key, part in items:
                if isinstance(space, spaces.Dict) and not _is_public_name(str(key)):
                    self.refuse(
                        f"`{name}`: the key {key!r} has to be a name that is no keyword and begins with a letter, as it "
                        f"becomes `out.{key}`",
                        name,
                    )
                self.check_space(name, part)
            if not space.spaces:
                self.refuse(f"`{name}` has a {type(space).__name__} without parts", name)
            return
        if not isinstance(space, (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)):
            self.refuse(
                f"`{name}`: expected Box, Discrete, MultiDiscrete, MultiBinary, Tuple or Dict, got {space}", name
            )
        if np.any(getattr(space, "start", 0)):
            self.refuse(f"`{name}`: a {type(space).__name__} has to start at 0, got {space}", name)
        shape = space.shape or ()
        if len(shape) > 3 or (isinstance(space, spaces.Box) and not shape):
            self.refuse(f"`{name}`: expected one to three dimensions, got {space}", name)
        allowed = {"float32"} if name == "action_space" else {*_DTYPES} - {"int64", "uint16", "uint32", "uint64"}
        if isinstance(space, spaces.Box) and space.dtype is not None and space.dtype.name not in allowed:
            self.refuse(f"`{name}`: a Box has one of the dtypes {', '.join(sorted(allowed))}, got {space}", name)
        if name == "action_space" and len(shape) > 1:
            self.refuse(f"`{name}`: expected at most one dimension, got {space}", name)

    def limit(self) -> int:
        limit = getattr(self.cls, "max_episode_steps", None)
        if limit is None:
            return _UNLIMITED
        if not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit < _UNLIMITED:
            self.refuse(
                f"`max_episode_steps`: expected a positive integer or None, got {shown(limit)}", "max_episode_steps"
            )
        return limit


def _is_public_name(name: str) -> bool:
    """Return True for a name that a named tuple can have."""
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")


def _is_numpy(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, np.generic)


def _tree(space: spaces.Space[Any], numbers: Iterator[int]) -> Tree:
    """Number the leaves of a space."""
    if isinstance(space, spaces.Dict):
        return {key: _tree(part, numbers) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_tree(part, numbers) for part in space.spaces)
    return next(numbers)


def _space(space: spaces.Space[Any], name: str = "") -> dict[str, Any]:
    """Describe a space as the core takes it."""
    if isinstance(space, (spaces.Tuple, spaces.Dict)):
        items = space.spaces.items() if isinstance(space, spaces.Dict) else (("", one) for one in space.spaces)
        kind = "dict" if isinstance(space, spaces.Dict) else "tuple"
        return {"kind": kind, "name": name, "parts": [_space(part, key) for key, part in items]}
    size = math.prod(space.shape or ())
    none = [0] * size
    assert space.dtype is not None
    leaf: dict[str, Any] = {"name": name, "dtype": space.dtype.name, "shape": space.shape or ()}
    if isinstance(space, spaces.Box):
        low, high = (bound.astype(np.float64).ravel().tolist() for bound in (space.low, space.high))
        return leaf | {"kind": "box", "low": low, "high": high, "n": none}
    zeros = {"low": [0.0] * size, "high": [0.0] * size}
    if isinstance(space, spaces.Discrete):
        return leaf | zeros | {"kind": "discrete", "n": [int(space.n)]}
    if isinstance(space, spaces.MultiDiscrete):
        return leaf | zeros | {"kind": "multi_discrete", "n": space.nvec.ravel().tolist()}
    return leaf | zeros | {"kind": "multi_binary", "n": [2] * size}


#: The addresses of step, restart and observe. Each takes a FunctionCall, which function_tier.hpp defines.
Functions = tuple[int, int, int]
