#!/usr/bin/env python3
"""Compares danaus-mri with BART (Debian: apt-get install bart) on the same data, in one run: agreement and time.

    scripts/compare_bart.py build/release/bin/danaus-mri [--repeat 3] [--threads N] [--json FILE]

Needs numpy and h5py. A synthetic knee, 512 x 160, 8 coils, R = 4: one slice unless it says otherwise. Times are whole processes, reading and
writing included, the best of the repeats; both use all the cores they are given.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

from lib.bart import padded_mask, read_cfl, run, write_cfl


def relative(a, b):
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def after_best_scale(a, b):
    return relative(a * (np.vdot(a, b) / np.vdot(a, a)), b)


def best_seconds(ours, rival, repeat, threads):
    """The best of several runs of both, in turn: a machine that drifts or is shared slows both alike."""
    times = [(run(ours, threads), run(rival, threads)) for _ in range(repeat)]
    return min(a for a, _ in times), min(b for _, b in times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of both programs")
    parser.add_argument("--json")
    options = parser.parse_args()
    danaus = os.path.abspath(options.program)
    os.chdir(tempfile.mkdtemp(prefix="danaus-bart-"))

    subprocess.run([danaus, "generate", "--subjects", "1", "--slices", "8", "--out", "knee", "--quiet"], check=True)
    with h5py.File("knee/subject_000.h5") as file:
        kspace, maps, target = file["kspace"][4, :, :, 0], file["maps"][4, :, :, :, 0], file["target"][4, :, :, 0, 0]
        volume, volume_maps = file["kspace"][:, :, :, 0], file["maps"][..., 0]
        acquired = file["masks/poisson_4.0x"][:]
    mask = padded_mask(acquired, kspace.shape[:2])
    write_cfl("full", kspace[None])
    write_cfl("kspace", (kspace * mask[..., None])[None])
    write_cfl("maps", maps[None])
    # BART's READ axis is k-space as well.
    along = np.fft.fftshift(np.fft.fft(np.fft.ifftshift(volume, axes=0), axis=0, norm="ortho"), axes=0)
    write_cfl("volume", along * mask[None, ..., None])
    write_cfl("volume_maps", volume_maps)

    def reconstruct(method, out, *more, data="kspace", sensitivities="maps"):
        return [danaus, "reconstruct", "--data", data, "--maps", sensitivities, "--method", method, "--out", out + ".cfl",
                "--overwrite", "--quiet", *more]

    results = []

    def compare(case, ours, rival, agreement, limit=None):
        ours = [command if command[1] == "mask" else [*command, "--threads", options.threads] for command in ours]
        a, b = best_seconds(ours, rival, options.repeat, options.threads)
        row = {"case": case, "ours_seconds": a, "rival": "BART", "rival_seconds": b, "ratio": b / a, **agreement()}
        ok = limit is None or row["difference"] <= limit
        row["limit"] = limit
        results.append((row, ok))
        print(f"{case:34} {a:8.3f} s   BART {b:8.3f} s   {b / a:6.2f}x   "
              + "  ".join(f"{k} {v:.2e}" for k, v in row.items() if isinstance(v, float) and "seconds" not in k and k != "ratio")
              + ("" if ok else "   ABOVE THE LIMIT"), flush=True)

    compare("zero-filled, 8 slices",
            [reconstruct("zero-filled", "zf", data="volume", sensitivities="volume_maps")],
            [["bart", "fft", "-iu", "7", "volume", "coils"], ["bart", "fmac", "-C", "-s8", "coils", "volume_maps", "zf_bart"]],
            lambda: {"difference": relative(read_cfl("zf"), read_cfl("zf_bart"))}, 1e-5)
    # Both to convergence: the same minimum.
    compare("cg-sense, lambda 0.01, 100 its", [reconstruct("cg-sense", "cg", "--lambda", "0.01", "--iterations", "100")],
            [["bart", "pics", "-w1", "-l2", "-r0.01", "-i100", "kspace", "maps", "cg_bart"]],
            lambda: {"difference": relative(read_cfl("cg"), read_cfl("cg_bart"))}, 1e-3)

    def quality(ours, bart):
        return lambda: {"nrmse": after_best_scale(read_cfl(ours), target), "nrmse_bart": after_best_scale(read_cfl(bart), target)}

    compare("cg-sense, defaults, 30 its", [reconstruct("cg-sense", "cg", "--lambda", "0.01", "--iterations", "30")],
            [["bart", "pics", "-w1", "-l2", "-r0.01", "-i30", "kspace", "maps", "cg_bart"]], quality("cg", "cg_bart"))
    compare("l1-wavelet", [reconstruct("l1-wavelet", "l1")],
            [["bart", "pics", "-l1", "-r0.002", "kspace", "maps", "l1_bart"]], quality("l1", "l1_bart"))
    compare("l1-wavelet, BART with 100 its", [reconstruct("l1-wavelet", "l1")],
            [["bart", "pics", "-l1", "-r0.002", "-i100", "kspace", "maps", "l1_bart"]], quality("l1", "l1_bart"))
    compare("tv", [reconstruct("tv", "tv")],
            [["bart", "pics", "-RT:6:0:0.002", "-i100", "kspace", "maps", "tv_bart"]], quality("tv", "tv_bart"))

    def projection():
        """How much of the fully sampled coil images the maps cannot explain, and the angle between both maps."""
        with h5py.File("espirit.h5") as file:
            ours = file["maps"][0, :, :, :, 0]
        bart = read_cfl("espirit_bart")
        images = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes=(0, 1)), axes=(0, 1)), axes=(0, 1))
        found = {}
        inside = (np.linalg.norm(ours, axis=-1) > 0) & (np.linalg.norm(bart, axis=-1) > 0) & (np.abs(target) > 0.2 * np.abs(target).max())
        for name, s in (("residual", ours), ("residual_bart", bart)):
            rest = images - s * np.sum(np.conj(s) * images, axis=-1, keepdims=True)
            found[name] = float(np.linalg.norm(rest[inside]) / np.linalg.norm(images[inside]))
        found["difference"] = float(1 - np.abs(np.sum(np.conj(ours) * bart, axis=-1, dtype=np.complex128))[inside].mean())
        return found

    compare("ESPIRiT", [[danaus, "coils", "--data", "full", "--out", "espirit.h5", "--overwrite", "--quiet"]],
            [["bart", "ecalib", "-m1", "-r24", "full", "espirit_bart"]], projection, 1e-2)
    compare("Poisson mask 512x160, R = 4",
            [[danaus, "mask", "--shape", "512x160", "--acceleration", "4", "--out", "mask.h5", "--overwrite"]],
            [["bart", "poisson", "-Y512", "-Z160", "-y1.6", "-z1.6", "-C24", "-v", "-e", "mask_bart"]], lambda: {})
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"results": [row for row, _ in results]}, file, indent=2)
    sys.exit(0 if all(ok for _, ok in results) else 1)


if __name__ == "__main__":
    main()
