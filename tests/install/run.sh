#!/usr/bin/env bash
# Installs a build of Danaus into a scratch folder, builds the consumer beside it against the copy, and runs it.
# run.sh BUILD_FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
CMAKE_GENERATOR=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build/CMakeCache.txt")  # make may not be installed
export CMAKE_GENERATOR

cmake --install "$build" --prefix "$scratch/danaus" >"$scratch/install.log" || { cat "$scratch/install.log"; exit 1; }
cmake -S "$here" -B "$scratch/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$scratch/danaus"
cmake --build "$scratch/build"
"$scratch/build/consumer"

# Another minor version is refused.
if cmake -S "$here" -B "$scratch/other" -DCMAKE_PREFIX_PATH="$scratch/danaus" -DDANAUS_WANTED=9.0 >"$scratch/other.log" 2>&1; then
  echo "find_package accepted version 9.0"
  exit 1
fi
grep -q 'requested version "9.0"' "$scratch/other.log" || { cat "$scratch/other.log"; exit 1; }
