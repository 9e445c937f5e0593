"""Times what comes before the first round is done: tracing and compiling it.

    python benchmarks/compile_time.py --engines tensorflow jax --steps 1 5

The first round's seconds less those of a usual one, by the number of the discriminator's updates in
a round, which are written one after the other in the compiled function. `--cache` runs JAX twice
with one persistent compilation cache and reports the second time too. The peer is JAX by hand,
unrolled likewise and rolled into a loop.
"""

import argparse
import pathlib
import tempfile

import measuring
import workloads
from train_step import ENGINES


def main():
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workload", choices=["digits", "resnet"], default="digits")
    parser.add_argument("--algorithm", choices=workloads.ALGORITHMS, default="wgan_gp")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["tensorflow"])
    parser.add_argument("--steps", nargs="+", type=int, default=[1, 5])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--cache", action="store_true", help="JAX once more with its cache filled")
    args = measuring.arguments(parser)
    task = {
        "workload": args.workload,
        "algorithm": args.algorithm,
        "precision": "float32",
        "batch": args.batch,
        "rounds": 3,
        "block": 1,
        "warm_up": 1,
    }
    tasks = {}
    for engine in args.engines:
        title, backend, jit = ENGINES[engine]
        for steps in args.steps:
            change = {"discriminator_steps": steps}
            given = {**task, "jit": jit, "change": change}
            tasks[f"{title}, {steps} updates"] = ("kgan_round.py", backend, given)
    if "jax" in args.engines:
        for name, rolled in (("unrolled", False), ("rolled", True)):
            given = {**task, "jit": True, "rolled": rolled}
            tasks[f"by hand, JAX, 5 updates, {name}"] = ("jax_by_hand.py", "jax", given)
    contenders = measuring.processes(tasks)
    with tempfile.TemporaryDirectory() as folder:
        if args.cache:
            environment = {
                "JAX_COMPILATION_CACHE_DIR": folder,
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            }
            given = {**task, "jit": True}

            def from_cache():
                if not any(pathlib.Path(folder).iterdir()):
                    # This one fills it, and what it takes is the row above.
                    measuring.run("kgan_round.py", given, "jax", environment)
                return measuring.run("kgan_round.py", given, "jax", environment)

            contenders["kgan, JAX, from the cache"] = from_cache
        reports, missing = measuring.take_turns(contenders, args.repeats)
    rows = [
        {"name": name, "batch": args.batch, **measuring.pooled(found)}
        for name, found in reports.items()
    ]
    measuring.table(
        ("", "compile s", "quartiles", "ms a round"),
        [
            (
                row["name"],
                row["compile_seconds"]["median"],
                measuring.quartiles(row["compile_seconds"]),
                1e3 * row["round_seconds"]["median"],
            )
            for row in rows
        ],
    )
    measuring.finish(args.out, rows, missing)


if __name__ == "__main__":
    main()
