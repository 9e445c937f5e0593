"""Times sampling: images a second in large batches, and milliseconds for one image.

    python benchmarks/sampling.py --engines tensorflow jax torch

Timed is `kgan.GAN.sample`, from a seed to uint8 images on the host, the generator's normalisation
in inference mode. The peer is the same generator by hand in PyTorch, eager and channels_last.
"""

import argparse

import measuring
import workloads

ENGINES = ("tensorflow", "jax", "torch")


def main():
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workload", choices=["digits", "resnet"], default="digits")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["tensorflow"])
    parser.add_argument("--precisions", nargs="+", choices=workloads.PRECISIONS,
                        default=["float32"])  # fmt: skip
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 256])
    parser.add_argument("--calls", type=int, default=20, help="timed calls of each process")
    args = measuring.arguments(parser)
    tasks = {}
    for batch in args.batches:
        for precision in args.precisions:
            task = {
                "workload": args.workload,
                "precision": precision,
                "batch": batch,
                "rounds": args.calls,
                "block": 1,
                "warm_up": 3,
            }
            label = f"{precision}, {batch} at once"
            for engine in args.engines:
                tasks[f"kgan, {engine}, {label}"] = ("kgan_sampling.py", engine, task)
            tasks[f"by hand, torch eager, {label}"] = ("torch_sampling.py", "torch", task)
    reports, missing = measuring.take_turns(measuring.processes(tasks), args.repeats)
    rows = []
    for name, found in reports.items():
        row = {"name": name, "batch": tasks[name][2]["batch"], **measuring.pooled(found, "call")}
        row["images_per_second"] = row["batch"] / row["call_seconds"]["median"]
        rows.append(row)
    measuring.table(
        ("", "ms a call", "quartiles", "images/s", "first call s"),
        [
            (
                row["name"],
                1e3 * row["call_seconds"]["median"],
                measuring.quartiles(row["call_seconds"], 1e3),
                row["images_per_second"],
                row["compile_seconds"]["median"],
            )
            for row in rows
        ],
    )
    measuring.finish(args.out, rows, missing)


if __name__ == "__main__":
    main()
