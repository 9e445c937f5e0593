"""Times training rounds of kgan, and of the same networks written by hand, in one run.

    python benchmarks/train_step.py --peers
    python benchmarks/train_step.py --algorithms all --engines tensorflow torch
    python benchmarks/train_step.py --workload resnet --engines jax --peers --batches 64 256
    python benchmarks/train_step.py --preset infogan_mnist

A round is what the algorithm's paper calls an iteration: all updates of the discriminator and one
of the generator. Given are the images of the discriminator's updates a second, and their ratio to
the first peer that runs at the same precision and batch. FLOP/s are those that the algorithm needs
(`flops.py`) over a round's median time; they are compared with the fastest convolution and the
fastest matrix product that `contenders/peak.py` finds in the same run, by whichever framework of
those that take part. What cannot be measured here is listed and says why.
"""

import argparse

import measuring
import workloads

ENGINES = {
    "tensorflow": ("kgan, TensorFlow graph", "tensorflow", False),
    "tensorflow-xla": ("kgan, TensorFlow XLA", "tensorflow", True),
    "jax": ("kgan, JAX", "jax", True),
    "torch": ("kgan, torch eager", "torch", False),
}
# Name: script, backend and what else is in its task.
PEERS = {
    "by hand, torch eager channels_last": ("torch_by_hand.py", "torch", {}),
    "by hand, torch.compile": ("torch_by_hand.py", "torch", {"compile": True}),
    "by hand, plain Keras, TensorFlow graph": ("plain_keras.py", "tensorflow", {"jit": False}),
    "by hand, TensorFlow graph": ("tensorflow_by_hand.py", "tensorflow", {"jit": False}),
    "by hand, JAX": ("jax_by_hand.py", "jax", {"jit": True}),
}


def contenders(args):
    """`{name: (script, backend, task)}`: everything to measure."""
    found = {}
    for batch in args.batches:
        for precision in args.precisions:
            given = {
                "workload": args.workload,
                "precision": precision,
                "batch": batch,
                "rounds": args.rounds,
                "block": args.block,
                "warm_up": args.warm_up,
            }
            label = f"{precision}, batch {batch}"
            for algorithm in args.algorithms:
                what = {"preset": args.preset} if args.preset else {"algorithm": algorithm}
                for engine in args.engines:
                    title, backend, jit = ENGINES[engine]
                    name = f"{title}, {algorithm}, {label}"
                    found[name] = ("kgan_round.py", backend, {**given, **what, "jit": jit})
            if args.peers is None:
                continue
            for peer in args.peers or PEERS:
                script, backend, more = PEERS[peer]
                found[f"{peer}, wgan_gp, {label}"] = (script, backend, {**given, **more})
    return found


def measure_peaks(tasks):
    """The device's peaks by each framework that takes part.

    Args:
        tasks: What `contenders` returns.

    Returns:
        `{"jax, float32": report, ...}`, and `{name: reason}` of those that could not be measured.
    """
    used = {(backend, task["precision"]) for _, backend, task in tasks.values()}
    peaks = {
        f"{backend}, {precision}": ("peak.py", backend, {"precision": precision})
        for backend, precision in sorted(used)
    }
    reports, missing = measuring.take_turns(measuring.processes(peaks), repeats=1)
    return {name: found[0] for name, found in reports.items()}, {
        f"peak, {name}": reason for name, reason in missing.items()
    }


def best_peak(peaks, precision, kind):
    """The highest rate at a precision, whoever reached it; None if there is none."""
    found = [
        peak[kind]["flops_per_second"] for peak in peaks.values() if peak["precision"] == precision
    ]
    return max(found, default=None)


def row_of(name, script, task, reports, peaks):
    """All that is known of one contender."""
    row = {
        "name": name,
        "script": script,
        # Peers play WGAN-GP, and need not say so.
        "algorithm": "WGANGP",
        "batch": task["batch"],
        "discriminator_steps": 5,
        "warm_up_rounds": task["warm_up"] * task["block"],
        "rounds_a_block": task["block"],
        **measuring.pooled(reports),
    }
    median = row["round_seconds"]["median"]
    row["images_per_second"] = row["batch"] * row["discriminator_steps"] / median
    for kind in ("convolution", "matrix"):
        row[f"peak_{kind}_flops_per_second"] = best_peak(peaks, task["precision"], kind)
    return row


