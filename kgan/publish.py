"""From a run folder to a preset of the zoo: float16 weights, what was measured, and a card."""

import contextlib
import datetime
import itertools
import os
import pathlib
import shutil

import numpy as np

from kgan import callbacks, cards, presets, weight_files
from kgan.cards.writing import FILES
from kgan.files import read_json, read_lines
from kgan.models.saved import load_gan


def publish(run, folder, *, discriminator=True, note=None):
    """Makes a finished run a preset with weights: those of the best epoch if it looked for one.

    The preset is written beside `folder` and takes its place when it is complete: if anything
    fails, what was there stays as it was.

    Args:
        run: A run folder of `kgan train`.
        folder: The preset's folder, such as `zoo/NAME`. An older version there is replaced; files
            beside it that are not the preset's own are kept.
        discriminator: Whether to ship the discriminator too, so that training can go on.
        note: A remark for the card.

    Raises:
        FileNotFoundError: If the run has no model.
        ValueError: If its preset lacks something, no epoch was finished, `folder` holds something
            else than a preset, or a weight is too large for float16.

    Example:
        >>> from kgan import publish
        >>> publish.publish("runs/gan_mnist", "zoo/gan_mnist")
    """
    run, folder = pathlib.Path(run), pathlib.Path(folder).resolve()
    if not (run / "model.keras").is_file():
        raise FileNotFoundError(f"{run} has no model.keras: finish the run first")
    preset = read_json(run / "config.json")
    preset.pop("name", None)
    presets.check(preset)
    check_folder(folder)
    best = run / "best.keras"
    gan = load_gan(best if best.is_file() else run / "model.keras")
    measured = {**measurements(run, gan, preset["training"]), "note": note}
    with replacing(folder) as made:
        weights = save_players(gan, made, discriminator)
        preset["measured"] = {"weights": weights, **measured}
        # What the recipe's own preset says of its tries is not of this run.
        preset.pop("tries", None)
        if tries_of(folder):
            preset["tries"] = tries_of(folder)
        shutil.copy2(run / "history.csv", made)
        cards.complete(folder.name, preset, made)


def tries_of(folder):
    """What an older version of a preset says of what was tried."""
    path = folder / "preset.json"
    return read_json(path).get("tries", []) if path.is_file() else []


def check_folder(folder):
    """Refuses a folder that a preset should not take the place of.

    Args:
        folder: A path, of something or nothing.

    Raises:
        ValueError: If it is a file, or holds files but no preset, or would have the name of a
            built-in preset elsewhere, by which it could not be loaded.
    """
    builtin = weight_files.builtin_preset(folder.name)
    if builtin not in (None, folder):
        raise ValueError(
            f"{folder.name!r} is a built-in preset, in {builtin}: give the folder another name"
        )
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: give a folder, such as zoo/NAME")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "preset.json").is_file():
        raise ValueError(f"{folder} holds other files and no preset.json: give another folder")


@contextlib.contextmanager
def replacing(folder):
    """Yields an empty folder that takes the place of `folder` if nothing fails."""
    made = folder.with_name(f".{folder.name}.unfinished")
    old = folder.with_name(f".{folder.name}.replaced")
    # What a process left that was killed here.
    shutil.rmtree(made, ignore_errors=True)
    if old.exists() and not folder.exists():
        os.replace(old, folder)
    shutil.rmtree(old, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        yield made
        if folder.exists():
            keep_others(folder, made)
            os.replace(folder, old)
        os.replace(made, folder)
    except BaseException:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
        raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def keep_others(folder, made):
    """Copies from `folder` what `made` has no version of, but for old weights and pictures."""
    for path in folder.iterdir():
        own = path.name in FILES or path.name.endswith(".weights.h5")
        if not own and not (made / path.name).exists():
            copy = shutil.copytree if path.is_dir() else shutil.copy2
            copy(path, made / path.name)


def save_players(gan, folder, discriminator):
    """Writes the players' weights; returns what `preset.json` says of them."""
    networks = {"generator": gan.ema_generator or gan.generator}
    if discriminator:
        networks["discriminator"] = gan.discriminator
    weights = {}
    for player, network in networks.items():
        file = f"{player}.weights.h5"
        weights[player] = {
            "file": file,
            "sha256": weight_files.save_weights(network, folder / file),
            "parameters": int(sum(np.prod(w.shape) for w in network.weights)),
        }
    return weights


def measurements(run, gan, training):
    """What a run folder tells of its run."""
    history = read_lines(run / "history.csv")
    if not history:
        raise ValueError(f"{run / 'history.csv'} has no epoch: train for longer")
    rounds = callbacks.rounds_played(gan)
    epoch = next((line for line in history if line.get("rounds") == str(rounds)), history[-1])
    return {
        "date": datetime.date.today().isoformat(),
        "rounds": rounds,
        "real_images": count_images(gan, rounds, training, history),
        "seconds": round(float(epoch["seconds"])),
        "run_seconds": round(float(history[-1]["seconds"])),
        "environment": read_json(run / "environment.json"),
        "last_epoch": {name: float(epoch[name]) for name in gan.term_names() if name in epoch},
        **selected(run, history[-1]),
    }


def count_images(gan, rounds, training, history):
    """How many real images the discriminator was shown in so many rounds of a run."""
    if hasattr(gan, "count_images") and "initial" not in training:
        return gan.count_images()
    # A growing model that starts from weights counts as seen what these had seen, and has grown.
    full_size = getattr(gan, "batch_size_of", [None])[-1]
    # A schedule of steps is looked at as an epoch begins.
    ends = [int(line["rounds"]) for line in history if line.get("rounds")]
    epochs = itertools.pairwise([0, *(end for end in ends if end <= rounds)])
    steps = sum((end - begin) * gan.steps_at(begin) for begin, end in epochs)
    return steps * (full_size or training["batch_size"])


def selected(run, last):
    """How the best epoch was chosen, its score and the last one's; empty if none was chosen."""
    # Without a best epoch, as after NaN in all of them, there was no choice.
    if not (run / "selection.json").is_file() or not (run / "best.json").is_file():
        return {}
    protocol = read_json(run / "selection.json")
    best = read_json(run / "best.json")
    scores = {
        "best": {"rounds": best["rounds"], "value": best["value"]},
        "final": {"rounds": int(last["rounds"]), "value": float(last[protocol["metric"]])},
    }
    return {"selection": {**protocol, **scores}}
