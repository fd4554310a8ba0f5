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
# build_preset PRESET [-DOPTION=VALUE...] [-- TARGET...]
build_preset() {
  local preset=$1 options=() targets=()
  shift
  while (($#)) && [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  if (($#)); then
    shift
    (($#)) && targets=(--target "$@")
  fi
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache)
  fi
  cmake --preset "$preset" "${options[@]}" --log-level=WARNING >&2 </dev/null &&
    cmake --build "build/$preset" -j "$(jobs_count)" "${targets[@]}" >&2 </dev/null
}