def add_flops(rows):
    """Operations a second, of peers too: they have the networks of kgan's WGAN-GP."""
    known = {(row["algorithm"], row["batch"]): row["flops"] for row in rows if "flops" in row}
    for row in rows:
        flops = row.setdefault("flops", known.get((row["algorithm"], row["batch"])))
        rate = row["flops_per_second"] = flops and flops / row["round_seconds"]["median"]
        for kind in ("convolution", "matrix"):
            peak = row[f"peak_{kind}_flops_per_second"]
            row[f"fraction_of_{kind}_peak"] = rate and peak and rate / peak


def show(rows):
    """Prints the table."""
    columns = (
        "", "ms a round", "quartiles", "images/s", "ratio", "GFLOP/s", "of conv peak",
        "of matrix peak", "compile s", "MiB",
    )  # fmt: skip
    lines = []
    for row in rows:
        seconds = row["round_seconds"]
        rate = row["flops_per_second"]
        lines.append(
            (
                row["name"],
                1e3 * seconds["median"],
                measuring.quartiles(seconds, 1e3),
                row["images_per_second"],
                row["ratio"],
                rate and rate / 1e9,
                row["fraction_of_convolution_peak"],
                row["fraction_of_matrix_peak"],
                row["compile_seconds"]["median"],
                measuring.mebibytes(row["peak_bytes"]),
            )
        )
    measuring.table(columns, lines)


def add_ratios(rows):
    """The ratio of images a second to the first peer that does the same, if any."""
    same = ("algorithm", "batch", "precision")
    for row in rows:
        peers = [
            other
            for other in rows
            if other["script"] != "kgan_round.py" and all(other[key] == row[key] for key in same)
        ]
        row["ratio"] = row["images_per_second"] / peers[0]["images_per_second"] if peers else None
        row["ratio_to"] = peers[0]["name"] if peers else None


def main():
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    algorithms = [*workloads.ALGORITHMS, "progressive_gan"]
    parser.add_argument("--workload", choices=workloads.IMAGES, default="digits")
    parser.add_argument("--algorithms", nargs="+", default=["wgan_gp"], metavar="NAME",
                        help=f"all, or some of {', '.join(algorithms)}")  # fmt: skip
    text = "a preset of the zoo in place of workload and algorithms, without peers"
    parser.add_argument("--preset", help=text)
    parser.add_argument("--engines", nargs="*", choices=ENGINES, default=["tensorflow"])
    parser.add_argument("--precisions", nargs="+", choices=workloads.PRECISIONS,
                        default=workloads.PRECISIONS)  # fmt: skip
    parser.add_argument("--batches", nargs="+", type=int, default=[64])
    parser.add_argument("--peers", nargs="*", choices=PEERS, metavar="PEER",
                        help=f"all, or some of: {'; '.join(PEERS)}")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=20, help="timed blocks of each process")
    text = "rounds between two looks at the clock, which wait for the device"
    parser.add_argument("--block", type=int, default=1, help=text)
    parser.add_argument("--warm_up", type=int, default=3, help="blocks before the timed ones")
    args = measuring.arguments(parser)
    if args.algorithms == ["all"]:
        args.algorithms = algorithms
    unknown = set(args.algorithms) - set(algorithms)
    if unknown:
        parser.error(f"unknown algorithms: {', '.join(sorted(unknown))}")
    for name, value, least in (("rounds", args.rounds, 2), ("warm_up", args.warm_up, 1)):
        if value < least:
            parser.error(f"--{name} must be at least {least}, got {value}")
    if args.preset:
        if args.peers is not None:
            parser.error("peers have the workload's networks, no preset's: leave one of them out")
        args.algorithms = [args.preset]
    tasks = contenders(args)
    peaks, unknown = measure_peaks(tasks)
    reports, missing = measuring.take_turns(measuring.processes(tasks), args.repeats)
    rows = []
    for name, found in reports.items():
        script, _, task = tasks[name]
        rows.append(row_of(name, script, task, found, peaks))
    add_flops(rows)
    add_ratios(rows)
    show(rows)
    measuring.finish(args.out, rows, {**missing, **unknown}, peaks=peaks)


if __name__ == "__main__":
    main()
