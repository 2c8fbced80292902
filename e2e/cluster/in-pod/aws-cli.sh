# Runs in a pod of the AWS CLI that has nothing but the Secret of a bucket as its environment: large enough for an upload in parts.
set -e
aws --version
head -c 20971520 /dev/urandom > /tmp/large.bin
aws s3 cp --no-progress /tmp/large.bin "s3://$BUCKET_NAME/in-pod/large.bin"
aws s3 ls "s3://$BUCKET_NAME/in-pod/"
aws s3 cp --no-progress "s3://$BUCKET_NAME/in-pod/large.bin" /tmp/back.bin
cmp /tmp/large.bin /tmp/back.bin
echo from standard input | aws s3 cp - "s3://$BUCKET_NAME/in-pod/small.txt"
test "$(aws s3 cp "s3://$BUCKET_NAME/in-pod/small.txt" -)" = 'from standard input'
