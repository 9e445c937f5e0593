"""`kgan.data.load`: one function for every source."""

import os
import pathlib

from kgan.data import sources, tfds
from kgan.data.checks import check_at_least
from kgan.data.dataset import ImageDataset

# What `cache="auto"` keeps in memory, in bytes of uint8 pixels.
MEMORY_BYTES = 2**30


def load(
    source,
    split="train",
    *,
    image_size=None,
    channels=None,
    batch_size=64,
    shuffle=True,
    seed=0,
    labels=False,
    drop_remainder=True,
    augment=None,
    limit=None,
    data_dir=None,
    cache="auto",
    download=True,
):
    """Loads images."""
    batching = dict(
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        drop_remainder=drop_remainder,
        augment=augment,
    )
    if source == sources.EMBEDDED_NAME:
        name, to_slice = sources.parse_split(split)
        found = sources.embedded(labels)
        found = found[to_slice(len(found.images))]
        if limit is not None:
            found = found[:limit]
        return ImageDataset(found.images, found.labels, class_names=found.class_names, **batching)
    opened, shape, class_names = tfds.read(
        source,
        split,
        image_size=image_size,
        channels=channels,
        labels=labels,
        limit=limit,
        data_dir=data_dir,
        download=download,
    )
    found = tfds.in_memory(opened, shape, class_names)
    return ImageDataset(found.images, found.labels, class_names=found.class_names, **batching)
