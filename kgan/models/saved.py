"""Models in `.keras` files that somebody names, which may be anything."""

import pathlib
import textwrap
import zipfile

import keras

from kgan.models.gan import GAN


def load_gan(path):
    """The GAN of a `.keras` file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: See `load_keras`; or if the model is no GAN.
    """
    model = load_keras(path)
    if not isinstance(model, GAN):
        raise ValueError(f"{path} is a {type(model).__name__}, not a GAN")
    return model


def load_keras(path):
    """The Keras model of a `.keras` file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, of another program, or of classes that are not registered: in
            one line.
    """
    if not pathlib.Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no .keras file, or a damaged one")
    try:
        return keras.models.load_model(path)
    # Keras raises errors of many types on files that are damaged or of other programs. Some quote
    # the whole configuration around the cause.
    except Exception as error:
        why = str(error).split("Exception encountered: ")[-1]
        why = textwrap.shorten(why, 300, placeholder=" ...")
        raise ValueError(f"{path} cannot be loaded as a model: {why}") from error
