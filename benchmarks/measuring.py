"""How every benchmark here measures: processes that take turns, statistics, tables, JSON.

Each contender is a process of its own, so that none inherits another's caches, threads or memory;
contenders take turns, so that what else the machine does is shared out between them.
"""

import datetime
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
CONTENDERS = HERE / "contenders"
UNAVAILABLE = 3


# How the reason begins why a contender that could be measured was not.
FAILED = "failed"


class Unavailable(Exception):
    """Something cannot be measured here; the message says why."""


def run(script, task, backend="tensorflow", environment=None):
    """Runs one contender.

    Args:
        script: Its file in `contenders/`.
        task: What it is to do; see `contenders/reporting.py`.
        backend: The Keras backend.
        environment: Further environment variables.

    Returns:
        What it reported.

    Raises:
        Unavailable: If it cannot be measured here.
        RuntimeError: If it failed.
    """
    if not installed(backend):
        raise Unavailable(f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, str(CONTENDERS / script), json.dumps({**task, "backend": backend})],
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": os.pathsep.join(
                [str(HERE.parent), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            **(environment or {}),
        },
        capture_output=True,
        text=True,
    )
    if done.returncode == UNAVAILABLE:
        raise Unavailable(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(f"{script} with {task} on {backend} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def out_of_memory(error):
    """Whether a contender failed for want of memory."""
    signs = ("RESOURCE_EXHAUSTED", "OutOfMemory", "MemoryError", "OOM")
    return any(sign in str(error) for sign in signs)


def installed(package):
    """Whether a package can be imported, without importing it."""
    import importlib.util

    return importlib.util.find_spec(package) is not None


def take_turns(contenders, repeats, progress=True):
    """Runs all contenders once, then all again, and so on.

    Args:
        contenders: `{name: function without arguments}`, each of which runs one process and
            returns its report, or raises `Unavailable`.
        repeats: Processes of each.
        progress: Whether to say on the terminal what runs.

    Returns:
        `{name: [reports]}`, and `{name: reason}` of those that cannot be measured, that failed, or
        that were not reached before an interrupt.
    """
    reports, missing = {name: [] for name in contenders}, {}
    try:
        for turn in range(repeats):
            for name, measure in contenders.items():
                if name in missing:
                    continue
                if progress:
                    print(f"[{turn + 1}/{repeats}] {name}", file=sys.stderr, flush=True)
                try:
                    reports[name].append(measure())
                except Unavailable as reason:
                    missing[name] = str(reason)
                except RuntimeError as error:
                    print(error, file=sys.stderr, flush=True)
                    missing[name] = f"{FAILED}: {str(error).strip().splitlines()[-1]}"
    except KeyboardInterrupt:
        for name in contenders:
            if not reports[name]:
                missing.setdefault(name, "interrupted before its turn was over")
    return {name: found for name, found in reports.items() if found}, missing


def processes(tasks):
    """Of `{name: (script, backend, task)}`, what `take_turns` calls."""
    return {
        name: lambda script=script, backend=backend, task=task: run(script, task, backend)
        for name, (script, backend, task) in tasks.items()
    }


def summarise(values):
    """Median, quartiles and how many."""
    values = list(values)
    if len(values) == 1:
        return {"median": values[0], "quartiles": [values[0]] * 2, "n": 1}
    first, median, third = statistics.quantiles(values, n=4)
    return {"median": median, "quartiles": [first, third], "n": len(values)}


def table(columns, rows):
    """Prints a table: text to the left, numbers to the right."""
    cells = [[shown(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells)]
    left = [not any(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))]
    for line in [list(columns), *cells]:
        padded = (
            text.ljust(width) if to_left else text.rjust(width)
            for text, width, to_left in zip(line, widths, left)
        )
        print("  ".join(padded).rstrip())


def finish(path, rows, missing, **about):
    """Writes results, and prints what was not measured and why: `{name: reason}`.

    Raises:
        SystemExit: With status 1, if something failed.
    """
    write(path, rows, **about, not_measured=missing)
    for name, reason in missing.items():
        print(f"not measured: {name} ({reason})")
    if any(reason.startswith(FAILED) for reason in missing.values()):
        sys.exit(1)


def shown(value):
    """A value of a table's cell as text."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return str(value)


def quartiles(summary, factor=1.0):
    """The quartiles of `summarise` as text."""
    return "-".join(shown(factor * value) for value in summary["quartiles"])


def mebibytes(size):
    """Bytes as MiB."""
    return round(size / 2**20)


def write(path, rows, **about):
    """Writes results and what is known of the machine as JSON, if there is a path."""
    if path is None:
        return
    # Only now: what is measured shares the machine with nothing else that imports Keras.
    from kgan import environment

    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    results = {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", *sys.argv]),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cores": len(os.sched_getaffinity(0)),
            "processor": environment.processor(),
        },
        **about,
        "rows": rows,
    }
    path.write_text(json.dumps(results, indent=2) + "\n")


def arguments(parser, repeats=3):
    """Adds what all benchmarks can be told, and parses; without `repeats` where it is None."""
    if repeats is not None:
        text = "processes of each contender"
        parser.add_argument("--repeats", type=int, default=repeats, help=text)
    parser.add_argument("--out", type=pathlib.Path, help="a JSON file for the results")
    args = parser.parse_args()
    if repeats is not None and args.repeats < 1:
        parser.error(f"--repeats must be at least 1, got {args.repeats}")
    return args
