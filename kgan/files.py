"""Where kgan keeps what it downloaded or computed, and how files are written and read."""

import csv
import json
import os
import tempfile
from pathlib import Path


def home():
    """Return the cache folder: `$KGAN_HOME`, else `~/.cache/kgan`."""
    return Path(os.environ.get("KGAN_HOME") or "~/.cache/kgan").expanduser()


def write_atomically(path, write):
    """Call `write(file)` on a file beside `path`, then rename: no reader sees half of it.

    Args:
        path: File to write; its folder is made.
        write: Callable that writes to an open binary file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def write_text(path, text):
    """Write a text file by `write_atomically`, in UTF-8."""
    write_atomically(path, lambda file: file.write(text.encode()))


def read_json(path):
    """Return what a JSON file holds.

    Raises:
        ValueError: If it cannot be read as JSON: the message names the file.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON, or a damaged one: {error}") from error


def read_lines(path):
    """Return the lines of a CSV file with a header, such as `history.csv`, as dictionaries."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
