# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk contents: sparse, copy on write, in memory."""

BLOCK = 65536
ZEROES = bytes(BLOCK)


class SparseDisk:
    """A disk of which only written, non-zero blocks take memory."""

    def __init__(self, size, blocks=None):
        self.size = size
        self.blocks = blocks if blocks is not None else {}

    def clone(self):
        """Blocks are immutable, so a clone shares them."""
        return SparseDisk(self.size, dict(self.blocks))

    def write(self, offset, data):
        """Write bytes; the disk grows when they reach past its end (observed: section 4)."""
        view = memoryview(data)
        self.size = max(self.size, offset + len(view))
        while view:
            number, start = divmod(offset, BLOCK)
            part = view[: BLOCK - start]
            if len(part) == BLOCK:
                block = bytes(part)
            else:
                old = bytearray(self.blocks.get(number, ZEROES))
                old[start : start + len(part)] = part
                block = bytes(old)
            if block == ZEROES:
                self.blocks.pop(number, None)
            else:
                self.blocks[number] = block
            offset += len(part)
            view = view[len(part) :]

    def read(self, offset, length):
        """Read bytes; zeros where nothing was written."""
        parts = []
        while length > 0:
            number, start = divmod(offset, BLOCK)
            take = min(BLOCK - start, length)
            block = self.blocks.get(number, ZEROES)
            parts.append(block if take == BLOCK else block[start : start + take])
            offset += take
            length -= take
        return b"".join(parts)

    def is_zero(self, offset, length):
        """True when the range holds nothing but zeros."""
        first, last = offset // BLOCK, (offset + max(length, 1) - 1) // BLOCK
        if last - first > len(self.blocks):
            touched = [b for b in self.blocks if first <= b <= last]
        else:
            touched = [b for b in range(first, last + 1) if b in self.blocks]
        if not touched:
            return True
        return not any(self.read(offset, length))

    def used(self):
        """Bytes that take space."""
        return len(self.blocks) * BLOCK
