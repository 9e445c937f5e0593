"""A folder of image files as a source; sub-folders are classes."""

import os
import pathlib

import numpy as np

from kgan.data import metadata
from kgan.data.files import ImageFiles
from kgan.data.sources import Source, choose_split, drawn

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SPLITS = ("train", "training", "val", "valid", "validation", "test", "testing")


def read(path, split, *, image_size, channels, labels, captions, limit):
    """Lists a folder and opens its files.

    Sub-folders, sorted by name, are the classes; names that all are whole numbers are sorted as
    such. A folder whose sub-folders are all called train, test, val or the like, in small letters
    or capitals, holds splits instead; any other holds the one split "train". A slice of a split and
    a `limit` draw files by a fixed permutation, so that each part has all classes. Hidden files and
    folders are left out.

    Args:
        path: the folder.
        split: split name, sliced or not.
        image_size: see `ImageFiles`.
        channels: see `ImageFiles`.
        labels: whether to return labels, or which: see `metadata.labels`.
        captions: whether to return captions.
        limit: use only so many files, or `None`.

    Returns:
        A `Source` whose images are `ImageFiles`.

    Raises:
        ValueError: if there is no image, no such split, or labels or
            captions are asked for and not there.
    """
    root, roots, to_slice = _split_root(pathlib.Path(path), split)
    files = images_under(root)
    if not files:
        raise ValueError(f"no images in {root}: looked for {', '.join(SUFFIXES)}, also in folders.")
    names, class_names = _classes(root, roots, files, labels) if labels else (None, None)
    chosen = drawn(len(files), to_slice(len(files)), limit)
    files = [files[i] for i in chosen]
    if not files:
        raise ValueError(f"split {split!r} of {root} is empty.")
    found = Source(ImageFiles(files, image_size, channels), class_names=class_names)
    if labels:
        number = {name: i for i, name in enumerate(class_names)}
        found.labels = np.array([number[names[i]] for i in chosen], "int32")
    if captions:
        found.captions = metadata.captions(root, files)
    return found


def images_under(root, above=frozenset()):
    """All image files below `root`, sorted by path; links are followed, but not in circles."""
    here = os.path.realpath(root)
    if here in above:
        return []
    found = []
    for entry in sorted(_shown(root), key=lambda entry: entry.name):
        if entry.is_dir():
            found += images_under(root / entry.name, above | {here})
        elif entry.is_file() and entry.name.lower().endswith(SUFFIXES):
            found.append(root / entry.name)
    return found


def _folders_in(root):
    return sorted(entry.name for entry in _shown(root) if entry.is_dir())


def _shown(root):
    """What is in a folder and not hidden."""
    with os.scandir(root) as entries:
        return [entry for entry in entries if not entry.name.startswith((".", "__MACOSX"))]


def _split_root(path, split):
    """Returns the folder of the split, those of all, and the function that slices it."""
    names = _folders_in(path)
    folders = {name.lower(): path / name for name in names}
    if not folders or not all(name in SPLITS for name in folders):
        folders = {"train": path}
    elif len(folders) < len(names):
        raise ValueError(f"{path} has splits that differ in capitals only: {', '.join(names)}.")
    elif isinstance(split, str):
        split = split.lower()
    name, to_slice = choose_split(split, list(folders), path)
    return folders[name], list(folders.values()), to_slice


def _classes(root, roots, files, labels):
    """The class of each file by name, and all classes in order: of sub-folders or of metadata.

    A class that one split lacks has its number in all.
    """
    if isinstance(labels, str):
        told = [root, *(r for r in roots if r != root and (r / metadata.METADATA).is_file())]
        known, classes = metadata.labels(told, labels)
        return metadata.look_up(root, known[0], files, "label"), classes
    loose = [file for file in files if file.parent == root]
    if loose:
        raise ValueError(
            f"{loose[0]} is in no class: put every image into a sub-folder named after its class, "
            f"name what its line in {metadata.METADATA} has as label, or pass labels=False."
        )
    names = [file.relative_to(root).parts[0] for file in files]
    for empty in sorted(set(_folders_in(root)) - set(names)):
        raise ValueError(f"class folder {root / empty} holds no images: fill or remove it.")
    return names, metadata.in_order({name for one in roots for name in _folders_in(one)})
