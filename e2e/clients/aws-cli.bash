#!/usr/bin/env bash
# The AWS CLI, version 1 of PyPI: the high-level `s3` commands and the `s3api` ones.
source "$(dirname "$0")/lib.bash"
export AWS_ENDPOINT_URL=$ENDPOINT AWS_ACCESS_KEY_ID=$ACCESS_KEY AWS_SECRET_ACCESS_KEY=$SECRET_KEY AWS_REGION=$REGION
export AWS_DEFAULT_REGION=$REGION AWS_PAGER=

check 'makes, lists and removes a bucket' <<'STEPS'
aws s3 mb "s3://$BUCKET-made"
aws s3 ls | grep " $BUCKET-made$"
aws s3api head-bucket --bucket "$BUCKET-made"
aws s3api get-bucket-location --bucket "$BUCKET-made"
test -d "$FOLDER-made"
aws s3 rb "s3://$BUCKET-made"
test ! -e "$FOLDER-made"
STEPS

check 'puts and gets' <<'STEPS'
aws s3 cp small "s3://$BUCKET/a/b.txt" --metadata colour=blue --content-type text/plain
cmp small "$FOLDER/a/b.txt"
aws s3 cp "s3://$BUCKET/a/b.txt" - | cmp - small
aws s3api head-object --bucket "$BUCKET" --key a/b.txt --query '[Metadata.colour,ContentType]' --output text | grep '^blue.text/plain'
aws s3api get-object --bucket "$BUCKET" --key a/b.txt --range bytes=0-9 --checksum-mode ENABLED part
head -c 10 small | cmp - part
STEPS

check 'keeps names as they are' <<'STEPS'
name='ünï cøde & (spaces)/+plus=%25 #?~.txt'
aws s3 cp small "s3://$BUCKET/names/$name"
cmp small "$FOLDER/names/$name"
aws s3 ls --recursive "s3://$BUCKET/names/" | grep -F "names/$name"
aws s3 cp "s3://$BUCKET/names/$name" got
cmp small got
aws s3 rm "s3://$BUCKET/names/$name"
test ! -e "$FOLDER/names"
STEPS

check 'uploads in parts, downloads by ranges, copies by parts and moves' <<'STEPS'
aws s3 cp large "s3://$BUCKET/large.bin"
cmp large "$FOLDER/large.bin"
aws s3api head-object --bucket "$BUCKET" --key large.bin --query ETag --output text | grep -e '-3"$'
aws s3api get-object-attributes --bucket "$BUCKET" --key large.bin --object-attributes ETag Checksum ObjectParts ObjectSize
aws s3 cp "s3://$BUCKET/large.bin" got
cmp large got
aws s3 cp "s3://$BUCKET/large.bin" "s3://$BUCKET/copy of large.bin"
cmp large "$FOLDER/copy of large.bin"
aws s3 mv "s3://$BUCKET/copy of large.bin" "s3://$BUCKET/moved.bin"
cmp large "$FOLDER/moved.bin"
test ! -e "$FOLDER/copy of large.bin"
aws s3 cp - "s3://$BUCKET/stream.bin" <large
cmp large "$FOLDER/stream.bin"
STEPS

check 'uploads parts by hand, lists and aborts uploads' <<'STEPS'
id=$(aws s3api create-multipart-upload --bucket "$BUCKET" --key by-hand --checksum-algorithm CRC64NVME --query UploadId --output text)
etag=$(aws s3api upload-part --bucket "$BUCKET" --key by-hand --upload-id "$id" --part-number 1 --body small --checksum-algorithm CRC64NVME --query ETag --output text)
aws s3api list-multipart-uploads --bucket "$BUCKET" --query 'Uploads[].UploadId' --output text | grep -F "$id"
aws s3api list-parts --bucket "$BUCKET" --key by-hand --upload-id "$id" --query 'Parts[].ETag' --output text | grep -F "$etag"
aws s3api complete-multipart-upload --bucket "$BUCKET" --key by-hand --upload-id "$id" \
  --multipart-upload "{\"Parts\":[{\"PartNumber\":1,\"ETag\":$etag}]}"
cmp small "$FOLDER/by-hand"
id=$(aws s3api create-multipart-upload --bucket "$BUCKET" --key aborted --query UploadId --output text)
aws s3api abort-multipart-upload --bucket "$BUCKET" --key aborted --upload-id "$id"
test "$(aws s3api list-multipart-uploads --bucket "$BUCKET" --query 'Uploads' --output text)" = None
STEPS

check 'synchronises a folder both ways, and again with nothing to do' <<'STEPS'
mkdir -p tree/deep/er && cp small tree/one.txt && cp small tree/deep/two.txt && cp small tree/deep/er/three.txt && : >tree/empty
# A file of the second in which it is uploaded is newer than its object, whose time is in whole seconds.
find tree -type f -exec touch -d '1 minute ago' {} +
aws s3 sync tree "s3://$BUCKET/tree"
diff -r tree "$FOLDER/tree"
test -z "$(aws s3 sync tree "s3://$BUCKET/tree")"
rm tree/one.txt
aws s3 sync --delete tree "s3://$BUCKET/tree"
diff -r tree "$FOLDER/tree"
aws s3 sync "s3://$BUCKET/tree" back
diff -r tree back
STEPS

check 'lists by prefix and page' <<'STEPS'
aws s3 ls "s3://$BUCKET/" | grep ' PRE tree/$'
test "$(aws s3api list-objects-v2 --bucket "$BUCKET" --prefix tree/ --page-size 1 --query 'Contents[].Key' --output text | wc -w)" = 3
test "$(aws s3api list-objects --bucket "$BUCKET" --prefix tree/ --page-size 1 --query 'Contents[].Key' --output text | wc -w)" = 3
STEPS

check 'tags' <<'STEPS'
aws s3api put-object-tagging --bucket "$BUCKET" --key a/b.txt --tagging 'TagSet=[{Key=team,Value=a b}]'
test "$(aws s3api get-object-tagging --bucket "$BUCKET" --key a/b.txt --query 'TagSet[0].Value' --output text)" = 'a b'
aws s3api delete-object-tagging --bucket "$BUCKET" --key a/b.txt
STEPS

check 'writes only where nothing is' <<'STEPS'
aws s3api put-object --bucket "$BUCKET" --key once --body small --if-none-match '*'
if aws s3api put-object --bucket "$BUCKET" --key once --body small --if-none-match '*'; then exit 1; fi
STEPS

check 'presigns, by default with version 2 in this region' <<'STEPS'
curl -fsS "$(AWS_ENDPOINT_URL=$ENDPOINT_V2 aws s3 presign "s3://$BUCKET/a/b.txt")" | cmp - small
curl -sS "$(aws s3 presign "s3://$BUCKET/a/b.txt")" | grep signatureVersions
aws configure set default.s3.signature_version s3v4
curl -fsS "$(aws s3 presign "s3://$BUCKET/a/b.txt")" | cmp - small
rm "$HOME/.aws/config"
STEPS

check 'deletes one and many' <<'STEPS'
aws s3 rm "s3://$BUCKET/a/b.txt"
test ! -e "$FOLDER/a/b.txt"
aws s3api delete-objects --bucket "$BUCKET" --delete 'Objects=[{Key=once},{Key=by-hand}]' --query 'length(Deleted)' | grep -x 2
aws s3 rm --recursive "s3://$BUCKET/"
test -z "$(aws s3 ls "s3://$BUCKET/")"
STEPS
