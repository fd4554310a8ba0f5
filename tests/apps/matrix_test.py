#!/usr/bin/env python3
"""danaus-matrix from the outside: exit codes, JSON, project -> info -> apply, factorize, transforms, bad input."""

import cmath
import math
import os
import random
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Program, main

matrix = Program(sys.argv[1])


def write_npy(path, rows, code="d"):
    """rows: lists of numbers, or numbers; code: d, f, or D for complex."""
    shape = (len(rows), len(rows[0])) if rows and isinstance(rows[0], (list, tuple)) else (len(rows),)
    flat = [x for row in rows for x in row] if len(shape) == 2 else list(rows)
    if code == "D":
        flat = [part for z in flat for part in (complex(z).real, complex(z).imag)]
    description = {"d": "<f8", "f": "<f4", "D": "<c16", "i": "<i4"}[code]
    header = f"{{'descr': '{description}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    packed = struct.pack(f"<{len(flat)}{'d' if code == 'D' else code}", *flat)
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + packed)


def read_npy(path):
    data = open(path, "rb").read()
    length = struct.unpack("<H", data[8:10])[0]
    header = eval(data[10:10 + length].decode())  # written by the program under test
    assert not header["fortran_order"]
    rows, columns = header["shape"]
    body = data[10 + length:]
    kind, size = header["descr"][1], int(header["descr"][2:])
    parts = 2 if kind == "c" else 1
    numbers = struct.unpack(f"<{rows * columns * parts}{'d' if size // parts == 8 else 'f'}", body)
    if parts == 2:
        numbers = [complex(re, im) for re, im in zip(numbers[::2], numbers[1::2])]
    return [list(numbers[r * columns:(r + 1) * columns]) for r in range(rows)]


def normal(rows, columns, seed):
    source = random.Random(seed)
    return [[source.gauss(0, 1) for _ in range(columns)] for _ in range(rows)]


def norm(rows):
    return math.sqrt(sum(abs(x) ** 2 for row in rows for x in row))


def difference(a, b):
    return norm([[x - y for x, y in zip(r, s)] for r, s in zip(a, b)]) / norm(a)


def multiply(a, x):
    return [sum(p * q for p, q in zip(row, x)) for row in a]


def transposed(a):
    return [list(column) for column in zip(*a)]


def product(a, b):
    return transposed([multiply(a, column) for column in transposed(b)])


def reflection(size, seed):
    """An orthogonal matrix: two Householder reflections."""
    result = [[float(i == j) for j in range(size)] for i in range(size)]
    for shift in range(2):
        v = normal(1, size, seed + shift)[0]
        length = sum(x * x for x in v)
        h = [[float(i == j) - 2 * v[i] * v[j] / length for j in range(size)] for i in range(size)]
        result = product(result, h)
    return result


