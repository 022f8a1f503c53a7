"""Invalid values to pass as arguments, and unusual ones that are valid."""

from __future__ import annotations

import ctypes
from decimal import Decimal

import numpy as np


class OnPurposeError(Exception):
    """Raised only by the objects below, so that tests can recognise their exceptions."""


def _raise(*args, **kwargs):
    raise OnPurposeError("on purpose")


class Hostile:
    """Raises an exception in every operation."""

    __index__ = __int__ = __float__ = __bool__ = __len__ = __iter__ = __getitem__ = __array__ = _raise
    __eq__ = __lt__ = __gt__ = __hash__ = __repr__ = __str__ = __fspath__ = _raise


class Unshowable:
    """Not valid for any argument; its repr is text that UTF-8 cannot encode."""

    def __repr__(self):
        return "\ud800"


class ArrayLike:
    """An array-like whose `__array__` returns `found` for every dtype."""

    def __init__(self, found):
        self.found = found

    def __array__(self, dtype=None, copy=None):
        return self.found


class RaisingArray:
    """An array-like whose `__array__` raises."""

    def __init__(self, error):
        self.error = error

    def __array__(self, dtype=None, copy=None):
        raise self.error


class Exporter:
    """Supports DLPack, and nothing else that makes an array of it."""

    def __init__(self, found, device=(1, 0)):
        self.found = found
        self.device = device

    def __dlpack__(self, **kwargs):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found.__dlpack__(**kwargs) if isinstance(self.found, np.ndarray) else self.found

    def __dlpack_device__(self):
        return self.device


class LyingList(list):
    """A sequence whose `len` is not the number of its elements."""

    def __init__(self, elements, length):
        super().__init__(elements)
        self.length = length

    def __len__(self):
        return self.length


class OddInt(int):
    """An int with wrong operators. A caller has to read its actual value."""

    def __add__(self, other):
        return OddInt(12345)

    __radd__ = __sub__ = __rshift__ = __and__ = __add__

    def __int__(self):
        return 12345

    def __lt__(self, other):
        return False

    def __gt__(self, other):
        return True

    def __bool__(self):
        return True


class OddFloat(float):
    """A float with wrong operators. A caller has to read its actual value."""

    def __float__(self):
        return 12345.0

    def __abs__(self):
        return 0.0


class LyingSubclass(np.ndarray):
    """An array whose class reports a wrong shape, dtype and size."""

    shape = (3,)
    dtype = np.dtype(np.bool_)
    size = 3


def arrays(count):
    """Arrays of every kind of dtype and layout; those of `count` zeros and ones are valid for some arguments."""
    numbers = [i % 2 for i in range(count)]
    codes = "?bhilqBHILQefdgFDGOSUVMm"
    values = {
        f"dtype {code}": np.array(numbers).astype("M8[s]" if code == "M" else "m8[s]" if code == "m" else code)
        for code in codes
    }
    for code in "ild?":
        array = np.array(numbers, code)
        size = array.itemsize
        values |= {
            f"big-endian {code}": array.astype(array.dtype.newbyteorder(">")),
            f"every other {code}": np.repeat(array, 2)[::2],
            f"reversed {code}": np.array(array[::-1])[::-1],
            f"misaligned {code}": np.frombuffer(b"\1" + array.tobytes(), np.uint8)[1:].view(array.dtype),
            f"read-only {code}": np.frombuffer(array.tobytes(), array.dtype),
            f"strides of 0 {code}": np.broadcast_to(array[:1], (count,)),
            f"empty {code}": array[:0],
            f"no dimension {code}": array[0],
            f"an array of no dimension {code}": np.array(array[0]),
            f"a row {code}": array[None],
            f"a column {code}": array[:, None],
            f"more dimensions {code}": array.reshape((1,) * 20 + (count,)),
            f"more {code}": np.append(array, array),
            f"fewer {code}": array[1:],
            f"a subclass {code}": array.view(type("Subclass", (np.ndarray,), {})),
            f"a lying subclass {code}": array.view(LyingSubclass),
            f"masked {code}": np.ma.MaskedArray(array, mask=False),
            f"a field {code}": np.array([(b"x", number) for number in numbers], [("a", "S3"), ("b", code)])["b"],
            f"__array__ {code}": ArrayLike(array),
            f"DLPack {code}": Exporter(array),
            f"memoryview {code}": memoryview(array),
            f"ctypes {code}": (ctypes.c_double * count)(*numbers) if size == 8 else (ctypes.c_int32 * count)(*numbers),
        }
    for name, number in {
        "nan": np.nan,
        "inf": np.inf,
        "-inf": -np.inf,
        "huge": 1e300,
        "subnormal": 5e-324,
        "longdouble": np.longdouble("1e400"),
    }.items():
        values[f"with {name}"] = np.array([*numbers[:-1], number])
        with np.errstate(over="ignore"):
            values[f"float32 with {name}"] = np.array([*numbers[:-1], number], np.longdouble).astype(np.float32)
        values[f"list with {name}"] = [*numbers[:-1], number]
    return values | {
        "numbers of 128 bits": np.array([*numbers[:-1], 2**100], object),
        "beyond 32 bits": np.array([*numbers[:-1], 2**32]),
        "beyond 63 bits": np.array([*numbers[:-1], 2**64 - 1], np.uint64),
        "structured": np.zeros(count, [("a", "i4"), ("b", "f8")]),
        "True that is 2": np.full(count, 2, np.uint8).view(np.bool_),
        "a matrix of numbers": np.zeros((count, 4)),
        "a list": numbers,
        "a tuple": tuple(numbers),
        "a range": range(count),
        "a list of bools": [bool(number) for number in numbers],
        "a list of floats": [float(number) for number in numbers],
        "a list of text": [str(number) for number in numbers],
        "a list of None": [None] * count,
        "a list of huge numbers": [10**5000] * count,
        "a ragged list": [[0], [0, 1], 0],
        "a nested list": [[[number]] for number in numbers],
        "a list in itself": endless_list(),
        "a list that is shorter than it says": LyingList(numbers[1:], count),
        "a list that is longer than it says": LyingList(numbers * 9, count),
        "a list of odd ints": [OddInt(number) for number in numbers],
        "a list of hostiles": [Hostile()] * count,
        "a generator": (number for number in numbers),
    }


