#!/usr/bin/env bash
# Real clients on one bucket that shows all storages of demo.yaml. ./run gives it, beside what e2e/clients/lib.bash names:
#   ADMIN CONFIGURATION          the gateway's admin port, its configuration
#   MOUNTS                       what the bucket shows: "local dav s3 …"; local is a folder of the storage at /
#   DATA DAV_ROOT S3_ROOT        where the local storage and the servers keep their files on this machine
source "$(dirname "$0")/../clients/lib.bash"
export RCLONE_CONFIG="$PWD/rclone.conf" RCLONE_LOW_LEVEL_RETRIES=1 RCLONE_RETRIES=1
export AWS_ENDPOINT_URL=$ENDPOINT AWS_ACCESS_KEY_ID=$ACCESS_KEY AWS_SECRET_ACCESS_KEY=$SECRET_KEY AWS_REGION=$REGION AWS_MAX_ATTEMPTS=1
cat >"$RCLONE_CONFIG" <<CONFIG
[way]
type = s3
provider = Other
endpoint = $ENDPOINT
access_key_id = $ACCESS_KEY
secret_access_key = $SECRET_KEY
CONFIG

check 'check --connect finds every storage and says what it can do' <<'STEPS'
bucketway check "$CONFIGURATION" --connect >table
grep -E '^MOUNT +KIND' table
grep -E '^/ +local +yes +exact +atomic' table
grep -E '^/dav +webdav ' table
grep -E '^/s3 +s3 .*upstream' table
if grep 'cannot be used' table; then exit 1; fi
STEPS

check 'the bucket shows every storage as a folder, and says so of an empty one, too' <<'STEPS'
mkdir -p "$DATA/local"
cp small "$DATA/local/was there.txt"
aws s3 ls s3://everything/ >listed
for mount in $MOUNTS; do grep -x " *PRE $mount/" listed; done
test "$(wc -l <listed)" = "$(wc -w <<<"$MOUNTS")"
STEPS

check 'files that were there before are objects, and objects are plain files' <<'STEPS'
cp small "$DAV_ROOT/was there.txt" && chmod a+r "$DAV_ROOT/was there.txt"
aws s3 cp 's3://everything/dav/was there.txt' - | cmp - small
aws s3 cp small 's3://everything/dav/ünï cøde & +%25 #.txt'
cmp small "$DAV_ROOT/ünï cøde & +%25 #.txt"
aws s3 cp small 's3://everything/s3/ünï cøde & +%25 #.txt'
cmp small "$S3_ROOT/ünï cøde & +%25 #.txt"
aws s3 cp small 's3://everything/local/ünï cøde & +%25 #.txt'
cmp small "$DATA/local/ünï cøde & +%25 #.txt"
STEPS

check 'another bucket shows one of the storages alone' <<'STEPS'
aws s3 cp 's3://dav-only/ünï cøde & +%25 #.txt' - | cmp - small
STEPS

for mount in $MOUNTS; do
  export mount
  check "aws: puts, gets, copies and removes a large file on $mount" <<'STEPS'
aws s3 cp --quiet large "s3://everything/$mount/deep/er/large.bin"
aws s3 cp --quiet "s3://everything/$mount/deep/er/large.bin" got
cmp large got
aws s3api get-object --bucket everything --key "$mount/deep/er/large.bin" --range bytes=9000000-9000009 part >/dev/null
cmp part <(tail -c +9000001 large | head -c 10)
aws s3 cp --quiet "s3://everything/$mount/deep/er/large.bin" "s3://everything/$mount/copy.bin"
aws s3 mv --quiet "s3://everything/$mount/copy.bin" "s3://everything/$mount/moved.bin"
aws s3 cp --quiet "s3://everything/$mount/moved.bin" - | cmp - large
aws s3 rm --quiet --recursive "s3://everything/$mount/deep/"
aws s3 rm --quiet "s3://everything/$mount/moved.bin"
aws s3api list-objects-v2 --bucket everything --prefix "$mount/deep/" --query 'length(Contents || `[]`)' | grep -x 0
STEPS

  check "rclone: synchronises a tree to $mount, checks it, and has nothing to do again" <<'STEPS'
rm -rf tree back && mkdir -p tree/deep/er && cp small tree/one.txt && cp small 'tree/deep/two &.txt' && cp large tree/deep/er/three.bin && : >tree/empty
rclone sync tree "way:everything/$mount/tree"
rclone check --download tree "way:everything/$mount/tree"
rclone sync -v tree "way:everything/$mount/tree" 2>&1 | tee again
if grep 'Copied' again; then exit 1; fi
rm tree/one.txt
rclone sync tree "way:everything/$mount/tree"
rclone sync "way:everything/$mount/tree" back
diff -r tree back
test "$(rclone lsf -R --files-only "way:everything/$mount/tree" | wc -l)" = 3
STEPS
done

check 'one listing goes through all storages, in order, each object once' <<'STEPS'
aws s3api list-objects-v2 --bucket everything --page-size 2 --query 'Contents[].Key' --output text | tr '\t' '\n' >keys
for mount in $MOUNTS; do test "$(grep -c "^$mount/tree/" keys)" = 3; done
LC_ALL=C sort -c keys
test "$(sort keys | uniq -d | wc -l)" = 0
STEPS

check 'rclone moves a tree from one storage to the next, through all' <<'STEPS'
before=local/tree
for mount in $MOUNTS local; do
  rclone moveto "way:everything/$before" "way:everything/$mount/travels"
  before=$mount/travels
done
rclone check --download tree "way:everything/$before"
for mount in $MOUNTS; do
  [[ $mount == local ]] || test "$(rclone lsf -R "way:everything/$mount/travels" | wc -l)" = 0
done
STEPS
