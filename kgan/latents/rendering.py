"""Latents in rows to images in rows."""

import numpy as np


def rows(gan, latents, condition=None):
    """Images of latents that are laid out in rows.

    Args:
        gan: Any kgan model.
        latents: An array `(rows, columns, latent_dim)`.
        condition: For conditional models, one condition for all rows or one for each.

    Returns:
        uint8 images `(rows * columns, height, width, channels)`, row by row, and the number of
        columns.
    """
    count, columns, latent_dim = latents.shape
    condition = row_conditions(gan, condition, count)
    if condition is not None:
        condition = np.repeat(condition, columns, axis=0)
    latents = np.asarray(latents, "float32").reshape(-1, latent_dim)
    return gan.sample(len(latents), condition=condition, latents=latents), columns


def row_conditions(gan, condition, count):
    """One condition for each of `count` rows; None for models that take none.

    Raises:
        ValueError: If the condition does not fit, or the model takes none and there is one.
    """
    if gan.conditional:
        return gan.condition_for(condition, count)
    if condition is not None:
        raise ValueError("this model is not conditional: its generator takes only latents")
    return None


def as_latents(gan, latents):
    """Latents as a float32 array `(n, latent_dim)`, from one or several.

    Raises:
        ValueError: If they are not the model's.
    """
    latents = np.atleast_2d(np.asarray(latents, "float32"))
    if latents.ndim != 2 or latents.shape[1] != gan.latent_dim or not len(latents):
        raise ValueError(
            f"latents must be ({gan.latent_dim},) or (n, {gan.latent_dim}), got {latents.shape}"
        )
    return latents
