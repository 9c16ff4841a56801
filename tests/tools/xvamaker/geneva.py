# SPDX-License-Identifier: GPL-3.0-or-later
"""The first XVA, of version 0.1: a folder with ova.xml and one gzip file for every 10^9 bytes of a disk."""
import gzip
import pathlib

from .xmlrpc import escape

PIECE = 10 ** 9


def write_directory(folder, name, disks):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    vbds, vdis = [], []
    for index, disk in enumerate(disks):
        device = f"sd{chr(ord('a') + index)}"
        vbds.append(f'<vbd device="{device}" function="{"root" if index == 0 else "data"}" mode="w" vdi="vdi_{device}"/>')
        vdis.append(f'<vdi name="vdi_{device}" size="{disk.source.size}" source="file://{device}" '
                    f'type="dir-gzipped-chunks" variety="system"/>')
        (folder / device).mkdir(exist_ok=True)
        content = b"".join(disk.source.read(i) for i in range(disk.source.chunks()))
        for at in range(0, len(content), PIECE):
            path = folder / device / f"chunk{at // PIECE:09d}.gz"
            path.write_bytes(gzip.compress(content[at:at + PIECE], mtime=0))
    (folder / "ova.xml").write_text(
        f'<?xml version="1.0" ?>\n<appliance version="0.1"><vm name="vm"><label>{escape(name)}</label>'
        f'<shortdesc></shortdesc><config mem_set="268435456" vcpus="1"/><hacks is_hvm="true" kernel_boot_cmdline=""/>'
        f'{"".join(vbds)}</vm>{"".join(vdis)}</appliance>\n')
