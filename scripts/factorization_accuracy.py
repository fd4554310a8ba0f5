#!/usr/bin/env python3
"""How exactly danaus-matrix factorises products of Monarch matrices, M = M1 M2*, of growing size.

    python3 scripts/factorization_accuracy.py [--sizes 64,256,1024] [--json]

The members are made in NumPy (double, random, fixed seed) of

    A[(l, j), (n, m)] = sum_k outer[j, l, k] middle[k, j, m] conj(inner[m, n, k])

with orthogonal or unitary outer and inner blocks and a log-normal middle, and with Gaussian factors. Each is factorised
directly and with refinement; the error is that of the factors, relative in the Frobenius norm. Needs NumPy.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def member(n, b, kind, is_complex, random):
    import numpy as np

    def blocks(count, size):
        x = random.standard_normal((count, size, size))
        return x + 1j * random.standard_normal(x.shape) if is_complex else x

    m = n // b
    outer, middle, inner = blocks(b, m), blocks(m, b), blocks(b, m)
    if kind == "orthonormal":
        outer, inner = np.linalg.qr(outer)[0], np.linalg.qr(inner)[0]
        middle = np.exp(middle.real) + 0 * middle
    return np.einsum("jlk,kjm,mnk->ljnm", outer, middle, inner.conj(), optimize=True).reshape(n, n)


def factorize(program, file, b, refinements):
    command = [program, "factorize", "--in", file, "--block", b, "--refinements", refinements, "--out", file.with_suffix(".h5"),
               "--overwrite", "--json"]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"exit {done.returncode}: {' '.join(map(str, command))}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/bin/danaus-matrix")
    parser.add_argument("--sizes", default="64,256,1024")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    import numpy as np

    random = np.random.default_rng(0)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("orthonormal", "gaussian"):
            for is_complex in (False, True):
                for n in map(int, options.sizes.split(",")):
                    b = 1 << (n.bit_length() - 1) // 2
                    file = pathlib.Path(folder) / "member.npy"
                    np.save(file, member(n, b, kind, is_complex, random))
                    direct, refined = factorize(options.program, file, b, 0), factorize(options.program, file, b, 60)
                    rows.append({"factors": kind, "complex": is_complex, "n": n, "block": b,
                                 "direct": direct["relative_error"], "refined": refined["relative_error"],
                                 "seconds": refined["seconds"]})
    if options.json:
        print(json.dumps({"results": rows}, indent=1))
        return
    print("| factors | n | block | error, direct | refined | seconds |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        kind = ("complex, " if row["complex"] else "real, ") + row["factors"]
        print(f"| {kind} | {row['n']} | {row['block']} | {row['direct']:.1e} | {row['refined']:.1e} | {row['seconds']:.2f} |")


if __name__ == "__main__":
    main()
