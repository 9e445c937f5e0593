"""What can be wrong with the arguments of a model, said before training rather than by it."""

import numbers
import warnings

import keras
import numpy as np

from kgan import schedules
from kgan.layers import SpectralNormalization


def check_integer(name, value, least):
    """An integer argument, as a plain `int`.

    Raises:
        ValueError: If it is none, or smaller than `least`.
    """
    if not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
    return int(value)


def check_decay(ema_decay):
    """A decay: a number in range, a schedule, or None.

    Raises:
        ValueError: If it is something else.
    """
    if ema_decay is None:
        return None
    ema_decay = schedules.get("ema_decay", ema_decay)
    if not isinstance(ema_decay, schedules.Schedule) and not 0 <= ema_decay < 1:
        raise ValueError(f"ema_decay must be in [0, 1), got {ema_decay}")
    return ema_decay


def check_steps(discriminator_steps):
    """A number of steps: an integer, or a schedule.

    Raises:
        ValueError: If it is something else.
    """
    name = "discriminator_steps"
    if isinstance(discriminator_steps, dict | schedules.Schedule):
        return schedules.get(name, discriminator_steps)
    return check_integer(name, discriminator_steps, 1)


def check_scalar(name, value):
    """Refuses a loss that is no scalar, such as one of each image.

    Raises:
        ValueError: If it is no tensor, or has a shape.
    """
    if not keras.ops.is_tensor(value):
        raise ValueError(
            f"{name} must be a scalar tensor that depends on the networks' outputs, got "
            f"{value!r:.100} ({type(value).__name__}): compute it by keras.ops, or the backend's "
            "own functions"
        )
    if tuple(value.shape) != ():
        raise ValueError(
            f"{name} must be a scalar, got shape {tuple(value.shape)}: take the mean over the batch"
        )


def check_returned(name, returned):
    """What a model's loss returned: a scalar and a dictionary of terms.

    Raises:
        ValueError: If it is something else.
    """
    if (
        not isinstance(returned, tuple | list)
        or len(returned) != 2
        or not isinstance(returned[1], dict)
    ):
        raise ValueError(
            f"{name} must return a scalar and a dictionary of terms to log, (loss, {{}}), got "
            f"{returned!r:.100}"
        )
    return returned


def check_penalized(model, penalties, terms):
    """Refuses penalties that a loss left out.

    Raises:
        ValueError: If the terms that it returned lack one.
    """
    for penalty in penalties:
        if penalty.name not in terms:
            raise ValueError(
                f"the penalty {penalty.name!r} is given, and is not among the terms that "
                f"{model}.discriminator_loss returns: get loss and terms from "
                "self.adversarial_loss(real_logits, fake_logits, real, fake, condition), which "
                "adds all penalties, or give none"
            )


def check_names(names):
    """Names under which terms are logged.

    Raises:
        ValueError: If two are alike.
    """
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(
            f"two terms would be logged as {', '.join(sorted(twice))}: give penalties, "
            "augmentations and other terms names of their own"
        )
    return names


def check_terms(terms, known):
    """Refuses terms to log that a model did not announce.

    Raises:
        ValueError: If there is one.
    """
    for name in terms:
        if name not in known:
            raise ValueError(
                f"{name!r} is logged and not among the model's term_names(), which are "
                f"{', '.join(known)}: add it there"
            )


def check_no_weights(**weights):
    """Refuses what weighs examples or classes.

    Raises:
        ValueError: If any weights are given.
    """
    for name, value in weights.items():
        if value is not None:
            raise ValueError(
                f"{name} has no meaning for a GAN, which matches the distribution of its data: "
                "resample the data instead"
            )


