"""boto3, with its default settings but for the endpoint and the keys. Also over TLS, where it sends checksums as trailers."""

import base64
import hashlib
import io
import os
import sys
import traceback
from pathlib import Path

import boto3
import urllib3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

CLIENT = sys.argv[1]
ENDPOINT = os.environ["ENDPOINT"]
BUCKET = os.environ["BUCKET"]
FOLDER = Path(os.environ["FOLDER"])
SMALL = Path("small").read_bytes()
LARGE = Path("large").read_bytes()
NAME = "names/ünï cøde & (spaces)/+plus=%25 #?~'\".txt"
PART = 5 * 1024 * 1024

os.environ["AWS_CA_BUNDLE"] = os.environ["CERTIFICATE"]


def make_client(endpoint=ENDPOINT, **options):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=os.environ["ACCESS_KEY"],
        aws_secret_access_key=os.environ["SECRET_KEY"],
        region_name=os.environ["REGION"],
        **options,
    )


s3 = make_client()
checks = []


def check(what):
    def register(function):
        checks.append((what, function))
        return function

    return register


def expect(condition, message="does not hold"):
    if not condition:
        raise AssertionError(message)


def refused(code, action, **arguments):
    try:
        action(**arguments)
    except ClientError as error:
        expect(error.response["Error"]["Code"] == code, str(error))
    else:
        raise AssertionError(f"{code} was expected")


# Unlike urllib, it adds no Content-Type of its own, which version 2 would have had to sign.
web = urllib3.PoolManager(ca_certs=os.environ["CERTIFICATE"], retries=False)


def fetch(url, method="GET", data=None, headers=None):
    answer = web.request(method, url, body=data, headers=headers or {})
    expect(answer.status < 300, (answer.status, answer.data[:1000]))
    return answer.data


@check("makes, lists and removes a bucket")
def buckets():
    s3.create_bucket(Bucket=f"{BUCKET}-made")
    expect(f"{BUCKET}-made" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]])
    s3.head_bucket(Bucket=f"{BUCKET}-made")
    s3.get_bucket_location(Bucket=f"{BUCKET}-made")
    s3.get_bucket_versioning(Bucket=f"{BUCKET}-made")
    s3.get_waiter("bucket_exists").wait(Bucket=f"{BUCKET}-made")
    s3.delete_bucket(Bucket=f"{BUCKET}-made")
    refused("404", s3.head_bucket, Bucket=f"{BUCKET}-made")


@check("puts, heads and gets")
def objects():
    answer = s3.put_object(
        Bucket=BUCKET,
        Key=NAME,
        Body=SMALL,
        ContentType="text/plain",
        CacheControl="max-age=1",
        Metadata={"colour": "blue", "words": "  two words "},
    )
    expect(answer["ETag"] == f'"{hashlib.md5(SMALL).hexdigest()}"')
    expect((FOLDER / NAME).read_bytes() == SMALL)
    head = s3.head_object(Bucket=BUCKET, Key=NAME)
    expect(head["ContentLength"] == len(SMALL) and head["CacheControl"] == "max-age=1", head)
    expect(head["Metadata"] == {"colour": "blue", "words": "two words"}, head)
    got = s3.get_object(Bucket=BUCKET, Key=NAME)
    expect(got["Body"].read() == SMALL and got["ContentType"] == "text/plain")
    part = s3.get_object(Bucket=BUCKET, Key=NAME, Range="bytes=-5")
    expect(part["Body"].read() == SMALL[-5:])
    refused("304", s3.get_object, Bucket=BUCKET, Key=NAME, IfNoneMatch=answer["ETag"])
    refused("NoSuchKey", s3.get_object, Bucket=BUCKET, Key="none")


@check("puts a stream, an empty object and a folder marker")
def bodies():
    s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="folder/")
    s3.put_object(Bucket=BUCKET, Key="stream", Body=Path("large").open("rb"))
    expect((FOLDER / "stream").read_bytes() == LARGE)
    expect((FOLDER / "empty").stat().st_size == 0 and (FOLDER / "folder").is_dir())
    expect(s3.head_object(Bucket=BUCKET, Key="folder/")["ContentLength"] == 0)


