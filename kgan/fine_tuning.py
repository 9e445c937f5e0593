"""Training that starts from a preset's weights: what `kgan train --from` does.

What a run starts from is a part of its preset, `training["initial"]`: the preset's name and the
sha256 of both players' weights. So the run's `config.json` and its card say it, and a preset that
is published from the run can be trained again.
"""

import copy
import warnings

from kgan import zoo

PLAYERS = ("generator", "discriminator")


def start_from(preset, name):
    """A preset whose training starts from the published weights of another one, or of itself.

    The optimizers start afresh: moments are not published.

    Args:
        preset: What `kgan.zoo.info` returns: the recipe.
        name: A preset with the weights of both players, and with the same networks.

    Returns:
        A copy of `preset`, for `kgan.training.train`.

    Raises:
        ValueError: If there is no such preset, or a player's weights are not published.

    Example:
        >>> preset = start_from(kgan.zoo.info("wgan_gp_mnist"), "wgan_gp_mnist")
        >>> preset = kgan.zoo.with_data(preset, "fashion_mnist")
        >>> kgan.training.train(preset, "runs/fashion")
    """
    files = (zoo.info(name)["measured"] or {}).get("weights", {})
    if not files:
        raise ValueError(f"{name} has no pretrained weights to start from: train it from scratch")
    if "discriminator" not in files:
        raise ValueError(
            f"{name} ships its generator alone, and to go on training takes both players: start "
            "from a preset that ships its discriminator too"
        )
    preset = copy.deepcopy(preset)
    weights = {player: files[player]["sha256"] for player in PLAYERS}
    preset["training"]["initial"] = {"preset": name, "weights": weights}
    return preset


def load_initial(gan, preset):
    """Gives a fresh model the weights that its preset starts from, if it starts from any.

    Raises:
        ValueError: If the weights do not fit the networks, or are no longer those of the preset
            that they are called after.
    """
    initial = preset["training"].get("initial")
    if initial is None:
        return
    name = initial["preset"]
    if name not in zoo.list():
        raise ValueError(
            f"training starts from the weights of {name}, a preset that is not in the zoo: name "
            f"its folder, kgan train --from path/to/{name}, or kgan.zoo.register it"
        )
    files = start_from(preset, name)["training"]["initial"]["weights"]
    if files != initial["weights"]:
        raise ValueError(
            f"training started from weights of {name} that it no longer has: start from its new "
            f"ones (kgan train --from {name})"
        )
    paths = zoo.weight_paths(name)
    try:
        zoo.load_weights(gan, **{player: paths[player] for player in PLAYERS})
    except ValueError as error:
        raise ValueError(f"{name} has other networks than this preset: {error}") from error


def check_data(gan, dataset, preset):
    """Refuses data that the networks do not take, whose shape and classes the weights fix.

    Args:
        gan: The model.
        dataset: What `kgan.data.load` returns.
        preset: Whose training starts from weights; any other is left to `fit`. Where data have
            fewer classes than the model, it warns.

    Raises:
        ValueError: If the images or their classes do not fit.
    """
    initial, source = preset["training"].get("initial"), preset["data"]["source"]
    if initial is not None:
        try:
            gan.check_training_data(dataset, None)
        except ValueError as error:
            raise ValueError(
                f"{initial['preset']} cannot be trained on {source}: {error}"
            ) from error
        # A run that is resumed need not have it at hand.
        if initial["preset"] in zoo.list():
            then = zoo.class_names(zoo.info(initial["preset"]))
            zoo.check_class_names(then, dataset, source, "the model starts by showing others")
    known, found = getattr(gan, "classes", None), getattr(dataset, "classes", None)
    if known and found and found < known:
        beyond = "keep showing what they were trained on" if initial else "are never learned"
        warnings.warn(
            f"{source} has {found} classes and the model {known}: those beyond {beyond}",
            stacklevel=2,
        )
