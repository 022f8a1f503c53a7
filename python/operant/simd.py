"""The SIMD instruction sets: those that this processor can use, and the one in use.

`active`, a string, is the one in use. `available`, a tuple of strings, has all that the processor supports, the best
one first. The first import of Operant chooses the best one. The environment variable `OPERANT_ARCH` forces one:

| `OPERANT_ARCH` | instruction set | float32 lanes |
|---|---|---|
| `avx512bw` | AVX-512 F, CD, DQ, BW | 16 |
| `avx2` | AVX2 with FMA | 8 |
| `sse4.2` | SSE4.2, the x86-64-v2 baseline | 4 |
| `neon` | 64-bit Arm | 4 |

If the variable names one that does not exist or that the processor lacks, the import raises `ImportError`. `avx512bw`,
`avx2` and `neon` fuse multiplications with additions and `sse4.2` cannot, so its float32 results differ from theirs by
rounding. float64 results are the same on all of them.
"""

from operant._core import simd_active as active, simd_available as available

__all__ = ["active", "available"]