def monarch_member(n, b, seed):
    """M[(l, j), (k, i)] = left[j][l][k] right[k][j][i]."""
    m = n // b
    left = [normal(m, m, seed + j) for j in range(b)]
    right = [normal(b, b, seed + 100 + k) for k in range(m)]
    return [[left[r % b][r // b][c // b] * right[c // b][r % b][c % b] for c in range(n)] for r in range(n)]


def mm_star_member(n, b, seed):
    """Grid of blocks outer_j diag(middle) inner_j', orthogonal and log-normal."""
    m = n // b
    outer = [reflection(m, seed + j) for j in range(b)]
    inner = [reflection(m, seed + 100 + j) for j in range(b)]
    middle = [[[math.exp(x) for x in normal(1, m, seed + 1000 + i * b + j)[0]] for j in range(b)] for i in range(b)]
    return [[sum(outer[r % b][r // b][k] * middle[r % b][c % b][k] * inner[c % b][k][c // b] for k in range(m))
             for c in range(n)] for r in range(n)]


def apply(file, vectors, *options):
    """Rows of `vectors` multiplied by the matrix in `file`."""
    write_npy("vectors.npy", vectors, "D" if any(isinstance(x, complex) for x in vectors[0]) else "d")
    matrix.run("apply", "--matrix", file, "--in", "vectors.npy", "--out", "result.npy", "--overwrite", "--quiet",
               *options)
    return read_npy("result.npy")


def dense_of(file, columns):
    return transposed(apply(file, [[float(r == c) for c in range(columns)] for r in range(columns)]))


def test_help_lists_every_option():
    for verb in ("project", "factorize", "transform", "apply", "info", "check"):
        listed = matrix.json(verb, "--help")
        names = [option["name"] for option in listed["options"]]
        assert len(names) == len(set(names)) and "json" in names
        for option in listed["options"]:
            assert {"name", "type", "default", "range", "description"} <= set(option)
    kinds = next(o for o in matrix.json("transform", "--help")["options"] if o["name"] == "kind")["choices"]
    assert {"dft", "idft", "dct", "dst", "hadamard", "convolution", "toeplitz", "hankel"} <= set(kinds)
    assert {"version", "commit", "blas"} <= set(matrix.json("--version"))


def test_projection_reaches_the_optimum_and_returns_members():
    a = normal(4, 4, 1)
    write_npy("a4.npy", a)
    found = matrix.json("project", "--in", "a4.npy", "--block", 2, "--out", "a4.h5")
    # The smaller singular value of each slice of 2 x 2, from its norm and determinant.
    missed = 0
    for j in range(2):
        for k in range(2):
            s = [[a[2 * l + j][2 * k + i] for i in range(2)] for l in range(2)]
            t = sum(x * x for row in s for x in row)
            d = (s[0][0] * s[1][1] - s[0][1] * s[1][0]) ** 2
            missed += (t - math.sqrt(t * t - 4 * d)) / 2
    assert abs(found["relative_error"] - math.sqrt(missed) / norm(a)) <= 1e-12, found
    assert found["parameters"] == 4 * 4 // 2 + 4 * 2 and found["dense_parameters"] == 16
    assert found["seconds"] >= 0
    assert abs(difference(a, dense_of("a4.h5", 4)) - found["relative_error"]) <= 1e-12

    member = monarch_member(24, 4, 5)
    write_npy("member.npy", member)
    found = matrix.json("project", "--in", "member.npy", "--block", 4, "--out", "member.h5")
    assert found["relative_error"] <= 1e-14
    x = normal(3, 24, 7)
    assert difference([multiply(member, v) for v in x], apply("member.h5", x)) <= 1e-13
    assert difference([multiply(transposed(member), v) for v in x], apply("member.h5", x, "--adjoint")) <= 1e-13
    info = matrix.json("info", "member.h5")
    assert info["kind"] == "monarch" and info["format_version"] == 1
    assert info["shapes"] == {"/left": [4, 6, 6], "/right": [6, 4, 4]} and info["parameters"] == 24 * 6 + 24 * 4
    assert info["attributes"]["rows"] == 24 and info["attributes"]["columns"] == 24
    checked = matrix.json("check", "member.h5", "member.npy")
    assert checked["status"] == "ok" and [file["kind"] for file in checked["files"]] == ["monarch", "matrix"]
    matrix.error(64, "project", "--in", "member.npy", "--block", 4, "--out", "member.h5", names=["--overwrite"])


def test_every_class_is_written_and_read_back():
    a = normal(24, 36, 11)
    write_npy("a.npy", a)
    for number, (options, parameters) in enumerate([
            (["--block", 6], 24 * 6 + 36 * 6),
            (["--block", "6,4,8"], 36 * 4 + 24 * 24 // 4),
            (["--block", "6,8,4"], 36 * 8 + 48 * 24 // 4),
            (["--block", 6, "--rank", 2], 2 * (24 * 6 + 36 * 6)),
            (["--nblocks", 4], 4 * 6 * (6 + 9)),
            (["--nblocks", 5], 5 * 5 * (5 + 8)),
            (["--block", 5, "--pad"], 8 * 5 * (5 + 5)),
            (["--block", 6, "--order", "strided"], 24 * 6 + 36 * 6)]):
        out = f"class{number}.h5"
        found = matrix.json("project", "--in", "a.npy", *options, "--out", out)
        assert found["parameters"] == parameters, (options, found)
        assert 0 < found["relative_error"] < 1
        assert abs(difference(a, dense_of(out, 36)) - found["relative_error"]) <= 1e-12, options
        assert matrix.json("info", out)["parameters"] == parameters
        assert matrix.json("info", out)["rows"] == 24
    assert matrix.json("check", *[f"class{n}.h5" for n in range(8)])["status"] == "ok"


def test_complex_and_single_precision():
    z = [[complex(x, y) for x, y in zip(r, s)] for r, s in zip(normal(12, 12, 21), normal(12, 12, 22))]
    write_npy("z.npy", z, "D")
    found = matrix.json("project", "--in", "z.npy", "--block", 3, "--out", "z.h5")
    assert matrix.json("info", "z.h5")["types"]["/left"] == "complex128"
    assert abs(difference(z, dense_of("z.h5", 12)) - found["relative_error"]) <= 1e-12
    write_npy("f.npy", normal(12, 12, 23), "f")
    matrix.run("project", "--in", "f.npy", "--block", 3, "--out", "f.h5", "--quiet")
    assert matrix.json("info", "f.h5")["types"]["/left"] == "float32"
    write_npy("i.npy", [[1, 2], [2, 4]], "i")
    assert matrix.json("project", "--in", "i.npy", "--block", 1, "--out", "i.h5")["relative_error"] <= 1e-15


def test_the_result_does_not_depend_on_threads_or_memory():
    write_npy("b.npy", normal(64, 64, 31))
    digests = []
    for number, options in enumerate([["--threads", 1], ["--threads", 2], ["--memory-budget", 1e-9]]):
        matrix.run("project", "--in", "b.npy", "--block", 8, *options, "--out", f"b{number}.h5", "--quiet")
        digests.append(matrix.json("info", f"b{number}.h5", "--digests")["digests"])
    assert digests[0] == digests[1] == digests[2]
    shown = matrix.run("project", "--in", "b.npy", "--block", 8, "--out", "b3.h5", "--progress", "plain").stderr
    assert "slices" in shown


def test_pictures_and_dry_run():
    write_npy("c.npy", normal(32, 32, 41))
    matrix.run("project", "--in", "c.npy", "--block", 4, "--out", "c.h5", "--spectrum", "spectrum.png",
               "--error-picture", "error.png", "--quiet")
    for picture in ("spectrum.png", "error.png"):
        assert open(picture, "rb").read(8) == b"\x89PNG\r\n\x1a\n"
    for verb, options in (("project", ["--block", 4]), ("factorize", ["--block", 4])):
        estimate = matrix.json(verb, "--in", "c.npy", *options, "--out", "none.h5", "--dry-run")
        assert estimate["memory_bytes"] > 0 and estimate["seconds_estimate"] >= 0
        assert estimate["parameters"] > 0 and "shapes" in estimate
    matrix.json("transform", "--kind", "dft", "--size", 12, "--out", "none.h5", "--dry-run")
    assert not os.path.exists("none.h5")


def test_factorization():
    a = mm_star_member(24, 4, 51)
    write_npy("mm.npy", a)
    found = matrix.json("factorize", "--in", "mm.npy", "--class", "mm-star", "--block", 4, "--out", "mm.h5")
    assert found["relative_error"] <= 1e-13 and found["one_shot_error"] <= 1e-11, found
    assert found["parameters"] == 2 * 24 * 6 + 24 * 4 and found["factors"] == "real"
    assert difference(a, dense_of("mm.h5", 24)) <= 1e-13
    assert matrix.json("info", "mm.h5")["parameters"] == found["parameters"]
    direct = matrix.json("factorize", "--in", "mm.npy", "--block", 4, "--refinements", 0, "--out", "direct.h5")
    assert direct["refinements"] == 0 and direct["relative_error"] == direct["one_shot_error"]

    write_npy("mm-single.npy", a, "f")
    found = matrix.json("factorize", "--in", "mm-single.npy", "--block", 4, "--out", "mm-single.h5")
    assert found["relative_error"] <= 1e-5

    identity = [[float(r == c) for c in range(24)] for r in range(24)]
    write_npy("identity.npy", identity)
    matrix.error(65, "factorize", "--in", "identity.npy", "--block", 4, "--out", "no.h5",
                 names=["identity.npy", "singular blocks", "transform"])
    write_npy("random.npy", normal(24, 24, 52))
    matrix.error(65, "factorize", "--in", "random.npy", "--block", 4, "--out", "no.h5",
                 names=["not in MM*", "relative error", "--block"])
    matrix.error(64, "factorize", "--in", "mm.npy", "--block", 5, "--out", "no.h5", names=["--block 5", "24"])
    write_npy("wide.npy", normal(4, 6, 53))
    matrix.error(65, "factorize", "--in", "wide.npy", "--block", 2, "--out", "no.h5", names=["square", "4 x 6"])
    matrix.error(70, "factorize", "--in", "mm.npy", "--block", 4, "--memory-budget", 1e-6, "--out", "no.h5",
                 names=["out of memory", "mm.npy"])
    assert not os.path.exists("no.h5")
    near = matrix.json("factorize", "--in", "random.npy", "--block", 4, "--approximate", "--out", "near.h5")
    assert near["relative_error"] < 1
    assert abs(difference(normal(24, 24, 52), dense_of("near.h5", 24)) - near["relative_error"]) <= 1e-9


def test_transforms():
    n = 12
    x = normal(3, n, 61)
    turn = lambda o, t: cmath.exp(-2j * math.pi * (o * t % n) / n)
    dft = [[turn(o, t) for t in range(n)] for o in range(n)]
    made = matrix.json("transform", "--kind", "dft", "--size", n, "--block", 3, "--out", "dft.h5")
    assert made["rows"] == n and made["parameters"] == n * n // 3 + n * 3
    assert difference([multiply(dft, v) for v in x], apply("dft.h5", x)) <= 1e-14
    matrix.run("transform", "--kind", "idft", "--size", n, "--block", 4, "--out", "idft.h5")
    back = apply("idft.h5", [[complex(z) for z in row] for row in apply("dft.h5", x)])
    assert difference(x, back) <= 1e-14
    dct = [[math.sqrt((1 if o == 0 else 2) / n) * math.cos(math.pi * o * (2 * t + 1) / (2 * n)) for t in range(n)]
           for o in range(n)]
    matrix.run("transform", "--kind", "dct", "--size", n, "--block", 3, "--out", "dct.h5")
    assert difference([multiply(dct, v) for v in x], apply("dct.h5", x)) <= 1e-14
    filters = normal(1, n, 62)[0]
    write_npy("filter.npy", filters)
    for kind, entry in (("convolution", lambda r, c: filters[(r - c) % n]),
                        ("toeplitz", lambda r, c: filters[abs(r - c)]),
                        ("hankel", lambda r, c: filters[r + c] if r + c < n else 0.0)):
        matrix.run("transform", "--kind", kind, "--from", "filter.npy", "--block", 3, "--out", f"{kind}.h5")
        dense = [[entry(r, c) for c in range(n)] for r in range(n)]
        assert difference([multiply(dense, v) for v in x], apply(f"{kind}.h5", x)) <= 1e-13, kind
    single = matrix.json("transform", "--kind", "dft", "--size", n, "--precision", "single", "--out", "single.h5")
    assert matrix.json("info", "single.h5")["types"]["/left"] == "complex64" and single["numbers"] == "complex"
    assert difference([multiply(dft, v) for v in x], apply("single.h5", x)) <= 3e-7
    matrix.error(64, "transform", "--kind", "dft", "--size", n, "--block", 5, "--out", "no.h5", names=["5", "12"])
    matrix.error(64, "transform", "--kind", "dtf", "--size", n, "--out", "no.h5", names=["dtf", "dft"])
    matrix.error(64, "transform", "--kind", "dft", "--out", "no.h5", names=["--size"])
    matrix.error(64, "transform", "--kind", "toeplitz", "--block", 3, "--out", "no.h5", names=["--from"])
    matrix.error(66, "transform", "--kind", "toeplitz", "--from", "absent.npy", "--out", "no.h5", names=["absent.npy"])
    matrix.error(64, "transform", "--kind", "dft", "--type", 3, "--size", n, "--out", "no.h5", names=["--type"])


def test_bad_input_is_named():
    write_npy("ok.npy", normal(12, 12, 71))
    matrix.error(64, names=["verb"])
    matrix.error(64, "projekt", names=["project"])
    matrix.error(64, "project", "--in", "ok.npy", "--out", "no.h5", "--blok", 3, names=["--blok", "--block"])
    matrix.error(64, "project", "--in", "ok.npy", "--out", "no.h5", "--block", 5,
                 names=["--block 5", "12 x 12", "4", "6"])
    for block in ("3,3", "3x", "0", "3,0,3", "-3", "3,3,3,3"):
        matrix.error(64, "project", "--in", "ok.npy", "--out", "no.h5", f"--block={block}", names=["--block"])
    matrix.error(64, "project", "--in", "ok.npy", "--out", "no.h5", "--block", "3,2,5", names=["5", "rows"])
    matrix.error(64, "project", "--in", "ok.npy", "--out", "no.h5", "--block", "3,2,3", names=["divide the other"])
    matrix.error(64, "project", "--in", "ok.npy", "--out", "no.h5", "--block", 3, "--rank", 9, names=["--rank 9"])
    matrix.error(64, "project", "--in", "ok.npy", "--out", "no.h5", "--nblocks", 2, "--block", 3, names=["--nblocks"])
    matrix.error(64, "project", "--in", "ok.npy", "--out", "no.h5", "--nblocks", 13, names=["--nblocks 13"])
    matrix.error(64, "project", "--in", "ok.npy", names=["--out"])
    matrix.error(66, "project", "--in", "absent.npy", "--out", "no.h5", names=["absent.npy"])
    matrix.error(74, "project", "--in", "ok.npy", "--block", 3, "--out", "absent/no.h5", names=["absent"])

    bad = normal(12, 12, 72)
    bad[7][5] = math.nan
    write_npy("nan.npy", bad)
    for verb, options in (("project", ["--block", 3]), ("factorize", ["--block", 3])):
        matrix.error(65, verb, "--in", "nan.npy", *options, "--out", "no.h5", names=["nan.npy", "row 7, column 5"])
    matrix.error(65, "check", "nan.npy", names=["nan.npy", "row 7, column 5"])
    write_npy("vector.npy", [1.0, 2.0, 3.0])
    matrix.error(65, "project", "--in", "vector.npy", "--out", "no.h5", names=["vector.npy", "rank 2"])
    with open("empty.npy", "wb"):
        pass
    matrix.error(65, "project", "--in", "empty.npy", "--out", "no.h5", names=["empty.npy"])
    with open("text.npy", "w") as file:
        file.write("not a matrix at all, but long enough to be looked at\n" * 4)
    matrix.error(65, "project", "--in", "text.npy", "--out", "no.h5", names=["text.npy"])

    matrix.run("project", "--in", "ok.npy", "--block", 3, "--out", "m.h5", "--quiet")
    matrix.error(65, "project", "--in", "m.h5", "--block", 3, "--out", "no.h5", names=["m.h5", "/matrix"])
    matrix.error(65, "apply", "--matrix", "m.h5", "--in", "vector.npy", "--out", "no.npy", names=["vector.npy"])
    write_npy("short.npy", normal(2, 11, 73))
    matrix.error(65, "apply", "--matrix", "m.h5", "--in", "short.npy", "--out", "no.npy", names=["11", "12"])
    matrix.error(65, "apply", "--matrix", "m.h5", "--in", "nan.npy", "--out", "no.npy", names=["row 7, column 5"])
    matrix.error(65, "apply", "--matrix", "ok.npy", "--in", "ok.npy", "--out", "no.npy", names=["ok.npy"])
    data = bytearray(open("m.h5", "rb").read())
    data[len(data) // 2] ^= 1
    open("damaged.h5", "wb").write(bytes(data))
    matrix.error(65, "apply", "--matrix", "damaged.h5", "--in", "ok.npy", "--out", "no.npy", names=["damaged.h5"])
    matrix.error(65, "check", "damaged.h5", names=["damaged.h5"])
    matrix.error(66, "info", "absent.h5", names=["absent.h5"])
    assert not os.path.exists("no.h5") and not os.path.exists("no.npy")


def test_configuration_file():
    write_npy("d.npy", normal(12, 12, 81))
    with open("project.ini", "w") as file:
        file.write("in = d.npy\nblock = 4\n")
    assert matrix.json("project", "--config", "project.ini", "--out", "d.h5")["block"] == 4
    assert matrix.json("project", "--config", "project.ini", "--block", 3, "--out", "d3.h5")["block"] == 3


main([(name, test) for name, test in list(globals().items()) if name.startswith("test_")])
