#!/usr/bin/env bash
# Installs what Danaus needs and this machine lacks: Debian packages, and Kokkos from checksum-verified source.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

kokkos_version=4.5.01
kokkos_url=https://github.com/kokkos/kokkos/releases/download/$kokkos_version/kokkos-$kokkos_version.tar.gz
kokkos_sha256=52d003ffbbe05f30c89966e4009c017efb1662b02b2b73190670d3418719564c
# The same sources travel in this Python source package, for networks that reach a Python mirror only.
carrier=pycompadre==1.7.6
carrier_sha256=c766ec4d445ce076069be4b8c51a23ffac4ee79ea949ca86446bfd8c299b154c

packages=(
  g++ cmake ninja-build pkg-config python3 python3-venv curl ca-certificates tar
  libfftw3-dev libhdf5-dev libopenblas-dev liblapacke-dev libdnnl-dev
  libpng-dev zlib1g-dev libxxhash-dev nlohmann-json3-dev catch2
)

usage() {
  cat <<TEXT
Usage: scripts/setup.sh [--prefix DIR] [--cuda] [--kokkos-source DIR]

Installs the Debian or Ubuntu packages that are missing (with root or password-less sudo; without, it lists
them and exits with an error), then Kokkos $kokkos_version. Changes nothing that is already in place.

  --prefix DIR         where Kokkos goes; default \$DANAUS_DEPS, else .deps in the repository.
                       For another folder, export DANAUS_DEPS=DIR, which every script and preset obeys
  --cuda               also build Kokkos for NVIDIA GPUs (needs nvcc)
  --kokkos-source DIR  build this source folder instead of downloading; default \$DANAUS_KOKKOS_SOURCE
  --help               this text
TEXT
}

cuda=false
prefix=$DANAUS_DEPS
kokkos_source=${DANAUS_KOKKOS_SOURCE:-}
while (($#)); do
  case $1 in
    --prefix) [[ $# -ge 2 ]] || usage_error "--prefix needs a folder"; prefix=$2; shift ;;
    --prefix=*) prefix=${1#*=} ;;
    --kokkos-source) [[ $# -ge 2 ]] || usage_error "--kokkos-source needs a folder"; kokkos_source=$2; shift ;;
    --kokkos-source=*) kokkos_source=${1#*=} ;;
    --cuda) cuda=true ;;
    --help | -h) usage; exit 0 ;;
    *) usage_error "unknown option $1" ;;
  esac
  shift
done

# --- Debian packages -------------------------------------------------------------------------------------------

missing_packages() {
  local installed
  # dpkg-query fails when it does not know one of them.
  installed=$({ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true; } |
    sed -n 's/ installed$//p')
  printf '%s\n' "${packages[@]}" | grep -vxF -f <(printf '%s\n' "$installed") || true
}

# Runs as root, directly or by password-less sudo; fails when it cannot.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "packages  not a Debian system: install these packages' equivalents yourself: ${packages[*]}"
    return 0
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    say "packages  all ${#packages[@]} are installed"
    return 0
  fi
  if ! as_root true 2>/dev/null; then
    say "packages  missing, and this user may not install them. Ask an administrator for:"
    say "            apt-get install ${missing[*]}"
    return 1
  fi
  say "packages  installing ${missing[*]}"
  local log=$work/apt.log attempt
  # A mirror may be half-way through an update: one more try after a pause.
  for attempt in 1 2; do
    # Somebody's broken extra repository makes the update fail and the installation none the worse.
    as_root apt-get -q update >"$log" 2>&1 </dev/null || true
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
      "${missing[@]}" >>"$log" 2>&1 </dev/null; then
      return 0
    fi
    [[ $attempt == 1 ]] && sleep 5
  done
  tail -n 20 "$log" >&2
  die "apt-get could not install: ${missing[*]}"
}

# --- Kokkos ----------------------------------------------------------------------------------------------------

verified() { # verified FILE SHA256
  local found
  found=$(sha256sum "$1" | cut -d' ' -f1)
  [[ $found == "$2" ]] && return 0
  say "kokkos    discarded $(basename "$1"): its SHA-256 is $found, expected $2"
  return 1
}

# Sets kokkos_source to a folder under $work, from the first source that answers with the right checksum.
fetch_kokkos() {
  local archive=$work/kokkos.tar.gz
  say "kokkos    fetching $kokkos_version from its release page"
  if curl -fsSL --connect-timeout 5 --max-time 300 -o "$archive" "$kokkos_url" && verified "$archive" "$kokkos_sha256"; then
    tar -xzf "$archive" -C "$work"
    kokkos_source=$work/kokkos-$kokkos_version
    return 0
  fi
  say "kokkos    fetching it from the Python source package $carrier instead"
  # pip checks the hash before it runs anything of the package.
  echo "$carrier --hash=sha256:$carrier_sha256" >"$work/carrier.txt"
  if python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q --disable-pip-version-check install setuptools wheel packaging &&
    "$work/venv/bin/pip" -q --disable-pip-version-check download --no-deps --no-build-isolation --no-binary :all: \
      --require-hashes -r "$work/carrier.txt" -d "$work" &&
    verified "$work/${carrier/==/-}.tar.gz" "$carrier_sha256"; then
    tar -xzf "$work/${carrier/==/-}.tar.gz" -C "$work" "${carrier/==/-}/kokkos"
    kokkos_source=$work/${carrier/==/-}/kokkos
    return 0
  fi
  die "no verified source of Kokkos $kokkos_version could be fetched.
  Download $kokkos_url elsewhere, unpack it, and run
  scripts/setup.sh --kokkos-source DIR"
}

