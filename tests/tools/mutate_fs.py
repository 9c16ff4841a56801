#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs xva-ls and xva-cat on damaged copies of filesystem images: single bytes and runs of bytes changed where the image
is not zero, and the image cut short. Prints what crashed, hung or ended with a status that bad data must not give."""
import argparse
import os
import random
import subprocess

GOOD = {0, 1, 3, 4, 6, 7}


def damaged(image, rng):
    data = bytearray(image)
    used = [i for i in range(0, len(data), 512) if any(data[i:i + 512])]
    for _ in range(rng.choice([1, 4, 40])):
        at = rng.choice(used) + rng.randrange(512)
        kind = rng.randrange(4)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at:at + 4] = b"\xff\xff\xff\xff"
        elif kind == 2:
            data[at:at + 8] = rng.randbytes(8)
        else:
            data[at] = rng.choice([0, 1, 0x7f, 0x80, 0xff])
    if rng.randrange(12) == 0:
        del data[rng.randrange(len(data)):]
    return bytes(data[:len(image)])


def run(command):
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return "no end after 20 s"
    if done.returncode in GOOD:
        return ""
    return f"status {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="+")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name in options.images:
        with open(name, "rb") as source:
            image = source.read()
        for number in range(options.rounds):
            rng = random.Random(f"{options.seed}/{os.path.basename(name)}/{number}")
            with open("mutant.raw", "wb") as out:
                out.write(damaged(image, rng))
            for command in (["xva-ls", "-Ral", "mutant.raw", "disk:/"], ["xva-cat", "mutant.raw", "--tar", "disk:/"],
                            ["xva-ls", "mutant.raw", "--at", "0,64M"]):
                words = run(command)
                if words:
                    keep = f"crash-{name}-{options.seed}-{number}"
                    os.link("mutant.raw", keep) if not os.path.exists(keep) else None
                    print(f"{name} seed {options.seed} round {number}: {' '.join(command)}: {words}")
            os.unlink("mutant.raw")


if __name__ == "__main__":
    main()
