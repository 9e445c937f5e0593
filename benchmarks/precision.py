"""What a precision costs in quality, and what it saves in time: training runs of a preset.

    python benchmarks/precision.py --preset wgan_gp_mnist --rounds 500 --seeds 0 1

For each seed and precision, in turn, the preset is trained for so many rounds in a process of its
own, with the seed's initial weights and images in the same order, and its samples are compared with
the test images by the Fréchet distance of the shipped classifier's features (lower is better). What
seeds differ by is what a difference between precisions has to be held against.
"""

import argparse
import statistics

import measuring
import workloads


def main():
    """Trains, measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="wgan_gp_mnist", help="of MNIST or Fashion-MNIST")
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--n", type=int, default=10_000, help="samples, and real images")
    parser.add_argument("--engine", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    parser.add_argument("--data_dir", help="where TFDS keeps its data sets")
    args = measuring.arguments(parser, repeats=None)
    shared = {k: getattr(args, k) for k in ("preset", "rounds", "n", "data_dir")}
    contenders = {
        f"{precision}, seed {seed}": (
            "kgan_quality.py",
            args.engine,
            {**shared, "precision": precision, "seed": seed},
        )
        for seed in args.seeds
        for precision in workloads.PRECISIONS
    }
    reports, missing = measuring.take_turns(measuring.processes(contenders), 1)
    rows = [{"name": name, **contenders[name][2], **found[0]} for name, found in reports.items()]
    for row in rows:
        del row["data_dir"]
    for precision in workloads.PRECISIONS:
        found = [row for row in rows if row["precision"] == precision]
        if found:
            rows.append(
                {
                    "name": f"{precision}, all seeds",
                    "precision": precision,
                    "frechet": statistics.mean(row["frechet"] for row in found),
                    "round_seconds": statistics.mean(row["round_seconds"] for row in found),
                }
            )
    measuring.table(
        ("", "Fréchet distance", "ms a round"),
        [(row["name"], row["frechet"], 1000 * row["round_seconds"]) for row in rows],
    )
    measuring.finish(args.out, rows, missing)


if __name__ == "__main__":
    main()
