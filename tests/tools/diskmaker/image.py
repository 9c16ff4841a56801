# SPDX-License-Identifier: GPL-3.0-or-later
"""A raw image in the making, and how the other programs are called."""
import os
import shutil
import subprocess

SECTOR = 512
ENVIRONMENT = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
               "SOURCE_DATE_EPOCH": "1700000000", "E2FSPROGS_FAKE_TIME": "1700000000", "MTOOLS_SKIP_CHECK": "1",
               "MKE2FS_CONFIG": "/dev/null"}


class Missing(Exception):
    """A program that a recipe needs is not installed."""


def run(*command, text=None, check=True):
    command = [str(part) for part in command]
    if not shutil.which(command[0], path=ENVIRONMENT["PATH"]):
        raise Missing(f"needs {command[0]}, which is not installed")
    result = subprocess.run(command, input=text, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if check and result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {(result.stderr or result.stdout).strip()}")
    return result.stdout


class Image:
    """A sparse file of a given size that partitions and file systems are put into."""

    def __init__(self, path, size):
        self.path, self.size = path, size
        with open(path, "wb") as file:
            file.truncate(size)

    def table(self, script):
        """A partition table, in the language of sfdisk."""
        run("sfdisk", "-q", "--no-reread", "--no-tell-kernel", "--wipe", "never", self.path, text=script)

    def patch(self, offset, data):
        with open(self.path, "r+b") as file:
            file.seek(offset)
            file.write(data)

    def read(self, offset, length):
        with open(self.path, "rb") as file:
            file.seek(offset)
            return file.read(length)

    def put(self, sector, path):
        """Copies a file to a sector, leaving holes where it is zero, and removes it."""
        with open(path, "rb") as source, open(self.path, "r+b") as target:
            end, position = os.fstat(source.fileno()).st_size, 0
            while position < end:
                try:
                    position = os.lseek(source.fileno(), position, os.SEEK_DATA)
                except OSError:
                    break
                source.seek(position)
                block = source.read(min(1 << 16, end - position))
                if block.strip(b"\0"):
                    target.seek(sector * SECTOR + position)
                    target.write(block)
                position += len(block)
        os.remove(path)