for algorithm in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"):

    @check(f"sends and verifies {algorithm}, also of an upload in parts")
    def checksums(algorithm=algorithm):
        member = f"Checksum{algorithm}"
        key = f"checksums/{algorithm}"
        put = s3.put_object(Bucket=BUCKET, Key=key, Body=SMALL, ChecksumAlgorithm=algorithm)
        expect(put[member], put)
        got = s3.get_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
        expect(got[member] == put[member] and got["Body"].read() == SMALL, got)
        wrong = base64.b64encode(bytes(len(base64.b64decode(put[member])))).decode()
        refused("BadDigest", s3.put_object, Bucket=BUCKET, Key=f"{key}-bad", Body=SMALL, **{member: wrong})
        expect(not (FOLDER / f"{key}-bad").exists())
        attributes = s3.get_object_attributes(Bucket=BUCKET, Key=key, ObjectAttributes=["Checksum", "ObjectSize"])
        expect(attributes["Checksum"][member] == put[member], attributes)
        s3.upload_file("large", BUCKET, f"{key}-parts", ExtraArgs={"ChecksumAlgorithm": algorithm})
        expect((FOLDER / f"{key}-parts").read_bytes() == LARGE)
        head = s3.head_object(Bucket=BUCKET, Key=f"{key}-parts", ChecksumMode="ENABLED")
        expect(head[member], head)


@check("uploads and downloads files in parts")
def transfers():
    s3.upload_file("large", BUCKET, "large.bin", ExtraArgs={"Metadata": {"colour": "red"}})
    expect((FOLDER / "large.bin").read_bytes() == LARGE)
    head = s3.head_object(Bucket=BUCKET, Key="large.bin")
    expect(head["ETag"].endswith('-3"') and head["Metadata"] == {"colour": "red"}, head)
    s3.download_file(BUCKET, "large.bin", "got")
    expect(Path("got").read_bytes() == LARGE)
    s3.upload_fileobj(io.BytesIO(LARGE), BUCKET, "large2.bin", Config=TransferConfig(multipart_chunksize=PART))
    expect((FOLDER / "large2.bin").read_bytes() == LARGE)
    second = s3.get_object(Bucket=BUCKET, Key="large2.bin", PartNumber=2)
    expect(second["Body"].read() == LARGE[PART : 2 * PART] and second["PartsCount"] == 5)


@check("copies in one request and in parts")
def copies():
    s3.copy_object(Bucket=BUCKET, Key="copy of name", CopySource={"Bucket": BUCKET, "Key": NAME})
    expect((FOLDER / "copy of name").read_bytes() == SMALL)
    expect(s3.head_object(Bucket=BUCKET, Key="copy of name")["Metadata"]["colour"] == "blue")
    s3.copy({"Bucket": BUCKET, "Key": "large.bin"}, BUCKET, "copied large.bin")
    expect((FOLDER / "copied large.bin").read_bytes() == LARGE)
    expect(s3.head_object(Bucket=BUCKET, Key="copied large.bin")["ETag"].endswith('-3"'))


@check("lists by page, with a delimiter and in order")
def listings():
    for name in ("a", "a-b", "a/x", "b/ü/1", "b/ü/2", "c"):
        s3.put_object(Bucket=BUCKET, Key=f"list/{name}".replace("list/a/x", "list/aa/x"), Body=b"x")
    for operation in ("list_objects", "list_objects_v2"):
        paginator = s3.get_paginator(operation)
        pages = list(
            paginator.paginate(Bucket=BUCKET, Prefix="list/", Delimiter="/", PaginationConfig={"PageSize": 1})
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        expect(keys == ["list/a", "list/a-b", "list/c"], keys)
        prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        expect(prefixes == ["list/aa/", "list/b/"], prefixes)


@check("lets presigned URLs get, put, head, delete and upload a part")
def presigned():
    fetch(url_of(s3v4, "put_object", Key="signed ü.txt"), "PUT", SMALL)
    expect((FOLDER / "signed ü.txt").read_bytes() == SMALL)
    expect(fetch(url_of(s3v4, "get_object", Key="signed ü.txt")) == SMALL)
    override = url_of(s3v4, "get_object", Key="signed ü.txt", ResponseContentDisposition='attachment; filename="ü"')
    expect(fetch(override) == SMALL)
    fetch(url_of(s3v4, "head_object", Key="signed ü.txt"), "HEAD")
    typed = url_of(s3v4, "put_object", Key="typed", ContentType="text/css", Metadata={"colour": "blue"})
    fetch(typed, "PUT", SMALL, {"content-type": "text/css", "x-amz-meta-colour": "blue"})
    head = s3.head_object(Bucket=BUCKET, Key="typed")
    expect(head["ContentType"] == "text/css" and head["Metadata"] == {"colour": "blue"}, head)
    fetch(url_of(s3v4, "delete_object", Key="signed ü.txt"), "DELETE")
    expect(not (FOLDER / "signed ü.txt").exists())
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="signed parts")["UploadId"]
    fetch(url_of(s3v4, "upload_part", Key="signed parts", UploadId=upload, PartNumber=1), "PUT", SMALL)
    parts = s3.list_parts(Bucket=BUCKET, Key="signed parts", UploadId=upload)["Parts"]
    expect(len(parts) == 1, parts)
    chosen = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key="signed parts", UploadId=upload, MultipartUpload={"Parts": chosen}
    )
    expect((FOLDER / "signed parts").read_bytes() == SMALL)


