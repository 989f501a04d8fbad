"""A kernel called from Python, with nothing but ctypes.

    filbert build examples/c/geo.rs --emit obj -o geo
    cc -shared -o libgeo.so geo.o -lm
    python3 examples/c/great_circle.py ./libgeo.so
"""

import ctypes
import sys
from array import array


class Error(ctypes.Structure):
    _fields_ = [
        ("row", ctypes.c_uint64),
        ("fault", ctypes.c_uint32),
        ("line", ctypes.c_uint32),
        ("column", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    ]


def great_circle(library, lat1, lon1, lat2, lon2):
    """Miles between points: arrays of doubles in, one out. NumPy's arrays would do as well."""
    columns = [lat1, lon1, lat2, lon2]
    rows = len(lat1)
    miles = array("d", bytes(8 * rows))
    addresses = [ctypes.c_void_p(column.buffer_info()[0]) for column in [*columns, miles]]
    error = Error()
    code = library.filbert_great_circle(ctypes.c_size_t(rows), *addresses, ctypes.byref(error))
    if code != 0:
        raise ValueError(f"row {error.row}: fault {error.fault} in line {error.line}")
    return miles


library = ctypes.CDLL(sys.argv[1])
library.filbert_geo_target.restype = ctypes.c_char_p
library.filbert_great_circle.restype = ctypes.c_int32
miles = great_circle(
    library,
    array("d", [40.6413, 42.3656, 39.8561, 21.3187]),
    array("d", [-73.7781, -71.0096, -104.6737, -157.9225]),
    array("d", [51.47] * 4),
    array("d", [-0.4543] * 4),
)
for distance in miles:
    print(distance.hex())
