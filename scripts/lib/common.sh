# Shared by the scripts; sourced from the repository root.

# Where setup.sh puts what it builds; CMake reads the same variable.
export DANAUS_DEPS=${DANAUS_DEPS:-$PWD/.deps}

# The CUDA toolkit's usual place, when it is not on the PATH.
if ! command -v nvcc >/dev/null && [[ -x /usr/local/cuda/bin/nvcc ]]; then
  export PATH=$PATH:/usr/local/cuda/bin
fi

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$(basename "$0"): $*"
  exit 1
}

usage_error() {
  say "$(basename "$0"): $*"
  usage >&2
  exit 64
}

jobs_count() { nproc; }

# Configures the preset and builds the targets (all without any) with all cores; ccache is used when it is there.
# build_preset PRESET [-B FOLDER] [-DOPTION=VALUE...] [-- TARGET...]
build_preset() {
  local preset=$1 folder=build/$1 options=() targets=()
  shift
  while (($#)) && [[ $1 != -- ]]; do
    if [[ $1 == -B ]]; then
      folder=$2
      shift
    else
      options+=("$1")
    fi
    shift
  done
  if (($# > 1)); then targets=(--target "${@:2}"); fi
  if command -v ccache >/dev/null; then
    # It keeps nothing of what is compiled with precompiled headers.
    options+=(-DCMAKE_{C,CXX}_COMPILER_LAUNCHER=ccache -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON)
    if [[ $preset == cuda ]]; then options+=(-DCMAKE_CUDA_COMPILER_LAUNCHER=ccache); fi
  fi
  cmake --preset "$preset" -B "$folder" "${options[@]}" --log-level=WARNING >&2 </dev/null
  cmake --build "$folder" -j "$(jobs_count)" "${targets[@]}" >&2 </dev/null
}
