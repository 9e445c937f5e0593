"""Augmentation of a batch: flips by name, or any Keras layer."""

import keras
import numpy as np

# The axis of (n, height, width, channels) that each named flip reverses.
FLIPS = {"flip": 2, "horizontal_flip": 2, "vertical_flip": 1}


def steps(augment):
    """Checks an `augment` argument and returns it as a list.

    Args:
        augment: `None`, a name in `FLIPS`, a callable, or a list of names and callables.

    Returns:
        List of names and callables.

    Raises:
        ValueError: if a step is neither a known name nor callable.
    """
    if augment is None:
        return []
    found = list(augment) if isinstance(augment, (list, tuple)) else [augment]
    for step in found:
        if not callable(step) and not (isinstance(step, str) and step in FLIPS):
            raise ValueError(
                f"augment must be one of {sorted(FLIPS)}, a Keras layer, a function or a list of "
                f"these, got {step!r}."
            )
    return found


def call(step, images):
    """Calls a layer in training mode, or a plain function, on a batch in [-1, 1]."""
    return step(images, training=True) if isinstance(step, keras.Layer) else step(images)


def on_arrays(augment):
    """Returns `augment` as a function `(float32 images, seeds) -> float32 images` on NumPy.

    Args:
        augment: what `steps` takes.

    Returns:
        The function. Named flips are drawn from `seeds`, a tuple of integers.
    """
    chain = steps(augment)

    def apply(images, seeds):
        for position, step in enumerate(chain):
            if isinstance(step, str):
                chosen = np.random.default_rng([*seeds, position]).random(len(images)) < 0.5
                images[chosen] = np.flip(images[chosen], FLIPS[step])
            else:
                changed = np.array(keras.ops.convert_to_numpy(call(step, images)), "float32")
                if changed.shape != images.shape:
                    raise ValueError(
                        f"augment step {step!r} turned a batch {images.shape} into "
                        f"{changed.shape}: the shape must stay; resize with image_size."
                    )
                images = changed
        return images

    return apply


def on_tensors(augment):
    """Returns `augment` as a function `(images, seed) -> images` for use in tf.data.

    Args:
        augment: what `steps` takes.

    Returns:
        The function, on float32 tensors; `seed` is an integer tensor `(2,)`.
    """
    import tensorflow as tf

    chain = steps(augment)

    def apply(images, seed):
        for position, step in enumerate(chain):
            if isinstance(step, str):
                own = tf.random.fold_in(seed, position)
                draw = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), own)
                images = tf.where(draw < 0.5, tf.reverse(images, [FLIPS[step]]), images)
            else:
                images = tf.ensure_shape(tf.cast(call(step, images), tf.float32), images.shape)
        return images

    return apply
