#!/usr/bin/env python3
"""The accuracy tables of the README, by one command: ./scripts/accuracy_study.py [--out DIR] [--parts NAMES]

Small scale: Navier-Stokes nu = 1e-3 (64x64, 200 + 40 trajectories, T = 20) and Darcy flow (64x64, 500 + 100 samples),
30 epochs, modes 12, width 20. Every model's learning rate comes from the same grid of three and is chosen on the
validation samples with seed 0; so is then, with the tuned recipe, the learning-rate factor of the learned transforms.
The chosen values are run with seeds 1 and 2. Test errors are those of the last weights; nothing is chosen on the test
samples.

Parts: darcy (with and without padding), navier-stokes (tuned and published recipe), factor (the sweep of the factor that
the two made), size (error against parameters). Runs that are finished are not repeated, interrupted ones continue, so
the command can be stopped and started again. Tables go to OUT/tables.md, every number to OUT/results.json.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEEDS = (0, 1, 2)
RATES = {
    ("navier-stokes", "published"): ("1e-3", "2e-3", "4e-3"),
    ("navier-stokes", "tuned"): ("2.5e-3", "5e-3", "1e-2"),
    ("darcy", "tuned"): ("5e-3", "1e-2", "2e-2"),
}
FACTORS = ("1", "0.3", "0.1", "0.03")
DATA = {
    "navier-stokes": ("--problem navier-stokes --nu 1e-3 --samples 240 --horizon 20 --solver-resolution 64 --seed 0",
                      "--train 200 --test 40"),
    "darcy": ("--problem darcy --samples 600 --seed 0", "--train 500 --test 100"),
}


class Study:
    def __init__(self, program, out, epochs):
        self.program, self.out, self.epochs = program, out, epochs
        self.results_file = out / "results.json"
        self.results = json.loads(self.results_file.read_text()) if self.results_file.exists() else {}
        (out / "data").mkdir(parents=True, exist_ok=True)

    def data(self, problem):
        path = self.out / "data" / f"{problem}.h5"
        if not path.exists():
            subprocess.run([self.program, "generate", *DATA[problem][0].split(), "--out", path], check=True)
        return path

    def run(self, problem, model, options):
        """The JSON of one training run; options is a dict of command-line options."""
        settings = {"model": model, "epochs": str(self.epochs), "modes": "12", "width": "20", **options}
        key = " ".join([problem] + [f"{name}={settings[name]}" for name in sorted(settings)])
        if key not in self.results:
            folder = self.out / "runs" / key.replace(" ", ",").replace(":", "_")
            folder.parent.mkdir(parents=True, exist_ok=True)
            command = [self.program, "train", "--data", self.data(problem), *DATA[problem][1].split(), "--out", folder,
                       "--resume", "--json", "--progress", "none"]
            for name, value in settings.items():
                command += [f"--{name}", value]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
            if done.returncode not in (0, 76):  # 76: diverged, which is a result
                sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}")
            self.results[key] = json.loads(done.stdout) if done.returncode == 0 else None
            temporary = self.results_file.with_suffix(".tmp")
            temporary.write_text(json.dumps(self.results, indent=1))
            temporary.rename(self.results_file)
            print(key, show(self.results[key]), flush=True)
        return self.results[key]

    def choose(self, problem, model, options, name, values):
        """The value with the lowest validation error at seed 0; None if all diverged."""
        runs = [(self.run(problem, model, {**options, name: value, "seed": "0"}), value) for value in values]
        runs = [(run["validation_relative_l2"], value) for run, value in runs if run]
        return min(runs)[1] if runs else None

    def rate(self, problem, model, options):
        return self.choose(problem, model, options, "lr", RATES[problem, options["recipe"]])

    def factor(self, problem, options):
        """The learning-rate factor of the transforms, at the learning rate chosen with the recipe's own factor."""
        return self.choose(problem, "monarch-no", options, "transform-lr-factor", FACTORS)

    def row(self, label, problem, model, options):
        rate = self.rate(problem, model, options)
        if rate is None:
            return [label, "", "", "", "diverged at every learning rate"]
        options = {**options, "lr": rate}
        learned = model == "monarch-no"
        if learned:
            options["transform-lr-factor"] = self.factor(problem, options) if options["recipe"] == "tuned" else "1"
        runs = [self.run(problem, model, {**options, "seed": str(seed)}) for seed in SEEDS]
        errors = [run["test_relative_l2"] for run in runs if run]
        return [label, f"{next(run for run in runs if run)['parameters']:,}", rate,
                options["transform-lr-factor"] if learned else "",
                f"{statistics.mean(errors):.5f} ± {statistics.stdev(errors):.5f}" if all(runs) else "a seed diverged"]


