# Ceph as the engine below several gateways: CephFS through the local driver, RADOS Gateway through the S3 driver.
# Sourced by ./run, whose functions it uses.
#
# shellcheck shell=bash disable=SC2154

CEPHFS=$WORK/cephfs
CEPH_ENDPOINT=http://127.0.0.1:${CEPH_S3_PORT:-7480} CEPH_KEY=cephaccesskey00001 CEPH_SECRET=cephsecretkey000000000000000000000001

# What three gateways on one CephFS serve, each also with the RADOS Gateway.
ceph_configuration() {
  cat <<YAML
listen: 127.0.0.1:0
admin: 127.0.0.1:0
workers: 1
storages:
  - { mount: /, local: { root: '$CEPHFS/served' } }
  - { mount: /rgw, s3: { endpoint: '$CEPH_ENDPOINT', bucket: upstream, accessKeyId: $CEPH_KEY, secretAccessKey: $CEPH_SECRET } }
identities: [{ name: main, accessKeyId: $ACCESS_KEY, secretAccessKey: $SECRET_KEY }]
buckets:
  - { name: cephfs, path: /files, grants: [{ identity: main, mode: read-write }] }
  - { name: rgw, path: /rgw, grants: [{ identity: main, mode: read-write }] }
  - { name: everything, path: /, grants: [{ identity: main, mode: read-write }] }
YAML
}

# The RADOS Gateway alone goes away and comes back; monitor and storage daemon stay.
stop_rgw() {
  local pid
  pid=$(cat "$CEPH_STATE/pids/rgw")
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}
start_rgw() {
  CEPH_CONF=$CEPH_STATE/ceph.conf setsid radosgw -f -n client.rgw >>"$WORK/ceph.log" 2>&1 </dev/null &
  echo $! >"$CEPH_STATE/pids/rgw"
  disown $!
  answers "$CEPH_ENDPOINT/"
}

ceph() {
  if ! start_ceph "$CEPHFS"; then
    echo 'not ok ceph: starts'
    tail -n 20 "$WORK/ceph.log" | sed 's/^/    /'
    failed=$((failed + 1))
    return
  fi
  if ! make_upstream_bucket "$CEPH_ENDPOINT" "$CEPH_KEY" "$CEPH_SECRET"; then
    echo 'not ok ceph: has a bucket'
    failed=$((failed + 1))
    return
  fi
  mkdir -p "$CEPHFS/served/files" "$CEPHFS/tmp"
  contract 'CephFS' services/gateway/test/storage/local-driver.spec.ts "TMPDIR=$CEPHFS/tmp"
  contract 'objects on CephFS' services/gateway/test/storage/file-object-store.spec.ts "TMPDIR=$CEPHFS/tmp" BUCKETWAY_TEST_WRITERS=20
  contract 'RADOS Gateway' services/gateway/test/storage/s3-object-store.spec.ts \
    "BUCKETWAY_TEST_S3_ENDPOINT=$CEPH_ENDPOINT" "BUCKETWAY_TEST_S3_ACCESS_KEY=$CEPH_KEY" "BUCKETWAY_TEST_S3_SECRET_KEY=$CEPH_SECRET" \
    BUCKETWAY_TEST_S3_KIND=ceph

  ceph_configuration >"$WORK/ceph.yaml"
  gateway first "$WORK/ceph.yaml" && gateway second "$WORK/ceph.yaml" && gateway third "$WORK/ceph.yaml" || return
  for bucket in cephfs rgw; do
    suite "gateways-on-$bucket" env BUCKET=$bucket ENDPOINTS="http://$first http://$second http://$third" \
      node "$here/several-gateways.ts"
  done

  ADMIN=$first_admin
  verdict 'ceph: puts what has to stay' env ENDPOINT="http://$first" node "$here/object.ts" put rgw stays.txt "$WORK/small"
  stop_rgw
  verdict 'outage of rgw: is found out' has_state rgw unavailable
  verdict 'outage of rgw: CephFS goes on' env ENDPOINT="http://$second" node "$here/object.ts" put cephfs goes-on.txt "$WORK/small"
  start_rgw
  verdict 'outage of rgw: it comes back without a restart' has_state rgw ready
  verdict 'outage of rgw: with what it held' env ENDPOINT="http://$first" node "$here/object.ts" same rgw stays.txt "$WORK/small"
}

ceph
