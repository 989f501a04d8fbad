"""Numba, compiled strictly and with fastmath: loops over arrays, repeated inside compiled code."""

import functools

import numba

from numba_kernels import KERNELS, both_valid, bit_by_bit
from worker import Refused, version


class Peer:
    def __init__(self, environment):
        self.name = "numba" if environment == "current" else "svml"
        self.compiled = {}
        if environment == "svml":
            demand_svml()

    def versions(self):
        name = "svml" if self.name == "svml" else "numba"
        return [f"{name}={numba.__version__}", version("llvmlite")]

    def variants(self, data):
        names = [self.name, f"{self.name}-fast"]
        if data.valid is not None and self.name == "numba":
            names.append("numba-bits")
        return names

    def build(self, variant, data, threads):
        numba.set_num_threads(threads)
        key = variant, data.function, data.ty, threads > 1
        if key not in self.compiled:
            self.compiled[key] = compile_one(*key, with_nulls=data.valid is not None)
        repeat = self.compiled[key]
        arguments = [*data.inputs, data.out]
        if data.valid is not None:
            arguments = [*data.inputs, *data.valid, data.out, data.out_valid]
        arguments = tuple(arguments)
        return lambda times: repeat(times, arguments), None


def compile_one(variant, function, ty, parallel, with_nulls):
    """The kernel, repeated so many times inside compiled code; the same code serves columns of any size."""
    jit = functools.partial(numba.njit, fastmath=variant.endswith("-fast"), parallel=parallel, error_model="numpy")
    if variant == "numba-bits":
        if parallel:
            raise Refused("threads would share bytes of the bits")
        kernel = bit_by_bit(function, ty, jit)
    elif with_nulls:
        values, bits = KERNELS[function](ty, jit), both_valid(jit)

        @numba.njit
        def kernel(x, y, x_valid, y_valid, out, out_valid):
            values(x, y, out)
            bits(x_valid, y_valid, out_valid)

    else:
        kernel = KERNELS[function](ty, jit)

    @numba.njit
    def repeat(times, arguments):
        for _ in range(times):
            kernel(*arguments)

    return repeat


def demand_svml():
    """Without SVML this environment would be a slower Numba under a wrong name."""
    import llvmlite.binding as llvm

    if not numba.config.USING_SVML or not llvm.targets.has_svml():
        raise SystemExit("Numba does not use SVML: is libsvml.so on LD_LIBRARY_PATH?")
