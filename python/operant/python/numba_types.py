"""What compiled functions use of an env's memory: records, arrays and random streams as types of Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.core.extending import intrinsic, models, overload_attribute, overload_method, register_model

_I32, _I64, _I128 = ir.IntType(32), ir.IntType(64), ir.IntType(128)
_BYTES = ir.IntType(8).as_pointer()
_MULTIPLIER = (0x2360ED051FC65DA4 << 64) | 0x4385DF649FCCF645


class RandomType(types.Type):
    """A BufferedPcg64 in memory."""

    def __init__(self) -> None:
        """Make the type."""
        super().__init__(name="OperantRandom")


random_type = RandomType()


@register_model(RandomType)
class _RandomModel(models.PrimitiveModel):
    def __init__(self, manager: Any, type_: Any) -> None:
        super().__init__(manager, type_, _BYTES)


def _instance(type_: Any) -> Any:
    return type_.dtype if isinstance(type_, types.DType) else getattr(type_, "instance_type", type_)


@intrinsic
def random_at(typing_context: Any, address: Any) -> Any:
    """View a generator at an address."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], _BYTES)

    return random_type(types.int64), codegen


@intrinsic
def record_at(typing_context: Any, address: Any, record: Any) -> Any:
    """View a record at an address."""
    made = _instance(record)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(made))

    return made(types.int64, record), codegen


@intrinsic
def local_record(typing_context: Any, record: Any) -> Any:
    """Make a record of zeros on the stack."""
    made = _instance(record)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory = cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(8), made.size))
        memory.align = 64
        cgutils.memset(builder, memory, ir.Constant(_I64, made.size), 0)
        return builder.bitcast(memory, context.get_value_type(made))

    return made(record), codegen


@intrinsic
def address_of(typing_context: Any, record: Any) -> Any:
    """Return the address of a record."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], _I64)

    return types.int64(record), codegen


@intrinsic(prefer_literal=True)
def copy_bytes(typing_context: Any, target: Any, source: Any, size: Any) -> Any:
    """Copy a constant number of bytes from address to address."""
    count = size.literal_value

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to, origin = (builder.inttoptr(one, _BYTES) for one in arguments[:2])
        cgutils.raw_memcpy(builder, to, origin, ir.Constant(_I64, count), 1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, size), codegen


@intrinsic(prefer_literal=True)
def clear_bytes(typing_context: Any, target: Any, size: Any) -> Any:
    """Fill a constant number of bytes at an address with zeros."""
    count = size.literal_value

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        cgutils.memset(builder, builder.inttoptr(arguments[0], _BYTES), ir.Constant(_I64, count), 0)
        return context.get_dummy_value()

    return types.void(types.int64, size), codegen


@intrinsic
def pointer_at(typing_context: Any, address: Any, dtype: Any) -> Any:
    """View an address as a pointer to numbers."""
    made = types.CPointer(_instance(dtype))

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(made))

    return made(types.int64, dtype), codegen


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
def _word(typing_context: Any, generator: Any, index: Any) -> Any:
    """Return the address of a 32-bit word of a generator."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(builder.bitcast(arguments[0], _I32.as_pointer()), [arguments[1]])

    return types.CPointer(types.uint32)(random_type, types.int64), codegen


@njit(forceinline=True)
def _next32(generator: Any) -> Any:
    has, kept = _word(generator, 8), _word(generator, 9)
    if has[0] != 0:
        has[0] = np.uint32(0)
        return kept[0]
    bits = _next64(generator)
    has[0], kept[0] = np.uint32(1), np.uint32(bits >> np.uint64(32))
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
            f"random.{name} is not there: the draws are random(), uniform(), normal(), exponential() and integers()"
        )


for _name in ("choice", "shuffle", "permutation", "standard_normal", "poisson", "binomial", "randint", "rand", "gamma"):
    _refuse_draw(_name)
