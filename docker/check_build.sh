#!/usr/bin/env bash
# Builds a Dockerfile of this folder without a Docker engine or a registry, and serves a bundle from what came out: as its
# user, on a read-only root file system, until SIGTERM. In place of the base image stands a root file system of Debian 12
# with Python 3.11, made here; for gpu with the framework for CPUs in it, and so the device is the CPU.
#
#   apt-get install buildah debootstrap
#   docker/check_build.sh cpu|gpu BUNDLE [OPTION of buildah build and run…]
#
# Needs root. Behind a proxy, OPTIONs such as `-v /etc/pip.conf:/etc/pip.conf:ro` let pip inside reach its index.
set -euo pipefail
kind=${1:?cpu or gpu}
bundle=$(realpath "${2:?a bundle to serve}")
shift 2
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/paddle-ner-build.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
base=localhost/paddle-ner-base
image=localhost/paddle-ner:$kind
in_work() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

echo "== base: Debian with Python, by debootstrap"
packages=ca-certificates,python3,python3-pip,python3-venv
arguments=()
if [[ $kind == gpu ]]; then
  packages+=,libgomp1
  arguments=(--device cpu)
fi
debootstrap --variant=minbase --include="$packages" bookworm "$work/base" >"$work/log" || { tail "$work/log"; exit 1; }
container=$(in_work from scratch)
in_work copy --quiet "$container" "$work/base" / >/dev/null
rm -rf "$work/base"
if [[ $kind == gpu ]]; then
  framework=$(grep '^paddlepaddle==' constraints.txt)
  in_work run --isolation chroot "$@" "$container" -- \
    python3 -m pip install --quiet --no-cache-dir --break-system-packages "$framework"
fi
in_work commit --quiet "$container" "$base" >/dev/null
in_work rm "$container" >/dev/null

echo "== image: the steps of $kind.Dockerfile, by buildah"
in_work build --isolation chroot --pull-never --format docker --build-arg "BASE=$base" "$@" \
  -f "docker/$kind.Dockerfile" -t "$image" .

echo "== serving $bundle from it"
container=$(in_work from --pull-never "$image")
root=$(in_work mount "$container")
config=$(in_work inspect --type image "$image")
du -sh "$root" | cut -f1
for left in $(find "$root/usr" "$root/opt" -path '*/bin/*' \( -name 'gcc*' -o -name 'g++*' -o -name make \)) \
  $(find "$root/root" "$root/tmp" -path '*/.cache/pip'); do
  echo "should not be in the image: ${left#"$root"}"
  exit 1
done
# In namespaces of its own: mounts and processes end with it.
ROOT=$root BUNDLE=$bundle CONFIG=$config unshare --mount --pid --net --fork --kill-child --mount-proc \
  python3 docker/check_image.py "${arguments[@]}"
