# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks that tests ask for by name."""
import os
import struct

from . import filesystems as fs
from .image import SECTOR, Image, Missing

MIB = 1 << 20
RECIPES = {}
BOOT_CODE = {"grub": "/usr/lib/grub/i386-pc/boot.img", "syslinux": "/usr/lib/syslinux/mbr/mbr.bin",
             "syslinux-gpt": "/usr/lib/syslinux/mbr/gptmbr.bin"}


def recipe(function):
    RECIPES[function.__name__.replace("_", "-")] = function
    return function


def fill(image, sector, maker, size, **arguments):
    """Makes a file system beside the image and moves it into it."""
    part = f"{image.path}.part"
    result = maker(part, size, **arguments)
    image.put(sector, part)
    return result


def boot_code(image, kind):
    try:
        with open(BOOT_CODE[kind], "rb") as file:
            image.patch(0, file.read(440))
    except FileNotFoundError as error:
        raise Missing(f"needs {BOOT_CODE[kind]}, which is not installed") from error


@recipe
def mbr(path):
    """GRUB's boot code, an active FAT32 and an ext4: the smallest ordinary disk."""
    image = Image(path, 64 * MIB)
    image.table("label: dos\nlabel-id: 0x5ca1ab1e\nstart=2048, size=81920, type=c, bootable\nstart=83968, type=83\n")
    boot_code(image, "grub")
    fill(image, 2048, fs.fat, 81920 * SECTOR, hidden=2048)
    fill(image, 83968, fs.ext, 64 * MIB - 83968 * SECTOR)


@recipe
def mbr_logical(path):
    """Two primary partitions, and an extended one with ext4, swap and NTFS as logical partitions."""
    image = Image(path, 160 * MIB)
    image.table("label: dos\nlabel-id: 0x10091ca1\n"
                "1: start=2048, size=81920, type=c, bootable\n2: start=83968, size=20480, type=83\n"
                "3: start=104448, type=f\n5: start=106496, size=40960, type=83\n"
                "6: start=149504, size=20480, type=82\n7: start=172032, size=65536, type=7\n")
    boot_code(image, "syslinux")
    fill(image, 2048, fs.fat, 81920 * SECTOR, hidden=2048)
    fill(image, 83968, fs.ext, 20480 * SECTOR, kind="ext2", label="boot", number=20)
    fill(image, 106496, fs.ext, 40960 * SECTOR, number=21)
    fill(image, 149504, fs.swap, 20480 * SECTOR)
    fill(image, 172032, fs.ntfs, 65536 * SECTOR, start=172032)


GPT = """label: gpt
label-id: 6EC9A3B4-5F6E-4D0B-9A1C-0123456789AB
first-lba: 34
start=2048, size=69632, type=U, uuid=11111111-1111-4111-8111-111111111111, name="EFI System Partition"
start=71680, size=65536, type=L, uuid=22222222-2222-4222-8222-222222222222, name="Wurzel äöü 根"
start=137216, size=20480, type=S, uuid=33333333-3333-4333-8333-333333333333, attrs="RequiredPartition GUID:60"
"""


@recipe
def gpt(path):
    """An EFI system partition, ext4 and swap; fixed GUIDs, names beyond ASCII, attributes."""
    image = Image(path, 96 * MIB)
    image.table(GPT)
    fill(image, 2048, fs.fat, 69632 * SECTOR, label="ESP", hidden=2048)
    fill(image, 71680, fs.ext, 65536 * SECTOR)
    fill(image, 137216, fs.swap, 20480 * SECTOR)
    return image


