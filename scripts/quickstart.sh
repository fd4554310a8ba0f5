#!/usr/bin/env bash
# From a bare machine to a table: sets up, builds, generates Navier-Stokes and Darcy data, trains FNO and Monarch-NO on
# both with the same seed, recipe and epochs, compares them on held-out samples, and writes a report.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

mri=false
epochs_ns=30
epochs_darcy=30
seed=0
usage() {
  cat <<TEXT
Usage: scripts/quickstart.sh [--mri] [--epochs-ns N] [--epochs-darcy N] [--seed N] [--help]

Takes about 15 minutes on two cores, from nothing: set-up and build 6, data 2, training 6, report 1. What is there
already is kept: after an interruption run it again and it goes on where it stopped.

Writes data/quickstart/{ns,darcy}.h5, runs/quickstart/{ns,darcy}-{fno,monarch-no}/ and runs/quickstart/report.html.

  --mri             instead: makes synthetic knee scans, trains an unrolled network on two, reconstructs a third at
                    R = 4 with it, by zero-filled SENSE, CG-SENSE and l1-wavelets, scores them, and writes
                    runs/quickstart/{knee.png,mri.html}; about a minute after set-up and build
  --epochs-ns N     passes over the 200 Navier-Stokes trajectories (default $epochs_ns)
  --epochs-darcy N  passes over the 500 Darcy samples (default $epochs_darcy)
  --seed N          seed of the data, the weights and the order of the samples (default $seed)
  --help            this text
TEXT
}
while (($#)); do
  case $1 in
    --epochs-ns | --epochs-darcy | --seed)
      [[ ${2:-} =~ ^[0-9]+$ ]] || usage_error "$1 needs a number"
      case $1 in
        --epochs-ns) epochs_ns=$2 ;;
        --epochs-darcy) epochs_darcy=$2 ;;
        --seed) seed=$2 ;;
      esac
      shift
      ;;
    --mri) mri=true ;;
    --help | -h) usage; exit 0 ;;
    *) usage_error "unknown option $1" ;;
  esac
  shift
done

pde=build/release/bin/danaus-pde
data=data/quickstart
runs=runs/quickstart
models=(fno monarch-no)
started=$SECONDS

step() { say "== $1 ($(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s)"; }

# A finished run answers --resume with its results at once; an interrupted one goes on.
train() { # train PROBLEM MODEL OPTIONS...
  local problem=$1 model=$2
  step "training $model on $problem"
  "$pde" train --data "$data/$problem.h5" --model "$model" --seed "$seed" --out "$runs/$problem-$model" --resume \
    --json "${@:3}" >"$runs/$problem-$model.json"
}

if $mri; then
  program=build/release/bin/danaus-mri
  step "set-up"
  scripts/setup.sh
  step "building danaus-mri"
  build_preset release -- danaus-mri
  mkdir -p "$data" "$runs"
  step "synthetic knees, two to train on and one to test: 12 slices of 512 x 160, two echoes, 8 coils"
  "$program" generate --subjects 2 --test 1 --slices 12 --seed "$seed" --out "$data/knees"
  step "training an unrolled network of Monarch transforms, 49,385 parameters"
  "$program" train --data "$data/knees/train" --validation 0 --model unrolled --acceleration 4 --epochs 4 \
    --seed "$seed" --out "$runs/knee-unrolled" --resume
  step "reconstruction of the test scan from a quarter of its samples"
  "$program" eval --data "$data/knees/test" --run "$runs/knee-unrolled" --acceleration 4 \
    --method zero-filled,cg-sense,l1-wavelet --band-limit --report "$runs/mri.html" --overwrite
  "$program" reconstruct --data "$data/knees/test/subject_000.h5" --acceleration 4 --run "$runs/knee-unrolled" \
    --first-slice 5 --slices 2 --out "$runs/knee.png" --overwrite --quiet
  say "pictures  $runs/knee.png, $runs/mri.html"
  say "took      $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
  exit
fi

say "Danaus quickstart: about 15 minutes on two cores, less with more"
step "set-up"
scripts/setup.sh
step "building danaus-pde"
build_preset release -- danaus-pde
mkdir -p "$data" "$runs"

step "Navier-Stokes data: 240 trajectories"
[[ -e $data/ns.h5 ]] || "$pde" generate --problem navier-stokes --nu 1e-3 --resolution 64 --solver-resolution 128 \
  --samples 240 --horizon 20 --seed "$seed" --out "$data/ns.h5"
step "Darcy data: 600 samples"
[[ -e $data/darcy.h5 ]] || "$pde" generate --problem darcy --resolution 64 --samples 600 --seed "$seed" \
  --out "$data/darcy.h5"

for model in "${models[@]}"; do
  train ns "$model" --train 200 --test 40 --epochs "$epochs_ns" --recipe tuned
  # The solution is not periodic: points behind the grid let both models end their waves there.
  train darcy "$model" --train 500 --test 100 --epochs "$epochs_darcy" --recipe tuned --padding 8
done

step "evaluation and report"
"$pde" eval --run "$runs/ns-fno,$runs/ns-monarch-no,$runs/darcy-fno,$runs/darcy-monarch-no" \
  --data "$data/ns.h5,$data/darcy.h5" --report "$runs/report.html" --overwrite --json >"$runs/eval.json"

python3 - "$runs" <<'PYTHON'
import json, os, sys

runs = sys.argv[1]
names = {"ns": "Navier-Stokes", "darcy": "Darcy"}
print(f"{'problem':<14} {'model':<12} {'parameters':>10} {'s / epoch':>10} {'test relative L2':>17}")
for score in json.load(open(f"{runs}/eval.json")):
    run = os.path.basename(score["run"])
    training = json.load(open(f"{runs}/{run}.json"))
    print(f"{names[run.split('-')[0]]:<14} {score['model']:<12} {score['parameters']:>10,} "
          f"{training['seconds_per_epoch']:>10.2f} {score['relative_l2']:>17.4f}")
PYTHON
say "report    $runs/report.html"
say "took      $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
