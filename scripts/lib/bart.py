"""BART's cfl files, and its programs run on them. Needs numpy and h5py."""

import os
import subprocess
import tempfile
import time

import h5py
import numpy as np


def write_cfl(name, array):
    with open(f"{name}.hdr", "w") as header:
        header.write("# Dimensions\n" + " ".join(map(str, list(array.shape) + [1] * (16 - array.ndim))) + "\n")
    array.astype(np.complex64).ravel(order="F").tofile(f"{name}.cfl")


def read_cfl(name):
    with open(f"{name}.hdr") as header:
        lines = header.read().splitlines()
    shape = [int(n) for n in lines[lines.index("# Dimensions") + 1].split()]
    return np.fromfile(f"{name}.cfl", np.complex64).reshape(shape, order="F").squeeze()


def run(commands, threads):
    """Seconds of commands, one after the other."""
    start = time.perf_counter()
    for command in commands:
        subprocess.run([str(word) for word in command], check=True, capture_output=True,
                       env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    return time.perf_counter() - start


def padded_mask(acquired, shape):
    """The mask of the acquired plane in the middle of the zero-padded one."""
    mask = np.zeros(shape, np.float32)
    top, left = ((shape[i] // 2 - acquired.shape[i] // 2) for i in (0, 1))
    mask[top : top + acquired.shape[0], left : left + acquired.shape[1]] = acquired
    return mask


def band_limited(image, acquired, maps):
    """The images (slice, y, z, echo) without what lies beyond the acquired part of k-space, where some coil is sensitive."""
    band = np.fft.ifftshift(padded_mask(np.ones(acquired, np.float32), image.shape[1:3]))
    limited = np.fft.ifft2(np.fft.fft2(image, axes=(1, 2)) * band[None, :, :, None], axes=(1, 2))
    return (limited * np.any(maps != 0, axis=3)[..., None]).astype(np.complex64)


def masked_slices(path, acceleration):
    """(k-space (slice, y, z, echo, coil) with the stored mask applied, maps (slice, y, z, coil), shape of the acquired plane) of
    a scan in SKM-TEA layout."""
    with h5py.File(path) as file:
        kspace, maps = file["kspace"][:], file["maps"][..., 0]
        acquired = file[f"masks/poisson_{acceleration:.1f}x"][:]
    mask = padded_mask(acquired, kspace.shape[1:3])
    return kspace * mask[None, :, :, None, None], maps, acquired.shape


def reconstruct_l1(scan, acceleration, weight, iterations, out, threads):
    """Reconstructs a scan by `bart pics -l1`, limited to the acquired part of k-space, into `out`, in danaus-mri's layout; its
    seconds per slice, both echoes, whole processes, stay in the file."""
    kspace, maps, acquired = masked_slices(scan, acceleration)
    image = np.zeros(kspace.shape[:4], np.complex64)
    seconds = 0.0
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{folder}/{name}" for name in ("kspace", "maps", "image")]
        for x in range(kspace.shape[0]):
            write_cfl(names[1], maps[x][None])
            for echo in range(kspace.shape[3]):
                write_cfl(names[0], kspace[x, :, :, echo][None])
                seconds += run([["bart", "pics", "-S", "-l1", f"-r{weight}", f"-i{iterations}", *names]], threads)
                image[x, :, :, echo] = read_cfl(names[2])
    with h5py.File(f"{out}.partial", "w") as file:
        file["reconstruction"] = band_limited(image, acquired, maps)
        file.attrs["seconds_per_slice"] = seconds / kspace.shape[0]
    os.replace(f"{out}.partial", out)


def seconds_per_slice(path):
    with h5py.File(path) as file:
        return float(file.attrs["seconds_per_slice"])
