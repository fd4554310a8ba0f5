#!/usr/bin/env python3
"""The table of reconstruction methods on synthetic knees, from data to Markdown, with danaus-mri alone.

Generates training, validation and test subjects, tunes weight and iterations of every classical method on the
validation subjects over a stated grid (its images limited to the acquired part of k-space, as the unrolled network's),
trains every model with several seeds, scores all on the same masks of the test subjects at each acceleration, and writes
study.md. What is done is not done again: a stopped study continues.

  scripts/mri_study.py --scale quick --out study     small planes, about 25 minutes on two cores
  scripts/mri_study.py --scale medium --out study    416 x 80 in 512 x 160, few subjects and steps, about an hour
  scripts/mri_study.py --scale full --out study      416 x 80 in 512 x 160, hours

With --bart, `bart pics -l1` (Debian: apt-get install bart; needs numpy and h5py) is tuned and scored likewise.

Scores on synthetic scans are not scores on clinical data.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

GRID = {
    "cg-sense": {"lambda": [0.005, 0.01, 0.02, 0.03, 0.05, 0.1], "iterations": [10, 30]},
    "l1-wavelet": {"lambda": [0.0012, 0.0025, 0.0035, 0.005, 0.007, 0.01], "iterations": [60]},
    "tv": {"lambda": [0.0012, 0.0025, 0.005, 0.01], "iterations": [60]},
}

FITTED = "self-unrolled"

BART = "l1-wavelet of BART"
BART_GRID = {"lambda": [0.004, 0.008, 0.016, 0.032], "iterations": 100}  # of its own scaling of the data

# name -> options of train
MODELS = {
    "msense": ["--model", "msense"],
    "separable": ["--model", "separable"],
    "msense, learned weights": ["--model", "msense", "--density", "learned"],
    "unrolled": ["--model", "unrolled"],
    "unrolled, 4 iterations": ["--model", "unrolled", "--iterations", "4"],
    "unet": ["--model", "unet"],
    "unet, residual": ["--model", "unet", "--residual", "true"],
}
LARGE = ("unet", "unet, residual")  # more than a million parameters: one seed, trained and scored at LARGE_R alone
LARGE_R = 4.0

SCALES = {
    "quick": {"generate": ["--size", "208x40", "--pad", "256x80", "--slices", 12, "--coils", 8, "--calibration", 16],
              "subjects": (4, 2, 3), "seeds": 3, "epochs": {"unrolled": 8, "unet": 6}, "other_epochs": 12,
              "few": [1, 2, 4], "few_visits": {"msense": 96, "unrolled": 96, "unet, residual": 96}},
    "medium": {"generate": ["--size", "416x80", "--pad", "512x160", "--slices", 12, "--coils", 8],
               "subjects": (5, 1, 2), "seeds": 3, "epochs": {"unrolled": 12, "unet": 10}, "other_epochs": 6,
               "few": [1, 2, 3, 5], "few_visits": {"unrolled": 360, "unet, residual": 600}},
    "full": {"generate": ["--size", "416x80", "--pad", "512x160", "--slices", 16, "--coils", 8],
             "subjects": (10, 3, 6), "seeds": 3, "epochs": {"unrolled": 10, "unet": 20}, "other_epochs": 12,
             "few": [1, 2, 3, 5], "few_visits": {"msense": 400, "unrolled": 400, "unet, residual": 800}},
}


class Study:
    def __init__(self, arguments):
        self.out = Path(arguments.out)
        self.program = arguments.program
        self.scale = SCALES[arguments.scale]
        self.accelerations = [float(r) for r in arguments.acceleration.split(",")]
        self.threads = ["--threads", arguments.threads] if arguments.threads else []
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "scores").mkdir(exist_ok=True)

    def run(self, *arguments):
        command = [self.program, *map(str, arguments), *map(str, self.threads), "--json", "--progress", "none"]
        print(" ".join(command), file=sys.stderr, flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"exit {done.returncode}: {' '.join(command)}")
        return json.loads(done.stdout)

    def cached(self, name, *arguments):
        """The command's JSON, run once."""
        path = self.out / "scores" / (name + ".json")
        if not path.exists():
            result = self.run(*arguments)
            path.write_text(json.dumps(result, indent=1) + "\n")
        return json.loads(path.read_text())

    def generate(self):
        train, validation, test = self.scale["subjects"]
        self.run("generate", "--subjects", train, "--validation", validation, "--test", test, *self.scale["generate"],
                 "--out", self.out / "data")

    def tune(self):
        """{(acceleration, method): "lambda:iterations"}, the best mean PSNR of the validation subjects."""
        best = {}
        for method, grid in GRID.items():
            for weight in grid["lambda"]:
                for iterations in grid["iterations"]:
                    setting = f"{weight}:{iterations}"
                    score = self.cached(f"tune-{method}-{weight}-{iterations}", "eval", "--data",
                                        self.out / "data/validation", "--method", method, "--band-limit", "--settings",
                                        f"{method}:{setting}", "--acceleration", self.list_of_accelerations())
                    for r in self.accelerations:
                        psnr = mean([row["psnr"]["mean"] for row in score["results"] if row["acceleration"] == r])
                        if (r, method) not in best or psnr > best[r, method][0]:
                            best[r, method] = (psnr, setting)
        for (r, method), (psnr, setting) in sorted(best.items()):
            weights = [str(w) for w in (min(GRID[method]["lambda"]), max(GRID[method]["lambda"]))]
            if setting.split(":")[0] in weights:
                print(f"note: {method} at R = {r:g} is best at an edge of the grid, {setting}", file=sys.stderr)
        return {key: setting for key, (psnr, setting) in best.items()}

    def bart_scores(self, part, r, weight):
        """The rows of eval of what BART makes of a part of the data."""
        from lib import bart

        folder = self.out / "bart" / f"{part}-{r:g}-{weight}"
        folder.mkdir(parents=True, exist_ok=True)
        seconds = []
        for scan in sorted((self.out / "data" / part).glob("*.h5")):
            image = folder / scan.name
            if not image.exists():
                print(f"bart pics -l1 -r{weight}: {scan} at R = {r:g}", file=sys.stderr, flush=True)
                bart.reconstruct_l1(scan, r, weight, BART_GRID["iterations"], image, self.threads[-1] if self.threads else os.cpu_count())
            seconds.append(bart.seconds_per_slice(image))
        rows = self.cached(f"bart-{part}-{r:g}-{weight}", "eval", "--data", self.out / "data" / part, "--images",
                           f"{BART}:{folder}", "--acceleration", f"{r:g}")["results"]
        return [{**row, "seconds_per_slice": mean(seconds)} for row in rows]

    def bart(self):
        """(rows of the test subjects, {acceleration: weight that is best on the validation subjects})."""
        rows, best = [], {}
        for r in self.accelerations:
            scores = {weight: mean([row["psnr"]["mean"] for row in self.bart_scores("validation", r, weight)])
                      for weight in BART_GRID["lambda"]}
            best[r] = max(scores, key=scores.get)
            rows += self.bart_scores("test", r, best[r])
        return rows, best

    def list_of_accelerations(self):
        return ",".join(f"{r:g}" for r in self.accelerations)

    def accelerations_of(self, name):
        return [LARGE_R] if name in LARGE else self.accelerations

    def train(self, name, options, seed, epochs, scans=None):
        folder = self.out / "runs" / (name.replace(", ", "-").replace(" ", "-") + f"-{seed}" + (f"-n{scans}" if scans else ""))
        some = ["--scans", scans] if scans else []
        accelerations = ",".join(f"{r:g}" for r in self.accelerations_of(name))
        result = self.cached("train-" + folder.name, "train", "--data", self.out / "data", *options, *some,
                             "--acceleration", accelerations, "--epochs", epochs, "--validate-every",
                             max(1, epochs // 4), "--seed", seed, "--out", folder, "--resume")
        return folder, result

    def train_all(self):
        runs = {}
        for name, options in MODELS.items():
            epochs = self.scale["epochs"].get(name.split(",")[0], self.scale["other_epochs"])
            seeds = 1 if name in LARGE else self.scale["seeds"]
            runs[name] = [self.train(name, options, seed, epochs) for seed in range(seeds)]
        return runs

    def train_few(self):
        """{(model, scans): run}: as many visits of slices whatever the number of scans."""
        runs = {}
        slices = int(self.scale["generate"][self.scale["generate"].index("--slices") + 1])
        for name, visits in self.scale["few_visits"].items():
            for scans in self.scale["few"]:
                runs[name, scans] = self.train(name, MODELS[name], 0, round(visits / (slices * scans)), scans)
        return runs

    def evaluate(self, settings, runs, name):
        """Rows of all accelerations, each with the settings that were tuned for it. `runs`: (model, folder)."""
        rows = []
        for r in self.accelerations:
            folders = [folder for model, folder in runs if r in self.accelerations_of(model)]
            tuned = ",".join(f"{method}:{settings[r, method]}" for method in GRID) if settings else ""
            methods = ["--method", "zero-filled," + ",".join((*GRID, FITTED)), "--settings", tuned, "--band-limit"] if settings else []
            rows += self.cached(f"test-{name}-{r:g}", "eval", "--data", self.out / "data/test", *methods, "--run",
                                ",".join(map(str, folders)), "--acceleration", f"{r:g}")["results"]
        return rows


def mean(values):
    return sum(values) / len(values)


def deviation(values):
    m = mean(values)
    return math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else 0.0


def cells(rows, accelerations, of):
    """PSNR and SSIM per acceleration, echoes side by side, means over runs; the spread of seeds in brackets."""
    text = []
    for score, digits in (("psnr", 2), ("ssim", 3)):
        for r in accelerations:
            pair = []
            for echo in (1, 2):
                values = [row[score]["mean"] for row in rows if of(row) and row["acceleration"] == r and row["echo"] == echo]
                if not values:
                    break
                spread = f" ({deviation(values):.{digits}f})" if len(values) > 1 else ""
                pair.append(f"{mean(values):.{digits}f}{spread}")
            text.append(" / ".join(pair))
    seconds = mean([row["seconds_per_slice"] for row in rows if of(row)])
    return text + [f"{seconds:.3f}"]


def head(accelerations):
    return [f"{score}, R = {r:g}" for score in ("PSNR", "SSIM") for r in accelerations] + ["s / slice"]


def table(names, rows):
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SCALES, default="quick")
    parser.add_argument("--out", default="build/mri_study")
    parser.add_argument("--acceleration", default="2,3,4")
    parser.add_argument("--threads", default="")
    parser.add_argument("--bart", action="store_true", help="a row for BART's l1-wavelet")
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/danaus-mri"))
    arguments = parser.parse_args()
    study = Study(arguments)

    study.generate()
    settings = study.tune()
    runs = study.train_all()
    few = study.train_few()
    rows = study.evaluate(settings, [(name, folder) for name, model in runs.items() for folder, result in model], "all")
    few_rows = study.evaluate({}, [(name, folder) for (name, scans), (folder, result) in few.items()], "few")

    body = []
    for method in ("zero-filled", *GRID, FITTED):
        name = f"{method}, tuned" if method in GRID else "self-unrolled (fitted to each scan)" if method == FITTED else method
        count = next(row["parameters"] for row in rows if row["run"] is None and row["method"] == method)
        body.append([name, f"{count:,}", "–", *cells(rows, study.accelerations, lambda row: row["run"] is None and row["method"] == method)])
    if arguments.bart:
        bart_rows, bart_weights = study.bart()
        body.append([f"{BART}, tuned", "0", "–", *cells(bart_rows, study.accelerations, lambda row: True)])
    for name, model in runs.items():
        own = {str(folder) for folder, result in model}
        body.append([name, f"{model[0][1]['parameters']:,}", f"{mean([result['seconds_total'] for folder, result in model]):.0f}",
                     *cells(rows, study.accelerations, lambda row: row["run"] in own)])
    few_body = [[name, str(scans), *cells(few_rows, study.accelerations, lambda row: row["run"] == str(folder))]
                for (name, scans), (folder, result) in few.items()]
    counts = study.scale["subjects"]
    visits = ", ".join(f"{name} {count}" for name, count in study.scale["few_visits"].items())
    tuned = "; ".join(f"{method} " + ", ".join(f"{settings[r, method]} at R = {r:g}" for r in study.accelerations) for method in GRID)
    if arguments.bart:
        tuned += f"; {BART} " + ", ".join(f"{bart_weights[r]}:{BART_GRID['iterations']} at R = {r:g}" for r in study.accelerations)
    text = f"""# Reconstruction of synthetic knees

Synthetic scans: these are not scores on SKM-TEA or any clinical data. Options of the scans: {' '.join(map(str, study.scale['generate']))};
{counts[0]} training, {counts[1]} validation, {counts[2]} test subjects. Echo 1 / echo 2, means over the test subjects, all on the same masks; in
brackets the deviation over {study.scale['seeds']} seeds. PSNR in dB. Classical methods: weight and iterations tuned on the validation subjects, weight:iterations
{tuned}; their images limited to the acquired part of k-space.

{table(["method", "parameters", "training, s", *head(study.accelerations)], body)}
Few training scans, one seed, as many visits of slices whatever their number ({visits}):

{table(["model", "scans", *head(study.accelerations)], few_body)}"""
    (study.out / "study.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
