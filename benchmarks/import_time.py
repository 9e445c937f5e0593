"""Times imports and the commands that should answer at once, in fresh processes that take turns.

    python benchmarks/import_time.py --repeats 7

What `import kgan` adds to `import keras` is the median of the differences within a turn.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

import measuring

COMMANDS = {
    "python": ["-c", "pass"],
    "import keras": ["-c", "import keras"],
    "import kgan": ["-c", "import kgan"],
    "kgan list": ["-m", "kgan_cli", "list"],
    "kgan info wgan_gp_mnist": ["-m", "kgan_cli", "info", "wgan_gp_mnist"],
}


def seconds(command, backend):
    """How long a Python process takes."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(measuring.HERE.parent),
    }
    begun = time.perf_counter()
    subprocess.run([sys.executable, *command], env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


def main():
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", nargs="+", default=["tensorflow"],
                        choices=["tensorflow", "jax", "torch"])  # fmt: skip
    args = measuring.arguments(parser, repeats=7)
    rows, missing = [], {}
    for backend in args.engines:
        if not measuring.installed(backend):
            missing[backend] = f"{backend} is not installed"
            continue
        # Once for the files' sake.
        times = {name: [] for name in COMMANDS}
        for turn in range(-1, args.repeats):
            for name, command in COMMANDS.items():
                spent = seconds(command, backend)
                if turn >= 0:
                    times[name].append(spent)
        for name, values in times.items():
            rows.append({"name": name, "backend": backend, "seconds": measuring.summarise(values)})
        added = [b - a for a, b in zip(times["import keras"], times["import kgan"])]
        rows.append(
            {
                "name": "kgan adds to keras",
                "backend": backend,
                "seconds": measuring.summarise(added),
                "ratio_to_keras": statistics.median(added)
                / statistics.median(times["import keras"]),
            }
        )
    measuring.table(
        ("", "backend", "seconds", "quartiles"),
        [
            (
                row["name"],
                row["backend"],
                row["seconds"]["median"],
                measuring.quartiles(row["seconds"]),
            )
            for row in rows
        ],
    )
    measuring.finish(args.out, rows, missing)


if __name__ == "__main__":
    main()
