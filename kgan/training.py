"""Training a preset in a run folder: what `kgan train` does.

A run folder holds `config.json` (the preset as trained), `environment.json` (software, hardware,
the data's digest), `seconds.json`, `history.csv` (a line an epoch: rounds played, running means,
and the seconds that training took so far), `samples/` (a grid after every epoch),
`checkpoint.keras` (to resume from) and, at the end, `model.keras`.

A preset whose `training` says `hold_out`, in per cent, is trained on the rest of its split; then
`best.keras` is the model of the epoch whose samples were nearest to the images held out.
"""

import contextlib
import csv
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
from kgan import callbacks, fine_tuning, metrics, schedules, zoo
from kgan.metrics.classifiers import shipped_classifier

# Keras's CSVLogger writes the one for what was not logged, a shorter line has the other.
EMPTY = ("NA", "", None)
# Samples by which an epoch is judged, or as many as there are images held out.
SELECTION_SAMPLES = 5000


def train(preset, out, *, resume=False, jit="auto", data_dir=None, verbose="auto"):
    """Trains a preset's model from scratch, from a preset's weights, or on from its checkpoint.

    Args:
        preset: What `kgan.zoo.info` returns, with changes or without; or what
            `kgan.fine_tuning.start_from` makes of it.
        out: The run folder.
        resume: Whether to go on from the folder's checkpoint.
        jit: Whether to compile with XLA; `"auto"` for where it helps.
        data_dir: Where TFDS keeps its data sets; its default if None.
        verbose: As in `fit`.

    Returns:
        The trained model, and whether Ctrl-C stopped it early.

    Raises:
        FileExistsError: If the folder holds a run already and `resume` is not set.
        FileNotFoundError: If there is nothing to resume.
        ValueError: If the data or the weights to start from do not fit the networks.
        KeyboardInterrupt: If it was interrupted before anything was written, or twice.
    """
    with StopOnInterrupt() as interrupt:
        return _train(preset, pathlib.Path(out), resume, jit, data_dir, verbose, interrupt)


