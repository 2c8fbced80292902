#!/usr/bin/env bash
# Large copies from each storage to each other pass through the gateway in constant memory. Beside what ./run gives to demo.bash:
#   GATEWAY_PID   the process that is started; its children count
source "$(dirname "$0")/../clients/lib.bash"
export AWS_ENDPOINT_URL=$ENDPOINT AWS_ACCESS_KEY_ID=$ACCESS_KEY AWS_SECRET_ACCESS_KEY=$SECRET_KEY AWS_REGION=$REGION AWS_MAX_ATTEMPTS=1

# Peak memory of the gateway since the last reset, in MiB.
peak() {
  local total=0 pid
  for pid in "$GATEWAY_PID" $(cat "/proc/$GATEWAY_PID/task/$GATEWAY_PID/children"); do
    total=$((total + $(awk '/VmHWM/ {print $2}' "/proc/$pid/status")))
  done
  echo $((total / 1024))
}
reset_peak() {
  local pid
  for pid in "$GATEWAY_PID" $(cat "/proc/$GATEWAY_PID/task/$GATEWAY_PID/children"); do echo 5 >"/proc/$pid/clear_refs"; done
}
export -f peak reset_peak

# In one request each: the bytes of one object pass through the gateway at once.
head -c $((256 * 1024 * 1024)) /dev/urandom >huge
for source in $MOUNTS; do
  for target in $MOUNTS; do
    [[ $source == "$target" ]] && continue
    export source target
    check "copies 256 MiB from $source to $target with less than 100 MiB more than at rest" <<'STEPS'
aws s3api put-object --bucket everything --key "$source/huge.bin" --body huge >/dev/null
reset_peak
before=$(peak)
aws s3api copy-object --bucket everything --key "$target/huge copy.bin" --copy-source "everything/$source/huge.bin" --cli-read-timeout 300 >/dev/null
after=$(peak)
echo "memory: $before MiB before, at most $after MiB meanwhile"
((after - before < 100))
aws s3 cp --quiet "s3://everything/$target/huge copy.bin" - | cmp - huge
aws s3 rm --quiet "s3://everything/$target/huge copy.bin"
aws s3 rm --quiet "s3://everything/$source/huge.bin"
STEPS
  done
done
