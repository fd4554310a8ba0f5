#!/usr/bin/env bash
# Formats every tracked C++ file with clang-format.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

command -v clang-format >/dev/null || die "needs clang-format (Debian, Ubuntu: apt-get install clang-format)"
git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format -i
git diff --stat