def warn_of_what_is_not_used(gan, y):
    """Warns, before training, of a condition that is not told and of players that cannot move."""
    if y is not None and not gan.conditional:
        warnings.warn(
            f"this {type(gan).__name__} takes no condition, so y is not used: give both networks a "
            "second input (kgan.networks: pass classes or condition_dim) for a kgan.ConditionalGAN",
            stacklevel=3,
        )
    for player in ("generator", "discriminator"):
        if not getattr(gan, player).trainable_variables:
            warnings.warn(
                f"the {player} has no trainable variables (trainable=False?), so it is not trained:"
                " each player's update moves that player only, and nothing needs to be frozen",
                stacklevel=3,
            )


def check_remembered(part, gan):
    """Refuses a loss, penalty or augmentation with variables that are not the model's.

    Raises:
        ValueError: If there is one. It would not be saved, and JAX would lose what it is assigned.
    """
    known = {id(variable) for variable in gan.variables}
    for name, value in vars(part).items():
        if isinstance(value, keras.Variable) and id(value) not in known:
            raise ValueError(
                f"{type(part).__name__}.{name} is a variable that the model does not know, and "
                "would not save: create it in build(self, gan), by gan.add_weight"
            )


def check_round(shape, discriminator, steps):
    """Refuses images that are not grouped into the steps of a round.

    Raises:
        ValueError: If their shape is not `(n, steps, ...)`.
    """
    if getattr(shape, "rank", True) is None:
        return  # TensorFlow gives up on the shape of data whose shape has changed before.
    expected = (steps, *keras.tree.flatten(discriminator.inputs)[0].shape[1:])
    if len(shape) != len(expected) + 1 or shape[1] not in (None, steps):
        raise ValueError(
            f"a round takes images of shape (n, {', '.join(map(str, expected))}), got "
            f"{tuple(shape)}: fit groups them, train_on_batch takes them as they are"
        )


def check_conditions(conditions, n, shape, dtype):
    """Refuses conditions that data brings, unless there is a fitting one for each image.

    Args:
        conditions: What data has beside the images.
        n: How many images.
        shape: The shape of one condition: `()` for class labels, `(d,)` for vectors.
        dtype: The dtype of the generator's input.

    Raises:
        ValueError: If their number, shape or dtype is wrong.
    """
    check_condition_dtype(conditions, dtype)
    if conditions.ndim != len(shape) + 1 or any(
        s is not None and s != c for s, c in zip(shape, conditions.shape[1:])
    ):
        expected = f"(n, {', '.join(map(str, shape))})" if shape else "(n,)"
        column = conditions.ndim == 2 and conditions.shape[1] == 1
        labels = "labels[:, 0]" if column else "labels.argmax(axis=1) if one-hot"
        hint = "" if shape else f": pass integer class labels ({labels})"
        raise ValueError(
            f"the generator takes conditions of shape {expected}, got {conditions.shape}{hint}"
        )
    if len(conditions) != n:
        raise ValueError(f"got {n} images but {len(conditions)} conditions")


def check_given(condition):
    """Refuses data that has images alone.

    Raises:
        ValueError: If `condition` is None.
    """
    if condition is None:
        raise ValueError(
            "the generator takes a condition, so data must be (images, condition); got images alone"
        )


def check_condition_dtype(condition, dtype):
    """Refuses numbers where class labels are expected.

    Raises:
        ValueError: If `dtype`, of the generator's input, is an integer and the condition is not.
    """
    if np.issubdtype(np.dtype(dtype), np.integer) and not np.issubdtype(
        condition.dtype, np.integer
    ):
        one_hot = condition.ndim == 2 and condition.shape[1] > 1
        remedy = "labels.argmax(axis=1) of one-hot ones" if one_hot else "labels.astype('int32')"
        raise ValueError(
            f"condition must be integers, got {condition.dtype} of shape {condition.shape}: pass "
            f"{remedy}"
        )


