"""What a model makes, laid out to be looked at."""

import base64
import io

import numpy as np

from kgan import data, latents, metrics
from kgan.latents import Categorical

NEIGHBOURS = 5


def pictures(subject):
    """Yields pairs of a caption and a picture, uint8 `(height, width, channels)`."""
    gan = subject.gan
    yield (
        f"The first {min(64, subject.n)} samples of the evaluation, not chosen",
        data.grid(subject.fake[:64], columns=8),
    )
    if getattr(gan, "classes", None):
        images, columns = latents.across_conditions(gan, gan.random_latents(8, subject.seed))
        yield "A column a class, a latent vector a row", data.grid(images, columns=columns)
    for code in subject.codes:
        yield from sweeps(subject, code)
    first, second = (gan.random_latents(6, subject.seed + i) for i in (0, 1))
    condition = None if subject.condition is None else np.resize(subject.condition, 6)
    if subject.condition is not None and subject.condition.ndim > 1:
        condition = subject.condition[np.arange(6) % len(subject.condition)]
    images, columns = latents.interpolation(gan, first, second, 12, condition=condition)
    yield "From one latent vector to another, spherically", data.grid(images, columns=columns)
    if subject.train is not None:
        yield (
            f"Samples (left) and the {NEIGHBOURS} training images nearest to each, in pixels",
            neighbours(subject),
        )


def sweeps(subject, code):
    """A picture a code, or one for each number of a continuous code."""
    if isinstance(code, Categorical):
        images, columns = latents.sweep(subject.gan, code.name, seed=subject.seed)
        yield f"Code {code.name}: a category a column", data.grid(images, columns=columns)
        return
    for entry in range(code.size):
        values = np.linspace(-2.0, 2.0, 11)
        images, columns = latents.sweep(
            subject.gan, code.name, values, entry, rows=6, seed=subject.seed
        )
        caption = f"Code {code.name} {entry}: from -2 to 2 (training drew from -1 to 1)"
        yield caption, data.grid(images, columns=columns)


def neighbours(subject):
    """A row a sample: itself, and the training images nearest to it."""
    shown = subject.fake[:8]
    nearest = min(NEIGHBOURS, len(subject.train))
    indices, _ = metrics.nearest_neighbours(shown, subject.train, nearest)
    rows = [
        np.concatenate([shown[i : i + 1], subject.train[indices[i]]]) for i in range(len(shown))
    ]
    return data.grid(np.concatenate(rows), columns=1 + nearest)


def data_uri(picture):
    """A picture as a PNG in the address itself, for a page that needs no other file."""
    from PIL import Image

    buffer = io.BytesIO()
    pixels = picture[..., 0] if picture.shape[-1] == 1 else picture
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