def endless_list():
    """A list that contains itself."""
    endless = []
    endless.append(endless)
    return endless


def array_likes():
    """Make objects that look like arrays but fail when they are read."""
    return {
        "__array__ raises": RaisingArray(OnPurposeError("on purpose")),
        "__array__ raises TypeError": RaisingArray(TypeError("on purpose")),
        "__array__ raises ValueError": RaisingArray(ValueError("on purpose")),
        "__array__ returns None": ArrayLike(None),
        "__array__ returns a number": ArrayLike(5),
        "__array__ returns a list": ArrayLike([0, 1, 0]),
        "__array__ returns objects": ArrayLike(np.array([object()] * 3)),
        "__dlpack__ raises": Exporter(OnPurposeError("on purpose")),
        "__dlpack__ raises BufferError": Exporter(BufferError("on purpose")),
        "__dlpack__ raises TypeError": Exporter(TypeError("on purpose")),
        "__dlpack__ returns None": Exporter(None),
        "__dlpack__ returns a list": Exporter([0, 1, 0]),
        "a complex tensor": Exporter(np.zeros(3, complex)),
        "a tensor of no known device": Exporter(np.zeros(3), device=None),
    }


def scalars():
    """Make single objects: numbers and others."""
    return {
        "None": None,
        "True": True,
        "0": 0,
        "1": 1,
        "-1": -1,
        "-1.0": -1.0,
        "2**31": 2**31,
        "2**63": 2**63,
        "2**64": 2**64,
        "-2**63 - 1": -(2**63) - 1,
        "10**400": 10**400,
        "-10**400": -(10**400),
        "10**5000": 10**5000,
        "0.5": 0.5,
        "nan": float("nan"),
        "inf": float("inf"),
        "-inf": float("-inf"),
        "1e300": 1e300,
        "1e39": 1e39,
        "subnormal": 5e-324,
        "a subnormal of float32": 1e-40,
        "complex": 1j,
        "Decimal": Decimal("0.5"),
        "an odd int": OddInt(1),
        "an odd float": OddFloat(0.5),
        "numpy's complex": np.complex128(1 + 1j),
        "numpy's bool": np.True_,
        "numpy's int": np.int16(1),
        "numpy's largest int": np.uint64(2**64 - 1),
        "numpy's float": np.float32(0.5),
        "numpy's longdouble": np.longdouble("1e400"),
        "numpy's text": np.str_("1"),
        "numpy's bytes": np.bytes_("1"),
        "numpy's datetime": np.datetime64(1, "s"),
        "numpy's timedelta": np.timedelta64(1, "s"),
        "numpy's void": np.zeros((), "i4,f8")[()],
        "text": "text",
        "a number's text": "1",
        "no text": "",
        "half a surrogate pair": "\ud800",
        "a null character": "NextStep\0",
        "long text": "x" * 100_000,
        "bytes": b"1",
        "list": [],
        "tuple": (),
        "dict": {},
        "set": {1},
        "object": object(),
        "type": float,
        "function": len,
        "Ellipsis": ...,
        "NotImplemented": NotImplemented,
        "slice": slice(None),
        "hostile": Hostile(),
        "unshowable": Unshowable(),
        "exception": ValueError("on purpose"),
    }


def odd_values(count):
    """All values, made anew. `count` is `num_envs`: some values have as many elements."""
    return scalars() | arrays(count) | array_likes()
