"""Training a preset in a run folder: what `kgan train` does.

A run folder holds `config.json` (the preset as trained), `environment.json` (software, hardware,
the data's digest), `history.csv` (a line an epoch, or two of one that was cut short and resumed:
rounds played, running means, and the seconds that training took so far), `samples/` (a grid after
every epoch), `checkpoint.keras` (to resume from) and, at the end, `model.keras`.

A preset whose `training` says `hold_out`, in per cent, is trained on the rest of its split; then
`best.keras` is the model of the epoch whose samples were nearest to the images held out.
"""

import contextlib
import json
import pathlib
import shutil
import warnings

import keras

from kgan import callbacks, environment, fine_tuning, metrics, schedules, zoo
from kgan.callbacks.files import HistoryFile, Seconds
from kgan.files import read_json, write_text
from kgan.metrics.classifiers import shipped_classifier
from kgan.models.interrupt import StopOnInterrupt
from kgan.models.saved import load_gan

# Samples by which an epoch is judged, or as many as there are images held out.
SELECTION_SAMPLES = 5000
# So few images held out are worth a warning: the distance to them is mostly chance.
FEW_IMAGES = 500

# All that a run writes.
FILES = (
    "config.json",
    "environment.json",
    "selection.json",
    "history.csv",
    "samples",
    "checkpoint.keras",
    "best.keras",
    "best.json",
    "model.keras",
)


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
        FileExistsError: If the folder holds a run, or a part of one, and `resume` is not set.
        FileNotFoundError: If there is nothing to resume.
        ValueError: If the data or the weights to start from do not fit the networks, or a run is
            to be resumed with another recipe than it began with.
        KeyboardInterrupt: If it was interrupted before anything was written, or twice.
    """
    policy = keras.config.dtype_policy()
    try:
        with StopOnInterrupt(terminate=True) as interrupt:
            return _train(preset, pathlib.Path(out), resume, jit, data_dir, verbose, interrupt)
    finally:
        keras.config.set_dtype_policy(policy)


def _train(preset, out, resume, jit, data_dir, verbose, interrupt):
    checkpoint = out / "checkpoint.keras"
    if resume and not checkpoint.is_file():
        raise FileNotFoundError(
            f"{out} has no checkpoint.keras to resume from: no epoch was finished, so train anew"
        )
    if resume:
        began = check_same_recipe(out, preset)
    else:
        check_free(out)
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
        gan = load_gan(checkpoint)
        if jit != "auto":
            gan.jit_compile = gan.compile_arguments["jit_compile"] = jit
    else:
        gan = zoo.build(preset, jit_compile=jit)
        fine_tuning.load_initial(gan, preset)
    fine_tuning.check_data(gan, dataset, preset)
    surroundings = environment.describe(dataset)
    if getattr(dataset, "class_names", None):
        surroundings["class_names"] = dataset.class_names
    per_epoch = max(1, len(dataset) // gan.discriminator_steps)
    scheduled = isinstance(gan.steps_schedule, schedules.Schedule)
    if scheduled and length == "epochs":
        raise ValueError(
            "an epoch has another number of rounds wherever discriminator_steps changes: say in "
            "rounds how long to train"
        )
    total = training[length] * (1 if length == "rounds" else per_epoch)
    done = callbacks.rounds_played(gan)
    if done > total:
        raise ValueError(f"{out} has played {done} rounds already, and {total} were asked for")
    first, played = divmod(done, per_epoch)
    if resume:
        moved = began["data"]["source"] != preset["data"]["source"]
        check_same_data(out, surroundings, moved)
    if training["precision"] == "mixed_bfloat16" and environment.emulates_bfloat16():
        warnings.warn(
            "this processor has no instructions for bfloat16: rounds take several times as long as "
            "those of a run begun with kgan train --precision float32",
            stacklevel=3,
        )
    interrupt.wait_for_round()
    out.mkdir(parents=True, exist_ok=True)
    try:
        write_json(out / "config.json", preset)
        write_json(out / "environment.json", surroundings)
        if protocol:
            write_json(out / "selection.json", protocol)
        history = HistoryFile(out / "history.csv", resume)
        writing = [
            Seconds(history),
            callbacks.StopAtRounds(total),
            interrupt,
            *selecting,
            callbacks.SampleGrid(out / "samples"),
            history,
            callbacks.Checkpoint(checkpoint),
        ]
        fixed = {"verbose": verbose, "callbacks": writing}
        if scheduled:
            # Of a schedule, no more is known than that an epoch has a round.
            gan.fit(dataset, initial_epoch=first, epochs=first + total - done, **fixed)
        else:
            if played and done < total:
                # The epoch that was cut short ends where it would have ended.
                rest = per_epoch - played
                gan.fit(
                    dataset, initial_epoch=first, epochs=first + 1, steps_per_epoch=rest, **fixed
                )
                first += 1
            if callbacks.rounds_played(gan) < total and not interrupt.interrupted:
                epochs = -(-total // per_epoch)
                gan.fit(
                    dataset, initial_epoch=first, epochs=epochs, steps_per_epoch=per_epoch, **fixed
                )
    except BaseException:
        if not checkpoint.is_file():
            discard(out)
        raise
    callbacks.save(gan, out / "model.keras")
    return gan, interrupt.interrupted and callbacks.rounds_played(gan) < total


def check_same_recipe(out, preset):
    """Refuses to go on with a run by another recipe than it began with.

    How long to train may be another; whether the data are the same, `check_same_data` sees.

    Returns:
        The preset that it began with.

    Raises:
        ValueError: If anything else differs.
    """
    began = read_json(out / "config.json")
    then, now = (json.loads(json.dumps(recipe)) for recipe in (began, preset))
    for recipe in (then, now):
        for length in ("rounds", "epochs"):
            recipe["training"].pop(length, None)
    for key in ("algorithm", "arguments", "networks", "optimizers", "training"):
        if then[key] != now[key]:
            raise ValueError(
                f"{out} goes on as it was begun, and {key!r} of this preset differs from its "
                f"config.json: resume what that says, kgan.files.read_json('{out}/config.json'), "
                "or train anew in another folder"
            )
    return began


def check_same_data(out, surroundings, moved):
    """Warns where a run is to go on with other images, labels or classes than it began with.

    Args:
        out: The run folder.
        surroundings: What `environment.describe` says of the data now.
        moved: Whether the data lie elsewhere, as the preset says.

    Raises:
        ValueError: If the data that lie elsewhere are others.
    """
    path = out / "environment.json"
    before = read_json(path) if path.is_file() else {}
    if moved and None in (before.get("data_digest"), surroundings.get("data_digest")):
        raise ValueError(
            f"{out} is a run on data of which no digest was taken, so whether others are the same "
            "cannot be seen: leave them where they were"
        )
    for key in ("data_digest", "class_names"):
        then, now = before.get(key), surroundings.get(key)
        if then and now and then != now:
            said = f"the data are not those that {out} began with: {key} was {then}, and is {now}"
            if moved:
                raise ValueError(said)
            warnings.warn(said, stacklevel=2)


def splits(preset):
    """What a preset is trained on, and what is held out to choose the best epoch by.

    Returns:
        Two splits for `kgan.data.load`; the second is None where nothing is held out.

    Raises:
        ValueError: If `hold_out` is no percentage, or the preset's split is a slice already.
    """
    split, part = preset["data"].get("split", "train"), preset["training"].get("hold_out")
    part = 0 if part is None else part
    if isinstance(part, bool) or not isinstance(part, int) or not 0 <= part < 100:
        raise ValueError(f"hold_out is a percentage, an integer from 0 to 99, got {part!r}")
    if part == 0:
        return split, None
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
    if n < FEW_IMAGES:
        warnings.warn(
            f"{n} images are held out ({split}), by which epochs can hardly be told apart: hold "
            f"out {FEW_IMAGES} or more, or none",
            stacklevel=2,
        )
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
    write_text(path, json.dumps(value, indent=2) + "\n")


def check_free(out):
    """Refuses a folder in which a new run would write over something.

    Raises:
        FileExistsError: If there is a run, what is left of one, or anything of such a name.
    """
    found = [name for name in FILES if (out / name).exists()]
    if "checkpoint.keras" in found:
        raise FileExistsError(f"{out} holds a run already: resume it, or choose another folder")
    if found:
        raise FileExistsError(
            f"{out} holds {', '.join(found)} already and no checkpoint.keras to resume from: "
            "delete them, or choose another folder"
        )


def discard(out):
    """Removes what a run wrote that cannot be resumed, so that it can be begun anew.

    Nothing else is called so: the run looked for that before it began, in `check_free`.
    """
    shutil.rmtree(out / "samples", ignore_errors=True)
    for name in FILES:
        with contextlib.suppress(OSError):  # It was not written.
            (out / name).unlink()
    with contextlib.suppress(OSError):  # It holds something else.
        out.rmdir()
