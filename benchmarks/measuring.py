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
import signal
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
CONTENDERS = HERE / "contenders"
UNAVAILABLE = 3
# How frameworks and Python say that memory did not suffice.
NO_MEMORY = ("RESOURCE_EXHAUSTED", "OutOfMemory", "MemoryError", "OOM")

# How the reason begins why a contender that could be measured was not.
FAILED = "failed"


class Unavailable(Exception):
    """Something cannot be measured here; the message says why."""


class Failed(RuntimeError):
    """A contender failed.

    Attributes:
        out_of_memory: Whether for want of memory.
    """

    def __init__(self, message, out_of_memory):
        super().__init__(message)
        self.out_of_memory = out_of_memory


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
        Failed: If it failed.
    """
    if not installed(backend):
        raise Unavailable(f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, str(CONTENDERS / script), json.dumps({**task, "backend": backend})],
        env={
            # As the command `kgan` has it on x86.
            "TF_ENABLE_ONEDNN_OPTS": "1",
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
        # Killed: so the system does where memory is short, without a word.
        out_of_memory = done.returncode == -signal.SIGKILL or any(
            sign in done.stderr for sign in NO_MEMORY
        )
        why = done.stderr[-3000:].strip() or f"it ended with status {done.returncode}"
        raise Failed(f"{script} with {task} on {backend} failed:\n{why}", out_of_memory)
    return json.loads(done.stdout.splitlines()[-1])


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
                except Failed as error:
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


def pooled(reports, of="round"):
    """What all processes of one contender found together.

    Args:
        reports: Theirs.
        of: What their clocks measured: a round, or a call.

    Returns:
        Summaries of the seconds and of those before the first, how many processes there were, the
        highest peak of memory, and what else the first one said of itself.
    """
    about = {k: v for k, v in reports[0].items() if k not in ("seconds", "compile_seconds")}
    return {
        f"{of}_seconds": summarise(s for report in reports for s in report["seconds"]),
        "compile_seconds": summarise(report["compile_seconds"] for report in reports),
        "processes": len(reports),
        **about,
        "peak_bytes": max(report["peak_bytes"] for report in reports),
    }


def summarise(values):
    """Median, quartiles and how many."""
    values = list(values)
    if len(values) == 1:
        return {"median": values[0], "quartiles": [values[0]] * 2, "n": 1}
    first, median, third = statistics.quantiles(values, n=4, method="inclusive")
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
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    results = {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", *sys.argv]),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cores": len(os.sched_getaffinity(0)),
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
