#!/usr/bin/env bash
# s3cmd, signing with version 4 as it does by default, and with version 2 where that is switched on.
source "$(dirname "$0")/lib.bash"
configure() {
  cat >"$1" <<CONFIG
[default]
access_key = $ACCESS_KEY
secret_key = $SECRET_KEY
host_base = ${2#http://}
host_bucket = ${2#http://}
use_https = False
CONFIG
}
configure "$HOME/.s3cfg" "$ENDPOINT"
configure version2.cfg "$ENDPOINT_V2"
s3cmd() { command s3cmd --no-progress "$@"; }
s3cmd2() { command s3cmd --no-progress --config version2.cfg --signature-v2 "$@"; }
export -f s3cmd s3cmd2

check 'makes, lists and removes a bucket' <<'STEPS'
s3cmd mb "s3://$BUCKET-made"
s3cmd ls | grep "s3://$BUCKET-made$"
s3cmd info "s3://$BUCKET-made"
s3cmd rb "s3://$BUCKET-made"
test ! -e "$FOLDER-made"
STEPS

check 'puts and gets' <<'STEPS'
s3cmd put small "s3://$BUCKET/a/ünï cøde & +plus=%25.txt"
cmp small "$FOLDER/a/ünï cøde & +plus=%25.txt"
s3cmd ls "s3://$BUCKET/a/" | grep -F 'ünï cøde & +plus=%25.txt'
s3cmd get "s3://$BUCKET/a/ünï cøde & +plus=%25.txt" got
cmp small got
s3cmd info "s3://$BUCKET/a/ünï cøde & +plus=%25.txt" | grep 'MD5 sum: *'"$(md5sum <small | cut -d' ' -f1)"
STEPS

check 'uploads in parts' <<'STEPS'
s3cmd put large "s3://$BUCKET/large.bin"
cmp large "$FOLDER/large.bin"
s3cmd get "s3://$BUCKET/large.bin" large-got
cmp large large-got
test -z "$(s3cmd multipart "s3://$BUCKET" | grep large.bin || true)"
STEPS

check 'copies, moves and changes metadata' <<'STEPS'
s3cmd cp "s3://$BUCKET/large.bin" "s3://$BUCKET/copy.bin"
cmp large "$FOLDER/copy.bin"
s3cmd mv "s3://$BUCKET/copy.bin" "s3://$BUCKET/moved here.bin"
cmp large "$FOLDER/moved here.bin"
test ! -e "$FOLDER/copy.bin"
s3cmd modify --add-header=x-amz-meta-colour:blue "s3://$BUCKET/large.bin"
s3cmd info "s3://$BUCKET/large.bin" | grep 'x-amz-meta-colour: blue'
STEPS

check 'synchronises a folder both ways, and again with nothing to do' <<'STEPS'
mkdir -p tree/deep && cp small tree/one.txt && cp small tree/deep/two.txt
s3cmd sync tree/ "s3://$BUCKET/tree/"
diff -r tree "$FOLDER/tree"
if s3cmd sync tree/ "s3://$BUCKET/tree/" | grep upload:; then exit 1; fi
mkdir back
s3cmd sync "s3://$BUCKET/tree/" back/
diff -r tree back
s3cmd du "s3://$BUCKET/tree/" | grep '2 objects'
STEPS

check 'deletes' <<'STEPS'
s3cmd del "s3://$BUCKET/moved here.bin"
test ! -e "$FOLDER/moved here.bin"
s3cmd del --recursive "s3://$BUCKET/tree/"
test ! -e "$FOLDER/tree"
STEPS

check 'does all that with version 2 too' <<'STEPS'
s3cmd2 ls | grep "s3://$BUCKET$"
s3cmd2 put small "s3://$BUCKET/v2/ünï cøde & +plus=%25.txt"
cmp small "$FOLDER/v2/ünï cøde & +plus=%25.txt"
s3cmd2 get "s3://$BUCKET/v2/ünï cøde & +plus=%25.txt" got2
cmp small got2
s3cmd2 put large "s3://$BUCKET/v2/large.bin"
cmp large "$FOLDER/v2/large.bin"
s3cmd2 cp "s3://$BUCKET/v2/large.bin" "s3://$BUCKET/v2/copy.bin"
cmp large "$FOLDER/v2/copy.bin"
s3cmd2 ls --recursive "s3://$BUCKET/v2/" | grep -F 'v2/copy.bin'
s3cmd2 del --recursive --force "s3://$BUCKET/v2/"
test ! -e "$FOLDER/v2"
STEPS

check 'presigns, which it does with version 2' <<'STEPS'
s3cmd put small "s3://$BUCKET/signed.txt"
curl -fsS "$(s3cmd --config version2.cfg signurl "s3://$BUCKET/signed.txt" +600)" | cmp - small
STEPS

check 'is told which setting to change where version 2 is off' <<'STEPS'
if s3cmd --signature-v2 ls >answer 2>&1; then exit 1; fi
cat answer
grep signatureVersions answer
STEPS
