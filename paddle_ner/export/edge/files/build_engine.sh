#!/usr/bin/env bash
# Builds TensorRT engines on this device, from the ONNX files beside this script:
#   ./build_engine.sh [fp16|int8|fp32] ...
# Without a name: fp16, and int8 where there is a model.int8.onnx. An engine runs only on the GPU and with the version of
# TensorRT that built it. WORKSPACE_MIB=N is the memory that one layer may take (512); TRTEXEC=path names the program.
set -euo pipefail
cd "$(dirname "$0")"

fail() {
  echo "error: $*" >&2
  exit 2
}

trtexec=${TRTEXEC:-$(command -v trtexec || echo /usr/src/tensorrt/bin/trtexec)}
[[ -x $trtexec ]] || fail "$trtexec: no such program: sudo apt-get install libnvinfer-bin, or set TRTEXEC to its path"
sha256sum --check --quiet SHA256SUMS || fail "a file is not what was exported; copy the folder again"

# TensorRT 8.5 knows the one, 10 the other, and both mean that the engine is not timed after it was built.
only_build=--buildOnly
if "$trtexec" --help 2>&1 | grep -q -e --skipInference; then
  only_build=--skipInference
fi

build() {
  local precision=$1 source=fp32 flags=()
  case $precision in
    fp32) ;;
    fp16) flags=(--fp16) ;;
    int8) source=int8 flags=(--fp16 --int8) ;;
    *) fail "$precision: unknown precision, expected fp16, int8 or fp32" ;;
  esac
  [[ -f model.$source.onnx ]] || fail "no model.$source.onnx: export the folder with --scales for int8"
  echo "building model.$precision.engine, which takes minutes; log: build.$precision.log"
  "$trtexec" --onnx="model.$source.onnx" --saveEngine="model.$precision.engine.part" \
    --minShapes=@MIN@ \
    --optShapes=@OPT@ \
    --maxShapes=@MAX@ \
    --memPoolSize="workspace:${WORKSPACE_MIB:-512}" --timingCacheFile=timing.cache \
    "${flags[@]}" "$only_build" >"build.$precision.log" 2>&1 || {
    rm -f "model.$precision.engine.part"
    tail -n 20 "build.$precision.log" >&2
    fail "trtexec failed, see build.$precision.log; where memory ran out: stop other programs, or WORKSPACE_MIB=256"
  }
  mv "model.$precision.engine.part" "model.$precision.engine"
  # What it was built from: a newer folder may be copied over this one.
  grep "model\.$source\.onnx\$" SHA256SUMS >"model.$precision.engine.SHA256SUMS"
  echo "model.$precision.engine is built; next: python3 check.py --engine tensorrt --precision $precision"
}

if (($# == 0)); then
  set -- fp16
  if [[ -f model.int8.onnx ]]; then
    set -- fp16 int8
  fi
fi
for precision; do
  build "$precision"
done
