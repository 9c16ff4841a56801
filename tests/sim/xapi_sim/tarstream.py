# SPDX-License-Identifier: GPL-3.0-or-later
"""The tar dialect of XVA archives: V7 headers, mode 0400, mtime 0 (observed: section 5)."""

import struct
import zlib
import shutil
import subprocess
import threading


class TarError(Exception):
    """The text is the OCaml exception xapi reports."""


class EndOfFile(Exception):
    """The stream ends in the middle of something."""


def header(name, size):
    """One 512-byte header."""
    text = name.encode().ljust(100, b"\0") + b"0000400\x000000000\x000000000\0"
    text += b"%011o\0%011o\0" % (size, 0)
    rest = b"\0" * (512 - len(text) - 8)
    total = sum(text) + 8 * 32 + sum(rest)
    return text + b"%07o\0" % total + rest


def entry(name, data):
    """Header, data and padding."""
    return header(name, len(data)) + data + b"\0" * (-len(data) % 512)


END = b"\0" * 1024


class TarReader:
    """Reads entries from read(n), which returns fewer bytes only at the end."""

    def __init__(self, read):
        self._read, self._padding = read, 0

    def exactly(self, length):
        """length bytes or EndOfFile."""
        data = self._read(length)
        if len(data) < length:
            raise EndOfFile()
        return data

    def next(self):
        """(name, size) of the next entry, None at the end-of-archive block."""
        if self._padding:
            self.exactly(self._padding)
            self._padding = 0
        block = self.exactly(512)
        if not any(block):
            return None
        try:
            size = int(block[124:136].rstrip(b"\0 ") or b"0", 8)
            total = int(block[148:156].strip(b"\0 ") or b"0", 8)
        except ValueError:
            raise TarError('Failure("Int64.of_string")') from None
        if total != sum(block) - sum(block[148:156]) + 8 * 32:
            raise TarError("Tar.Header.Checksum_mismatch")
        name = block[:100].split(b"\0", 1)[0].decode("utf-8", "replace")
        self._padding = -size % 512
        return name, size


class Reader:
    """read(n) over a source of pieces (b"" = end)."""

    def __init__(self, pieces):
        self._pieces, self._buffer, self._ended = pieces, bytearray(), False

    def peek(self, length):
        """Up to length bytes without consuming them."""
        self._fill(length)
        return bytes(self._buffer[:length])

    def read(self, length):
        """length bytes, fewer at the end."""
        self._fill(length)
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        return data

    def _fill(self, length):
        while len(self._buffer) < length and not self._ended:
            piece = self._pieces()
            if piece:
                self._buffer += piece
            else:
                self._ended = True


def decompressed(reader):
    """The archive inside plain, gzip or zstd bytes, by magic; else gzip is tried (section 6)."""
    magic = reader.peek(512)
    if magic[:4] == b"\x28\xb5\x2f\xfd":
        return Reader(_zstd(reader))
    if magic[:7] == b"ova.xml" or len(magic) == 512 and magic[:2] != b"\x1f\x8b" and _is_tar(magic):
        return reader
    return Reader(_gzip(reader))


def _is_tar(block):
    try:
        total = int(block[148:156].strip(b"\0 ") or b"x", 8)
    except ValueError:
        return False
    return total == sum(block) - sum(block[148:156]) + 8 * 32


def _gzip(reader):
    inflate = zlib.decompressobj(31)

    def pieces():
        while not inflate.eof:
            data = reader.read(65536)
            if not data:
                return b""
            try:
                plain = inflate.decompress(data)
            except zlib.error:
                return b""
            if plain:
                return plain
        return b""

    return pieces


def _zstd(reader):
    """Through the zstd program when there is one, else raw and RLE blocks only."""
    if shutil.which("zstd") is None:
        return _zstd_plain(reader)
    process = subprocess.Popen(
        ["zstd", "-dcq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )

    def pump():
        try:
            while data := reader.read(65536):
                process.stdin.write(data)
        except (OSError, ValueError):
            pass
        finally:
            try:
                process.stdin.close()
            except OSError:
                pass

    threading.Thread(target=pump, daemon=True).start()

    def pieces():
        data = process.stdout.read1(65536)
        if not data:
            process.wait()
        return data

    return pieces


def _zstd_plain(reader):
    state = {"last": False, "started": False}

    def pieces():
        if not state["started"]:
            state["started"] = True
            descriptor = reader.read(5)[4:5] or b"\0"
            single = descriptor[0] & 0x20
            sizes = (1 if single else 0, 2, 4, 8)
            reader.read((0 if single else 1) + sizes[descriptor[0] >> 6])
        if state["last"]:
            return b""
        raw = reader.read(3)
        if len(raw) < 3:
            return b""
        (block,) = struct.unpack("<I", raw + b"\0")
        state["last"], kind, size = block & 1, block >> 1 & 3, block >> 3
        if kind == 0:
            return reader.read(size)
        if kind == 1:
            return reader.read(1) * size
        return b""

    return pieces


class ZstdWriter:
    """Valid zstd frames without a compressor: raw blocks, runs of zeros as RLE blocks."""

    MAGIC = b"\x28\xb5\x2f\xfd\x00\x58"

    def __init__(self):
        self._started = False

    def write(self, data):
        """The encoded form of a piece."""
        out = [] if self._started else [self.MAGIC]
        self._started = True
        for at in range(0, len(data), 131072):
            part = data[at : at + 131072]
            if not any(part):
                out.append(struct.pack("<I", 1 << 1 | len(part) << 3)[:3] + b"\0")
            else:
                out.append(struct.pack("<I", len(part) << 3)[:3] + part)
        return b"".join(out)

    def end(self):
        """An empty last block."""
        return struct.pack("<I", 1)[:3]


class GzipWriter:
    """gzip as xapi sends it."""

    def __init__(self):
        self._deflate = zlib.compressobj(1, zlib.DEFLATED, 31)

    def write(self, data):
        """The compressed form of a piece."""
        return self._deflate.compress(data)

    def end(self):
        """The rest."""
        return self._deflate.flush()


class PlainWriter:
    """No compression."""

    @staticmethod
    def write(data):
        """The piece itself."""
        return data

    @staticmethod
    def end():
        """Nothing."""
        return b""
