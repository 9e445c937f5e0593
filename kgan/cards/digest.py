"""A preset's samples in a few numbers, by which it is seen whether it still makes them.

The numbers are coarse grey levels, so that they stand what backends and processors do differently
by rounding, and do not stand other weights, other latents or another way from numbers to pixels.
"""

import keras
import numpy as np

SAMPLES, SEED, CELLS = 8, 3, 4
# Grey levels, of 255, by which the mean of a cell may differ from backend to backend.
TOLERANCE = 2


def samples_digest(gan):
    """A summary of a model's samples that is the same on every backend, but for rounding.

    The samples are of fixed latents; conditional models are asked for their classes in turn, or for
    vectors of length one that were drawn at random.

    Args:
        gan: A model that makes images.

    Returns:
        A dictionary for JSON: `samples` and `seed`; `cells`, how many cells across and down an
        image is divided into; and `means`, for each sample a string of integers 0 to 255, the mean
        of each cell, row by row, and of each channel in it.

    Example:
        >>> samples_digest(kgan.zoo.load("gan_mnist"))["means"][0]
    """
    images = gan.sample(SAMPLES, condition=conditions(gan), seed=SEED).astype("float64")
    bands = np.array_split(images, CELLS, axis=1)
    cells = [cell for band in bands for cell in np.array_split(band, CELLS, axis=2)]
    means = np.stack([cell.mean(axis=(1, 2)) for cell in cells], axis=1).reshape(SAMPLES, -1)
    return {
        "samples": SAMPLES,
        "seed": SEED,
        "cells": CELLS,
        "means": [" ".join(map(str, row)) for row in means.round().astype(int)],
    }


def difference(digest, other):
    """The largest difference of two digests, in grey levels of 255.

    Args:
        digest: What `samples_digest` returns, or a preset's `measured["samples_digest"]`.
        other: Another one.

    Raises:
        ValueError: If they were not made alike.
    """
    ours, theirs = (np.array([row.split() for row in d["means"]], int) for d in (digest, other))
    how = [{key: d[key] for key in ("samples", "seed", "cells")} for d in (digest, other)]
    if how[0] != how[1] or ours.shape != theirs.shape:
        raise ValueError(
            f"these are digests of other samples: {how[0]} of shape {ours.shape} and {how[1]} of "
            f"shape {theirs.shape}"
        )
    return int(np.abs(ours - theirs).max())


def conditions(gan):
    """What a conditional model is asked for; None for any other."""
    if not gan.conditional:
        return None
    shape = tuple(keras.tree.flatten(gan.generator.inputs)[1].shape[1:])
    if not shape:
        return np.arange(SAMPLES) % (gan.classes or 1)
    vectors = np.random.default_rng(SEED).normal(size=(SAMPLES, *shape))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
