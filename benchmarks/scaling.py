"""How the cost of a round grows: with devices, with the batch, with the image's size.

    python benchmarks/scaling.py --engines tensorflow jax
    python benchmarks/scaling.py --vary batch --values 16 64 256

Devices share each batch. Without several GPUs they are parts of one CPU, which cannot get faster by
being divided: what such rows show is what dividing costs.
"""

import argparse
import os

import measuring
import workloads
from train_step import ENGINES

VALUES = {"devices": (1, 2, 4), "batch": (16, 32, 64, 128), "image_size": (28, 32, 64)}


def task_for(vary, value, given):
    """The task of one row."""
    if vary == "image_size":
        return {**given, "change": {"image_size": value}}
    return {**given, vary: value}


def main():
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vary", nargs="+", choices=VALUES, default=list(VALUES))
    parser.add_argument("--values", nargs="+", type=int, help="of what varies, if it is one thing")
    parser.add_argument("--workload", choices=workloads.IMAGES, default="digits")
    parser.add_argument("--algorithm", default="wgan_gp")
    parser.add_argument("--engines", nargs="+", choices=["tensorflow", "jax"],
                        default=["tensorflow"])  # fmt: skip
    parser.add_argument("--precision", choices=workloads.PRECISIONS, default="float32")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=10, help="timed rounds of each process")
    args = measuring.arguments(parser)
    if args.values and len(args.vary) > 1:
        parser.error(f"--values needs one thing to vary, got {', '.join(args.vary)}")
    contenders, known = {}, {}
    for engine in args.engines:
        title, backend, jit = ENGINES[engine]
        for vary in args.vary:
            for value in args.values or VALUES[vary]:
                given = {
                    "workload": args.workload,
                    "algorithm": args.algorithm,
                    "precision": args.precision,
                    "batch": args.batch,
                    "jit": jit,
                    "rounds": args.rounds,
                    "block": 1,
                    "warm_up": 2,
                }
                task = task_for(vary, value, given)
                name = f"{title}, {vary.replace('_', ' ')} {value}"
                known[name] = (vary, value, task)
                flags = os.environ.get("XLA_FLAGS", "")
                if vary == "devices":
                    flags += f" --xla_force_host_platform_device_count={value}"
                contenders[name] = lambda task=task, backend=backend, flags=flags: measuring.run(
                    "kgan_round.py", task, backend, {"XLA_FLAGS": flags}
                )
    reports, missing = measuring.take_turns(contenders, args.repeats)
    rows = []
    for name, found in reports.items():
        vary, value, task = known[name]
        row = {"name": name, "vary": vary, "value": value, "batch": task["batch"]}
        row |= measuring.pooled(found)
        median = row["round_seconds"]["median"]
        row["images_per_second"] = row["batch"] * row["discriminator_steps"] / median
        row["flops_per_second"] = row["flops"] / median
        rows.append(row)
    measuring.table(
        ("", "ms a round", "quartiles", "images/s", "GFLOP/s", "MiB"),
        [
            (
                row["name"],
                1e3 * row["round_seconds"]["median"],
                measuring.quartiles(row["round_seconds"], 1e3),
                row["images_per_second"],
                row["flops_per_second"] / 1e9,
                measuring.mebibytes(row["peak_bytes"]),
            )
            for row in rows
        ],
    )
    measuring.finish(args.out, rows, missing)


if __name__ == "__main__":
    main()
