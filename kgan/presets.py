"""What a `preset.json` has to say, checked before anything is built of it."""

import inspect

from kgan.data.loading import load
from kgan.files import read_json

SECTIONS = ("algorithm", "arguments", "networks", "optimizers", "data", "training")
NEEDED = {
    "networks": ("builder", "arguments"),
    "data": ("source",),
    "training": ("batch_size", "seed", "precision"),
}


def read(folder):
    """The `preset.json` of a folder; its `measured` is None where nothing was measured.

    Raises:
        ValueError: If it is no JSON, or is not a preset: the message names the file.
    """
    path = folder / "preset.json"
    preset = read_json(path)
    try:
        check(preset)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    preset.setdefault("measured", None)
    return preset


def check(preset):
    """Refuses a preset that lacks what building, training or its card needs.

    `description`, `paper` and `data_licence` may be left out: the card says so. `measured` is for
    `publish` to fill in.

    Args:
        preset: What `kgan.zoo.info` returns.

    Raises:
        ValueError: If something is missing, or is not the kind of thing that it should be.
    """
    check_object("preset", preset)
    missing = [key for key in SECTIONS if key not in preset]
    for section in ("arguments", "optimizers", *NEEDED):
        check_object(f"preset's {section}", preset.get(section, {}))
        if section in preset:
            needed = NEEDED.get(section, ())
            missing += [f"{section}.{key}" for key in needed if key not in preset[section]]
    if not {"rounds", "epochs"} & set(preset.get("training", {"rounds": None})):
        missing.append("training.rounds or training.epochs")
    if missing:
        raise ValueError(f"the preset lacks {', '.join(missing)}: add it to its preset.json")
    for key in ("batch_size", "seed", "rounds", "epochs"):
        value = preset["training"].get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"a preset's training.{key} must be an integer, got {value!r}")
    unknown = sorted(set(preset["optimizers"]) - {"generator", "discriminator"})
    if unknown:
        raise ValueError(
            f"a preset's optimizers are the generator's and the discriminator's, got {unknown[0]!r}"
        )
    check_object("preset's networks.arguments", preset["networks"]["arguments"])
    check_arguments("data", preset["data"], load)


def check_object(what, value):
    """Refuses what is no JSON object.

    Raises:
        ValueError: If it is something else.
    """
    if not isinstance(value, dict):
        raise ValueError(f"a {what} must be an object, got {value!r:.50}")


def check_arguments(section, arguments, function):
    """Refuses arguments that a function does not have.

    Args:
        section: Where the preset has them, for the error.
        arguments: By name.
        function: What they are for.

    Raises:
        ValueError: If the function has no such argument or needs another.
    """
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise ValueError(f"a preset's {section} do not fit {function.__name__}: {error}") from error
