"""Read the tensors of a TorchScript archive with numpy alone, running nothing from it.

A TorchScript file is a zip with one pickle, `data.pkl`, and one raw file for each tensor storage.
The reader is a `pickle.Unpickler` that may name four things only, so it cannot run foreign code.
"""

import io
import pickle
import zipfile

import numpy as np


class Node:
    """Stand-in for every scripted module: it only holds attributes."""


def _rebuild_tensor(storage, offset, size, stride, *_):
    last = offset + sum((n - 1) * s for n, s in zip(size, stride))
    if offset < 0 or min(size) < 1 or min(stride) < 0 or last >= storage.size:
        raise pickle.UnpicklingError("tensor outside its storage")
    view = np.lib.stride_tricks.as_strided(
        storage[offset:], size, [s * storage.itemsize for s in stride], writeable=False
    )
    return np.array(view, dtype=np.float32, order="C")


_ALLOWED = {
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch.jit._pickle", "build_intlist"): list,
    ("collections", "OrderedDict"): dict,
}


class _Reader(pickle.Unpickler):
    def __init__(self, archive, root):
        super().__init__(io.BytesIO(archive.read(f"{root}data.pkl")))
        self.archive, self.root = archive, root

    def find_class(self, module, name):
        if module.startswith("__torch__."):
            return Node
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"refused the name {module}.{name}")
        return _ALLOWED[module, name]

    def persistent_load(self, pid):
        kind, dtype, key, _, count = pid
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError(f"unknown storage {pid!r}")
        data = np.frombuffer(self.archive.read(f"{self.root}data/{key}"), dtype)
        if data.size != count:
            raise pickle.UnpicklingError(f"storage {key} holds {data.size} of {count} values")
        return data


def read(blob):
    """Return the attribute tree of a TorchScript archive.

    Args:
        blob: Bytes of the archive.

    Returns:
        A `Node` whose attributes are nodes, float32 arrays and plain values.

    Raises:
        ValueError: `blob` is not a TorchScript archive.
        pickle.UnpicklingError: The archive names anything but tensors and modules.
    """
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        names = [n for n in archive.namelist() if n.count("/") == 1 and n.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("not a TorchScript archive: it has no single data.pkl")
        return _Reader(archive, names[0].removesuffix("data.pkl")).load()
