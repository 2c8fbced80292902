"""boto3 on every storage of one bucket: what is kept, what is exact, and what is refused clearly."""

import os
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = "everything"
SMALL = open("small", "rb").read()
LARGE = open("large", "rb").read()
PART = 5 * 1024 * 1024

s3 = boto3.client(
    "s3",
    endpoint_url=os.environ["ENDPOINT"],
    aws_access_key_id=os.environ["ACCESS_KEY"],
    aws_secret_access_key=os.environ["SECRET_KEY"],
    region_name=os.environ["REGION"],
    config=Config(retries={"max_attempts": 1}),
)


def expect(condition, message="does not hold"):
    if not condition:
        raise AssertionError(message)


def body(key, **arguments):
    return s3.get_object(Bucket=BUCKET, Key=key, **arguments)["Body"].read()


def code_of(action):
    try:
        action()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def keeps_metadata(mount):
    key = f"{mount}/boto/facts.json"
    s3.put_object(
        Bucket=BUCKET, Key=key, Body=SMALL, ContentType="text/x-test", CacheControl="no-cache", Metadata={"color": "bl ue"}
    )
    head = s3.head_object(Bucket=BUCKET, Key=key)
    expect(head["ContentType"] == "text/x-test", head)
    expect(head["CacheControl"] == "no-cache", head)
    expect(head["Metadata"] == {"color": "bl ue"}, head)
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]
    expect([row["ETag"] for row in listed] == [head["ETag"]], (listed, head))


def keeps_tags(mount):
    key = f"{mount}/boto/facts.json"
    tags = [{"Key": "team", "Value": "a"}]
    s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": tags})
    expect(s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"] == tags)
    expect(body(key) == SMALL)


def refuses_a_wrong_checksum(mount):
    key = f"{mount}/boto/never.bin"
    code = code_of(lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=SMALL, ChecksumSHA256="A" * 43 + "="))
    expect(code in ("BadDigest", "XAmzContentChecksumMismatch", "InvalidRequest"), code)
    expect(code_of(lambda: s3.head_object(Bucket=BUCKET, Key=key)) == "404")


def creates_once(mount):
    """Of many at once one wins, or all are told that this cannot be had here."""
    key = f"{mount}/boto/once.txt"

    def create(number):
        return code_of(lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=str(number), IfNoneMatch="*"))

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(create, range(8)))
    if "NotImplemented" in codes:
        expect(set(codes) == {"NotImplemented"}, codes)
        return
    expect(codes.count(None) == 1, codes)
    expect(set(codes) <= {None, "PreconditionFailed", "SlowDown", "ConditionalRequestConflict"}, codes)
    expect(body(key) == str(codes.index(None)).encode())


def uploads_in_parts(mount):
    key = f"{mount}/boto/parts.bin"
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)
    s3.upload_file("large", BUCKET, key, Config=config)
    expect(body(key) == LARGE)
    expect(body(key, Range=f"bytes={PART - 3}-{PART + 3}") == LARGE[PART - 3 : PART + 4])
    head = s3.head_object(Bucket=BUCKET, Key=key)
    expect(head["ContentLength"] == len(LARGE), head)
    expect(head["ETag"].strip('"').endswith("-5"), head["ETag"])


def aborts_an_upload(mount):
    key = f"{mount}/boto/aborted.bin"
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=LARGE[:PART])
    pending = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=f"{mount}/boto/").get("Uploads", [])
    expect(key in [row["Key"] for row in pending], pending)
    s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload)
    expect(code_of(lambda: s3.head_object(Bucket=BUCKET, Key=key)) == "404")


def deletes_many(mount):
    keys = [f"{mount}/boto/many/{number}" for number in range(12)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})
    expect(len(answer.get("Deleted", [])) == 12 and not answer.get("Errors"), answer)
    expect("Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{mount}/boto/many/"))


def copies_between(source, target):
    s3.put_object(
        Bucket=BUCKET, Key=f"{source}/boto/origin.txt", Body=SMALL, ContentType="text/x-test", Metadata={"from": source}
    )
    key = f"{target}/boto/from {source}.txt"
    s3.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": f"{source}/boto/origin.txt"})
    head = s3.head_object(Bucket=BUCKET, Key=key)
    expect(body(key) == SMALL)
    expect(head["ContentType"] == "text/x-test" and head["Metadata"] == {"from": source}, head)


def copies_parts_between(source, target):
    s3.put_object(Bucket=BUCKET, Key=f"{source}/boto/large.bin", Body=LARGE)
    key = f"{target}/boto/assembled from {source}.bin"
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    parts = []
    for number, start in enumerate(range(0, len(LARGE), PART), 1):
        last = min(start + PART, len(LARGE)) - 1
        result = s3.upload_part_copy(
            Bucket=BUCKET,
            Key=key,
            UploadId=upload,
            PartNumber=number,
            CopySource={"Bucket": BUCKET, "Key": f"{source}/boto/large.bin"},
            CopySourceRange=f"bytes={start}-{last}",
        )
        parts.append({"PartNumber": number, "ETag": result["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
    expect(body(key) == LARGE)


def run(what, action):
    try:
        action()
        print(f"ok boto3: {what}", flush=True)
    except Exception:
        print(f"not ok boto3: {what}", flush=True)
        traceback.print_exc(file=sys.stdout)


mounts = os.environ["MOUNTS"].split()
for mount in mounts:
    run(f"keeps content type and metadata on {mount}", lambda: keeps_metadata(mount))
    run(f"keeps tags on {mount}", lambda: keeps_tags(mount))
    run(f"stores nothing of a body whose checksum is wrong on {mount}", lambda: refuses_a_wrong_checksum(mount))
    run(f"creates once, or says that it cannot, on {mount}", lambda: creates_once(mount))
    run(f"uploads in parts on {mount}", lambda: uploads_in_parts(mount))
    run(f"lists and aborts uploads on {mount}", lambda: aborts_an_upload(mount))
    run(f"deletes many on {mount}", lambda: deletes_many(mount))
for source in mounts:
    for target in mounts:
        run(f"copies with metadata from {source} to {target}", lambda: copies_between(source, target))
        if source != target:
            run(f"copies in parts from {source} to {target}", lambda: copies_parts_between(source, target))
