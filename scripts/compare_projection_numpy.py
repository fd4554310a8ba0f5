#!/usr/bin/env python3
"""Projects dense matrices onto Monarch matrices with danaus-matrix and with NumPy, on the same machine in one run.

    python3 scripts/compare_projection_numpy.py [--sizes 1024,4096] [--complex] [--threads N] [--json]

NumPy's side is one batched numpy.linalg.svd call on the slices, which are cut out beforehand and not timed; ours is the
whole projection (cutting out, triplets, factors, error), less the time to read the file. Both have the same number of
threads and take turns; medians are compared. Our relative error must be the optimum that NumPy's singular values state,
to 1e-12. Needs NumPy, which is used by this comparison only.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

WORKER = r'''
import json, sys, time
import numpy as np

file, block = sys.argv[1], int(sys.argv[2])
a = np.load(file)
n = a.shape[0]
slices = np.ascontiguousarray(a.reshape(n // block, block, n // block, block).transpose(1, 2, 0, 3))
start = time.perf_counter()
u, s, v = np.linalg.svd(slices, full_matrices=False)
seconds = time.perf_counter() - start
error = np.sqrt(np.sum(s[..., 1:] ** 2)) / np.linalg.norm(a)
print(json.dumps({"seconds": seconds, "relative_error": float(error)}))
'''


def environment(threads):
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**os.environ, **{name: str(threads) for name in variables}}


def run(command, threads):
    done = subprocess.run([str(word) for word in command], env=environment(threads), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed")
    return json.loads(done.stdout)


def compare(options, n, folder):
    import numpy as np

    block = 1 << (n.bit_length() - 1) // 2
    random = np.random.default_rng(0)
    a = random.standard_normal((n, n))
    if options.complex:
        a = a + 1j * random.standard_normal((n, n))
    file = folder / f"{n}.npy"
    np.save(file, a)
    ours, theirs = [], []
    for turn in range(options.rounds):
        theirs.append(run([sys.executable, "-c", WORKER, file, block], options.threads))
        ours.append(run([options.program, "project", "--in", file, "--block", block, "--threads", options.threads,
                         "--out", folder / f"{n}-{turn}.h5", "--quiet", "--json"], options.threads))
    off = abs(ours[0]["relative_error"] - theirs[0]["relative_error"])
    if off > 1e-12:
        sys.exit(f"n = {n}: our relative error differs from the optimum by {off:.1e}")
    ours_seconds = statistics.median(run["seconds"] - run["seconds_reading"] for run in ours)
    theirs_seconds = statistics.median(run["seconds"] for run in theirs)
    return {"n": n, "block": block, "complex": options.complex, "threads": options.threads,
            "ours_seconds": ours_seconds, "numpy_seconds": theirs_seconds, "ratio": theirs_seconds / ours_seconds,
            "off_optimum": off}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "release" / "bin" / "danaus-matrix")
    parser.add_argument("--sizes", default="1024,4096", help="n, powers of two; blocks of about sqrt(n)")
    parser.add_argument("--complex", action="store_true")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if not options.program.exists():
        sys.exit(f"{options.program} does not exist: build it first (cmake --build build/release), or --program")
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(options, int(n), pathlib.Path(folder)) for n in options.sizes.split(",")]
    if options.json:
        print(json.dumps({"results": results}, indent=2))
        return
    print(f"{'n':>6} {'block':>6} {'NumPy':>10} {'Danaus':>10} {'ratio':>7}")
    for r in results:
        print(f"{r['n']:>6} {r['block']:>6} {r['numpy_seconds']:>8.3f} s {r['ours_seconds']:>8.3f} s "
              f"{r['ratio']:>7.1f}")


if __name__ == "__main__":
    main()
