#!/usr/bin/env bash
# restic: a backup repository in a bucket.
source "$(dirname "$0")/lib.bash"
export AWS_ACCESS_KEY_ID=$ACCESS_KEY AWS_SECRET_ACCESS_KEY=$SECRET_KEY RESTIC_PASSWORD=secret
export RESTIC_REPOSITORY="s3:$ENDPOINT/$BUCKET/backups"
mkdir -p tree/deep && cp small tree/ && cp large tree/deep/

check 'backs up' <<'STEPS'
restic init
restic backup tree
ls "$FOLDER/backups/snapshots" | grep .
echo more >>tree/small-too
restic backup tree
test "$(ls "$FOLDER/backups/snapshots" | wc -l)" = 2
STEPS

check 'restores and checks' <<'STEPS'
restic check --read-data
restic restore latest --target restored
diff -r tree restored/tree || diff -r tree "restored$PWD/tree"
STEPS

check 'forgets and prunes' <<'STEPS'
restic forget --keep-last 1 --prune
test "$(ls "$FOLDER/backups/snapshots" | wc -l)" = 1
restic check
STEPS
