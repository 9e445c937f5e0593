"""Times the data: how many images a second it brings, and what it adds to a round.

    python benchmarks/input_pipeline.py --sources arrays embedded npz folder mnist --data_dir ~/tfds

`alone` is an epoch of `kgan.data.load` without training, `in fit` one of a model so small that the
data is all there is to wait for. The other columns are rounds of the WGAN-GP of the workload
`digits`, and their ratio to those on arrays.
"""

import argparse

import measuring

SOURCES = ("arrays", "embedded", "npz", "folder")


def main():
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", nargs="+", default=list(SOURCES),
                        help=f"{', '.join(SOURCES)}, or names of TensorFlow data sets")  # fmt: skip
    parser.add_argument("--data_dir", help="where TFDS keeps its data sets")
    parser.add_argument("--engines", nargs="+", choices=["tensorflow", "jax", "torch"],
                        default=["tensorflow"])  # fmt: skip
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=20, help="timed rounds of each process")
    args = measuring.arguments(parser)
    if "arrays" not in args.sources:
        args.sources.insert(0, "arrays")
    tasks = {}
    for engine in args.engines:
        for source in args.sources:
            task = {
                "source": source,
                "data_dir": args.data_dir,
                "batch": args.batch,
                "rounds": args.rounds,
                "block": 1,
                "warm_up": 3,
            }
            tasks[f"{engine}, {source}"] = ("kgan_data.py", engine, task)
    reports, missing = measuring.take_turns(measuring.processes(tasks), args.repeats)
    rows = []
    for name, found in reports.items():
        engine, source = name.split(", ")
        alone = measuring.summarise(r["alone_images_per_second"] for r in found)
        light = measuring.summarise(s for r in found for s in r["light_seconds"])
        rows.append(
            {
                "name": name,
                "engine": engine,
                "source": source,
                "alone_images_per_second": alone,
                "light_round_seconds": light,
                "light_images_per_second": args.batch * 5 / light["median"],
                "batch": args.batch,
                **measuring.pooled(found),
            }
        )
    usual = {row["engine"]: row for row in rows if row["source"] == "arrays"}
    for row in rows:
        known = usual.get(row["engine"])
        row["ratio_to_arrays"] = (
            known and row["round_seconds"]["median"] / known["round_seconds"]["median"]
        )
    measuring.table(
        ("", "alone images/s", "in fit images/s", "ms a round", "times arrays'"),
        [
            (
                row["name"],
                row["alone_images_per_second"]["median"],
                row["light_images_per_second"],
                1e3 * row["round_seconds"]["median"],
                row["ratio_to_arrays"],
            )
            for row in rows
        ],
    )
    measuring.finish(args.out, rows, missing)


if __name__ == "__main__":
    main()
