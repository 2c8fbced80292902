#!/usr/bin/env bash
# minio-go, the library of mc.
set -euo pipefail
sources="$(dirname "$0")/minio-go"
go build -C "$sources" -o "$PWD/minio-go" .
exec ./minio-go
