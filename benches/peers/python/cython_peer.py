"""Cython: one module, built strictly and with -ffast-math."""

import importlib.util
import os
import sysconfig

import numpy as np

from worker import Refused


def module(folder, name):
    path = os.path.join(folder, name + sysconfig.get_config_var("EXT_SUFFIX"))
    # Both files hold a module `kernels`.
    spec = importlib.util.spec_from_file_location("kernels", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Peer:
    def __init__(self, folder):
        self.modules = {"cython": module(folder, "strict"), "cython-fast": module(folder, "fast")}

    def versions(self):
        return [f"cython={self.modules['cython'].__cython_version__}"]

    def variants(self, data):
        return [] if data.ty == np.float32 else list(self.modules)

    def build(self, variant, data, threads):
        if threads > 1:
            raise Refused("one thread only")
        function = getattr(self.modules[variant], data.function + "_")
        valid = [] if data.valid is None else [*data.valid]
        out = [data.out] if data.valid is None else [data.out, data.out_valid]
        return lambda times: function(times, *data.inputs, *valid, *out), None