def check_condition(condition, n, shape, dtype):
    """One condition for each of `n` images.

    Args:
        condition: One condition of `shape`, for all images, or `n` of them.
        n: How many images.
        shape: The shape of one condition: `()` for class labels, `(d,)` for vectors.
        dtype: The dtype of the generator's input.

    Returns:
        An array `(n, *shape)`.

    Raises:
        ValueError: If the condition is missing or its shape is neither.
    """
    what = "an integer class label" if shape == () else f"a vector of shape {tuple(shape)}"
    if condition is None:
        raise ValueError(f"this model is conditional: pass condition, {what} or {n} of them")
    condition = np.asarray(condition)
    check_condition_dtype(condition, dtype)
    if condition.shape == tuple(shape):
        condition = np.broadcast_to(condition, (n, *shape))
    if condition.shape != (n, *shape):
        raise ValueError(
            f"condition must be {what} for all images or {n} of them; got shape {condition.shape}"
        )
    return condition.astype(dtype)


def check_lazy(name, discriminator, replicas):
    """Refuses what no replica may do in a round that others might skip: to move shared variables.

    Raises:
        ValueError: If there are several replicas, and layers that do so.
    """
    moving = [
        layer.name
        for layer in discriminator._flatten_layers()
        if isinstance(layer, SpectralNormalization)
    ]
    if replicas > 1 and moving:
        raise ValueError(
            f"{name} with an interval and spectral normalisation ({moving[0]!r}) cannot be split "
            f"over {replicas} replicas: leave out the interval, or the spectral normalisation"
        )


def check_images(images, shape):
    """Refuses arrays that are not images in the range that the networks work in.

    Args:
        images: An array.
        shape: The discriminator's input shape without the batch. Only what has height, width and
            channels is held to the range: points on a plane may lie anywhere.

    Raises:
        ValueError: If shape, dtype or range is wrong, or there are NaNs.
    """
    if len(images.shape) != len(shape) + 1 or any(
        s is not None and s != i for s, i in zip(shape, images.shape[1:])
    ):
        hint = ""
        if tuple(images.shape) == tuple(shape):
            hint = ": batch it, images[None] of one image"
        elif len(shape) == 3 and tuple(images.shape[1:]) == (shape[2], shape[0], shape[1]):
            hint = ": move the channels last, images.transpose(0, 2, 3, 1)"
        raise ValueError(
            f"the discriminator takes images of shape {tuple(shape)}, got an array of shape "
            f"{tuple(images.shape)}{hint}"
        )
    if not len(images):
        raise ValueError(f"there are no images: got an array of shape {tuple(images.shape)}")
    if images.dtype == np.uint8 and len(shape) == 3:
        return
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            f"images must be uint8 or float, got {images.dtype}: pass images.astype('uint8') of "
            "values from 0 to 255, or float32 in [-1, 1]"
        )
    low, high = check_range(images, pixels=len(shape) == 3)
    if len(shape) == 3 and low >= 0 and high > 0:
        raise ValueError(
            f"float images must be in [-1, 1], these look like [0, 1], got [{low:g}, {high:g}]: "
            "pass uint8, or scale them (2 * x - 1)"
        )


def check_range(images, pixels):
    """Refuses floats that are no numbers, or no pixels.

    Args:
        images: A float array.
        pixels: Whether they have to be in [-1, 1]; points on a plane may lie anywhere.

    Returns:
        The lowest and the highest.

    Raises:
        ValueError: If there are NaNs or infinities, or values out of range.
    """
    low, high = images.min(), images.max()
    if not np.isfinite(low) or not np.isfinite(high):
        bad = int(np.argwhere(~np.isfinite(images.reshape(len(images), -1)).all(axis=1))[0, 0])
        raise ValueError(f"image {bad} contains NaN or infinity")
    if pixels and (low < -1.001 or high > 1.001):
        raise ValueError(
            f"float images must be in [-1, 1], got [{low:g}, {high:g}]: pass uint8, or scale them "
            "(x / 127.5 - 1 for a range of 0 to 255)"
        )
    return low, high
