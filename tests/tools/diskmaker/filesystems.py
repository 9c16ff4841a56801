# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems and other formats, each in a file of its own. Every maker is make(path, size, ...) and fills the file."""
import os
import pathlib
import re
import shutil
import struct
import tempfile
import uuid
import zlib

from .image import run

UUID = "12345678-0000-4000-8000-%012x"


def sparse(path, size):
    with open(path, "wb") as file:
        file.truncate(size)


def tree(folder, files):
    for name, content in files.items():
        target = pathlib.Path(folder) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (1700000000, 1700000000))


FILES = {"hello.txt": b"hello from the guest disk\n", "etc/fstab": b"/dev/xvda1 / ext4 defaults 0 1\n",
         "docs/name with spaces.txt": b"spaces\n", "big.bin": bytes(range(256)) * 1024}


# Spelt out, because /etc/mke2fs.conf differs from machine to machine (image.ENVIRONMENT hides it).
EXT_FEATURES = {"ext2": "none,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file"}
EXT_FEATURES["ext3"] = EXT_FEATURES["ext2"] + ",has_journal"
EXT_FEATURES["ext4"] = EXT_FEATURES["ext3"] + ",extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize"


def ext(path, size, kind="ext4", label="root", number=1, files=None):
    sparse(path, size)
    with tempfile.TemporaryDirectory(prefix="xenlab-ext-") as folder:
        tree(folder, FILES if files is None else files)
        identity = UUID % number
        run("mke2fs", "-q", "-F", "-t", kind, "-O", EXT_FEATURES[kind], "-I", "256", "-L", label, "-U", identity, "-E",
            f"hash_seed={identity},lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0,nodiscard", "-d", folder, path)
        # mke2fs -d takes times and owners from the folder, where nobody can set a ctime.
        names = [str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*")]
        script = [f'set_inode_field "/{name}" {field} {value}' for name in sorted(names) + [""] for field, value in (
            ("ctime", "@1700000000"), ("mtime", "@1700000000"), ("atime", "@1700000000"), ("uid", 0), ("gid", 0))]
        run("debugfs", "-w", "-f", "-", path, text="\n".join(script) + "\n")


def fat(path, size, bits=32, label="FAT", number=1, hidden=0, files=None):
    sparse(path, size)
    run("mkfs.fat", "--invariant", "-a", "-F", bits, "-n", label, "-i", f"{0x5EED0000 + number:08X}", "-h", hidden, path)
    with tempfile.TemporaryDirectory(prefix="xenlab-fat-") as folder:
        tree(folder, FILES if files is None else files)
        for name in sorted(os.listdir(folder)):
            run("mcopy", "-s", "-m", "-Q", "-i", path, os.path.join(folder, name), "::")
    fix_fat_folder_times(path)


def fix_fat_folder_times(path):
    """mcopy gives folders the time of day; every folder entry (attribute 0x10, size 0) gets 2023-11-14 22:13:20."""
    stamp = struct.pack("<HH", 22 << 11 | 13 << 5 | 10, 43 << 9 | 11 << 5 | 14)
    data = bytearray(pathlib.Path(path).read_bytes())
    for entry in re.finditer(rb"[.A-Z0-9~ ]{11}\x10.{16}\0{4}", bytes(data), re.DOTALL):
        at = entry.start()
        if at % 32 == 0:
            data[at + 14:at + 20] = stamp + stamp[2:]
            data[at + 22:at + 26] = stamp
    with open(path, "r+b") as file:
        for at in range(0, len(data), 1 << 16):
            if data[at:at + (1 << 16)].strip(b"\0"):
                file.seek(at)
                file.write(data[at:at + (1 << 16)])


def ntfs(path, size, label="WINDOWS", start=0):
    sparse(path, size)
    run("mkntfs", "-q", "-f", "-F", "-s", "512", "-p", start, "-H", "255", "-S", "63", "-L", label, path)
    run("ntfslabel", "--new-serial=5EED000012345678", path)
    if shutil.which("ntfscp"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(FILES["hello.txt"])
            file.flush()
            run("ntfscp", "-q", path, file.name, "hello.txt", check=False)


def exfat(path, size, label="EXFAT"):
    sparse(path, size)
    run("mkfs.exfat", "-L", label, path)


def swap(path, size, label="swap", number=2):
    sparse(path, size)
    os.chmod(path, 0o600)
    run("mkswap", "-q", "-L", label, "-U", UUID % number, path)


def xfs(path, size, label="data", number=3):
    sparse(path, size)
    run("mkfs.xfs", "-q", "-L", label, "-m", f"uuid={UUID % number}", path)


def btrfs(path, size, label="btr", number=4):
    sparse(path, size)
    run("mkfs.btrfs", "-q", "--mixed", "-L", label, "-U", UUID % number, path)


def iso9660(path, size=0, label="LAB_CD"):
    with tempfile.TemporaryDirectory(prefix="xenlab-iso-") as folder:
        tree(folder, FILES)
        run("genisoimage", "-quiet", "-r", "-J", "-V", label, "-o", path, folder)
    if size:
        os.truncate(path, max(size, os.path.getsize(path)))


def luks(path, size, version=2, number=5):
    sparse(path, size)
    run("cryptsetup", "luksFormat", "-q", "--type", f"luks{version}", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations",
        "1000", "--uuid", UUID % number, "--key-file", "-", path, text="not a secret")


def bitlocker(path, size):
    """Only what a probe sees: the boot sector of a BitLocker volume and its metadata signature."""
    sparse(path, size)
    block = bytearray(512)
    block[:11] = b"\xeb\x58\x90-FVE-FS-"
    block[0x0B:0x10] = struct.pack("<HBH", 512, 8, 0)
    block[0x15] = 0xF8
    block[0xA0:0xB0] = uuid.UUID("4967d63b-2e29-4ad8-8399-f6a339e3d001").bytes_le
    for at, offset in ((0xB0, 0x100000), (0xB8, 0x180000), (0xC0, 0x200000)):
        block[at:at + 8] = struct.pack("<Q", offset)
    block[510:] = b"\x55\xaa"
    with open(path, "r+b") as file:
        file.write(block)
        for offset in (0x100000, 0x180000, 0x200000):
            file.seek(offset)
            file.write(b"-FVE-FS-" + struct.pack("<HH", 1, 2))


def md_raid(path, size, name="lab:0", number=6):
    """A member of a RAID 1 with a superblock of version 1.2, 4 KiB from the start."""
    sparse(path, size)
    sectors = size // 512
    block = bytearray(256 + 2 * 2)
    struct.pack_into("<IIII16s32sQIIQII", block, 0, 0xA92B4EFC, 1, 0, 0, uuid.UUID(UUID % number).bytes, name.encode(),
                     1700000000, 1, 0, sectors - 2048, 0, 2)
    struct.pack_into("<QQQQ", block, 128, 2048, sectors - 2048, 8, 0)   # data offset and size, this superblock
    struct.pack_into("<I", block, 160, 0)                               # device number
    block[168:184] = uuid.UUID(UUID % (number + 100)).bytes
    struct.pack_into("<QQ", block, 192, 1700000000, 1)                  # update time, events
    struct.pack_into("<I", block, 220, 2)                               # two roles follow
    struct.pack_into("<HH", block, 256, 0, 1)
    total = sum(struct.unpack(f"<{len(block) // 4}I", block))
    struct.pack_into("<I", block, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(block)


def lvm_checksum(data, start=0xF597A6CF):
    """The CRC-32 of LVM2: no inversion, another start."""
    return zlib.crc32(data, start ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def lvm_uuid(number):
    text = f"xenlab{number:026d}"
    return "-".join(text[a:b] for a, b in ((0, 6), (6, 10), (10, 14), (14, 18), (18, 22), (22, 26), (26, 32)))


def lvm(path, size, group="vg0", volumes=(), extent=8192):
    """A physical volume. volumes: [(name, [(first extent on this device, count), ...])]; returns the sector of extent 0."""
    sparse(path, size)
    data_start = 2048
    extents = (size // 512 - data_start) // extent
    text = [f'{group} {{', f'id = "{lvm_uuid(1)}"', 'seqno = 1', 'format = "lvm2"', 'status = ["RESIZEABLE", "READ", "WRITE"]',
            'flags = []', f'extent_size = {extent}', 'max_lv = 0', 'max_pv = 0', 'metadata_copies = 0',
            'physical_volumes {', 'pv0 {', f'id = "{lvm_uuid(2)}"', 'device = "/dev/xvda2"', 'status = ["ALLOCATABLE"]',
            'flags = []', f'dev_size = {size // 512}', f'pe_start = {data_start}', f'pe_count = {extents}', '}', '}',
            'logical_volumes {']
    for number, (name, segments) in enumerate(volumes):
        text += [f'{name} {{', f'id = "{lvm_uuid(10 + number)}"', 'status = ["READ", "WRITE", "VISIBLE"]', 'flags = []',
                 'creation_time = 1700000000', 'creation_host = "lab"', f'segment_count = {len(segments)}']
        logical = 0
        for index, (first, count) in enumerate(segments):
            text += [f'segment{index + 1} {{', f'start_extent = {logical}', f'extent_count = {count}', 'type = "striped"',
                     'stripe_count = 1', f'stripes = ["pv0", {first}]', '}']
            logical += count
        text += ['}']
    text += ['}', '}', '# Generated by a test', 'contents = "Text Format Volume Group"', 'version = 1', 'description = ""',
             'creation_host = "lab"', 'creation_time = 1700000000']
    body = ("\n".join(text) + "\n").encode() + b"\0"

    area_size = data_start * 512 - 4096
    area = bytearray(512)
    struct.pack_into("<16sIQQ", area, 4, b" LVM2 x[5A%r0N*>", 1, 4096, area_size)
    struct.pack_into("<QQII", area, 40, 512, len(body), lvm_checksum(body), 0)
    struct.pack_into("<I", area, 0, lvm_checksum(bytes(area[4:])))

    label = bytearray(512)
    struct.pack_into("<8sQII8s", label, 0, b"LABELONE", 1, 0, 32, b"LVM2 001")
    struct.pack_into("<32sQ", label, 32, lvm_uuid(2).replace("-", "").encode(), size)
    struct.pack_into("<QQQQ", label, 72, data_start * 512, 0, 0, 0)   # data areas
    struct.pack_into("<QQQQ", label, 104, 4096, area_size, 0, 0)      # metadata areas
    struct.pack_into("<IIQQ", label, 136, 2, 1, 0, 0)                 # extension: in use, no boot loader areas
    struct.pack_into("<I", label, 16, lvm_checksum(bytes(label[20:])))
    with open(path, "r+b") as file:
        for offset, data in ((512, label), (4096, area), (4096 + 512, body)):
            file.seek(offset)
            file.write(data)
    return data_start
