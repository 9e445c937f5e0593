"""The largest batch that trains in a given memory.

    python benchmarks/memory.py --gib 4 --engines tensorflow torch

Each size is tried in a process of its own, which plays three rounds and reports its peak: on a GPU
what was allocated there, on a CPU the whole process, frameworks included. Batches double until one
needs more, then the gap is halved until it is an eighth of the batch.
"""

import argparse
import functools

import measuring
import workloads
from train_step import ENGINES


def largest(peak_of, limit, first):
    """The largest batch whose peak is within the limit, and all that was tried.

    Args:
        peak_of: A function from a batch to its peak in bytes, None where it does not fit at all.
        limit: In bytes.
        first: The batch to begin with.

    Returns:
        The batch, 0 if not even the first fits, and `{batch: peak}`.
    """
    tried = {}

    def fits(batch):
        tried[batch] = peak_of(batch)
        return tried[batch] is not None and tried[batch] <= limit

    fitting, batch = 0, first
    while fits(batch):
        fitting, batch = batch, 2 * batch
    if fitting == 0:
        return 0, tried
    low, high = fitting, batch
    while high - low > fitting // 8 > 0:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low, tried


def search(backend, task, limit, first):
    """The largest batch of one contender, and what it is."""
    about = {}

    def peak_of(batch):
        try:
            about.update(measuring.run("kgan_round.py", {**task, "batch": batch}, backend))
        except measuring.Failed as error:
            if not error.out_of_memory:
                raise
            return None
        return about["peak_bytes"]

    batch, tried = largest(peak_of, limit, first)
    kept = ("device", "precision", "peak_of", "jit", "versions", "parameters")
    known = {key: about.get(key) for key in kept}
    return {"largest_batch": batch, "peak_bytes": tried, **known}


def main():
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gib", type=float, default=4.0, help="the memory, in GiB")
    parser.add_argument("--workload", choices=workloads.IMAGES, default="digits")
    parser.add_argument("--algorithm", default="wgan_gp")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["tensorflow"])
    parser.add_argument("--precisions", nargs="+", choices=workloads.PRECISIONS,
                        default=workloads.PRECISIONS)  # fmt: skip
    parser.add_argument("--first", type=int, default=64, help="the batch to begin with")
    args = measuring.arguments(parser, repeats=None)
    tasks = {}
    for engine in args.engines:
        title, backend, jit = ENGINES[engine]
        for precision in args.precisions:
            task = {
                "workload": args.workload,
                "algorithm": args.algorithm,
                "precision": precision,
                "jit": jit,
                "rounds": 2,
                "block": 1,
                "warm_up": 1,
            }
            tasks[f"{title}, {precision}"] = (backend, task)
    limit = args.gib * 2**30
    rows, missing = [], {}
    for name, (backend, task) in tasks.items():
        measure = functools.partial(search, backend, task, limit, args.first)
        found, not_found = measuring.take_turns({name: measure}, repeats=1)
        rows += [{"name": name, **reports[0]} for reports in found.values()]
        missing |= not_found
        # The next may take long: what is known is kept.
        measuring.write(args.out, rows, limit_gib=args.gib, not_measured=missing)
    measuring.table(
        ("", "largest batch", "its MiB", "MiB at the first"),
        [
            (
                row["name"],
                row["largest_batch"],
                row["largest_batch"]
                and measuring.mebibytes(row["peak_bytes"][row["largest_batch"]]),
                row["peak_bytes"][args.first]
                and measuring.mebibytes(row["peak_bytes"][args.first]),
            )
            for row in rows
        ],
    )
    measuring.finish(args.out, rows, missing, limit_gib=args.gib)


if __name__ == "__main__":
    main()