def show(run):
    if run is None:
        return "diverged"
    return f"validation {run['validation_relative_l2']:.5f} test {run['test_relative_l2']:.5f}"


def table(title, header, rows):
    lines = [f"### {title}", "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


HEADER = ["model", "parameters", "learning rate", "transform factor", "test relative L2 (mean ± s. d., 3 seeds)"]
DARCY = [{"recipe": "tuned", "padding": padding} for padding in ("0", "8")]


def navier_stokes(study):
    rows = [study.row(f"{model}, {recipe}", "navier-stokes", model, {"recipe": recipe})
            for recipe in ("tuned", "published") for model in ("fno", "monarch-no")]
    return table("Navier–Stokes, ν = 1e-3, 64², 200 + 40 trajectories, 30 epochs", HEADER, rows)


def darcy(study):
    rows = [study.row(f"{model}, padding {options['padding']}", "darcy", model, options)
            for options in DARCY for model in ("fno", "monarch-no")]
    return table("Darcy flow, 64², 500 + 100 samples, 30 epochs, tuned recipe", HEADER, rows)


def factor(study):
    rows = []
    for problem, options in [("darcy", options) for options in DARCY] + [("navier-stokes", {"recipe": "tuned"})]:
        rate = study.rate(problem, "monarch-no", options)
        for value in FACTORS:
            run = study.run(problem, "monarch-no", {**options, "lr": rate, "transform-lr-factor": value, "seed": "0"})
            rows.append([problem, options.get("padding", ""), rate, value,
                         f"{run['validation_relative_l2']:.5f}" if run else "diverged",
                         f"{run['test_relative_l2']:.5f}" if run else ""])
    return table("Learning-rate factor of the learned transforms (Monarch-NO, tuned recipe, seed 0)",
                 ["problem", "padding", "learning rate", "factor", "validation", "test"], rows)


def size(study):
    rows = []
    for width, modes in (("8", "4"), ("12", "8"), ("16", "8"), ("20", "12"), ("28", "12"), ("28", "16")):
        for model in ("fno", "monarch-no"):
            run = study.run("darcy", model, {"recipe": "tuned", "padding": "8", "width": width, "modes": modes,
                                             "lr": "1e-2", "seed": "0"})
            rows.append([model, width, modes, f"{run['parameters']:,}" if run else "",
                         f"{run['test_relative_l2']:.5f}" if run else "diverged"])
    return table("Darcy flow: error against parameters (padding 8, lr 1e-2, seed 0)",
                 ["model", "width", "modes", "parameters", "test relative L2"], rows)


PARTS = {"darcy": darcy, "navier-stokes": navier_stokes, "factor": factor, "size": size}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "release" / "bin" / "danaus-pde")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "runs" / "accuracy_study")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated, of " + ", ".join(PARTS))
    options = parser.parse_args()
    if not options.program.exists():
        sys.exit(f"{options.program} does not exist: build it first (cmake --build build/release), or --program")
    study = Study(options.program, options.out, options.epochs)
    tables = []
    for part in options.parts.split(","):
        if part not in PARTS:
            sys.exit(f"unknown part '{part}': expected some of {', '.join(PARTS)}")
        tables.append(PARTS[part](study))
        (options.out / "tables.md").write_text("\n".join(tables))
    print("\n".join(tables))


if __name__ == "__main__":
    main()
