"""What results depend on beside their configuration: software, hardware and data."""

import importlib
import os
import pathlib
import platform
import subprocess

import keras

import kgan

# The widest vector instructions first, as Linux and as their makers call them.
INSTRUCTIONS = {
    "amx_bf16": "AMX bfloat16",
    "avx512_bf16": "AVX-512 bfloat16",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
}


def describe(dataset):
    """Versions, commit, hardware, and the data set's digest where it has one; for JSON."""
    folder = pathlib.Path(__file__).parent
    command = ["git", "-C", folder, "log", "-1", "--format=%h", "--", "."]
    try:
        commit = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:  # There is no git here.
        commit = ""
    return {
        "kgan": kgan.__version__,
        "commit": commit or None,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "backend_version": importlib.import_module(keras.backend.backend()).__version__,
        "hardware": gpu_name() or cpu_name(),
        "data_digest": dataset.digest() if hasattr(dataset, "digest") else None,
    }


def cpu_name():
    """How many cores this process may use, and of which processor."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # Not on Linux.
        cores = os.cpu_count()
    return f"{cores} {'core' if cores == 1 else 'cores'}, {processor()}"


def processor():
    """The processor's model as its maker calls it; only its kind where the system does not say.

    Linux tells the model, and which instructions there are: names alone do not say whether
    bfloat16 is computed or emulated, which decides what a CPU takes for a round.
    """
    known = cpuinfo()
    if not known:
        return platform.processor() or platform.machine()
    model = known.get("model name", platform.machine())
    flags = known.get("flags", "").split()
    widest = next((flag for flag in INSTRUCTIONS if flag in flags), None)
    return f"{model} ({INSTRUCTIONS[widest]})" if widest else model


def emulates_bfloat16():
    """Whether it is known that models train on a CPU that has no instructions for bfloat16."""
    flags = cpuinfo().get("flags", "").split()
    known = bool(flags) and not any(flag.endswith("_bf16") for flag in flags)
    return known and gpu_name() is None


def cpuinfo():
    """What Linux says of the last processor in /proc/cpuinfo, nothing on other systems."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return {}
    return dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)


def gpu_name():
    """The name of the GPU that the backend trains on, None where there is none."""
    if keras.backend.backend() == "jax":
        import jax

        device = jax.devices()[0]
        return device.device_kind if device.platform == "gpu" else None
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        devices = tf.config.get_visible_devices("GPU")
        details = tf.config.experimental.get_device_details(devices[0]) if devices else {}
        return details.get("device_name", "GPU") if devices else None
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
