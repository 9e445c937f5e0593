"""Batches on their way into rounds: counting, joining and checking them."""

import typing

import keras
import numpy as np

from kgan.models.checks import check_images, check_range


class EmptyData(ValueError):
    """There is nothing to train on, or nothing left."""


class Plan(typing.NamedTuple):
    """What `fit` hands to Keras."""

    data: object
    batch_size: int
    callbacks: tuple = ()
    steps_per_epoch: int = None
    validation_data: tuple = None


def refuse(condition, message):
    """Raises a ValueError if `condition` holds."""
    if condition:
        raise ValueError(message)


def is_array(x):
    """Whether `x` is a NumPy array or a tensor."""
    return hasattr(x, "shape") and hasattr(x, "__array__")


def as_tuple(batch):
    """A batch as `(images,)` or `(images, condition)`."""
    return tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


def as_arrays(batch):
    """A batch as a tuple, of NumPy arrays."""
    return keras.tree.map_structure(keras.ops.convert_to_numpy, as_tuple(batch))


def size(batch):
    """How many examples a batch has."""
    return int(keras.tree.flatten(batch)[0].shape[0])


def stack(batches, steps):
    """Joins batches, whose images together fill a round, into one of shape `(n, steps, ...)`."""

    def join(*arrays):
        flat = np.concatenate([keras.ops.convert_to_numpy(a) for a in arrays])
        return np.moveaxis(flat.reshape(steps, -1, *flat.shape[1:]), 0, 1)

    return keras.tree.map_structure(join, *batches)


def check_enough(images, batch_size, steps):
    """Refuses data that does not fill one round."""
    refuse(
        images < batch_size * steps,
        f"{images} images do not fill one round: pass at least {batch_size * steps} "
        f"(batch_size={batch_size} for each of discriminator_steps={steps}), or fewer of either",
    )


def first_batch(batches, image_shape):
    """The first batch of an iterator, whose images are checked for all of them."""
    batch = next(batches, None)
    if batch is None:
        raise EmptyData("the data is empty: there is no batch in it")
    if isinstance(batch, dict):
        raise ValueError(
            "a batch must be images, or (images, condition), got a dictionary of "
            f"{', '.join(map(str, batch))}: have the data yield a tuple, by a collate_fn or map"
        )
    check_images(keras.ops.convert_to_numpy(as_tuple(batch)[0]), image_shape)
    return batch


def whole_rounds(data, batches, ragged, batch_size, steps):
    """How many rounds `batches` batches of `data` are sure to fill.

    The last batch may be smaller if `ragged`; it is looked at only where there are so few that
    all of them make a round.
    """
    rounds = (batches - ragged) // steps
    if not rounds:
        images = sum(size(batch) for batch in data)
        check_enough(images, batch_size, steps)
        rounds = images // (batch_size * steps)
    return rounds


def check_following(batch, first):
    """Refuses a batch that is unlike the first, with which it would be joined, or no images.

    Args:
        batch: A batch of arrays.
        first: The first one.

    Raises:
        ValueError: If shapes or dtypes differ, or values are out of range or NaN.
    """
    given, expected = (
        [(a.dtype.name, a.shape[1:]) for a in keras.tree.flatten(b)] for b in (batch, first)
    )
    refuse(
        given != expected,
        f"a batch differs from the first one: (dtype, shape of one) is {given}, and was {expected}",
    )
    if np.issubdtype(batch[0].dtype, np.floating) and len(batch[0]):
        check_range(batch[0], pixels=batch[0].ndim == 4)


def gather(dataset, index, steps):
    """The `index`-th round of a `PyDataset`'s batches."""
    first = index * steps
    return stack([as_tuple(dataset[first + i]) for i in range(steps)], steps)
