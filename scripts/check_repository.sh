#!/usr/bin/env bash
# Checks what git tracks: nothing of this machine or its network, and no file that has grown into two concepts.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

complaints=0
complain() { # complain TITLE TEXT
  [[ -n $2 ]] || return 0
  say "$1"
  say "$2"
  complaints=$((complaints + 1))
}

if ! git rev-parse --git-dir >/dev/null 2>&1; then
  say "repository  skipped: not a git checkout"
  exit 0
fi

# Package mirrors this machine is configured for, and the paths of this checkout and this user.
hosts=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; python3 -m pip config list 2>/dev/null || true; } |
  { grep -oE '://[^/ ]+' || true; } | sed 's#.*@##; s#://##' | sort -u)
patterns=("$(dirname "$PWD")/" "$HOME/")
while read -r host; do [[ -n $host ]] && patterns+=("$host"); done <<<"$hosts"
found=""
for pattern in "${patterns[@]}"; do
  # A checkout near the file system's root has a parent too short to search for.
  [[ ${#pattern} -gt 4 ]] || continue
  found+=$(git grep -nIF -e "$pattern" -- . ':!LICENSE' || true)
done
complain "machine paths or package mirrors in tracked files:" "$found"

large=$(git ls-files -z | xargs -0 -r stat -c '%s %n' 2>/dev/null | awk '$1 > 1048576 {print "  " $2 ": " $1 " bytes"}')
complain "tracked files of more than 1 MiB:" "$large"

long=$(git ls-files '*.cpp' '*.hpp' '*.py' '*.sh' | xargs -r wc -l 2>/dev/null | awk '$2 != "total" && $1 > 400 {print "  " $2 ": " $1 " lines"}')
if [[ -n $long ]]; then
  say "warning: files of more than 400 lines; is one of them two concepts?"
  say "$long"
fi
if command -v clang-format >/dev/null; then
  unformatted=$(git ls-files '*.cpp' '*.hpp' | while read -r file; do
    [[ -e $file ]] && ! clang-format --dry-run -Werror "$file" >/dev/null 2>&1 && echo "  $file" || true
  done)
  if [[ -n $unformatted ]]; then
    say "warning: not formatted (scripts/format.sh):"
    say "$unformatted"
  fi
fi

say "repository  $complaints complaints"
((complaints == 0))
