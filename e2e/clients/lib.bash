# What every client written in bash begins with. The driver (./run) gives each client these:
#   ENDPOINT ACCESS_KEY SECRET_KEY REGION  the gateway, and the keys for it
#   BUCKET FOLDER                          a bucket of its own, and the folder that it is
#   a working directory of its own with `small` (a text) and `large` (24 MiB), and HOME in it
#
# shellcheck shell=bash
set -uo pipefail

CLIENT=$(basename "$0" .bash)

# check WHAT <<STEPS: runs the steps in a shell that stops at the first that fails, and prints a line that says how it went.
# Functions are seen by the steps once `export -f` has named them.
check() {
  local what=$1 steps trace
  steps=$(cat)
  if trace=$(bash -euxo pipefail -c "$steps" 2>&1 </dev/null); then
    echo "ok $CLIENT: $what"
  else
    echo "not ok $CLIENT: $what"
    # shellcheck disable=SC2001
    tail -n 40 <<<"$trace" | sed 's/^/    /'
  fi
}
