#!/usr/bin/env bash
# record.sh records `make demo` as the picture of README.md, docs/demo.svg. It needs a terminal program of Debian (asciinema) and one of npm
# (svg-term-cli), which it gets; run it where the tools are built already and no cluster is up, so that the picture shows the demo and not
# compilers. What it shows is what happened: only pauses of more than a second are cut short.
set -euo pipefail
cd "$(dirname "$0")/../.."
svg_term=2.1.1
columns=118
rows=32

hack/apt.sh asciinema
command -v npm >/dev/null || hack/apt.sh npm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --prefix "$work" "svg-term-cli@$svg_term" >/dev/null
asciinema rec --quiet --overwrite --idle-time-limit 1 --cols $columns --rows $rows --command 'make demo' "$work/demo.cast"
"$work/node_modules/.bin/svg-term" --in "$work/demo.cast" --out docs/demo.svg --window --no-cursor --width $columns --height $rows
ls -l docs/demo.svg
