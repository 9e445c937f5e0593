"""The zoo: named configurations, with pretrained weights where there are any.

A preset is a folder with `preset.json`, which is data and never code: the algorithm, its networks,
optimizers, data set and training, and what was measured. The built-in ones are in the
repository's `zoo/` and travel inside the package; `register` adds others.
"""

import copy
import difflib
import pathlib
import warnings

from kgan import data, models, networks, presets
from kgan.weight_files import builtin_folder, builtin_preset, find_weights

_registered = {}


def _folders():
    """All presets' folders by name."""
    found = {
        path.parent.name: path.parent for path in sorted(builtin_folder().glob("[!.]*/preset.json"))
    }
    return {**found, **_registered}


def folder_of(name):
    """Where a preset's files are.

    Args:
        name: One of `list()`.

    Returns:
        A path.

    Raises:
        ValueError: If there is no such preset; the message names the nearest.
    """
    folders = _folders()
    if name not in folders:
        near = difflib.get_close_matches(str(name), folders, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "see kgan.zoo.list()"
        raise ValueError(f"the zoo has no preset {name!r}: {hint}")
    return folders[name]


def list():
    """The names of all presets, sorted.

    Example:
        >>> kgan.zoo.list()
        ['acgan_mnist', ...]
    """
    return sorted(_folders())


def info(name):
    """All that is known of a preset, as in its `preset.json`.

    Args:
        name: One of `list()`.

    Returns:
        A dictionary: `algorithm`, `networks`, `optimizers`, `data`, `training`, and `measured`,
        which is None where there are no weights.

    Raises:
        ValueError: If there is no such preset; the message names the nearest.
    """
    return presets.read(folder_of(name))


def register(folder):
    """Adds a preset to those that `load` knows, for this process.

    Args:
        folder: A folder with `preset.json` and, if pretrained, its weights. The folder's name
            is the preset's.

    Returns:
        The preset's name.

    Raises:
        ValueError: If there is no valid `preset.json`, or the name is taken by a built-in preset.
    """
    folder = pathlib.Path(folder).resolve()
    if not (folder / "preset.json").is_file():
        raise ValueError(f"{folder} has no preset.json")
    builtin = builtin_preset(folder.name)
    if builtin == folder:
        return folder.name
    if builtin:
        raise ValueError(f"{folder.name!r} is a built-in preset: give the folder another name")
    build(presets.read(folder))
    _registered[folder.name] = folder
    return folder.name


def load(name, weights="auto"):
    """A compiled model, ready for `sample` and `fit`.

    Args:
        name: One of `list()`.
        weights: `"auto"` for the pretrained weights where the preset has them, and otherwise a
            freshly initialised model and a warning; `"pretrained"` to insist on them; None for a
            fresh model; or the path of a `.weights.h5` file of the generator.

    Returns:
        A `kgan.GAN` or one of its subclasses. `fit` starts from both players' weights where the
        preset has the discriminator's too.

    Raises:
        ValueError: If there is no such preset, or weights are asked for that are not there, cannot
            be downloaded, do not have their checksum or belong to other networks.

    Example:
        >>> gan = kgan.zoo.load("wgan_gp_mnist")
        >>> images = gan.sample(64, seed=0)  # uint8, (64, 28, 28, 1)
    """
    preset = info(name)
    gan = build(preset)
    if weights in ("auto", "pretrained"):
        paths = weight_paths(name)
        if paths:
            _load_preset_weights(name, preset, gan, paths)
        elif weights == "pretrained":
            raise ValueError(f'{name} has no pretrained weights: train it, or pass weights="auto"')
        else:
            warnings.warn(
                f"{name} has no pretrained weights: the model is freshly initialised and makes "
                "noise until it is trained",
                stacklevel=2,
            )
    elif weights is not None:
        if not pathlib.Path(weights).is_file():
            raise ValueError(
                f'weights must be "auto", "pretrained", None or a file; got {weights!r}'
            )
        _load_preset_weights(name, preset, gan, {"generator": weights})
    return gan


def dataset(name, split=None, **kwargs):
    """The data that a preset is trained on, prepared as it was.

    Args:
        name: One of `list()`.
        split: Another split than the preset's, such as `"test"`.
        **kwargs: Overrides of `kgan.data.load`'s arguments, such as `data_dir`.

    Returns:
        What `kgan.data.load` returns.
    """
    preset = info(name)
    return load_data(preset, **({} if split is None else {"split": split}), **kwargs)


def with_data(preset, source, labels=None):
    """A preset's recipe, for other data.

    What the preset says of its data, of what was tried on it, and of how much of it is held out, is
    left behind, unless it is the same data: of a small folder a few per cent would be too few
    images to choose the best epoch by.

    Args:
        preset: What `info` returns.
        source: What `kgan.data.load` takes.
        labels: The feature of the new data that has the classes, for a preset that takes labels;
            its own classes by default: sub-folders, or the data set's labels.

    Returns:
        A copy of `preset`, for `kgan.training.train`.

    Example:
        >>> preset = kgan.zoo.with_data(kgan.zoo.info("wgan_gp_mnist"), "my_folder")
        >>> kgan.training.train(preset, "runs/mine")
    """
    preset = copy.deepcopy(preset)
    if preset["data"]["source"] == str(source) and labels is None:
        return preset
    preset["data"]["source"] = str(source)
    if labels is not None or isinstance(preset["data"].get("labels"), str):
        preset["data"]["labels"] = labels or True
    preset["description"] = f"{preset['algorithm']} on {pathlib.Path(source).name}"
    preset["data_licence"] = "not stated"
    for of_the_old in ("data_from", "tries"):
        preset.pop(of_the_old, None)
    preset["training"].pop("hold_out", None)
    return preset


def verify(name, tolerance=0.02, **kwargs):
    """Evaluates a preset again and compares with its card; see `kgan.evaluation.verify`."""
    from kgan import evaluation  # It builds on the zoo.

    return evaluation.verify(name, tolerance, **kwargs)


def load_data(preset, **kwargs):
    """`kgan.data.load` as a preset wants it, with overrides."""
    arguments = {
        "batch_size": preset["training"]["batch_size"],
        "seed": preset["training"]["seed"],
        **preset["data"],
        **kwargs,
    }
    return data.load(**arguments)


def build(preset, **compile_arguments):
    """A compiled, freshly initialised model from what a `preset.json` says.

    Args:
        preset: What `info` returns.
        **compile_arguments: Further arguments of `GAN.compile`, such as `jit_compile`.

    Raises:
        ValueError: If it names an algorithm, a network builder or arguments that kgan does not
            have, or objects of foreign modules.
    """
    _check_modules(preset)
    preset = copy.deepcopy(preset)
    algorithm = _public(models, preset["algorithm"], "algorithm")
    builder = _public(networks, preset["networks"]["builder"], "network builder")
    presets.check_arguments("networks.arguments", preset["networks"]["arguments"], builder)
    generator, discriminator = builder(**preset["networks"]["arguments"])
    gan = algorithm(
        generator, discriminator, seed=preset["training"]["seed"], **preset["arguments"]
    )
    optimizers = {
        f"{player}_optimizer": optimizer for player, optimizer in preset["optimizers"].items()
    }
    gan.compile(**optimizers, **compile_arguments)
    return gan


def _check_modules(config):
    """Refuses serialised objects of any module but kgan's and Keras's optimizers.

    Keras imports what a config names, and to import is to run code.
    """
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        if key == "module" and not (
            value == "keras.optimizers"
            or value == "keras.optimizers.schedules"
            or str(value).startswith("kgan.")
        ):
            raise ValueError(f"a preset may not name objects of the module {value!r}")
        if isinstance(value, (dict, tuple, type([]))):
            _check_modules(value)


def _public(module, name, what):
    if name not in module.__all__:
        raise ValueError(f"unknown {what} {name!r}; known: {', '.join(module.__all__)}")
    return getattr(module, name)


# -- weights ---------------------------------------------------------------------------------------


def weight_paths(name):
    """The files of a preset's weights by player, downloaded first where they lie elsewhere.

    Args:
        name: One of `list()`.

    Returns:
        A dictionary with `"generator"` and, where it is published, `"discriminator"`; empty for a
        preset without weights.

    Raises:
        ValueError: If there is no such preset, or a file is missing or was changed.
    """
    files = (info(name)["measured"] or {}).get("weights", {})
    return {player: find_weights(folder_of(name), file) for player, file in files.items()}


def load_weights(gan, generator, discriminator=None):
    """Loads the players' weights; the averaged generator starts from the generator's.

    Args:
        gan: A model of the same networks.
        generator: The path of a `.weights.h5` file.
        discriminator: The same, or None to leave the discriminator as it is.

    Raises:
        ValueError: If a file holds no weights, or those of another network.
    """
    _load_network(gan.generator, generator, "generator")
    if gan.ema_generator is not None:
        gan.ema_generator.set_weights(gan.generator.get_weights())
    if discriminator is not None:
        _load_network(gan.discriminator, discriminator, "discriminator")


def _load_network(network, path, player):
    try:
        network.load_weights(path)
    # Keras, h5py and zipfile have their own errors for files of a dozen kinds.
    except Exception as error:
        raise ValueError(
            f"{path} is not a weights file of this {player}, which has {len(network.weights)} "
            f"arrays of {network.count_params():,} numbers in all"
        ) from error


def _load_preset_weights(name, preset, gan, paths):
    """`load_weights` of a preset's networks, which it names where they do not fit."""
    try:
        load_weights(gan, **paths)
    except ValueError as error:
        builder, arguments = preset["networks"]["builder"], preset["networks"]["arguments"]
        listed = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise ValueError(
            f"the preset {name!r} is a kgan.{preset['algorithm']} of kgan.networks.{builder}"
            f"({listed}), and {error}"
        ) from error


def class_names(preset):
    """Names of the classes that a preset's weights were trained on, in their order, or None."""
    return (preset["measured"] or {}).get("environment", {}).get("class_names")


def check_class_names(then, dataset, source, consequence):
    """Warns where a class has another number than in the data that the weights were trained on.

    Args:
        then: Names of the classes trained on, in their order, or None.
        dataset: What `kgan.data.load` returns.
        source: What to call it.
        consequence: What comes of it, for the warning.
    """
    then, now = then or [], getattr(dataset, "class_names", None) or []
    moved = [name for name in then if name in now and now.index(name) != then.index(name)]
    if moved:
        was, at = then.index(moved[0]), now.index(moved[0])
        warnings.warn(
            f"{source} has its classes in another order than the weights: {moved[0]!r} is class "
            f"{at} now and was {was}, so {consequence} for {len(moved)} classes",
            stacklevel=3,
        )
