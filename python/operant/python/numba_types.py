"""The memory of an env in compiled functions: records, arrays and random streams; and functions that Numba lacks."""

from __future__ import annotations

from operator import attrgetter
from types import FunctionType
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.errors import NumbaError, TypingError
from numba.core.extending import intrinsic, models, overload, overload_attribute, overload_method, register_model
from numba.np.arrayobj import make_array, populate_array

from operant import math as operant_math

_I64, _I128 = ir.IntType(64), ir.IntType(128)
_BYTES = ir.IntType(8).as_pointer()
_MULTIPLIER = (0x2360ED051FC65DA4 << 64) | 0x4385DF649FCCF645


class RefusedError(Exception):
    """Numba's error about a user's function. Numba hides its own errors if they come from an intrinsic."""


class RandomType(types.Type):
    """A BufferedPcg64 in memory."""


register_model(RandomType)(models.OpaqueModel)  # a pointer to bytes
random_type = RandomType("OperantRandom")
memory = types.CPointer(types.uint8)


def _instance(type_: Any) -> Any:
    return type_.dtype if isinstance(type_, types.DType) else getattr(type_, "instance_type", type_)


# Memory is a pointer to bytes. Pointers, as opposed to addresses, let LLVM see that arrays on the stack overlap with no others.


def _cast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Generate the code of the intrinsics that only view their first argument as another type."""
    return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))


@intrinsic
def memory_at(typing_context: Any, address: Any) -> Any:
    """View the memory at an address."""
    return memory(types.int64), lambda context, builder, signature, given: builder.inttoptr(given[0], _BYTES)


@intrinsic(prefer_literal=True)
def local_memory(typing_context: Any, size: Any) -> Any:
    """Make room for a constant number of bytes on the stack."""
    count = size.literal_value

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(8), count))
        made.align = 64
        return builder.bitcast(made, _BYTES)

    return memory(size), codegen


@intrinsic
def after(typing_context: Any, start: Any, offset: Any) -> Any:
    """View the memory that begins at an offset."""
    return memory(memory, types.int64), lambda context, builder, signature, given: builder.gep(given[0], [given[1]])


@intrinsic
def as_record(typing_context: Any, start: Any, record: Any) -> Any:
    """View memory as a record."""
    return _instance(record)(memory, record), _cast


@intrinsic
def as_numbers(typing_context: Any, start: Any, dtype: Any) -> Any:
    """View memory as an array of numbers."""
    return types.CPointer(_instance(dtype))(memory, dtype), _cast


@intrinsic
def as_random(typing_context: Any, start: Any) -> Any:
    """View memory as a generator."""
    return random_type(memory), _cast


@intrinsic
def as_array(typing_context: Any, start: Any, dtype: Any, shape: Any) -> Any:
    """View memory as an array of numpy."""
    made = types.Array(_instance(dtype), len(shape), "C")

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = make_array(made)(context, builder)
        data = builder.bitcast(arguments[0], array.data.type)
        lengths = cgutils.unpack_tuple(builder, arguments[2])
        size = ir.Constant(_I64, context.get_abi_sizeof(context.get_data_type(made.dtype)))
        strides: list[Any] = []
        step: Any = size
        for length in reversed(lengths):
            strides.insert(0, step)
            step = builder.mul(step, length)
        populate_array(array, data, lengths, strides, size, None)
        return array._getvalue()

    return made(memory, dtype, shape), codegen


@intrinsic
def copy(typing_context: Any, target: Any, source: Any, size: Any) -> Any:
    """Copy a number of bytes."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        cgutils.raw_memcpy(builder, *arguments, 1)
        return context.get_dummy_value()

    return types.void(memory, memory, types.int64), codegen


