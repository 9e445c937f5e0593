"""What results depend on beside their configuration: software, hardware and data."""

import importlib
import os
import pathlib
import platform
import subprocess

import keras

import kgan


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
        "hardware": gpu_name() or f"{os.cpu_count()} cores, {platform.machine()}",
        "data_digest": dataset.digest() if hasattr(dataset, "digest") else None,
    }


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
