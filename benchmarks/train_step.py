"""Times training rounds of kgan, and of the same networks written by hand, in one run.

    python benchmarks/train_step.py --peers
    python benchmarks/train_step.py --algorithms all --engines tensorflow torch
    python benchmarks/train_step.py --workload resnet --engines jax --peers --batches 64 256
    python benchmarks/train_step.py --preset infogan_mnist

A round is what the algorithm's paper calls an iteration: all updates of the discriminator and one
of the generator. Given are the images of the discriminator's updates a second, and their ratio to
the first peer that runs at the same precision and batch. FLOP/s are those that the algorithm needs
(`flops.py`) over a round's median time; they are compared with the fastest convolution and the
fastest matrix product that `contenders/peak.py` finds in the same run. What cannot be measured here
is listed and says why.
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
# On a CPU-only machine XLA's convolutions are ten times slower: asked for, never by default.
SLOW_ON_CPU = ("tensorflow-xla", "jax")


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
            for algorithm in [None] if args.preset else args.algorithms:
                what = {"preset": args.preset} if args.preset else {"algorithm": algorithm}
                for engine in args.engines:
                    title, backend, jit = ENGINES[engine]
                    name = f"{title}, {args.preset or algorithm}, {label}"
                    found[name] = ("kgan_round.py", backend, {**given, **what, "jit": jit})
            if args.peers is None:
                continue
            for peer in args.peers or PEERS:
                script, backend, more = PEERS[peer]
                found[f"{peer}, wgan_gp, {label}"] = (script, backend, {**given, **more})
    return found


def measure_peaks(tasks):
    """The device's peaks, `{(backend, precision): report}`, once for each that is used."""
    peaks = {}
    for _, backend, task in tasks:
        key = (backend, task["precision"])
        if key not in peaks:
            try:
                peaks[key] = measuring.run("peak.py", {"precision": key[1]}, backend)
            except measuring.Unavailable:
                peaks[key] = None
    return peaks


def row_of(name, script, task, reports, peak, flops):
    """All that is known of one contender."""
    seconds = [s for report in reports for s in report["seconds"]]
    about = {k: v for k, v in reports[0].items() if k not in ("seconds", "compile_seconds")}
    round_seconds = measuring.summarise(seconds)
    steps = about.setdefault("discriminator_steps", 5)
    flops = about.setdefault("flops", flops)
    rate = flops and flops / round_seconds["median"]
    convolution, matrix = (peak[kind]["flops_per_second"] for kind in ("convolution", "matrix"))
    return {
        "name": name,
        "script": script,
        "batch": task["batch"],
        "round_seconds": round_seconds,
        "images_per_second": task["batch"] * steps / round_seconds["median"],
        "compile_seconds": measuring.summarise(r["compile_seconds"] for r in reports),
        "warm_up_rounds": task["warm_up"] * task["block"],
        "rounds_a_block": task["block"],
        "processes": len(reports),
        **about,
        "peak_bytes": max(r["peak_bytes"] for r in reports),
        "flops_per_second": rate,
        "peak_convolution_flops_per_second": convolution,
        "peak_matrix_flops_per_second": matrix,
        "fraction_of_convolution_peak": rate and rate / convolution,
        "fraction_of_matrix_peak": rate and rate / matrix,
    }


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
    """The ratio of images a second to the first peer of equal precision and batch, if any."""
    for row in rows:
        peers = [
            other
            for other in rows
            if other["script"] != "kgan_round.py"
            and (other["batch"], other["precision"]) == (row["batch"], row["precision"])
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
    parser.add_argument("--preset", help="a preset of the zoo in place of workload and algorithms")
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
    if args.rounds < 2:
        parser.error(f"--rounds must be at least 2, got {args.rounds}")
    tasks = contenders(args)
    peaks = measure_peaks(tasks.values())
    reports, missing = measuring.take_turns(measuring.processes(tasks), args.repeats)
    rows = []
    # Peers have the networks of kgan's WGAN-GP, and need as many operations.
    flops = {
        tasks[name][2]["batch"]: found[0]["flops"]
        for name, found in reports.items()
        if found[0].get("algorithm") == "WGANGP" and not args.preset
    }
    for name, found in reports.items():
        script, backend, task = tasks[name]
        peak = peaks[backend, task["precision"]]
        rows.append(row_of(name, script, task, found, peak, flops.get(task["batch"])))
    add_ratios(rows)
    show(rows)
    known = {f"{backend}, {precision}": peak for (backend, precision), peak in peaks.items()}
    measuring.finish(args.out, rows, missing, peaks=known)


if __name__ == "__main__":
    main()
