"""Where kgan keeps what it downloaded or computed, and how a file gets there whole."""

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
