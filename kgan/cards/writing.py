"""The files that make a preset's card."""

import json
import os
import pathlib

from kgan import presets, zoo
from kgan.cards import pictures
from kgan.cards.digest import samples_digest
from kgan.cards.text import card
from kgan.files import read_json, write_text
from kgan.weight_files import builtin_folder, find_weights

# What a card consists of: made here, and never kept from an older version of a preset.
FILES = ("README.md", "history.csv", *pictures.FILES)


def complete(name, preset, folder):
    """Draws a preset's pictures, and writes its card and `preset.json`.

    Args:
        name: The preset's.
        preset: Its `preset.json`, with `measured["weights"]`; `measured["pictures"]`, what the
            pictures show, and `measured["samples_digest"]` are added to it.
        folder: Where its weights are and, if it is known, its run's `history.csv`.

    Raises:
        ValueError: If the weights are missing, or not those of `preset`.
    """
    gan = zoo.build(preset)
    files = preset["measured"]["weights"]
    zoo.load_weights(gan, **{player: find_weights(folder, file) for player, file in files.items()})
    preset["measured"]["samples_digest"] = samples_digest(gan)
    preset["measured"]["pictures"] = pictures.draw(gan, preset, folder)
    # Last `preset.json`: what has none is no preset, however the process ends.
    for file, text in (
        ("README.md", card(name, preset, folder.resolve().parent == builtin_folder().resolve())),
        ("preset.json", json.dumps(preset, indent=2) + "\n"),
    ):
        write_text(folder / file, text)


def check_results(name, preset, results):
    """Refuses results of other weights, or on other data, than the preset's."""
    weights, protocol = preset["measured"]["weights"], results["protocol"]
    if protocol["weights_sha256"] != {player: file["sha256"] for player, file in weights.items()}:
        raise ValueError(
            f"the results are of other weights than those of {name}: evaluate the preset itself, "
            "by its name"
        )
    if protocol["data"]["source"] != preset["data"]["source"]:
        raise ValueError(
            f"the results are of {protocol['data']['source']}, and {name} learned from "
            f"{preset['data']['source']}"
        )


def renew(folder, *, results=None, limits=None, tries=None):
    """Makes a preset's card again from its `preset.json`, weights and history.

    Args:
        folder: The preset's folder, such as `zoo/NAME`.
        results: How good it is: what `kgan.evaluation.evaluate` returned for this preset, or the
            path of its `results.json`; those that it has by default.
        limits: What the model cannot do, a list of sentences; those that it has by default. They
            are forgotten when other weights are published.
        tries: What was tried to make it better, and what came of it, a list of sentences; those
            that it has by default.

    Raises:
        FileNotFoundError: If the folder holds no preset.
        ValueError: If the preset has no weights, or the results are of other weights or data.

    Example:
        >>> from kgan import cards
        >>> results = "evaluation/gan_mnist/results.json"
        >>> cards.renew("zoo/gan_mnist", results=results, limits=["Sevens are often broken."])
    """
    folder = pathlib.Path(folder).resolve()
    if not (folder / "preset.json").is_file():
        raise FileNotFoundError(f"{folder} has no preset.json: give a preset's name or its folder")
    preset = presets.read(folder)
    if not preset["measured"]:
        raise ValueError(f"{folder.name} has no weights, of which a card could tell: publish a run")
    if isinstance(results, str | os.PathLike):
        results = read_json(results)
    if results is not None:
        check_results(folder.name, preset, results)
        preset["measured"]["metrics"] = results
    if limits is not None:
        preset["measured"]["limits"] = list(limits)
    if tries is not None:
        preset["tries"] = list(tries)
    complete(folder.name, preset, folder)