@recipe
def gpt_hybrid(path):
    """A GPT whose MBR also lists the second partition, as 0x83 and active."""
    image = gpt(path)
    image.patch(446 + 16, struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", 71680, 65536))


@recipe
def gpt_no_primary(path):
    """The primary header and entries are wiped; the backup is good."""
    image = gpt(path)
    image.patch(SECTOR, bytes(33 * SECTOR))


@recipe
def gpt_no_backup(path):
    image = gpt(path)
    image.patch(image.size - 33 * SECTOR, bytes(33 * SECTOR))


@recipe
def gpt_bad_header_crc(path):
    image = gpt(path)
    image.patch(SECTOR + 16, bytes(byte ^ 1 for byte in image.read(SECTOR + 16, 1)))


@recipe
def gpt_bad_entries_crc(path):
    image = gpt(path)
    image.patch(2 * SECTOR + 56, b"X")


@recipe
def gpt_grown(path):
    """The disk was enlarged after partitioning: the backup is not at its end."""
    image = gpt(path)
    with open(path, "r+b") as file:
        file.truncate(image.size + 32 * MIB)


@recipe
def start63(path):
    """One NTFS partition from sector 63, as Windows XP made them: not aligned to anything."""
    image = Image(path, 48 * MIB)
    image.table("label: dos\nlabel-id: 0x0000dead\nunit: sectors\nstart=63, size=80262, type=7, bootable\n")
    fill(image, 63, fs.ntfs, 80262 * SECTOR, label="XP", start=63)


@recipe
def no_table(path):
    """An ext4 that begins at the first byte of the disk."""
    fs.ext(path, 24 * MIB)


@recipe
def no_table_ntfs(path):
    fs.ntfs(path, 24 * MIB)


@recipe
def no_table_fat(path):
    """Its boot sector ends in 55 AA, as a partition table does, but holds none."""
    fs.fat(path, 24 * MIB, bits=16)


@recipe
def empty(path):
    """Nothing but zeros."""
    Image(path, 8 * MIB)


@recipe
def table_only(path):
    """An MBR with no partitions."""
    Image(path, 8 * MIB).table("label: dos\nlabel-id: 0x00c0ffee\n")


@recipe
def lvm(path):
    """/boot and a volume group: root lies in two pieces, the second before the first."""
    image = Image(path, 128 * MIB)
    image.table("label: dos\nlabel-id: 0x11223344\nstart=2048, size=20480, type=83, bootable\nstart=22528, type=8e\n")
    fill(image, 2048, fs.ext, 20480 * SECTOR, kind="ext2", label="boot", number=30)
    size = image.size - 22528 * SECTOR
    first = 22528 + fill(image, 22528, fs.lvm, size,
                         volumes=[("root", [(10, 4), (2, 6)]), ("swap", [(16, 3)]), ("empty", [(0, 1)])])
    root = f"{path}.root"
    fs.ext(root, 10 * 4 * MIB, number=31)
    for extent, begin, end in ((10, 0, 16 * MIB), (2, 16 * MIB, 40 * MIB)):
        with open(root, "rb") as source, open(f"{path}.part", "wb") as piece:
            source.seek(begin)
            piece.write(source.read(end - begin))
        image.put(first + extent * 8192, f"{path}.part")
    os.remove(root)
    fill(image, first + 16 * 8192, fs.swap, 3 * 4 * MIB)
    fill(image, first, fs.fat, 4 * MIB, bits=12)


@recipe
def lvm_whole_disk(path):
    """A physical volume without a partition table."""
    fs.lvm(path, 64 * MIB, volumes=[("root", [(0, 4)])])


@recipe
def filesystems(path):
    """A GPT with one partition for every format that can be made here, 320 MiB for XFS."""
    makers = [("fat12", fs.fat, 4, {"bits": 12}), ("fat16", fs.fat, 16, {"bits": 16}), ("fat32", fs.fat, 40, {}),
              ("exfat", fs.exfat, 8, {}), ("ntfs", fs.ntfs, 8, {}), ("ext2", fs.ext, 8, {"kind": "ext2"}),
              ("ext3", fs.ext, 8, {"kind": "ext3"}), ("ext4", fs.ext, 8, {}), ("xfs", fs.xfs, 320, {}),
              ("btrfs", fs.btrfs, 24, {}), ("swap", fs.swap, 4, {}), ("iso9660", fs.iso9660, 4, {}),
              ("luks1", fs.luks, 4, {"version": 1}), ("luks2", fs.luks, 20, {}), ("bitlocker", fs.bitlocker, 4, {}),
              ("raid", fs.md_raid, 8, {}), ("lvm", fs.lvm, 8, {}), ("nothing", fs.sparse, 4, {})]
    image = Image(path, (4 + sum(size for _, _, size, _ in makers)) * MIB)
    script, sector = "label: gpt\nlabel-id: 6EC9A3B4-5F6E-4D0B-9A1C-00000000F5F5\n", 2048
    for index, (name, _, size, _) in enumerate(makers):
        script += f'start={sector}, size={size * 2048}, name="{name}", uuid=00000000-0000-4000-8000-{index:012d}\n'
        sector += size * 2048
    image.table(script)
    sector = 2048
    for _, maker, size, arguments in makers:
        fill(image, sector, maker, size * MIB, **arguments)
        sector += size * 2048


@recipe
def sparse_3tib(path):
    """3 TiB, GPT: an ext4 at the start, one beyond 2 TiB and a swap in the last megabytes."""
    total = 3 << 40
    image = Image(path, total)
    far, end = (5 << 39) // SECTOR, total // SECTOR - 40960
    image.table("label: gpt\nlabel-id: 6EC9A3B4-5F6E-4D0B-9A1C-000000003333\n"
                "start=2048, size=32768, name=near, uuid=11111111-0000-4000-8000-000000000003\n"
                f"start={far}, size=32768, name=far, uuid=22222222-0000-4000-8000-000000000003\n"
                f"start={end}, size=20480, type=S, name=last, uuid=33333333-0000-4000-8000-000000000003\n")
    for sector, number in ((2048, 40), (far, 41)):
        fill(image, sector, fs.ext, 32768 * SECTOR, number=number)
    fill(image, end, fs.swap, 20480 * SECTOR)


@recipe
def partial_tail(path):
    """Its size is no multiple of 1 MiB (5 MiB and three sectors), and the last bytes are not zero."""
    image = Image(path, 5 * MIB + 3 * SECTOR)
    image.table("label: dos\nlabel-id: 0x7a117a11\nstart=2048, type=83\n")
    fill(image, 2048, fs.ext, 4 * MIB + 3 * SECTOR, files={"tail.txt": b"tail\n"})
    image.patch(image.size - 16, b"the last 16 byte")
