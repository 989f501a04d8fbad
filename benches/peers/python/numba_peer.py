"""Numba, compiled strictly and with fastmath: loops over arrays, repeated inside compiled code."""

import functools

import numba

from numba_kernels import KERNELS, both_valid, bit_by_bit
from worker import Refused, version


class Peer:
    def __init__(self, environment):
        self.name = "numba" if environment == "current" else "svml"
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
        fast, parallel = variant.endswith("-fast"), threads > 1
        jit = functools.partial(numba.njit, fastmath=fast, parallel=parallel, error_model="numpy")
        if parallel:
            numba.set_num_threads(threads)
        if variant == "numba-bits":
            if parallel:
                raise Refused("threads would share bytes of the bits")
            kernel = bit_by_bit(data.function, data.ty, jit)
            arguments = (*data.inputs, *data.valid, data.out, data.out_valid)
        elif data.valid is not None:
            values, bits = KERNELS[data.function](data.ty, jit), both_valid(jit)

            @numba.njit
            def kernel(x, y, x_valid, y_valid, out, out_valid):
                values(x, y, out)
                bits(x_valid, y_valid, out_valid)

            arguments = (*data.inputs, *data.valid, data.out, data.out_valid)
        else:
            kernel = KERNELS[data.function](data.ty, jit)
            arguments = (*data.inputs, data.out)

        @numba.njit
        def repeat(times, arguments):
            for _ in range(times):
                kernel(*arguments)

        return lambda times: repeat(times, arguments), None


def demand_svml():
    """Without SVML this environment would be a slower Numba under a wrong name."""
    import llvmlite.binding as llvm

    if not numba.config.USING_SVML or not llvm.targets.has_svml():
        raise SystemExit("Numba does not use SVML: is libsvml.so on LD_LIBRARY_PATH?")
