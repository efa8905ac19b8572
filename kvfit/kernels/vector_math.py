"""Straight-line exponentials and logarithms that LLVM vectorises, and scratch arrays on the stack.

The Numba wheels ship without Intel's vector maths library, so ``math.exp`` in a loop over list positions stays scalar.
A polynomial written out in full does vectorise. Scratch rows on the stack are known to be disjoint, which saves the
run-time alias checks that heap arrays need.
"""

import math

import numba as nb
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

LN2 = math.log(2.0)
LOG2E = 1.0 / LN2
#: exponents are clamped to this range of powers of two, so that the result is always a normal double
EXPONENT_LIMIT = 1000.0

_E1, _E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11, _E12 = (LN2**n / math.factorial(n) for n in range(1, 13))
_SQRT2 = math.sqrt(2.0)

#: fast-math flags; the kernels produce no NaN and no infinity, so nothing they rely on is assumed away
FAST = {"nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"}


@intrinsic
def _power_of_two(typing_context, exponent):  # type: ignore[no-untyped-def]
    """``2.0 ** exponent`` for an int32 in the normal range, by writing the exponent bits."""
    signature = types.float64(types.int32)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        i64 = ir.IntType(64)
        value = builder.sext(args[0], i64)
        value = builder.add(value, ir.Constant(i64, 1023))
        value = builder.shl(value, ir.Constant(i64, 52))
        return builder.bitcast(value, ir.DoubleType())

    return signature, codegen


@intrinsic
def _bits(typing_context, value):  # type: ignore[no-untyped-def]
    """The 64 bits of a double as an integer."""
    signature = types.int64(types.float64)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], ir.IntType(64))

    return signature, codegen


@intrinsic
def _double(typing_context, bits):  # type: ignore[no-untyped-def]
    """The double with these 64 bits."""
    signature = types.float64(types.int64)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], ir.DoubleType())

    return signature, codegen


@njit(inline="always", fastmath=FAST)
def exp2v(x):  # type: ignore[no-untyped-def]
    """``2 ** x``, relative error below 4e-16 inside the clamped range."""
    x = min(max(x, -EXPONENT_LIMIT), EXPONENT_LIMIT)
    k = math.floor(x + 0.5)
    f = x - k
    p = _E12
    p = p * f + _E11
    p = p * f + _E10
    p = p * f + _E9
    p = p * f + _E8
    p = p * f + _E7
    p = p * f + _E6
    p = p * f + _E5
    p = p * f + _E4
    p = p * f + _E3
    p = p * f + _E2
    p = p * f + _E1
    p = p * f + 1.0
    return p * _power_of_two(np.int32(k))


@njit(inline="always", fastmath=FAST)
def log2v(x):  # type: ignore[no-untyped-def]
    """``log2(x)`` for a positive normal double, by the atanh series on the mantissa; absolute error below 1e-15."""
    bits = _bits(x)
    k = (bits >> 52) - 1023
    m = _double((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000)
    high = m > _SQRT2
    m = m * 0.5 if high else m
    exponent = float(k) + (1.0 if high else 0.0)
    t = (m - 1.0) / (m + 1.0)
    q = t * t
    s = 1.0 / 23.0
    s = s * q + 1.0 / 21.0
    s = s * q + 1.0 / 19.0
    s = s * q + 1.0 / 17.0
    s = s * q + 1.0 / 15.0
    s = s * q + 1.0 / 13.0
    s = s * q + 1.0 / 11.0
    s = s * q + 1.0 / 9.0
    s = s * q + 1.0 / 7.0
    s = s * q + 1.0 / 5.0
    s = s * q + 1.0 / 3.0
    s = s * q + 1.0
    return exponent + 2.0 * LOG2E * t * s


@intrinsic(prefer_literal=True)
def _allocate(typing_context, size):  # type: ignore[no-untyped-def]
    """Pointer to ``size`` doubles of the caller's stack frame; ``size`` is a compile-time constant."""
    n = size.literal_value
    signature = types.CPointer(types.float64)(size)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        with builder.goto_entry_block():
            pointer = builder.alloca(ir.DoubleType(), ir.Constant(ir.IntType(64), n))
            pointer.align = 64
        return pointer

    return signature, codegen


@njit(inline="always")
def softplus(x):  # type: ignore[no-untyped-def]
    """``log(1 + exp(x))`` without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


carray = nb.carray
stack = _allocate
