#!/usr/bin/env bash
# lint-shell.sh checks every shell script of the project with shellcheck; what others source is checked with them.
set -euo pipefail
cd "$(dirname "$0")/.."
hack/apt.sh shellcheck
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard | while read -r file; do
	if [ -x "$file" ] && [ -f "$file" ] && head -1 "$file" | grep -q '^#!.*sh$'; then echo "$file"; fi
done)
shellcheck --check-sourced "${scripts[@]}"
