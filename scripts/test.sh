#!/usr/bin/env bash
# Sets up, builds, checks the sources, and runs all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

usage() {
  cat <<TEXT
Usage: scripts/test.sh [--full] [--warnings-as-errors] [--help]

Sets up what is missing, builds the release preset into build/release, checks the sources (includes, kernels,
headers) and runs all tests: about 15 minutes on two cores once the machine is set up.

  --full                also the tests under the address and undefined-behaviour sanitizers, the kernel tests with
                        narrower vectors and without, clang-tidy, and the compilation of everything for NVIDIA GPUs
  --warnings-as-errors  a compiler warning fails the build
  --help                this text
TEXT
}

full=false
options=(-DDANAUS_ENABLE_TESTS=ON -DDANAUS_ENABLE_APPS=ON)
while (($#)); do
  case $1 in
    --full) full=true ;;
    --warnings-as-errors) options+=(-DDANAUS_WARNINGS_AS_ERRORS=ON) ;;
    --help | -h) usage; exit 0 ;;
    *) usage_error "unknown option $1" ;;
  esac
  shift
done

run_full_checks() {
  say "== clang-tidy"
  if command -v clang-tidy >/dev/null; then
    git ls-files 'src/*.cpp' 'apps/*.cpp' | grep -v cufft |
      xargs -P "$(jobs_count)" -n 1 clang-tidy --quiet --warnings-as-errors='*' -p build/release \
        --extra-arg=-Wno-unknown-warning-option 2>/dev/null
  else
    say "skipped: no clang-tidy"
  fi
  say "== kernels with narrower vectors"
  for width in avx2 scalar; do
    build_preset release "${options[@]}" -B "build/simd-$width" -DDANAUS_SIMD=$width \
      -- danaus_monarch_test danaus_nn_test
    "build/simd-$width/bin/danaus_monarch_test"
    "build/simd-$width/bin/danaus_nn_test"
  done
  say "== sanitizers"
  build_preset asan "${options[@]}"
  ctest --preset asan
  say "== compilation for NVIDIA GPUs"
  if command -v nvcc >/dev/null; then
    build_preset cuda "${options[@]}"
  else
    say "skipped: no nvcc"
  fi
}

setup_options=()
if $full && command -v nvcc >/dev/null; then setup_options=(--cuda); fi
scripts/setup.sh "${setup_options[@]}"

say "== sources"
scripts/check_repository.sh
python3 scripts/check_includes.py
python3 scripts/check_kernels.py

say "== build"
build_preset release "${options[@]}"
say "== every public header compiles alone"
build_preset release "${options[@]}" -- danaus_headers_alone

if $full; then run_full_checks; fi

say "== tests"
ctest --preset release
