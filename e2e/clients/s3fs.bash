#!/usr/bin/env bash
# s3fs: a bucket mounted as a file system.
source "$(dirname "$0")/lib.bash"
export MOUNT="$PWD/mount"
mkdir mount
(umask 077 && echo "$ACCESS_KEY:$SECRET_KEY" >passwd)
export PASSWD="$PWD/passwd"
unmount() {
  if mountpoint -q "$MOUNT"; then fusermount -u "$MOUNT" || fusermount -uz "$MOUNT"; fi
}
export -f unmount
trap unmount EXIT
mkdir "$FOLDER/made elsewhere" && cp small "$FOLDER/made elsewhere/ünï cøde.txt"

check 'mounts' <<'STEPS'
s3fs "$BUCKET" "$MOUNT" -o "url=$ENDPOINT,passwd_file=$PASSWD,use_path_request_style"
for _ in {1..100}; do if mountpoint -q "$MOUNT"; then break; else sleep 0.1; fi; done
mountpoint "$MOUNT"
STEPS

check 'reads what other programs made' <<'STEPS'
ls -l "$MOUNT" "$MOUNT/made elsewhere"
cmp small "$MOUNT/made elsewhere/ünï cøde.txt"
STEPS

check 'writes, reads, appends and renames' <<'STEPS'
mkdir "$MOUNT/dir"
cp small "$MOUNT/dir/small.txt"
cmp small "$FOLDER/dir/small.txt"
cmp small "$MOUNT/dir/small.txt"
echo more >>"$MOUNT/dir/small.txt"
cmp <(cat small; echo more) "$FOLDER/dir/small.txt"
mv "$MOUNT/dir/small.txt" "$MOUNT/dir/ünï & cøde.txt"
cmp <(cat small; echo more) "$FOLDER/dir/ünï & cøde.txt"
test ! -e "$FOLDER/dir/small.txt"
ls "$MOUNT/dir" | grep -x 'ünï & cøde.txt'
STEPS

check 'uploads in parts, copies by parts and reads by ranges' <<'STEPS'
cp large "$MOUNT/large.bin"
cmp large "$FOLDER/large.bin"
mv "$MOUNT/large.bin" "$MOUNT/dir/moved.bin"
cmp large "$FOLDER/dir/moved.bin"
unmount
s3fs "$BUCKET" "$MOUNT" -o "url=$ENDPOINT,passwd_file=$PASSWD,use_path_request_style"
cmp large "$MOUNT/dir/moved.bin"
STEPS

check 'keeps modes and times' <<'STEPS'
chmod 640 "$MOUNT/dir/moved.bin"
touch -d '2001-02-03 04:05:06 UTC' "$MOUNT/dir/moved.bin"
test "$(stat -c '%a %Y' "$MOUNT/dir/moved.bin")" = "640 $(date -d '2001-02-03 04:05:06 UTC' +%s)"
cmp large "$FOLDER/dir/moved.bin"
STEPS

check 'removes files and folders' <<'STEPS'
rm "$MOUNT/dir/moved.bin"
test ! -e "$FOLDER/dir/moved.bin"
rm -r "$MOUNT/dir"
test ! -e "$FOLDER/dir"
STEPS
