"""Times training rounds of kgan and of the same networks written by hand, in one run.

    python benchmarks/train_step.py [--rounds 20] [--repeats 3] [--out results.json]

The round is that of WGAN-GP at 28x28: batch 64, five critic updates and one generator update.
Generator: Dense 7x7x128, transposed convolutions of 64 and 1 channels, batch norm. Critic:
convolutions of 64, 128 and 256 channels, 5x5 with stride 2. Each contender is a process of its own;
contenders take turns, so that what else the machine does is shared out between them. A round's
time is the median over all its rounds, after warm-up.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
CRITIC_IMAGES = 64 * 5

# name: (script, arguments, KERAS_BACKEND)
CONTENDERS = {
    "kgan, TensorFlow graph, float32": ("kgan_round.py", ["float32", "off"], "tensorflow"),
    "kgan, TensorFlow graph, bfloat16": ("kgan_round.py", ["mixed_bfloat16", "off"], "tensorflow"),
    "kgan, torch eager, float32": ("kgan_round.py", ["float32", "off"], "torch"),
    "kgan, JAX, float32": ("kgan_round.py", ["float32", "on"], "jax"),
    "by hand, torch eager channels_last, float32": ("torch_round.py", [], "torch"),
}
REFERENCE = "by hand, torch eager channels_last, float32"
DEFAULT = ["kgan, TensorFlow graph, float32", "kgan, TensorFlow graph, bfloat16", REFERENCE]


def measure(name, rounds):
    """Runs one contender; returns what it printed: seconds a round, versions, device."""
    script, arguments, backend = CONTENDERS[name]
    done = subprocess.run(
        [sys.executable, str(HERE / "contenders" / script), str(rounds), *arguments],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def summarise(name, runs):
    """Median and quartiles of all rounds of all repeats."""
    seconds = [s for run in runs for s in run["seconds"]]
    first, median, third = statistics.quantiles(seconds, n=4)
    return {
        "name": name,
        "milliseconds": {"median": median * 1e3, "quartiles": [first * 1e3, third * 1e3]},
        "critic_images_per_second": CRITIC_IMAGES / median,
        "rounds": len(seconds),
        **{key: value for key, value in runs[0].items() if key != "seconds"},
    }


def main():
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="timed rounds of each process")
    parser.add_argument("--repeats", type=int, default=3, help="processes of each contender")
    parser.add_argument("--all", action="store_true", help="also kgan on JAX and torch")
    parser.add_argument("--out", type=pathlib.Path, help="a JSON file for the results")
    args = parser.parse_args()
    names = list(CONTENDERS) if args.all else DEFAULT
    runs = {name: [] for name in names}
    for _ in range(args.repeats):
        for name in names:
            runs[name].append(measure(name, args.rounds))
    rows = [summarise(name, runs[name]) for name in names]
    reference = next(r for r in rows if r["name"] == REFERENCE)
    print(f"{'':46}{'ms a round':>12}{'quartiles':>16}{'images/s':>10}{'ratio':>8}")
    for row in rows:
        row["ratio"] = row["critic_images_per_second"] / reference["critic_images_per_second"]
        low, high = row["milliseconds"]["quartiles"]
        print(
            f"{row['name']:46}{row['milliseconds']['median']:12.1f}{low:9.1f}-{high:.1f}"
            f"{row['critic_images_per_second']:10.0f}{row['ratio']:8.2f}"
        )
    if args.out:
        results = {
            "date": datetime.date.today().isoformat(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "batch": 64,
            "discriminator_steps": 5,
            "rows": rows,
        }
        args.out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
