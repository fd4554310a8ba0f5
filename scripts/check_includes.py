#!/usr/bin/env python3
"""Checks that includes follow the arrows of the design: each folder sees the folders below it and no others.

ARROWS is the one list. It is checked to be acyclic, against every #include in include/danaus and src, and against
the dependencies that CMakeLists.txt declares.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Folder -> the folders it may include. What those may include, it may include as well.
ARROWS = {
    # the ground
    "core": [],
    "io": ["core"],
    # mathematics, usable without learning
    "linalg": ["core"],
    "fft": ["core"],
    "monarch": ["linalg", "fft"],
    # learning
    "autograd": ["core"],
    "nn": ["autograd", "monarch", "fft"],
    "optim": ["autograd"],
    "train": ["nn", "optim", "io"],
    # partial differential equations: problems and solvers know nothing of learning; data feed it
    "pde/solvers": ["fft", "linalg", "io"],
    "pde/problems": ["pde/solvers"],
    "pde/data": ["pde/problems", "train"],
    "pde/metrics": ["pde/data"],
    "pde/models": ["pde/metrics"],
    # magnetic resonance imaging: likewise
    "mri/operators": ["fft", "linalg"],
    "mri/solvers": ["mri/operators"],
    "mri/masks": ["mri/operators", "io"],
    "mri/data": ["mri/masks", "train"],
    "mri/metrics": ["mri/data"],
    "mri/models": ["mri/metrics", "mri/solvers"],
    "mri/training": ["mri/models"],
}

# A library of others -> the only folders whose sources name its headers.
FOREIGN = {
    r"hdf5\.h|H5\w+\.h": ["io"],
    r"png\.h|xxhash\.h": ["io"],
    r"zlib\.h": ["io", "pde"],  # compressed elements of MATLAB files
    r"fftw3\.h|cufft\w*\.h": ["fft"],
    r"cblas\.h|lapacke\.h|cublas\w*\.h|cusolver\w*\.h": ["linalg"],
    r"dnnl\w*\.h(pp)?|oneapi/dnnl/.*|cudnn\w*\.h": ["nn"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def closure(arrows):
    """Everything reachable from each folder; raises ValueError on a cycle."""
    reach = {}

    def visit(folder, path):
        if folder in path:
            raise ValueError("the arrows form a cycle: " + " -> ".join(path + [folder]))
        if folder not in reach:
            below = {folder}
            for target in arrows[folder]:
                below |= visit(target, path + [folder])
            reach[folder] = below
        return reach[folder]

    for folder in arrows:
        visit(folder, [])
    return reach


def folder_of(path):
    """The folder of ARROWS that holds a path such as 'pde/solvers/poisson.hpp', or None."""
    for length in (2, 1):
        folder = "/".join(Path(path).parts[:-1][:length])
        if folder in ARROWS:
            return folder
    return None


def check_file(name, relative, reach):
    own = folder_of(relative)
    if own is None:
        return [f"{name}: lies in no folder that scripts/check_includes.py knows"]
    complaints = []
    for include in INCLUDE.findall((ROOT / name).read_text(encoding="utf-8")):
        for pattern, owners in FOREIGN.items():
            if re.fullmatch(pattern, include) and own.split("/")[0] not in owners:
                complaints.append(f"{name}: includes <{include}>, which belongs to {', '.join(owners)} alone")
        inner = include.removeprefix("danaus/")
        if include == inner and not (ROOT / "src" / include).exists():
            continue  # not ours
        target = folder_of(inner)
        if target is None:
            complaints.append(f"{name}: includes <{include}>, which lies in no known folder")
        elif target not in reach[own]:
            complaints.append(f"{name}: {own} may not include <{include}> ({target}); it sees "
                              + (", ".join(sorted(reach[own] - {own})) or "nothing"))
    return complaints


def check_cmake(reach):
    """The dependencies in CMakeLists.txt lie within the arrows."""
    complaints = []
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    tops = {folder.split("/")[0] for folder in ARROWS}
    for name, depends in re.findall(r"^danaus_library\((\w+)\s+DEPENDS\s+([^)]*)\)", text, re.MULTILINE):
        if name not in tops:
            complaints.append(f"CMakeLists.txt: library {name} is not in scripts/check_includes.py")
            continue
        allowed = {below.split("/")[0] for folder in ARROWS if folder.split("/")[0] == name for below in reach[folder]}
        for target in re.findall(r"danaus::(\w+)", depends):
            if target in tops and target not in allowed:
                complaints.append(f"CMakeLists.txt: {name} may not depend on danaus::{target}")
    return complaints


def main():
    reach = closure(ARROWS)
    complaints = check_cmake(reach)
    count = 0
    for base in ("include/danaus", "src"):
        for path in sorted((ROOT / base).rglob("*.?pp")):
            count += 1
            complaints += check_file(str(path.relative_to(ROOT)), str(path.relative_to(ROOT / base)), reach)
    for complaint in complaints:
        print(complaint)
    print(f"includes  {count} files, {len(complaints)} against the arrows")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
