#!/usr/bin/env python3
"""Dense to Monarch and back on a trained operator, by one command: ./scripts/sparsify_study.py [--out DIR]

Navier-Stokes nu = 1e-3 (64x64, T = 20), an FNO whose lifting, channel mixing and head are dense or Monarch matrices.
Trains it dense and with Monarch weights from the start, then
  - dense -> Monarch: projects the trained weights (danaus-pde sparsify) and fine-tunes;
  - Monarch -> dense: multiplies the trained factors out (danaus-pde densify) and goes on dense, with Adam's state;
each beside its control, the same training without the conversion for as many epochs. Nothing is chosen on the test samples.

Runs that are finished are not repeated, interrupted ones continue. The table goes to OUT/table.md, the errors of the layers
to OUT/layers.md.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Study:
    def __init__(self, options):
        self.options, self.out = options, options.out
        (self.out / "runs").mkdir(parents=True, exist_ok=True)
        self.data = self.out / "navier_stokes.h5"
        if not self.data.exists():
            self.program("generate", "--problem", "navier-stokes", "--nu", "1e-3", "--samples", options.train + options.test,
                         "--horizon", 20, "--solver-resolution", 64, "--seed", 0, "--out", self.data)

    def program(self, verb, *arguments):
        command = [self.options.program, verb, *map(str, arguments), "--json"]
        if verb == "train":
            command += ["--progress", "none"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}")
        return json.loads(done.stdout)

    def folder(self, name):
        return self.out / "runs" / name

    def train(self, name, epochs, *arguments):
        """Trains a run, or goes on with one that is there for that many epochs in all."""
        o = self.options
        if not (self.folder(name) / "last.h5").exists():
            arguments = ["--data", self.data, "--width", o.width, "--train", o.train, "--test", o.test, *arguments]
        else:
            arguments = []
        result = self.program("train", *arguments, "--epochs", epochs, "--out", self.folder(name), "--resume")
        print(f"{name}: test relative L2 {result['test_relative_l2']:.4f}", flush=True)
        return result

    def convert(self, verb, source, name, *arguments):
        """A new run made from one that is finished; the report is kept beside it."""
        report = self.out / f"{name}.json"
        if not report.exists():
            shutil.rmtree(self.folder(name), ignore_errors=True)
            made = self.program(verb, "--run", self.folder(source), "--out", self.folder(name), *arguments)
            made["test_relative_l2"] = self.program("eval", "--run", self.folder(name))["relative_l2"]
            report.write_text(json.dumps(made, indent=1))
        return json.loads(report.read_text())


def row(what, result, seconds):
    count = result.get("parameters_after", result.get("parameters"))
    return f"| {what} | {count:,} | {seconds:.3g} s | {result['test_relative_l2']:.4f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "release" / "bin" / "danaus-pde")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "runs" / "sparsify_study")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--train", type=int, default=100, help="training trajectories")
    parser.add_argument("--test", type=int, default=20, help="test trajectories")
    parser.add_argument("--epochs", type=int, default=8, help="of the first training")
    parser.add_argument("--more", type=int, default=3, help="epochs after a conversion")
    options = parser.parse_args()
    if not options.program.exists():
        sys.exit(f"{options.program} does not exist: build it first (cmake --build build/release), or --program")
    study = Study(options)

    first = ["--unroll", "1:0.3,2:0.3,5:0.4"]
    dense = study.train("dense", options.epochs, *first)
    sparse = study.train("monarch", options.epochs, *first, "--monarch-weights", "*:nblocks=4")

    def tune(name, source, *arguments):
        return study.train(name, options.more, "--unroll", "5:1", "--lr", "2e-3", "--init-from", study.folder(source),
                           *arguments)

    projected = study.convert("sparsify", "dense", "projected", "--nblocks", 4)
    eighth = study.convert("sparsify", "dense", "projected-8", "--nblocks", 8)
    tuned = tune("projected-tuned", "projected", "--monarch-weights", "*:nblocks=4")
    dense_tuned = tune("dense-tuned", "dense")
    multiplied = study.convert("densify", "monarch", "multiplied")
    go_on = options.epochs + options.more
    for name, source in (("monarch-on", "monarch"), ("dense-on", "dense"), ("multiplied-on", "multiplied")):
        if not study.folder(name).exists():
            shutil.copytree(study.folder(source), study.folder(name))
    multiplied_on = study.train("multiplied-on", go_on)
    monarch_on = study.train("monarch-on", go_on)
    dense_on = study.train("dense-on", go_on)

    def epoch(result):
        return result["seconds_per_epoch"]

    more, table = options.more, ["| step | parameters | seconds (per epoch where trained) | test relative L2 |", "|---|---|---|---|"]
    table += [
        row(f"dense, {options.epochs} epochs", dense, epoch(dense)),
        row("its weights projected, 8 blocks", eighth, eighth["seconds"]),
        row("its weights projected, 4 blocks", projected, projected["seconds"]),
        row(f"that, {more} epochs of fine-tuning", tuned, epoch(tuned)),
        row(f"dense, {more} epochs of fine-tuning", dense_tuned, epoch(dense_tuned)),
        row(f"Monarch from the start, {options.epochs} epochs", sparse, epoch(sparse)),
        row("its weights multiplied out", multiplied, multiplied["seconds"]),
        row(f"that resumed, {more} epochs more", multiplied_on, epoch(multiplied_on)),
        row(f"Monarch resumed, {more} epochs more", monarch_on, epoch(monarch_on)),
        row(f"dense resumed, {more} epochs more", dense_on, epoch(dense_on)),
    ]
    layers = ["| weight | shape | parameters | error, 4 blocks | error, 8 blocks |", "|---|---|---|---|---|"]
    of_eighth = {w["name"]: w for w in eighth["weights"]}
    for w in projected["weights"]:
        other = of_eighth.get(w["name"])
        layers.append(f"| {w['name']} | {w['inputs']} x {w['outputs']} | {w['parameters_before']} → {w['parameters_after']}"
                      f"{' / ' + str(other['parameters_after']) if other else ''} | {w['relative_error']:.3f} | "
                      f"{format(other['relative_error'], '.3f') if other else ''} |")
    (options.out / "table.md").write_text("\n".join(table) + "\n")
    (options.out / "layers.md").write_text("\n".join(layers) + "\n")
    print("\n".join(table) + "\n\n" + "\n".join(layers))


if __name__ == "__main__":
    main()
