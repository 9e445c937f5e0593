"""Training a preset in a run folder: what `kgan train` does.

A run folder holds `config.json` (the preset as trained), `environment.json` (software, hardware,
the data's digest), `seconds.json`, `history.csv`, `samples/` (a grid after every epoch),
`checkpoint.keras` (to resume from) and, at the end, `model.keras`.
"""

import contextlib
import importlib
import json
import os
import pathlib
import platform
import signal
import subprocess
import time

import keras

import kgan
from kgan import callbacks, zoo


def train(preset, out, *, resume=False, jit="auto", data_dir=None, verbose="auto"):
    """Trains a preset's model from scratch, or on from its checkpoint.

    Args:
        preset: What `kgan.zoo.info` returns, with changes or without.
        out: The run folder.
        resume: Whether to go on from the folder's checkpoint.
        jit: Whether to compile with XLA; `"auto"` for where it helps.
        data_dir: Where TFDS keeps its data sets; its default if None.
        verbose: As in `fit`.

    Returns:
        The trained model, and whether it was interrupted.

    Raises:
        FileExistsError: If the folder holds a run already and `resume` is not set.
        FileNotFoundError: If there is nothing to resume.
    """
    out = pathlib.Path(out)
    checkpoint = out / "checkpoint.keras"
    if resume and not checkpoint.is_file():
        raise FileNotFoundError(f"{out} has no checkpoint.keras to resume from")
    if not resume and (out / "config.json").exists():
        raise FileExistsError(f"{out} holds a run already: resume it, or choose another folder")
    training = preset["training"]
    length = "rounds" if "rounds" in training else "epochs"
    if training[length] < 1:
        raise ValueError(f"{length} must be at least 1, got {training[length]}")
    keras.utils.set_random_seed(training["seed"])
    keras.config.set_dtype_policy(training["precision"])
    dataset = zoo.load_data(preset, data_dir=data_dir)
    if resume:
        gan = keras.models.load_model(checkpoint)
    else:
        gan = zoo.build(preset, jit_compile=jit)
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(preset, indent=2) + "\n")
    (out / "environment.json").write_text(json.dumps(environment(dataset), indent=2) + "\n")
    per_epoch = max(1, len(dataset) // gan.discriminator_steps)
    total = training[length] * (1 if length == "rounds" else per_epoch)
    done = callbacks.rounds_played(gan)
    first = done // per_epoch
    seconds = Seconds(out / "seconds.json")
    with stop_on_interrupt(gan) as interrupted:
        gan.fit(
            dataset,
            initial_epoch=first,
            epochs=first + -(-(total - done) // per_epoch),
            verbose=verbose,
            callbacks=[
                callbacks.StopAtRounds(total),
                callbacks.SampleGrid(out / "samples"),
                keras.callbacks.CSVLogger(out / "history.csv", append=resume),
                callbacks.Checkpoint(checkpoint),
                seconds,
            ],
        )
    callbacks.save(gan, out / "model.keras")
    return gan, bool(interrupted)


def environment(dataset):
    """What a run depends on beside its configuration: software, hardware and the data's digest."""
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
    """The name of the GPU that JAX trains on, None where there is none."""
    if keras.backend.backend() != "jax":
        return None
    import jax

    device = jax.devices()[0]
    return device.device_kind if device.platform == "gpu" else None


class Seconds(keras.callbacks.Callback):
    """Adds up the seconds spent in epochs, over all resumed runs, in a JSON file."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Stops it."""
        before = json.loads(self.path.read_text()) if self.path.exists() else 0.0
        self.path.write_text(json.dumps(before + time.perf_counter() - self.start))


@contextlib.contextmanager
def stop_on_interrupt(model):
    """Lets Ctrl-C end `fit` after the round at hand; yields a list that is then not empty."""
    interrupted = []

    def stop(signum, frame):
        interrupted.append(signum)
        model.stop_training = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
