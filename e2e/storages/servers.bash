# Starts the servers that storages are tested on, each on loopback with a folder of its own below $WORK, and ends them again.
# Sourced by ./run and by bench/storages, which set WORK, an empty folder.
#
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
GO_BIN="$repository/node_modules/.cache/go-bin"
VERSITYGW_MODULE=github.com/versity/versitygw/cmd/versitygw@v1.8.0
# MinIO tags its releases in a form that Go does not take for versions: this is a commit of 2026-02-12.
MINIO_MODULE=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

# What all servers that are started here take.
export DAV_USER=dav DAV_PASSWORD='dav password' UPSTREAM_KEY=upstreamaccesskey1 UPSTREAM_SECRET=upstreamsecretkey00000000001
export UPSTREAM_BUCKET=upstream
EMPTY_SHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

# PID of each server by its name.
declare -A SERVER_PID=()
CEPH_STARTED=

# missing COMMAND…: prints the commands that are not here.
missing() {
  local command names=()
  for command in "$@"; do command -v "$command" >/dev/null || names+=("$command"); done
  [[ ${#names[@]} -eq 0 ]] || echo "there is no ${names[*]}"
}

# go_program NAME MODULE: prints where a program is: where NAME_BIN (in capitals) says, on PATH, or built once.
go_program() {
  local name=$1 module=$2 variable=${1^^}_BIN
  if [[ -n ${!variable:-} ]]; then
    echo "${!variable}"
  elif command -v "$name"; then
    return
  elif [[ -x $GO_BIN/$name ]]; then
    echo "$GO_BIN/$name"
  elif command -v go >/dev/null; then
    echo "building $module (some minutes, once)" >&2
    GOBIN="$GO_BIN" go install "$module" >&2 && echo "$GO_BIN/$name"
  fi
}

free_port() {
  node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# answers URL…: waits until a server answers anything at all.
answers() {
  local url=$1
  for _ in {1..600}; do
    curl --silent --output /dev/null --max-time 2 "$url" && return
    sleep 0.1
  done
  echo "nothing answers at $url" >&2
  return 1
}

# A server's user must reach its folder: temporary folders are closed to others.
dav_folder() {
  mkdir -p "$1/root" "$1/tmp"
  chmod 711 "$WORK" "$1"
  ((EUID == 0)) && chown www-data:www-data "$1" "$1/root" "$1/tmp"
  printf '%s:%s\n' "$DAV_USER" "$(openssl passwd -apr1 "$DAV_PASSWORD")" >"$1/users"
}

# start_apache PORT [basic|digest]
start_apache() {
  local port=$1 scheme=${2:-basic} folder=$WORK/apache
  dav_folder "$folder"
  local provider="AuthType Basic" module="LoadModule auth_basic_module modules/mod_auth_basic.so"
  if [[ $scheme == digest ]]; then
    provider="AuthType Digest" module="LoadModule auth_digest_module modules/mod_auth_digest.so"
    printf '%s:dav:%s\n' "$DAV_USER" "$(printf '%s:dav:%s' "$DAV_USER" "$DAV_PASSWORD" | md5sum | cut -d' ' -f1)" >"$folder/users"
  fi
  local own_user=
  ((EUID == 0)) && own_user=$'User www-data\nGroup www-data'
  cat >"$folder/httpd.conf" <<CONFIG
ServerRoot /usr/lib/apache2
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile $folder/pid
ErrorLog $folder/error.log
Mutex file:$folder
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authn_core_module modules/mod_authn_core.so
LoadModule authn_file_module modules/mod_authn_file.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule authz_user_module modules/mod_authz_user.so
$module
LoadModule mime_module modules/mod_mime.so
LoadModule dav_module modules/mod_dav.so
LoadModule dav_fs_module modules/mod_dav_fs.so
TypesConfig /etc/mime.types
$own_user
DavLockDB $folder/locks
DocumentRoot $folder/root
<Directory $folder/root>
  Dav On
  $provider
  AuthName dav
  AuthUserFile $folder/users
  Require valid-user
</Directory>
CONFIG
  apache2 -DFOREGROUND -f "$folder/httpd.conf" >>"$folder/out.log" 2>&1 </dev/null &
  SERVER_PID[apache]=$!
  answers "http://127.0.0.1:$port/"
}

# start_nginx PORT
start_nginx() {
  local port=$1 folder=$WORK/nginx
  dav_folder "$folder"
  local own_user=
  ((EUID == 0)) && own_user='user www-data;'
  cat >"$folder/nginx.conf" <<CONFIG
load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
daemon off;
$own_user
pid $folder/pid;
error_log $folder/error.log;
events {}
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  client_body_temp_path $folder/tmp;
  client_max_body_size 0;
  dav_ext_lock_zone zone=locks:1m;
  server {
    listen 127.0.0.1:$port;
    root $folder/root;
    location / {
      auth_basic dav;
      auth_basic_user_file $folder/users;
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
      dav_ext_lock zone=locks;
      create_full_put_path on;
      dav_access user:rw group:r;
    }
  }
}
CONFIG
  nginx -c "$folder/nginx.conf" >>"$folder/out.log" 2>&1 </dev/null &
  SERVER_PID[nginx]=$!
  answers "http://127.0.0.1:$port/"
}

# start_rclone PORT
start_rclone() {
  local port=$1 folder=$WORK/rclone
  mkdir -p "$folder/root"
  rclone serve webdav --config /dev/null --addr "127.0.0.1:$port" --user "$DAV_USER" --pass "$DAV_PASSWORD" \
    "$folder/root" >>"$folder/out.log" 2>&1 </dev/null &
  SERVER_PID[rclone]=$!
  answers "http://127.0.0.1:$port/"
}

# make_upstream_bucket ENDPOINT [KEY SECRET]: no error where it is there already.
make_upstream_bucket() {
  local status
  status=$(curl --silent --output /dev/null --write-out '%{http_code}' --aws-sigv4 aws:amz:us-east-1:s3 \
    --header "x-amz-content-sha256: $EMPTY_SHA256" --user "${2:-$UPSTREAM_KEY}:${3:-$UPSTREAM_SECRET}" --request PUT "$1/$UPSTREAM_BUCKET")
  [[ $status == 200 || $status == 409 ]]
}

# start_versitygw PORT
start_versitygw() {
  local port=$1 folder=$WORK/versitygw program
  program=$(go_program versitygw "$VERSITYGW_MODULE")
  mkdir -p "$folder/root"
  "$program" --port "127.0.0.1:$port" --access "$UPSTREAM_KEY" --secret "$UPSTREAM_SECRET" --region us-east-1 --quiet \
    posix "$folder/root" >>"$folder/out.log" 2>&1 </dev/null &
  SERVER_PID[versitygw]=$!
  answers "http://127.0.0.1:$port/" && make_upstream_bucket "http://127.0.0.1:$port"
}

# start_minio PORT
start_minio() {
  local port=$1 folder=$WORK/minio program
  program=$(go_program minio "$MINIO_MODULE")
  mkdir -p "$folder/root"
  MINIO_ROOT_USER=$UPSTREAM_KEY MINIO_ROOT_PASSWORD=$UPSTREAM_SECRET MINIO_REGION=us-east-1 MINIO_BROWSER=off MINIO_UPDATE=off \
    HOME=$folder "$program" server --quiet --address "127.0.0.1:$port" "$folder/root" >>"$folder/out.log" 2>&1 </dev/null &
  SERVER_PID[minio]=$!
  answers "http://127.0.0.1:$port/minio/health/live" && make_upstream_bucket "http://127.0.0.1:$port"
}

# Why there is no Ceph; nothing where there can be one.
no_ceph() {
  if [[ -z ${BUCKETWAY_TEST_CEPH:-} ]]; then
    echo 'BUCKETWAY_TEST_CEPH names no folder'
  elif [[ ! -x $BUCKETWAY_TEST_CEPH/up ]]; then
    echo "there is no $BUCKETWAY_TEST_CEPH/up"
  elif ((EUID != 0)); then
    echo 'Ceph takes root'
  elif [[ -e ${CEPH_STATE:-/var/lib/one-node-ceph} ]]; then
    echo "another Ceph is up: ${CEPH_STATE:-/var/lib/one-node-ceph} is there"
  fi
}

# start_ceph [FOLDER]: RADOS Gateway on 127.0.0.1:7480, and CephFS mounted on the folder.
start_ceph() {
  export CEPH_STATE=${CEPH_STATE:-/var/lib/one-node-ceph}
  CEPH_STARTED=1
  if [[ -n ${1:-} ]]; then
    mkdir -p "$1"
    "$BUCKETWAY_TEST_CEPH/up" --cephfs "$1" >>"$WORK/ceph.log" 2>&1 </dev/null
  else
    "$BUCKETWAY_TEST_CEPH/up" >>"$WORK/ceph.log" 2>&1 </dev/null
  fi
}

# stop_server NAME: and waits until it has ended.
stop_server() {
  local pid=${SERVER_PID[$1]:-}
  [[ -n $pid ]] || return 0
  unset "SERVER_PID[$1]"
  kill "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  return 0
}

stop_servers() {
  local name
  for name in "${!SERVER_PID[@]}"; do stop_server "$name"; done
  if [[ -n $CEPH_STARTED ]]; then "$BUCKETWAY_TEST_CEPH/down" >>"$WORK/ceph.log" 2>&1; fi
}