def url_of(client, method, **parameters):
    return client.generate_presigned_url(method, Params={"Bucket": BUCKET, **parameters}, ExpiresIn=60)


@check("presigns by default with version 2, and is told how to change that where it is off")
def presigned_by_default():
    expect(fetch(url_of(s3v2, "get_object", Key="large.bin")) == LARGE)
    fetch(url_of(s3v2, "put_object", Key="signed 2 ü", Metadata={"colour": "blue"}), "PUT", SMALL, {"x-amz-meta-colour": "blue"})
    expect((FOLDER / "signed 2 ü").read_bytes() == SMALL)
    answer = web.request("GET", url_of(s3, "get_object", Key="large.bin"))
    expect(answer.status == 400 and "signature_version" in answer.data.decode(), answer.data)


@check("posts a form")
def posts():
    for client in (s3v4, s3v2):
        form = client.generate_presigned_post(
            BUCKET,
            "posted/${filename}",
            Fields={"success_action_status": "201", "x-amz-meta-colour": "blue"},
            Conditions=[
                ["content-length-range", 1, 10_000],
                {"success_action_status": "201"},
                {"x-amz-meta-colour": "blue"},
            ],
        )
        boundary = "x-form-boundary-x"
        pieces = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in form["fields"].items()
        ]
        pieces.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="p.txt"\r\n\r\n'.encode()
            + SMALL
            + f"\r\n--{boundary}--\r\n".encode()
        )
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        answer = fetch(form["url"], "POST", b"".join(pieces), headers)
        expect(b"<PostResponse" in answer, answer)
        expect((FOLDER / "posted/p.txt").read_bytes() == SMALL)
        expect(s3.head_object(Bucket=BUCKET, Key="posted/p.txt")["Metadata"] == {"colour": "blue"})
        s3.delete_object(Bucket=BUCKET, Key="posted/p.txt")


@check("tags, and answers what an access control list is asked")
def tags():
    s3.put_object_tagging(Bucket=BUCKET, Key=NAME, Tagging={"TagSet": [{"Key": "team", "Value": "a b"}]})
    expect(s3.get_object_tagging(Bucket=BUCKET, Key=NAME)["TagSet"] == [{"Key": "team", "Value": "a b"}])
    s3.put_object(Bucket=BUCKET, Key="tagged", Body=b"x", Tagging="team=b&x=y%20z")
    expect(len(s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"]) == 2)
    expect(s3.get_object_acl(Bucket=BUCKET, Key=NAME)["Grants"][0]["Permission"] == "FULL_CONTROL")
    s3.put_object(Bucket=BUCKET, Key="owned", Body=b"x", ACL="bucket-owner-full-control")


@check("writes on conditions")
def conditions():
    etag = s3.put_object(Bucket=BUCKET, Key="once", Body=b"1", IfNoneMatch="*")["ETag"]
    refused("PreconditionFailed", s3.put_object, Bucket=BUCKET, Key="once", Body=b"2", IfNoneMatch="*")
    s3.put_object(Bucket=BUCKET, Key="once", Body=b"2", IfMatch=etag)
    refused("PreconditionFailed", s3.put_object, Bucket=BUCKET, Key="once", Body=b"3", IfMatch=etag)


@check("uses the resource interface, and deletes one and many")
def deletes():
    s3.delete_object(Bucket=BUCKET, Key=NAME)
    expect(not (FOLDER / NAME).exists())
    resource = boto3.resource(
        "s3",
        endpoint_url=ENDPOINT,
        aws_access_key_id=os.environ["ACCESS_KEY"],
        aws_secret_access_key=os.environ["SECRET_KEY"],
        region_name=os.environ["REGION"],
    )
    bucket = resource.Bucket(BUCKET)
    bucket.objects.all().delete()
    expect(list(bucket.objects.all()) == [])
    expect([path for path in FOLDER.rglob("*") if path.is_file()] == [])


s3v4 = make_client(config=Config(signature_version="s3v4"))
# With its default settings boto3 signs requests with version 4, but URLs and forms with version 2 for the regions that had it.
s3v2 = make_client(endpoint=os.environ["ENDPOINT_V2"])
failed = False
for what, function in checks:
    try:
        function()
        print(f"ok {CLIENT}: {what}", flush=True)
    except Exception:
        failed = True
        print(f"not ok {CLIENT}: {what}")
        print("    " + traceback.format_exc().replace("\n", "\n    "), flush=True)
sys.exit(1 if failed else 0)
