#!/usr/bin/env python3
"""Checks that every kernel is registered in the device test, and that the tests really launch it.

tests/device/kernels.txt registers each kernel label, the test program that launches it, and the builds it is for.
Without arguments the list is compared with the labels in the sources. With --launched, the CTest test `device`
compares it with what the tests of this build launched (see tests/device/kernel_log.cpp).

  check_kernels.py                                   the list against the sources
  check_kernels.py --launched DIR --build cpu|gpu    and against the logs in DIR
  check_kernels.py --update DIR                      adds what the logs in DIR show, drops what is gone
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = ROOT / "tests/device/kernels.txt"
HEADER = """\
# Every kernel, the test program (tests/<folder>) that launches it, and the builds it runs in.
# A kernel for one kind of build has a twin for the other, a kernel or a source file that calls a vendor's library:
#   label | test | both
#   label | test | host   (on the host's threads in every build)
#   label | test | cpu | twin
# Kept by scripts/check_kernels.py, which CI runs.
"""

# A parallel region of a kernel's own threads is not a kernel.
CALL = re.compile(r"\bparallel_(?:for|reduce|scan)\s*(?:<[^;{}]*?>)?\s*\(\s*"
                  r"(?:(?P<inner>(?:Kokkos::)?(?:Team|Thread)\w*Range\b)|\"(?P<label>[^\"]*)\"|(?P<other>\S{0,40}))")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def builds_of_lines(text):
    """For each line the builds that compile it, by the #if's about KOKKOS_ENABLE_CUDA around it."""
    stack, builds = [], []
    other = {"cpu": "gpu", "gpu": "cpu", "both": "both"}
    for line in text.splitlines():
        directive = re.match(r"\s*#\s*(if|ifdef|ifndef|else|endif)\b(.*)", line)
        if directive:
            word, condition = directive.groups()
            if word.startswith("if"):
                negated = word == "ifndef" or "!" in condition
                stack.append(("cpu" if negated else "gpu") if "KOKKOS_ENABLE_CUDA" in condition else "both")
            elif word == "else" and stack:
                stack[-1] = other[stack[-1]]
            elif word == "endif" and stack:
                stack.pop()
        builds.append(next((build for build in stack if build != "both"), "both"))
    return builds


def labels_in_sources():
    """({label: ('file:line', builds)}, complaints)"""
    labels, complaints = {}, []
    for base in ("include", "src"):
        for path in sorted((ROOT / base).rglob("*.?pp")):
            text = COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), path.read_text(encoding="utf-8"))
            builds = builds_of_lines(text)
            for call in CALL.finditer(text):
                line = text.count("\n", 0, call.start())
                place = f"{path.relative_to(ROOT)}:{line + 1}"
                label = call["label"]
                if call["inner"]:
                    continue
                if label is None or not label.startswith("danaus::"):
                    complaints.append(f"{place}: the kernel's first argument is not its qualified name "
                                      f"(\"danaus::folder::function\") but {label or call['other']}")
                else:
                    labels[label] = (place, builds[line])
    return labels, complaints


def read_registry():
    """{label: (test, build, twin)}"""
    registry = {}
    for number, line in enumerate(REGISTRY.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("|")]
        if len(fields) not in (3, 4) or fields[2] not in ("both", "host", "cpu", "gpu"):
            sys.exit(f"{REGISTRY.name}:{number}: expected 'label | test | both|host|cpu|gpu | twin'")
        registry[fields[0]] = (fields[1], fields[2], fields[3] if len(fields) == 4 else "")
    return registry


def check_registry(registry, labels):
    complaints = []
    for label, (place, build) in labels.items():
        if label not in registry:
            complaints.append(f"{place}: kernel '{label}' is not in tests/device/kernels.txt")
        elif build != "both" and registry[label][1] != build:
            complaints.append(f"{place}: kernel '{label}' is for {build} builds, tests/device/kernels.txt says "
                              + registry[label][1])
    for label, (test, build, twin) in registry.items():
        if label not in labels:
            complaints.append(f"kernels.txt: no source has a kernel '{label}'")
        if not list((ROOT / "tests" / test).glob("*.cpp")):
            complaints.append(f"kernels.txt: '{label}' names tests/{test}, which holds no test")
        if build in ("cpu", "gpu"):
            other = registry.get(twin)
            if not (other and other[1] != build) and not (ROOT / twin).is_file():
                complaints.append(f"kernels.txt: '{label}' is for {build} builds and names no twin for the others")
    return complaints


def read_logs(folder):
    """{label: {test: {device, ...}}} from the files TEST.PID, whose lines are 'device label'."""
    launched = {}
    for path in sorted(Path(folder).glob("*")):
        for line in path.read_text(encoding="utf-8").splitlines():
            device, _, label = line.partition(" ")
            launched.setdefault(label, {}).setdefault(path.name.split(".")[0], set()).add(device)
    return launched


def check_launched(registry, launched, build):
    complaints = []
    for label, (test, where, _) in registry.items():
        if where not in ("both", "host", build):
            continue
        devices = launched.get(label, {}).get(test)
        if not devices:
            complaints.append(f"test '{test}' did not launch kernel '{label}'")
        elif build == "gpu" and where != "host" and "gpu" not in devices:
            complaints.append(f"test '{test}' launched kernel '{label}' on the host only")
    return complaints


def twin_by_name(label, labels):
    """By convention the GPU's version of kernel 'X' is called 'X (device)' or 'X (device, part)'."""
    base, device, _ = label.partition(" (device")
    if device:
        return ("gpu", base) if base in labels else ("both", "")
    twins = sorted(other for other in labels if other.startswith(label + " (device"))
    return ("cpu", twins[0]) if twins else ("both", "")


def update(labels, registry, launched):
    lines = []
    for label in sorted(labels):
        test, where, twin = registry.get(label, ("", *twin_by_name(label, labels)))
        tests = sorted(launched.get(label, {}))
        own = label.split("::")[1]
        if test not in tests and tests:
            test = own if own in tests else tests[0]
        if not test and where == "gpu":
            test = own  # this build cannot launch it; the GPU build's test `device` tells
        if test:  # the check names a kernel that no test launches
            lines.append(f"{label} | {test} | {where}" + (f" | {twin}" if twin else ""))
    REGISTRY.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--launched", metavar="DIR")
    parser.add_argument("--build", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--update", metavar="DIR")
    arguments = parser.parse_args()

    labels, complaints = labels_in_sources()
    if arguments.update:
        update(labels, read_registry(), read_logs(arguments.update))
    registry = read_registry()
    complaints += check_registry(registry, labels)
    if arguments.launched:
        complaints += check_launched(registry, read_logs(arguments.launched), arguments.build)
    for complaint in complaints:
        print(complaint)
    print(f"kernels   {len(labels)} in the sources, {len(registry)} registered, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
