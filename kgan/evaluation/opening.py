"""From what a user names to a model, its data, and what looks at the images."""

import dataclasses
import hashlib
import pathlib
import typing

import keras
import numpy as np

from kgan import data, metrics, models, training, weight_files, zoo
from kgan.data.sources import choose_split
from kgan.files import read_json
from kgan.metrics.classifiers import BY_SOURCE
from kgan.models.saved import load_gan, load_keras

# Training images that samples are compared with, at most.
TRAIN_LIMIT = 60_000


@dataclasses.dataclass
class Model:
    """A model and where it came from.

    Attributes:
        name: A preset's name, a file's, or the model's own.
        gan: The model.
        preset: What is known of its data: as a `preset.json`, or None.
        weights: Sha256 by file or player.
        folder: The run folder in which the file lies, or None.
        players: Whose weights are those of training.
        class_names: Those of the data it was trained on, or None.
    """

    name: str
    gan: models.GAN
    preset: dict | None
    weights: dict
    folder: pathlib.Path | None = None
    players: tuple = ("generator", "discriminator")
    class_names: list | None = None


@dataclasses.dataclass
class Data:
    """Images to evaluate on.

    Attributes:
        real: A `kgan.data.ImageDataset`, not shuffled.
        train: Callable that loads the training images as one, or None.
        held_out: Whether `real` is not what the model was trained on.
        source: What `kgan.data.load` was given, or None for arrays.
        split: The split of `real`, or None.
        train_split: That of `train`, or None.
    """

    real: data.ImageDataset
    train: typing.Callable | None
    held_out: bool = True
    source: str | None = None
    split: str | None = None
    train_split: str | None = None


def open_model(model):
    """The model of a preset's name, a `.keras` file or a model in memory.

    Raises:
        ValueError: If there is no such preset or it has no weights, or it is not a GAN that makes
            images.
        FileNotFoundError: If there is no such file.
    """
    if isinstance(model, models.GAN):
        opened = Model(model.name, model, None, {"generator": _digest(model.generator)})
    elif str(model).endswith(".keras"):
        opened = _open_file(pathlib.Path(model))
    else:
        preset = zoo.info(model)
        gan = zoo.load(model, weights="pretrained")
        files = preset["measured"]["weights"]
        weights = {player: file["sha256"] for player, file in files.items()}
        names = zoo.class_names(preset)
        opened = Model(model, gan, preset, weights, players=tuple(files), class_names=names)
    gan = opened.gan
    shape = tuple(gan.generator.outputs[0].shape[1:])
    if len(shape) != 3:
        raise ValueError(f"images are evaluated; this model makes {shape}")
    return opened


def _open_file(path):
    gan = load_gan(path)
    preset, surroundings = (
        read_json(file) if file.is_file() else None
        for file in (path.parent / "config.json", path.parent / "environment.json")
    )
    return Model(
        path.stem,
        gan,
        preset,
        {path.name: weight_files.sha256(path)},
        path.parent,
        class_names=(surroundings or {}).get("class_names"),
    )


def _digest(network):
    total = hashlib.sha256()
    for weight in network.weights:
        total.update(np.ascontiguousarray(keras.ops.convert_to_numpy(weight)).tobytes())
    return total.hexdigest()


def open_data(source, model, split="test", data_dir=None, train=None):
    """Real images for a model.

    Args:
        source: What `kgan.data.load` takes; or uint8 images, or a pair of images and labels; None
            for what the model was trained on.
        model: What `open_model` returned.
        split: Of a named source.
        data_dir: Where TFDS keeps its data sets.
        train: Training images, where `source` is an array.

    Raises:
        ValueError: If it is not known on what the model was trained, or see `kgan.data.load`.
    """
    if source is not None and not isinstance(source, str | pathlib.Path):
        images, labels = source if isinstance(source, tuple) else (source, None)
        return Data(
            _in_memory(images, labels), None if train is None else lambda: _in_memory(train)
        )
    known = (model.preset or {}).get("data")
    if known is None and source is None:
        raise ValueError(f"it is not known what {model.name} was trained on: pass data (--data)")
    height, _, channels = model.gan.generator.outputs[0].shape[1:]
    described = dict(known or {"image_size": height, "channels": channels})
    if source is not None:
        described["source"] = str(source)
    preset = {"data": described, "training": {"batch_size": 1, "seed": 0}}
    # Captions are conditions already.
    labels = "captions" not in described and (
        described.get("labels") or described["source"] in BY_SOURCE or model.gan.conditional
    )
    fixed = dict(data_dir=data_dir, shuffle=False, drop_remainder=False, augment=None, cache=True)
    if "captions" not in described and getattr(model.gan, "encoder", None):
        described["captions"] = model.gan.encoder
    train_split = described.get("split", "train")
    if model.preset and "training" in model.preset:
        train_split = training.splits(model.preset)[0]

    def load_train():
        pixels = {"labels": False, "captions": None, "limit": TRAIN_LIMIT}
        return zoo.load_data(preset, **{**fixed, **pixels, "split": train_split})

    real = zoo.load_data(preset, split=split, labels=labels, **fixed)
    if model.gan.conditional:
        zoo.check_class_names(
            model.class_names, real, described["source"], "the model is asked for others"
        )
    return Data(
        real,
        load_train,
        held_out=apart(split, train_split),
        source=described["source"],
        split=split,
        train_split=train_split,
    )


def apart(split, other):
    """Whether two splits, such as `"test"` or `"train[:90%]"`, have no image in common for sure."""
    names = [each.split("[")[0] for each in (split, other)]
    if names[0] != names[1]:
        return True
    if "[" not in split or "[" not in other or ("%" in split) != ("%" in other):
        return False
    # In parts of a hundred, or in images of a split that is larger than any.
    size = 100 if "%" in split else 10**12
    first, second = (
        range(size)[choose_split(each, names, "the data")[1](size)] for each in (split, other)
    )
    return first.stop <= second.start or second.stop <= first.start


def _in_memory(images, labels=None):
    return data.ImageDataset(images, labels, batch_size=1, shuffle=False, drop_remainder=False)


def open_extractors(choice, known):
    """What turns images into features, by name.

    Args:
        choice: `"auto"`, `"inception"`, `"classifier"`, `"both"`, the path of a `.keras` file, or
            what `Extractor` takes.
        known: The name of the shipped classifier of these images, or None.

    Raises:
        ValueError: If there is no such extractor.
        FileNotFoundError: If there is no such file.
    """
    if choice == "auto":
        choice = "classifier" if known else "inception"
    if choice is None:
        choice = "inception"
    if choice in ("classifier", "both") and known is None:
        raise ValueError(
            f"extractor={choice!r} needs a classifier of these images, and those that ship know "
            f"{' and '.join(metrics.classifiers.NAMES)} at 28 px: use inception, or a .keras file"
        )
    found = {}
    if choice in ("classifier", "both"):
        features = metrics.classifier_features(known)
        found[f"{known}_classifier"] = metrics.Extractor(features, 256)
    if choice in ("inception", "both"):
        found["inception"] = metrics.Extractor(None)
    if found:
        return found
    if not isinstance(choice, str | pathlib.Path):
        extractor = metrics.Extractor(choice)
        return {getattr(choice, "name", type(choice).__name__): extractor}
    path = pathlib.Path(choice)
    if path.suffix != ".keras":
        raise ValueError(
            f"extractor must be inception, classifier, both or a .keras file, got {str(choice)!r}"
        )
    return {path.stem: metrics.Extractor(load_keras(path))}
