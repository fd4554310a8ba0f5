#!/usr/bin/env python3
"""Damaged input of danaus-mri: mutations of a file of every format, and files made to harm.

    tests/apps/mri_damage_test.py build/release/bin/danaus-mri [--mutations 500]

No crash, no hang, no large allocation; what is refused is refused with exit code 65, one message and nothing written;
a file of ours with one changed byte is never used. CTest runs a few mutations of each format.
"""

import os
import random
import shutil
import signal
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Program, environment, main

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mri", "golden")
MUTATIONS = 30
if "--mutations" in sys.argv:
    MUTATIONS = int(sys.argv[sys.argv.index("--mutations") + 1])

mri = Program(sys.argv[1])
PEAK_BYTES = 600 << 20  # with libraries and thread stacks; the files are below 1 MB
SECONDS = 60


def write_cfl(name, shape, values):
    with open(name + ".hdr", "w") as header:
        header.write("# Dimensions\n" + " ".join(map(str, shape)) + "\n")
    with open(name + ".cfl", "wb") as data:
        data.write(struct.pack(f"<{len(values)}f", *values))


def maps_of_ones(name, shape):
    size = 1
    for extent in shape:
        size *= extent
    write_cfl(name, shape, [1.0, 0.0] * size)


def read(name):
    with open(name, "rb") as file:
        return file.read()


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def attempt(arguments):
    """Exit code, message and largest resident size of one run."""
    process = subprocess.Popen([mri.path, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=environment(1))
    watchdog = subprocess.Popen(["sh", "-c", f"sleep {SECONDS}; kill -9 {process.pid}"], start_new_session=True)
    message = process.stderr.read().decode(errors="replace")
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    os.killpg(watchdog.pid, signal.SIGKILL)
    watchdog.wait()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, message, usage.ru_maxrss * 1024


def mutated(data, draw, number):
    """Every fourth mutation lies in the first 1024 bytes."""
    reach = min(len(data), 1024) if number % 4 == 0 else len(data)
    at, bad = draw.randrange(reach), bytearray(data)
    kind = number // 4 % 5
    if kind == 0:
        bad[at] ^= 1 << draw.randrange(8)
    elif kind == 1:
        for k in range(at, min(at + draw.choice([1, 4, 16]), len(bad))):
            bad[k] = draw.randrange(256)
    elif kind == 2:
        bad = bad[:at]
    elif kind == 3:
        bad[at:] = bytes(len(bad) - at)
    else:  # extreme numbers where sizes, addresses and counts may lie
        at = min(at, len(bad) - 8)
        bad[at:at + 8] = draw.choice([b"\xff" * 8, b"\x00" * 8, struct.pack("<Q", 1 << 40), struct.pack("<Q", len(bad) + 1)])
    return bytes(bad)


def damage(name, part, arguments, is_sealed, is_summed=False, draw=None, mutations=None):
    """Mutations of the file `part`, each given to the program. With checksums on everything (`is_summed`), a file that is
    accepted must give the bytes that the whole one gives."""
    original = read(part)
    if os.path.exists("out.h5"):
        os.remove("out.h5")
    code, message, _ = attempt(arguments)
    assert code == 0, f"{name}: {message}"
    expected = None
    if os.path.exists("out.h5"):
        expected = read("out.h5")
        os.remove("out.h5")
    draw = draw or random.Random(7)
    count, refused, in_head, largest = 0, 0, 0, 0
    number = -1
    while count < (mutations or MUTATIONS):
        number += 1
        bad = mutated(original, draw, number)
        if bad == original:
            continue
        count += 1
        in_head += bad[:1024] != original[:1024]
        write(part, bad)
        before = sorted(os.listdir("."))
        code, message, peak = attempt(arguments)
        what = f"{name}, mutation {number}: exit {code}, {peak >> 20} MiB: {message}"
        assert code == 65 or (code == 0 and not is_sealed), what
        assert peak < PEAK_BYTES, what
        if code == 65:
            refused += 1
            assert message.strip() and "internal" not in message.lower(), what
            assert sorted(os.listdir(".")) == before, what
        elif expected is not None:
            assert not is_summed or read("out.h5") == expected, what + "another image"
            os.remove("out.h5")
    write(part, original)
    print(f"        {name}: {count} mutations, {in_head} in the first 1024 bytes, {refused} refused", flush=True)


RECONSTRUCT = ["--method", "zero-filled", "--out", "out.h5", "--quiet"]


def test_scan_of_ours():
    mri.run("generate", "--size", "24x16", "--pad", "32x20", "--slices", 2, "--coils", 2, "--calibration", 6, "--out", "knees",
            "--quiet")
    shutil.copy("knees/subject_000.h5", "scan.h5")
    damage("SKM-TEA layout with digest", "scan.h5", ["reconstruct", "--data", "scan.h5", *RECONSTRUCT], True)


def test_skm_tea_of_h5py():
    shutil.copy(f"{GOLDEN}/skm_tea.h5", "skm.h5")
    damage("SKM-TEA of h5py", "skm.h5", ["reconstruct", "--data", "skm.h5", *RECONSTRUCT], False, is_summed=True)


def test_fastmri():
    shutil.copy(f"{GOLDEN}/fastmri.h5", "fastmri.h5")
    maps_of_ones("fastmri_maps", [16, 10, 1, 2] + [1] * 9 + [2])
    damage("fastMRI", "fastmri.h5", ["reconstruct", "--data", "fastmri.h5", "--maps", "fastmri_maps", *RECONSTRUCT], False)


def test_ismrmrd():
    maps_of_ones("blobs_maps", [8, 12, 10, 3])
    for name, maps in (("stack", []), ("blobs", ["--maps", "blobs_maps"])):
        shutil.copy(f"{GOLDEN}/{name}.ismrmrd.h5", "ismrmrd.h5")
        damage("ISMRMRD, " + name, "ismrmrd.h5", ["reconstruct", "--data", "ismrmrd.h5", *maps, *RECONSTRUCT], False,
               mutations=(MUTATIONS + 1) // 2)


def test_cfl():
    draw = random.Random(11)
    write_cfl("bart", [1, 12, 10, 2], [draw.random() for _ in range(2 * 12 * 10 * 2)])
    maps_of_ones("bart_maps", [1, 12, 10, 2])
    for part in ("bart.hdr", "bart.cfl"):
        damage(part, part, ["reconstruct", "--data", "bart", "--maps", "bart_maps", *RECONSTRUCT], False, mutations=(MUTATIONS + 1) // 2)


def test_mask():
    mri.run("mask", "--shape", "24x16", "--calibration", 6, "--out", "mask.h5")
    damage("mask", "mask.h5", ["reconstruct", "--data", "knees/subject_000.h5", "--mask", "mask.h5", *RECONSTRUCT], True)


def test_image():
    mri.run("reconstruct", "--data", "knees/subject_000.h5", "--method", "zero-filled", "--out", "image.h5", "--quiet")
    damage("image", "image.h5", ["check", "image.h5"], True)


def test_entities_in_xml_are_refused():
    for name, begin in (("fastmri.h5", b'<?xml version="1.0" encoding="utf-8"?>'), ("stack.ismrmrd.h5", b'<?xml version="1.0"?>')):
        data = read(f"{GOLDEN}/{name}")
        bomb = b'<!DOCTYPE a [<!ENTITY b "bb">]>'[:len(begin)].ljust(len(begin))
        assert data.count(begin) == 1
        write("bomb.h5", data.replace(begin, bomb))
        mri.error(65, "reconstruct", "--data", "bomb.h5", *RECONSTRUCT, names=["bomb.h5", "entities"])
        assert not os.path.exists("out.h5")


def test_what_is_out_of_scope_is_named():
    data = read(f"{GOLDEN}/stack.ismrmrd.h5")
    assert data.count(b"<trajectory>cartesian<") == 1
    write("radial.h5", data.replace(b"<trajectory>cartesian<", b"<trajectory>radial   <"))
    write("image.dcm", bytes(128) + b"DICM" + bytes(500))
    write_cfl("series", [1, 8, 4, 1, 1, 1, 1, 1, 1, 1, 5], [0.5] * (2 * 160))
    for name, word in (("radial.h5", "non-Cartesian"), ("image.dcm", "DICOM"), ("series", "axis 10")):
        mri.error(65, "reconstruct", "--data", name, *RECONSTRUCT, names=[name, word, "out of scope"])
        assert not os.path.exists("out.h5")


if __name__ == "__main__":
    main([(name, test) for name, test in list(globals().items()) if name.startswith("test_")])
