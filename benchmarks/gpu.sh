#!/usr/bin/env bash
# The table of one GPU, as files in a folder: benchmarks/gpu.sh OUT [FIRST_PART LAST_PART]
#
# Five parts of at most ten minutes each, the most wanted first. Peers run where they are written.
# A part that is cut off keeps what it had measured.
set -uo pipefail
cd "$(dirname "$0")/.."
out=$1
first=${2:-1} last=${3:-5}
mkdir -p "$out"
# step PART MINUTES NAME SCRIPT ARGUMENTS...
step() {
  local part=$1 minutes=$2 name=$3
  if ((part >= first && part <= last)); then
    timeout --signal INT --kill-after 30 "${minutes}m" \
      python3 "benchmarks/$4" "${@:5}" --out "$out/$name.json" |& tee "$out/$name.txt"
  fi
}
peers=(--peers "by hand, torch eager channels_last" "by hand, JAX")
once=(--rounds 5 --block 10 --warm_up 1 --repeats 1)
step 1 9 resnet train_step.py --workload resnet --engines jax --batches 64 512 "${peers[@]}" "${once[@]}"
step 2 5 digits train_step.py --engines jax tensorflow-xla "${peers[@]}" \
  "by hand, torch.compile" "${once[@]}"
step 2 4 progressive train_step.py --workload progressive --engines jax --batches 64 512 "${once[@]}"
step 3 9 algorithms train_step.py --algorithms all --engines jax --precisions float32 "${once[@]}"
step 4 3 sampling sampling.py --engines jax --workload resnet --repeats 1 \
  --precisions float32 mixed_bfloat16
step 4 3 compile_time compile_time.py --engines jax --workload resnet --steps 5 --cache --repeats 1
step 4 3 input_pipeline input_pipeline.py --engines jax --sources arrays npz --repeats 1
step 5 9 memory memory.py --gib 16 --engines jax --workload resnet --first 256
