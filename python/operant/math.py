"""Python's `math`, with a sine and a cosine that compiled environments compute for several envs at once.

>>> from operant import math
>>> math.sin(3.0), math.sqrt(2.0)
(0.1411200080598672, 1.4142135623730951)

`sin` and `cos` return the same bits in plain Python and compiled, on every machine. Their error is below 2.5 units in
the last place where the angle is below 1,600,000, so their bits are often not those of Python's `math.sin`. Beyond, the
error is that of an angle which is off by half a unit in its last place, and beyond 1e15 they return NaN.
"""

from math import *  # noqa: F403
from math import nan

_MAGIC = 1.5 * 2.0**52  # a number that is added and subtracted becomes an integer
_QUARTERS = 0.6366197723675814  # 2 / pi
# pi / 2. The first two have 33 bits, so their products with integers below 2**20 are exact (Cody and Waite).
_FIRST, _SECOND, _THIRD = 1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21
_MOST = 1e15


def _reduced(x: float) -> tuple[float, float, float]:
    """Return the distance to the nearest multiple of pi / 2, and sine and cosine of that multiple."""
    turns = (x * _QUARTERS + _MAGIC) - _MAGIC
    rest = ((x - turns * _FIRST) - turns * _SECOND) - turns * _THIRD
    quarter = turns - 4.0 * ((turns * 0.25 + _MAGIC) - _MAGIC)  # -2, -1, 0, 1 or 2
    size = abs(quarter)
    return rest if abs(x) <= _MOST else nan, quarter * (2.0 - size), 1.0 - size


# The polynomials are fdlibm's, for angles between -pi / 4 and pi / 4.


def _sine(x: float) -> float:
    z = x * x
    low = 8.33333333332248946124e-03 + z * -1.98412698298579493134e-04
    high = 2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)
    return x + x * z * (-1.66666666666666324348e-01 + z * (low + z * z * high))


def _cosine(x: float) -> float:
    z = x * x
    low = 4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * 2.48015872894767294178e-05)
    high = -2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)
    return 1.0 - (0.5 * z - z * z * (low + z * z * z * high))


def sin(x: float) -> float:  # type: ignore[no-redef]
    """Return the sine of an angle in radians."""
    rest, sine, cosine = _reduced(x)
    return sine * _cosine(rest) + cosine * _sine(rest)


def cos(x: float) -> float:  # type: ignore[no-redef]
    """Return the cosine of an angle in radians."""
    rest, sine, cosine = _reduced(x)
    return cosine * _cosine(rest) - sine * _sine(rest)
