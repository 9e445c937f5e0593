"""Files of weights: those that come with the package, downloaded ones, and how they are written."""

import hashlib
import http.client
import importlib.resources
import os
import pathlib
import re
import shutil
import tempfile
import urllib.request

import keras

from kgan.files import home


def builtin_folder():
    """The folder of the built-in presets: inside an installed package, or in the checkout."""
    installed = importlib.resources.files("kgan") / "_zoo"
    if installed.is_dir():
        return pathlib.Path(str(installed))
    return pathlib.Path(__file__).parent.parent / "zoo"


def builtin_preset(name):
    """The folder of the built-in preset of that name, None if there is none."""
    folder = (builtin_folder() / name).resolve()
    return folder if (folder / "preset.json").is_file() else None


def save_weights(network, path):
    """Writes a network's weights in float16.

    Args:
        network: A built Keras model.
        path: Where to; must end in `.weights.h5`.

    Returns:
        The sha256 of the file, in hexadecimal.

    Raises:
        ValueError: If a weight is too large for float16.
    """
    import h5py
    import numpy as np

    for weight in network.weights:
        largest = np.abs(keras.ops.convert_to_numpy(weight)).max(initial=0)
        if not largest < np.finfo("float16").max:
            raise ValueError(f"{weight.path} reaches {largest}, too large for float16")
    path = pathlib.Path(path)
    full = path.with_name(f"float32-{path.name}")
    network.save_weights(full)

    with h5py.File(full) as source, h5py.File(path, "w") as target:

        def convert(name, item):
            if isinstance(item, h5py.Dataset):
                values = item[()].astype("float16")
                # A compressed data set costs some kilobytes of bookkeeping.
                large = values.nbytes > 2**16
                options = {"compression": "gzip", "shuffle": True} if large else {}
                target.create_dataset(name, data=values, track_times=False, **options)
            else:
                target.require_group(name).attrs.update(item.attrs)

        source.visititems(convert)
    full.unlink()
    return sha256(path)


def sha256(path):
    """The sha256 of a file, in hexadecimal."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def find_weights(folder, file):
    """The path of a weights file, downloaded into the cache if the preset names a `url`."""
    if "url" in file:
        return _download(file["url"], file["sha256"])
    path = folder / file["file"]
    if path.parent != folder:
        raise ValueError(f"a preset's weights lie in its folder, not at {file['file']!r}")
    if not path.is_file():
        raise ValueError(f"{path} is missing: install kgan again, or load with weights=None")
    if sha256(path) != file["sha256"]:
        raise ValueError(f"{path} does not have the checksum in preset.json: it was changed")
    return path


def _download(url, checksum):
    """The path of a file in the cache, `KGAN_HOME` or `~/.cache/kgan`, where it gets once whole."""
    if not re.fullmatch("[0-9a-f]{64}", str(checksum)):
        raise ValueError(f"{url} needs a sha256, got {checksum!r}")
    path = home() / "weights" / f"{checksum}.weights.h5"
    if path.is_file() and sha256(path) == checksum:
        return path
    remedy = (
        f"put the file at {path} by hand, set KGAN_HOME to a folder that has it, or pass "
        "weights=None for a fresh model"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            unfinished = pathlib.Path(folder) / path.name
            with urllib.request.urlopen(url, timeout=60) as source, unfinished.open("wb") as target:
                shutil.copyfileobj(source, target)
            found = sha256(unfinished)
            if found == checksum:
                os.replace(unfinished, path)
    # An unknown host, a refusal or a full disk is an OSError, a malformed url a ValueError.
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ValueError(f"{url} could not be downloaded ({error}): {remedy}") from error
    if found != checksum:
        raise ValueError(
            f"{url} has sha256 {found} where the preset expects {checksum}: it is incomplete or "
            f"was changed. Try again, {remedy}"
        )
    return path