@intrinsic
def clear(typing_context: Any, target: Any, size: Any) -> Any:
    """Fill a number of bytes with zeros."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        cgutils.memset(builder, *arguments, 0)
        return context.get_dummy_value()

    return types.void(memory, types.int64), codegen


@intrinsic
def attempt(typing_context: Any, function: Any, arguments: Any) -> Any:
    """Call a compiled function; return 1 if it raises an exception, and 0 otherwise, and the result."""
    try:
        resolved = function.get_call_type(typing_context, arguments.types, {})
    except NumbaError as error:
        raise RefusedError(error) from error
    description, library = attrgetter("fndesc", "library")(function.dispatcher.overloads[resolved.args])

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        context.add_linking_libs([library])
        given = cgutils.unpack_tuple(builder, values[1])
        given = [context.cast(builder, *one) for one in zip(given, arguments.types, resolved.args, strict=True)]
        status, result = context.call_internal_no_propagate(builder, description, resolved, given)
        failed = builder.zext(status.is_error, ir.IntType(8))
        return context.make_tuple(builder, signature.return_type, [failed, result])

    return types.Tuple((types.uint8, resolved.return_type))(function, arguments), codegen


# numpy's draws. Only the ziggurat stays in C++: it has tables. Numba compares the signatures of methods and their
# implementations, so they have no annotations.


@intrinsic
def _next64(typing_context: Any, generator: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words = builder.bitcast(arguments[0], _I64.as_pointer())

        def place(i: int) -> Any:
            return builder.gep(words, [ir.Constant(_I64, i)])

        def joined(i: int) -> Any:
            high, low = (builder.zext(builder.load(place(k)), _I128) for k in (i, i + 1))
            return builder.or_(builder.shl(high, ir.Constant(_I128, 64)), low)

        state = builder.add(builder.mul(joined(0), ir.Constant(_I128, _MULTIPLIER)), joined(2))
        high = builder.trunc(builder.lshr(state, ir.Constant(_I128, 64)), _I64)
        low = builder.trunc(state, _I64)
        builder.store(high, place(0))
        builder.store(low, place(1))
        mixed, turn = builder.xor(high, low), builder.lshr(high, ir.Constant(_I64, 58))
        rotate = ir.FunctionType(_I64, [_I64, _I64, _I64])
        return builder.call(builder.module.declare_intrinsic("llvm.fshr", [_I64], rotate), [mixed, mixed, turn])

    return types.uint64(random_type), codegen


@intrinsic
def _words(typing_context: Any, generator: Any) -> Any:
    """View a generator as 32-bit words."""
    return types.CPointer(types.uint32)(random_type), _cast


@njit(forceinline=True)
def _next32(generator: Any) -> Any:
    words = _words(generator)
    if words[8] != 0:
        words[8] = np.uint32(0)
        return words[9]
    bits = _next64(generator)
    words[8], words[9] = np.uint32(1), np.uint32(bits >> np.uint64(32))
    return np.uint32(bits)


@njit(forceinline=True)
def _below(generator: Any, count: Any) -> Any:
    product = np.uint64(_next32(generator)) * np.uint64(count)
    if np.uint32(product) < np.uint32(count):
        rejected = np.uint32((np.uint64(1 << 32) - np.uint64(count)) % np.uint64(count))
        while np.uint32(product) < rejected:
            product = np.uint64(_next32(generator)) * np.uint64(count)
    return np.int64(product >> np.uint64(32))


_normal = types.ExternalFunction("operant_normal", types.float64(random_type))
_exponential = types.ExternalFunction("operant_exponential", types.float64(random_type))
_integers = types.ExternalFunction("operant_integers", types.int64(random_type, types.int64, types.int64))


@njit(forceinline=True)
def _between(generator: Any, low: Any, high: Any) -> Any:
    if low >= high:
        raise ValueError("low >= high")
    count = high - low
    if count == 1:
        return low
    if 0 < count < 1 << 32:
        return low + _below(generator, count)
    return _integers(generator, low, high)


@njit(forceinline=True)
def _unit(generator: Any) -> Any:
    return np.float64(np.int64(_next64(generator) >> np.uint64(11))) * (1.0 / 9007199254740992.0)


@overload_method(RandomType, "random")
def _random_method(generator):  # type: ignore[no-untyped-def]
    return lambda generator: _unit(generator)


@overload_method(RandomType, "uniform")
def _uniform_method(generator, low=0.0, high=1.0):  # type: ignore[no-untyped-def]
    return lambda generator, low=0.0, high=1.0: low + (high - low) * _unit(generator)


@overload_method(RandomType, "normal")
def _normal_method(generator, loc=0.0, scale=1.0):  # type: ignore[no-untyped-def]
    return lambda generator, loc=0.0, scale=1.0: loc + scale * _normal(generator)


@overload_method(RandomType, "exponential")
def _exponential_method(generator, scale=1.0):  # type: ignore[no-untyped-def]
    return lambda generator, scale=1.0: scale * _exponential(generator)


@overload_method(RandomType, "integers")
def _integers_method(generator, low, high=None):  # type: ignore[no-untyped-def]
    for bound in (low, high):
        given = getattr(bound, "value", bound) if isinstance(bound, types.Omitted) else bound
        if not (given is None or isinstance(given, (types.Integer, types.NoneType))):
            raise TypingError(f"random.integers takes integers, got {given}: write int(...)")
    if high is None or isinstance(high, (types.NoneType, types.Omitted)):
        return lambda generator, low, high=None: _between(generator, np.int64(0), np.int64(low))
    return lambda generator, low, high=None: _between(generator, np.int64(low), np.int64(high))


def _refuse_draw(name: str) -> None:
    @overload_attribute(RandomType, name)
    def _refused(generator):  # type: ignore[no-untyped-def]
        raise TypingError(
            f"random.{name} does not exist: the draws are random(), uniform(), normal(), exponential() and integers()"
        )


for _name in ("choice", "shuffle", "permutation", "standard_normal", "poisson", "binomial", "randint", "rand", "gamma"):
    _refuse_draw(_name)


# Numba compares the signatures of a function and its overloads, so they have no annotations.
def store_truncated(result, flags, i):  # type: ignore[no-untyped-def]
    """Store the third element of a step's result, the truncation, if there is one."""


@overload(store_truncated)
def _store_truncated(result, flags, i):  # type: ignore[no-untyped-def]
    if len(result) == 2:
        return lambda result, flags, i: None

    def store(result, flags, i):  # type: ignore[no-untyped-def]
        flags[i] = np.uint8(result[2])

    return store


@overload(float)
def _float_of_bool(x):  # type: ignore[no-untyped-def]
    return (lambda x: 1.0 if x else 0.0) if isinstance(x, types.Boolean) else None


@overload(np.clip)
def _clip_number(a, a_min, a_max, out=None):  # type: ignore[no-untyped-def]
    if not all(isinstance(one, types.Number) for one in (a, a_min, a_max)):
        return None

    def clipped(a, a_min, a_max, out=None):  # type: ignore[no-untyped-def]
        raised = a_min if a < a_min else a
        return a_max if raised > a_max else raised

    return clipped


def _compile(function: FunctionType) -> None:
    unannotated = FunctionType(function.__code__, function.__globals__, function.__name__)
    overload(function, jit_options={"forceinline": True})(lambda x: unannotated)


for _function in vars(operant_math).values():
    if isinstance(_function, FunctionType):
        _compile(_function)