# What a built Kokkos depends on. A folder carried to a machine with other instructions, or a new compiler, is
# noticed by a stamp that differs.
stamp_of() { # stamp_of cpu|cuda
  echo "kokkos $kokkos_version, recipe 1, $1"
  "${CXX:-c++}" -dumpfullversion -dumpversion
  "${CXX:-c++}" -march=native -dM -E -x c++ /dev/null | grep -E '__(SSE|AVX|FMA|BMI|F16C|ARM|SVE|VSX|znver|core)' | sort | sha256sum
  [[ $1 == cuda ]] && nvcc --version | tail -n 1
  return 0
}

installed_kokkos() { # prints the folder of an installed Kokkos >= 4.5 with OpenMP, if find_package finds one
  mkdir -p "$work/probe"
  cat >"$work/probe/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.22)
project(probe LANGUAGES CXX)
find_package(Kokkos 4.5 CONFIG QUIET)
if(NOT Kokkos_FOUND OR NOT "OPENMP" IN_LIST Kokkos_DEVICES)
  message(FATAL_ERROR "none")
endif()
file(WRITE ${PROJECT_BINARY_DIR}/found "${Kokkos_DIR}")
CMAKE
  cmake -S "$work/probe" -B "$work/probe/build" >/dev/null 2>&1 && cat "$work/probe/build/found"
}

build_kokkos() { # build_kokkos cpu|cuda TARGET
  local kind=$1 target=$2 build=$work/build-$1 stage=$work/stage-$1 log=$work/kokkos-$1.log
  local options=(
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DCMAKE_INSTALL_PREFIX="$target" -DCMAKE_INSTALL_LIBDIR=lib
    -DKokkos_ENABLE_SERIAL=ON -DKokkos_ENABLE_OPENMP=ON -DKokkos_ENABLE_IMPL_MDSPAN=OFF
  )
  if [[ $kind == cpu ]]; then
    options+=(-DKokkos_ARCH_NATIVE=ON)
  else
    # Kokkos knows one architecture; its few device functions get code for sm_90 by an extra flag.
    options+=(
      -DKokkos_ENABLE_CUDA=ON -DKokkos_ENABLE_COMPILE_AS_CMAKE_LANGUAGE=ON -DKokkos_ARCH_AMPERE80=ON
      -DCMAKE_CUDA_COMPILER="$(command -v nvcc)"
      "-DCMAKE_CUDA_FLAGS=-include=$PWD/scripts/cmake/cuda13_compat.hpp --generate-code=arch=compute_90,code=[sm_90]"
    )
  fi
  command -v ninja >/dev/null && options+=(-G Ninja)
  say "kokkos    building for $kind with $(jobs_count) jobs (a minute or two)"
  if ! { cmake -S "$kokkos_source" -B "$build" "${options[@]}" && cmake --build "$build" -j "$(jobs_count)" &&
    DESTDIR=$stage cmake --install "$build"; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    die "Kokkos did not build; the last lines of its log are above"
  fi
  stamp_of "$kind" >"$stage$target/danaus-stamp"
  # One rename each: an interrupted set-up leaves the old folder or the new one, never half of one.
  mkdir -p "$(dirname "$target")"
  rm -rf "$target.new"
  mv "$stage$target" "$target.new"
  rm -rf "$target"
  mv "$target.new" "$target"
  say "kokkos    installed in $target"
}

provide_kokkos() { # provide_kokkos cpu|cuda TARGET
  local kind=$1 target=$2 stamp
  stamp=$(stamp_of "$kind")
  if [[ -f $target/danaus-stamp && $(<"$target/danaus-stamp") == "$stamp" ]]; then
    say "kokkos    $kokkos_version ($kind) is in $target"
    return 0
  fi
  if [[ $kind == cpu && ! -e $target ]]; then
    local found
    if found=$(installed_kokkos); then
      say "kokkos    using the one installed in $found"
      return 0
    fi
  fi
  [[ -e $target ]] && say "kokkos    $target is of another version, compiler or instruction set: building it again"
  [[ -n $kokkos_source ]] || fetch_kokkos
  [[ -f $kokkos_source/CMakeLists.txt ]] || die "$kokkos_source holds no CMakeLists.txt: not a Kokkos source folder"
  build_kokkos "$kind" "$target"
}

# --- All of it -------------------------------------------------------------------------------------------------

mkdir -p "$prefix" 2>/dev/null && [[ -w $prefix ]] || die "cannot write to $prefix; choose another folder with --prefix"
prefix=$(realpath "$prefix")
work=$(mktemp -d "$prefix/.setup.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

lacking=false
install_packages || lacking=true
if command -v cmake >/dev/null && command -v "${CXX:-c++}" >/dev/null; then
  provide_kokkos cpu "$prefix/kokkos"
  if $cuda; then
    command -v nvcc >/dev/null || die "--cuda needs nvcc, the compiler of the CUDA toolkit, on the PATH"
    provide_kokkos cuda "$prefix/kokkos-cuda"
  fi
else
  say "kokkos    not built: it needs cmake and a C++ compiler"
  lacking=true
fi
if [[ $prefix != "$DANAUS_DEPS" ]]; then
  say "setup     before you configure or run other scripts: export DANAUS_DEPS=$prefix"
fi
if $lacking; then die "set-up is incomplete: see the missing packages above"; fi
say "setup     done"
