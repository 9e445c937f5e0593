"""From what is said on the command line to models, conditions, images and files."""

import os
import pathlib

import keras
import numpy as np

from kgan import data, models, zoo
from kgan.data.files import ImageFiles
from kgan.models.saved import load_gan


def preset_name(name):
    """The name of a preset in a folder, which `zoo` knows from then on; any other name as it is."""
    found = name not in zoo.list() and pathlib.Path(name, "preset.json").is_file()
    return zoo.register(name) if found else name


def model_file(name):
    """The best model in a run folder, or its last; a preset's name or a `.keras` file as it is."""
    name = preset_name(name)
    if name not in zoo.list():
        for file in (pathlib.Path(name, best) for best in ("best.keras", "model.keras")):
            if file.is_file():
                return str(file)
    return name


def short_name(name):
    """What to call the files made from a preset, a `.keras` file or a run folder."""
    return pathlib.Path(os.path.abspath(name)).name.removesuffix(".keras")


def load_model(name):
    """A model from a preset's name or folder, a `.keras` file or a run folder."""
    name = model_file(name)
    if not name.endswith(".keras"):
        return zoo.load(name)
    return load_gan(name)


def read_condition(given):
    """What `--condition` gives: an array, of class labels or of what a `.npy` file holds."""
    if given is None:
        return None
    if not isinstance(given[0], str):
        return np.array(given)
    path = given[0]
    try:
        with open(path, "rb") as file:
            condition = np.lib.format.read_array(file, allow_pickle=False)
    except ValueError as error:
        raise ValueError(
            f"{path} cannot be read as a .npy file ({error}): write it with numpy.save"
        ) from error
    if condition.dtype.kind not in "iuf":
        raise ValueError(f"{path} holds {condition.dtype}, not numbers")
    if not np.isfinite(condition).all():
        raise ValueError(f"{path} contains NaN or infinity")
    return condition


def read_conditions(gan, args, n):
    """One condition for all images, or rows of them, or one for each, and how many there are.

    Args:
        gan: The model.
        args: The command's arguments, with `condition` or `prompt`, and `n`.
        n: How many, where the user does not say and there are not several conditions.

    Returns:
        An array or None, and an integer.

    Raises:
        ValueError: If the model needs a condition and none is given, or the file is no array.
    """
    shape = condition_shape(gan)
    condition = read_condition(args.condition)
    if args.prompt:
        if not isinstance(gan, models.TextGAN):
            raise ValueError(
                f"{args.name} is a {type(gan).__name__}; only a TextGAN takes a prompt"
            )
        condition = gan.encode(args.prompt)
    if gan.conditional and condition is None and gan.default_conditions() is None:
        what = f"a vector of {shape[0]} numbers" if shape else "a class label"
        raise ValueError(
            f"{args.name} takes {what} for each image: pass --condition "
            f"{'FILE.npy' if shape else 'LABEL'}"
        )
    several = condition is not None and condition.ndim > len(shape)
    if several and len(condition) == 1:
        condition, several = condition[0], False
    if args.n is not None:
        n = args.n
    elif several:
        n = len(condition)
    return condition, n


def condition_shape(gan):
    """What the generator takes for an image: `()` for labels, `(d,)` for vectors."""
    return keras.tree.flatten(gan.generator.inputs)[1].shape[1:] if gan.conditional else ()


def picture_file(args, default):
    """Where to write a picture, refused before the work if it cannot be one."""
    from PIL import Image

    out = pathlib.Path(args.out or default)
    # Pillow knows only the commonest formats until it is asked for all.
    if Image.registered_extensions().get(out.suffix.lower()) not in Image.SAVE:
        raise ValueError(f"cannot write {out}: unknown file extension {out.suffix!r}, use .png")
    return out


def save_picture(out, images, columns=None):
    """Writes images in a grid."""
    try:
        data.save_image(out, data.grid(images, columns=columns))
    except ValueError as error:
        raise ValueError(f"cannot write {out}: {error}") from error


def read_images(path, image_size, channels):
    """Names and uint8 images of a file, a folder or an `.npz`, of the size that a model takes."""
    if path.is_file() and path.suffix != ".npz":
        images = ImageFiles([path], image_size, channels)
    else:
        images = data.load(
            path, image_size=image_size, channels=channels, batch_size=1, cache=False
        ).images
    return getattr(images, "paths", range(len(images))), images
