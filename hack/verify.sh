#!/usr/bin/env bash
# verify.sh fails when the repository is not what its own tools make of it, and says which command mends it. It compares with the state
# before the run, so that it also serves in a folder with changes that are not committed.
set -euo pipefail
cd "$(dirname "$0")/.."

state() { git ls-files --cached --others --exclude-standard | while read -r file; do if [ -f "$file" ]; then sha256sum "$file"; fi; done; }

before=$(state)
echo "verify: generating"
hack/generate.sh
if changed=$(diff <(echo "$before") <(state) | awk '{print $3}' | sort -u | grep .); then
	printf 'verify: generated files were not current: run `make generate` and commit\n%s\n' "$changed" >&2
	exit 1
fi

echo "verify: modules"
go mod tidy -diff || { echo 'verify: run `go mod tidy` and commit' >&2; exit 1; }
go mod verify >/dev/null
for module in hack/collector hack/image hack/measure/decode hack/measure/live hack/measure/rules; do
	(cd "$module" && go mod tidy -diff) || { echo "verify: run \`go mod tidy\` in $module and commit" >&2; exit 1; }
done

echo "verify: builds"
go build ./...
go vet -tags e2e,vm ./...

# A path of one machine in a committed file works nowhere else.
if git grep -nIE '(^|[^[:alnum:]_}"])(/root|/home/[a-z]+)/' -- ':!*.md' ':!**/testdata/**' ':!api/rule' ':!hack/verify.sh'; then
	echo 'verify: the lines above name a path of one machine' >&2
	exit 1
fi
echo "verify: all is as committed"
