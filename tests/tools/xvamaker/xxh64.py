# SPDX-License-Identifier: GPL-3.0-or-later
"""XXH64 with seed 0: through libxxhash where it is installed, else in Python (300 times slower)."""
import ctypes
import ctypes.util

MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                      0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)


def rotate(value, bits):
    return ((value << bits) | (value >> (64 - bits))) & MASK


def round_(accumulator, lane):
    return rotate((accumulator + lane * P2) & MASK, 31) * P1 & MASK


def python_digest(data):
    """The specification, line by line; the tests compare the library with it."""
    data, position, size = bytes(data), 0, len(data)
    if size >= 32:
        lanes = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
        while position <= size - 32:
            for i in range(4):
                lanes[i] = round_(lanes[i], int.from_bytes(data[position + 8 * i:position + 8 * i + 8], "little"))
            position += 32
        result = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            result = ((result ^ round_(0, lane)) * P1 + P4) & MASK
    else:
        result = P5
    result = (result + size) & MASK
    while position + 8 <= size:
        result ^= round_(0, int.from_bytes(data[position:position + 8], "little"))
        result = (rotate(result, 27) * P1 + P4) & MASK
        position += 8
    if position + 4 <= size:
        result ^= int.from_bytes(data[position:position + 4], "little") * P1 & MASK
        result = (rotate(result, 23) * P2 + P3) & MASK
        position += 4
    for byte in data[position:]:
        result = rotate(result ^ byte * P5 & MASK, 11) * P1 & MASK
    result = (result ^ (result >> 33)) * P2 & MASK
    result = (result ^ (result >> 29)) * P3 & MASK
    return result ^ (result >> 32)


def load_library():
    try:
        function = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0").XXH64
    except (OSError, AttributeError):
        return None
    function.restype = ctypes.c_uint64
    function.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    return function


LIBRARY = load_library()


def digest(data):
    data = bytes(data)
    return LIBRARY(data, len(data), 0) if LIBRARY else python_digest(data)


def text(data):
    """As xapi writes it into NAME.xxhash."""
    return f"{digest(data):016X}"
