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
    if not isinstance(preset, dict):
        raise ValueError(f"{path} must hold an object, got {preset!r:.50}")
    try:
        check(preset)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return {"measured": None, **preset}


def check(preset):
    """Refuses a preset that lacks what building, training or its card needs.

    `description`, `paper` and `data_licence` may be left out: the card says so. `measured` is for
    `publish` to fill in.

    Args:
        preset: What `kgan.zoo.info` returns.

    Raises:
        ValueError: If something is missing, or is not the kind of thing that it should be.
    """
    missing = [key for key in SECTIONS if key not in preset]
    for section in ("arguments", "optimizers", *NEEDED):
        value = preset.get(section, {})
        if not isinstance(value, dict):
            raise ValueError(f"a preset's {section} must be an object, got {value!r}")
        if section in preset:
            needed = NEEDED.get(section, ())
            missing += [f"{section}.{key}" for key in needed if key not in value]
    if missing:
        raise ValueError(f"the preset lacks {', '.join(missing)}: add it to its preset.json")
    for key in ("batch_size", "seed", "rounds", "epochs"):
        value = preset["training"].get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"a preset's training.{key} must be an integer, got {value!r}")
    check_arguments("networks.arguments", preset["networks"]["arguments"], None)
    check_arguments("data", preset["data"], load)


def check_arguments(section, arguments, function):
    """Refuses arguments that a function does not have.

    Args:
        section: Where the preset has them, for the error.
        arguments: By name.
        function: What they are for; None where it is not known yet.

    Raises:
        ValueError: If they are no object, or the function has no such argument or needs another.
    """
    if not isinstance(arguments, dict):
        raise ValueError(f"a preset's {section} must be an object, got {arguments!r}")
    if function is None:
        return
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise ValueError(f"a preset's {section} do not fit {function.__name__}: {error}") from error
