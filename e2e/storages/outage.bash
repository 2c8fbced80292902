#!/usr/bin/env bash
# One storage is down. ./run has stopped its server, and gives beside what it gives to demo.bash:
#   DOWN     its mount, without the slash at its start
#   OTHERS   the other mounts
source "$(dirname "$0")/../clients/lib.bash"
CLIENT="outage of $DOWN"
export AWS_ENDPOINT_URL=$ENDPOINT AWS_ACCESS_KEY_ID=$ACCESS_KEY AWS_SECRET_ACCESS_KEY=$SECRET_KEY AWS_REGION=$REGION AWS_MAX_ATTEMPTS=1

check 'requests to the other storages go on' <<'STEPS'
for mount in $OTHERS; do
  aws s3 cp --quiet small "s3://everything/$mount/during the outage.txt"
  aws s3 cp --quiet "s3://everything/$mount/during the outage.txt" - | cmp - small
  aws s3 ls "s3://everything/$mount/" >/dev/null
done
STEPS

check 'requests to it are told that it is unavailable, and when to try again' <<'STEPS'
for _ in 1 2 3; do
  aws s3api get-object --bucket everything --key "$DOWN/stays.txt" got --debug >/dev/null 2>debug || true
  grep -i "'retry-after': '[0-9]" debug
  grep -E 'ServiceUnavailable' debug
done
for command in 'put-object --body small' 'head-object' 'delete-object'; do
  if aws s3api $command --bucket everything --key "$DOWN/x.txt" 2>error; then exit 1; fi
  grep -E 'ServiceUnavailable|\(503\)' error
done
STEPS

check '/status, /readyz and /metrics say which and why, and the gateway stays ready' <<'STEPS'
curl --silent "http://$ADMIN/status" >status
python3 - <<PYTHON
import json
states = {row["mount"]: row for row in json.load(open("status"))["storages"]}
assert states["/$DOWN"]["state"] == "unavailable" and states["/$DOWN"]["detail"], states
assert all(row["state"] == "ready" for mount, row in states.items() if mount != "/$DOWN"), states
PYTHON
curl --silent --fail "http://$ADMIN/readyz" | tee ready
grep "storage /$DOWN (" ready
curl --silent "http://$ADMIN/metrics" | tee metrics | grep -E "^bucketway_storage_up\{mount=\"/$DOWN\",kind=\"[a-z0-9]+\"\} 0$"
if grep -F -e "$SECRET_KEY" -e "$DAV_PASSWORD" -e "$UPSTREAM_SECRET" status ready metrics; then exit 1; fi
STEPS

check 'the bucket still shows all storages as folders, and lists within one that is up' <<'STEPS'
aws s3 ls s3://everything/ >listed
for mount in $DOWN $OTHERS; do grep -x " *PRE $mount/" listed; done
STEPS

check 'a listing that would have to leave it out fails instead' <<'STEPS'
if aws s3api list-objects-v2 --bucket everything --query KeyCount 2>error; then exit 1; fi
grep ServiceUnavailable error
STEPS

check 'all buckets are listed' <<'STEPS'
aws s3api list-buckets --query 'Buckets[].Name' --output text | tr '\t' '\n' | sort | tr '\n' ' ' | grep -x 'dav-only everything '
STEPS
