#!/usr/bin/env bash
# rclone, with its s3 backend for a provider that it does not know.
source "$(dirname "$0")/lib.bash"
export RCLONE_CONFIG="$PWD/rclone.conf" RCLONE_LOW_LEVEL_RETRIES=1 RCLONE_RETRIES=1
cat >"$RCLONE_CONFIG" <<CONFIG
[way]
type = s3
provider = Other
endpoint = $ENDPOINT
access_key_id = $ACCESS_KEY
secret_access_key = $SECRET_KEY
CONFIG

check 'makes, lists and removes a bucket' <<'STEPS'
rclone mkdir "way:$BUCKET-made"
rclone lsd way: | grep " $BUCKET-made$"
rclone rmdir "way:$BUCKET-made"
test ! -e "$FOLDER-made"
STEPS

check 'puts and gets' <<'STEPS'
rclone copyto small "way:$BUCKET/a/ünï cøde & +plus=%25 #?.txt"
cmp small "$FOLDER/a/ünï cøde & +plus=%25 #?.txt"
rclone cat "way:$BUCKET/a/ünï cøde & +plus=%25 #?.txt" | cmp - small
rclone cat --offset 10 --count 5 "way:$BUCKET/a/ünï cøde & +plus=%25 #?.txt" | cmp - <(head -c 15 small | tail -c 5)
STEPS

check 'uploads in parts what it does not know the size of, and what is over its cutoff' <<'STEPS'
rclone rcat "way:$BUCKET/stream.bin" <large
cmp large "$FOLDER/stream.bin"
head -c 210M /dev/zero >huge
rclone copyto huge "way:$BUCKET/huge.bin"
cmp huge "$FOLDER/huge.bin"
rclone copyto "way:$BUCKET/huge.bin" got
cmp huge got
rm huge got
rclone deletefile "way:$BUCKET/huge.bin"
STEPS

check 'copies, moves and keeps the time of a file' <<'STEPS'
touch -d '2001-02-03 04:05:06 UTC' small-old && cp -p small-old old
cp small old && touch -d '2001-02-03 04:05:06 UTC' old
rclone copyto old "way:$BUCKET/old.txt"
rclone lsl --use-server-modtime=false "way:$BUCKET/old.txt" | grep "$(date -d '2001-02-03 04:05:06 UTC' '+%F %T')"
rclone copyto "way:$BUCKET/old.txt" "way:$BUCKET/copied here/old.txt"
cmp small "$FOLDER/copied here/old.txt"
rclone moveto "way:$BUCKET/old.txt" "way:$BUCKET/moved.txt"
cmp small "$FOLDER/moved.txt"
test ! -e "$FOLDER/old.txt"
touch -d '2005-02-03 04:05:06 UTC' old
rclone copyto old "way:$BUCKET/moved.txt"
rclone lsl "way:$BUCKET/moved.txt" | grep "$(date -d '2005-02-03 04:05:06 UTC' '+%F %T')"
STEPS

check 'synchronises a folder, checks it, and has nothing to do again' <<'STEPS'
mkdir -p tree/deep/er && cp small tree/one.txt && cp small tree/deep/two.txt && cp large tree/deep/er/three.bin && : >tree/empty
rclone sync tree "way:$BUCKET/tree"
diff -r tree "$FOLDER/tree"
rclone check tree "way:$BUCKET/tree"
rclone sync -v tree "way:$BUCKET/tree" 2>&1 | tee again
if grep 'Copied' again; then exit 1; fi
rm tree/one.txt
rclone sync tree "way:$BUCKET/tree"
diff -r tree "$FOLDER/tree"
rclone sync "way:$BUCKET/tree" back
diff -r tree back
test "$(rclone lsf -R --files-only "way:$BUCKET/tree" | wc -l)" = 3
test "$(rclone size --json "way:$BUCKET/tree" | tr -d ' ')" = "$(printf '{"count":3,"bytes":%d}' $(($(stat -c %s small) + $(stat -c %s large))))" ||
  rclone size --json "way:$BUCKET/tree" | grep '"count":3'
STEPS

check 'presigns' <<'STEPS'
curl -fsS "$(rclone link "way:$BUCKET/tree/deep/two.txt")" | cmp - small
STEPS

check 'cleans up uploads, deletes and purges' <<'STEPS'
rclone backend list-multipart-uploads "way:$BUCKET"
rclone cleanup "way:$BUCKET"
rclone deletefile "way:$BUCKET/moved.txt"
test ! -e "$FOLDER/moved.txt"
rclone purge "way:$BUCKET/tree"
test ! -e "$FOLDER/tree"
STEPS
