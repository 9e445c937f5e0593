#!/usr/bin/env bash
# The whole table on one GPU, as files in a folder: benchmarks/gpu.sh OUT [FIRST_PART LAST_PART]
# Each part ends within ten minutes, and writes its results as soon as it has them.
set -uo pipefail
cd "$(dirname "$0")/.."
out=$1
first=${2:-1} last=${3:-5}
mkdir -p "$out"
step() {
  local part=$1 name=$2
  shift 2
  if ((part >= first && part <= last)); then
    timeout --signal INT --kill-after 20 570 python3 "benchmarks/$1" "${@:2}" --out "$out/$name.json" |& tee "$out/$name.txt"
  fi
}
peers=(--peers "by hand, torch eager channels_last" "by hand, torch.compile" "by hand, JAX")
rounds=(--rounds 20 --block 10 --repeats 2)
step 1 digits train_step.py --engines jax tensorflow-xla --batches 64 512 "${peers[@]}" "${rounds[@]}"
step 2 resnet train_step.py --workload resnet --engines jax tensorflow-xla --batches 64 512 \
  "${peers[@]}" "${rounds[@]}"
step 3 progressive train_step.py --workload progressive --engines jax --batches 64 512 "${rounds[@]}"
step 4 algorithms train_step.py --algorithms all --engines jax "${rounds[@]}"
step 5 sampling sampling.py --engines jax --workload resnet --precisions float32 mixed_bfloat16
step 5 compile_time compile_time.py --engines jax --workload resnet --cache
step 5 input_pipeline input_pipeline.py --engines jax
step 5 memory memory.py --gib 16 --engines jax --workload resnet --first 256
