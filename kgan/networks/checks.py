"""What can be wrong with the arguments of a builder, said before Keras says it."""

import numbers

NORMS = ("batch", "layer", None)


def check_shared(
    latent_dim,
    classes,
    condition_dim,
    code_parameters,
    generator_norm,
    discriminator_norm,
    dropout,
    class_head=False,
):
    """Refuses what no builder can use among the arguments that all builders have.

    Raises:
        ValueError: If one is of the wrong type or out of range.
    """
    check_count("latent_dim", latent_dim)
    check_count("code_parameters", code_parameters, minimum=0)
    check_condition(classes, condition_dim)
    if class_head and (classes is None or code_parameters):
        raise ValueError(
            "class_head=True is for a discriminator that names classes: pass classes, and no "
            "code_parameters"
        )
    for name, norm in (
        ("generator_norm", generator_norm),
        ("discriminator_norm", discriminator_norm),
    ):
        if norm not in NORMS:
            raise ValueError(f'{name} must be "batch", "layer" or None, got {norm!r}')
    if not isinstance(dropout, numbers.Real) or not 0 <= dropout < 1:
        raise ValueError(f"dropout must be a fraction in [0, 1), got {dropout!r}")


def check_condition(classes, condition_dim):
    """Refuses labels and vectors at once, and too few of either.

    Raises:
        ValueError: If that is asked for.
    """
    if classes is not None and condition_dim is not None:
        raise ValueError(
            f"pass classes (got {classes}) for labels or condition_dim (got {condition_dim}) for "
            "vectors, not both"
        )
    if classes is not None:
        check_count("classes", classes, minimum=2)
    if condition_dim is not None:
        check_count("condition_dim", condition_dim)


def check_count(name, value, minimum=1):
    """Refuses what is not an integer of at least `minimum`.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(value, numbers.Integral) or value < minimum:
        raise ValueError(f"{name} must be an integer of at least {minimum}, got {value!r}")


def pair(name, value, optional=False):
    """The generator's and the discriminator's value, from one for both or a pair.

    Args:
        name: Of the argument, for the error.
        value: What the user passed.
        optional: Whether None, for the whole or for one of the two, is allowed.

    Raises:
        ValueError: If it is neither, or one of the two is not an integer of at least 1.
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2:
        raise ValueError(
            f"{name} must be an integer or a pair, the generator's and the discriminator's; "
            f"got {value!r}"
        )
    for count in both:
        if not (optional and count is None):
            check_count(name, count)
    return both


def square(builder, image_shape, fits, sizes):
    """Size and channels of an image shape that a builder supports.

    Args:
        builder: Its name.
        image_shape: What the user passed.
        fits: Whether a size is supported, a function.
        sizes: The supported sizes, in words.

    Raises:
        ValueError: If it is not `(size, size, channels)` with such a size and 1 or 3 channels.
    """
    shape = dimensions(image_shape)
    if len(shape) != 3 or shape[0] != shape[1] or not fits(shape[0]) or shape[2] not in (1, 3):
        raise ValueError(
            f"{builder} makes square images of {sizes}, with 1 or 3 channels; got image_shape "
            f"{shape}: resize with kgan.data.load(..., image_size=...)"
        )
    return shape[0], shape[2]


def dimensions(image_shape):
    """An image shape as a tuple of positive integers.

    Raises:
        ValueError: If it is not one.
    """
    shape = tuple(image_shape) if isinstance(image_shape, (tuple, list)) else ()
    if not shape or not all(isinstance(d, numbers.Integral) and d > 0 for d in shape):
        raise ValueError(
            f"image_shape must be (height, width, channels), all positive; got {image_shape!r}"
        )
    return shape