def _train(preset, out, resume, jit, data_dir, verbose, interrupt):
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
    used, held_out = splits(preset)
    dataset = zoo.load_data(preset, split=used, data_dir=data_dir)
    protocol, selecting = selection(preset, held_out, out, data_dir) if held_out else (None, [])
    if resume:
        gan = keras.models.load_model(checkpoint)
    else:
        gan = zoo.build(preset, jit_compile=jit)
        fine_tuning.load_initial(gan, preset)
    fine_tuning.check_data(gan, dataset, preset)
    surroundings = environment(dataset)
    per_epoch = max(1, len(dataset) // gan.discriminator_steps)
    scheduled = isinstance(gan.steps_schedule, schedules.Schedule)
    if scheduled and length == "epochs":
        raise ValueError(
            "an epoch has another number of rounds wherever discriminator_steps changes: say in "
            "rounds how long to train"
        )
    total = training[length] * (1 if length == "rounds" else per_epoch)
    done = callbacks.rounds_played(gan)
    first = done // per_epoch
    # Of a schedule, no more is known than that an epoch has a round.
    epochs = total - done if scheduled else -(-(total - done) // per_epoch)
    interrupt.wait_for_round()
    out.mkdir(parents=True, exist_ok=True)
    try:
        write_json(out / "config.json", preset)
        write_json(out / "environment.json", surroundings)
        if protocol:
            write_json(out / "selection.json", protocol)
        gan.fit(
            dataset,
            initial_epoch=first,
            epochs=first + epochs,
            verbose=verbose,
            callbacks=[
                Seconds(out / "seconds.json"),
                callbacks.StopAtRounds(total),
                interrupt,
                *selecting,
                callbacks.SampleGrid(out / "samples"),
                HistoryFile(out / "history.csv", resume),
                callbacks.Checkpoint(checkpoint),
            ],
        )
    except BaseException:
        if not checkpoint.is_file():
            discard(out)
        raise
    callbacks.save(gan, out / "model.keras")
    return gan, interrupt.interrupted and callbacks.rounds_played(gan) < total


def splits(preset):
    """What a preset is trained on, and what is held out to choose the best epoch by.

    Returns:
        Two splits for `kgan.data.load`; the second is None where nothing is held out.

    Raises:
        ValueError: If `hold_out` is no percentage, or the preset's split is a slice already.
    """
    split, part = preset["data"].get("split", "train"), preset["training"].get("hold_out")
    if part is None:
        return split, None
    if isinstance(part, bool) or not isinstance(part, int) or not 0 < part < 100:
        raise ValueError(f"hold_out is a percentage, an integer from 1 to 99, got {part!r}")
    if "[" in split:
        raise ValueError(f"hold_out takes images from a whole split, but this one is {split!r}")
    return f"{split}[:{100 - part}%]", f"{split}[{100 - part}%:]"


def selection(preset, split, out, data_dir):
    """What keeps the best model, by the Fréchet distance to images held out.

    The features are those of the shipped classifier where one knows the images, which takes
    seconds, and of the FID network elsewhere.

    Returns:
        How an epoch is judged, as a dictionary, and the callbacks that do it.
    """
    fixed = dict(data_dir=data_dir, batch_size=1, shuffle=False, augment=None, cache=True)
    images = zoo.load_data(preset, split=split, **fixed)
    known = shipped_classifier(preset["data"]["source"], images.image_shape)
    fid = metrics.FrechetInceptionDistance(known and metrics.classifier_features(known))
    n = min(SELECTION_SAMPLES, images.num_images)
    protocol = {
        "metric": fid.monitor,
        "extractor": f"{known}_classifier" if known else "inception",
        "split": split,
        "real": images.num_images,
        "samples": n,
    }
    return protocol, [
        callbacks.Evaluate(fid, images, n=n),
        callbacks.BestCheckpoint(out / "best.keras", fid, final=False),
    ]


def write_json(path, value):
    """Writes what a person may want to read."""
    path.write_text(json.dumps(value, indent=2) + "\n")


def discard(out):
    """Removes what a run wrote that cannot be resumed, so that it can be begun anew."""
    written = ("config.json", "environment.json", "seconds.json", "history.csv")
    written += ("selection.json", "best.keras", "best.json")
    for name in (*written, "samples/000000.png"):
        (out / name).unlink(missing_ok=True)
    for folder in (out / "samples", out):
        with contextlib.suppress(OSError):  # It holds something else, or is not there.
            folder.rmdir()


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


class HistoryFile(keras.callbacks.Callback):
    """Writes a line an epoch: rounds played, the epoch, and all that it logged.

    The file is replaced by a complete one each time, so its columns may change between runs. Those
    that nothing was ever logged for are left out.

    Args:
        path: Of the CSV file.
        resume: Whether to go on from the file that is there, as far as the model has come.
    """

    def __init__(self, path, resume=False):
        super().__init__()
        self.path = pathlib.Path(path)
        self.resume = resume
        self.lines = []

    def on_train_begin(self, logs=None):
        """Reads the lines of earlier runs; those of lost rounds are played again."""
        if self.resume and self.path.is_file():
            with self.path.open(newline="") as file:
                lines = list(csv.DictReader(file))
            played = callbacks.rounds_played(self.model)
            # Files of kgan 0.1.0 do not count rounds.
            self.lines = [line for line in lines if int(line.get("rounds") or 0) <= played]

    def on_epoch_end(self, epoch, logs=None):
        """Adds a line."""
        logs = dict(logs or {})
        terms = {name: logs.pop(name) for name in self.model.term_names() if name in logs}
        rounds = callbacks.rounds_played(self.model)
        self.lines.append({"rounds": rounds, "epoch": epoch, **terms, **logs})
        columns = dict.fromkeys(["rounds", "epoch"])
        for line in self.lines:
            columns.update((key, None) for key, value in line.items() if value not in EMPTY)
        unfinished = self.path.with_name(f".{self.path.name}.unfinished")
        with unfinished.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(columns), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.lines)
        os.replace(unfinished, self.path)


class Seconds(keras.callbacks.Callback):
    """Adds up the seconds spent in epochs, over all resumed runs, in a JSON file and in the logs.

    As the first callback it counts what rounds and their data take, compilation included, and not
    what the other callbacks do between epochs: judging, drawing and saving.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Stops it."""
        spent = time.perf_counter() - self.start
        spent += json.loads(self.path.read_text()) if self.path.exists() else 0.0
        self.path.write_text(json.dumps(spent))
        if logs is not None:
            logs["seconds"] = spent


class StopOnInterrupt(keras.callbacks.Callback):
    """Lets Ctrl-C end `fit` after the round at hand.

    As a context, it takes over Ctrl-C: the first one is noted, and raises KeyboardInterrupt unless
    `wait_for_round` was called; any further one is Python's own business again and raises at once.
    As a callback, it ends `fit`.

    Attributes:
        interrupted: Whether there was one.
    """

    def __init__(self):
        super().__init__()
        self.interrupted = False
        self.waits = False

    def __enter__(self):
        self.before = signal.signal(signal.SIGINT, self.note)
        return self

    def __exit__(self, *error):
        signal.signal(signal.SIGINT, self.before)

    def note(self, signum, frame):
        """Handles the first interrupt."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.interrupted = True
        if not self.waits:
            raise KeyboardInterrupt

    def wait_for_round(self):
        """From now on an interrupt waits for a round to end.

        Raises:
            KeyboardInterrupt: If there was one before. Raised in a finalizer, or by a library that
                catches everything, it would be lost.
        """
        self.waits = True
        if self.interrupted:
            raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        """Ends `fit`, which forgets what was asked for before it began."""
        if self.interrupted:
            self.model.stop_training = True
