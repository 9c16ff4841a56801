#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""make_exfat.py IMAGE FILE...: puts files into an empty exFAT volume made by mkfs.exfat, which has no tool for that.
FILE is PATH=LOCAL[,fragmented][,valid=N]; folders are made as needed. A fragmented file has every second cluster, in a chain
of the FAT; other files and folders have none. Format: Microsoft's exFAT specification; fsck.exfat -n is content with it."""
import struct
import sys


class Volume:
    def __init__(self, path):
        self.file = open(path, "r+b")
        boot = self.at(0, 512)
        sector, self.cluster = 1 << boot[108], 1 << (boot[108] + boot[109])
        self.fat, self.heap, self.count, root = (struct.unpack_from("<I", boot, i)[0] for i in (80, 88, 92, 96))
        self.fat, self.heap = self.fat * sector, self.heap * sector
        self.folders = {"": (root, [])}
        entries = self.at(self.place(root), self.cluster)
        for at in range(0, self.cluster, 32):
            if entries[at] == 0:
                self.root_end = at
                break
            if entries[at] == 0x81:
                self.bitmap = self.place(struct.unpack_from("<I", entries, at + 20)[0])
        self.next = 2
        while self.used(self.next):
            self.next += 1

    def at(self, offset, length):
        self.file.seek(offset)
        return self.file.read(length)

    def put(self, offset, data):
        self.file.seek(offset)
        self.file.write(data)

    def place(self, cluster):
        return self.heap + (cluster - 2) * self.cluster

    def used(self, cluster):
        return self.at(self.bitmap + (cluster - 2) // 8, 1)[0] >> (cluster - 2) % 8 & 1

    def take(self, count, step=1):
        clusters = list(range(self.next, self.next + count * step, step))
        for cluster in clusters:
            byte = self.bitmap + (cluster - 2) // 8
            self.put(byte, bytes([self.at(byte, 1)[0] | 1 << (cluster - 2) % 8]))
        self.next += count * step
        return clusters

    def store(self, data, fragmented=False):
        clusters = self.take(-(-len(data) // self.cluster), 2 if fragmented else 1)
        for i, cluster in enumerate(clusters):
            self.put(self.place(cluster), data[i * self.cluster:(i + 1) * self.cluster])
            if fragmented:
                after = clusters[i + 1] if i + 1 < len(clusters) else 0xFFFFFFFF
                self.put(self.fat + 4 * cluster, struct.pack("<I", after))
        return clusters[0] if clusters else 0

    def folder(self, path):
        if path not in self.folders:
            parent, _, name = path.rpartition("/")
            cluster = self.take(1)[0]
            self.put(self.place(cluster), bytes(self.cluster))
            self.folders[path] = (cluster, [])
            self.enter(self.folder(parent), entry_set(name, 0x10, 3, cluster, self.cluster, self.cluster))
        return self.folders[path]

    @staticmethod
    def enter(folder, entries):
        folder[1].append(entries)

    def finish(self):
        for path, (cluster, sets) in self.folders.items():
            self.put(self.place(cluster) + (self.root_end if path == "" else 0), b"".join(sets))


def entry_set(name, attributes, flags, cluster, size, valid):
    units = name.encode("utf-16-le")
    folded = name.upper().encode("utf-16-le")
    names = [units[i:i + 30].ljust(30, b"\0") for i in range(0, len(units), 30)]
    hashed = 0
    for byte in folded:
        hashed = ((hashed << 15 | hashed >> 1) + byte) & 0xFFFF
    time = (2026 - 1980) << 25 | 11 << 21 | 5 << 16 | 10 << 11 | 20 << 5 | 15
    first = struct.pack("<BBHHHIII", 0x85, 1 + len(names), 0, attributes, 0, time, time, time).ljust(32, b"\0")
    stream = struct.pack("<BBBBHHQIIQ", 0xC0, flags, 0, len(units) // 2, hashed, 0, valid, 0, cluster, size)
    whole = bytearray(first + stream + b"".join(b"\xC1\0" + part for part in names))
    total = 0
    for i, byte in enumerate(whole):
        if i not in (2, 3):
            total = ((total << 15 | total >> 1) + byte) & 0xFFFF
    struct.pack_into("<H", whole, 2, total)
    return bytes(whole)


def main():
    volume = Volume(sys.argv[1])
    for word in sys.argv[2:]:
        path, _, rest = word.partition("=")
        local, *traits = rest.split(",")
        with open(local, "rb") as source:
            data = source.read()
        fragmented = "fragmented" in traits
        valid = next((int(trait[6:]) for trait in traits if trait.startswith("valid=")), len(data))
        cluster = volume.store(data, fragmented)
        parent, _, name = path.rpartition("/")
        flags = 0 if not data else 1 if fragmented else 3
        volume.enter(volume.folder(parent), entry_set(name, 0x20, flags, cluster, len(data), valid))
    volume.finish()


if __name__ == "__main__":
    main()
