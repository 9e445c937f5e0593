"""What a folder's `metadata.jsonl` says of its images, as in Hugging Face's ImageFolder."""

import json
import re

METADATA = "metadata.jsonl"
CAPTIONS = ("caption", "text")
NONE = "none"


def captions(root, paths):
    """The captions of image files: their lines' `caption`, or `text`.

    Args:
        root: the folder that has the `metadata.jsonl`.
        paths: image files below it.

    Returns:
        A list of texts, one for each path.

    Raises:
        ValueError: if there is no such file, a line cannot be read, or an image has no caption.
    """

    def pick(record):
        text = next(record[column] for column in CAPTIONS if column in record)
        return text if text.strip() else None

    wanted = f"{' or '.join(CAPTIONS)}, a text"
    known = read(root, pick, "caption", wanted, '"caption": "..."')
    return look_up(root, known, paths, "caption")


def labels(roots, name):
    """What images are labelled with under a name.

    Args:
        roots: folders that have a `metadata.jsonl`.
        name: a key of its lines, or a path of keys such as `"attributes/hair_color"`.

    Returns:
        For each folder a dictionary from names of files to texts; and all that there are, sorted:
        as numbers if they are whole numbers. Numbers, true and false are written as in JSON, null
        is `"none"`.

    Raises:
        ValueError: if there is no such file, or a line cannot be read.
    """

    def pick(record):
        for key in name.split("/"):
            record = record[key]
        if isinstance(record, str):
            return record if record.strip() else None
        if record is None:
            return NONE
        return json.dumps(record) if isinstance(record, int) else None

    wanted = f"{name}, a text, a whole number, true, false or null"
    example = "..."
    for key in reversed(name.split("/")):
        example = {key: example}
    known = [read(root, pick, "label", wanted, json.dumps(example)[1:-1]) for root in roots]
    found = {label for of_one in known for label in of_one.values()}
    return known, in_order(found)


def in_order(names):
    """Names of classes, sorted: as numbers if all are whole numbers, so that 2 is before 10."""
    numbers = all(re.fullmatch(r"-?\d+", name) for name in names)
    return sorted(names, key=(lambda name: (int(name), name)) if numbers else str)


def read(root, pick, noun, wanted, example):
    """What the lines of a folder's `metadata.jsonl` have that is wanted.

    Each line is a JSON object with `file_name`, relative to the folder.

    Args:
        root: the folder.
        pick: a function from a line's object to the text that is wanted, or None.
        noun: what it is called, for errors.
        wanted: how a line has it, for errors.
        example: it in a line, for errors.

    Returns:
        A dictionary from `file_name` to what was picked.

    Raises:
        ValueError: if there is no such file, or a line cannot be read.
    """
    file = root / METADATA
    if not file.is_file():
        raise ValueError(
            f'{root} has no {METADATA}: write a line {{"file_name": "1.png", {example}}} for each '
            "image"
        )
    known = {}
    # Texts in JSON may hold other characters that Python takes for the end of a line.
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            name, value = record["file_name"], pick(record)
        except (ValueError, TypeError, AttributeError, LookupError, StopIteration):
            name = value = None
        if not (isinstance(name, str) and isinstance(value, str)):
            raise ValueError(
                f"{file}, line {number}: expected a JSON object with file_name and {wanted}, got "
                f"{line[:100]!r}"
            )
        if name in known:
            raise ValueError(f"{file}, line {number}: {name!r} has a {noun} already")
        known[name] = value
    return known


def look_up(root, known, paths, noun):
    """What is known of image files.

    Args:
        root: the folder whose `metadata.jsonl` was read.
        known: what `read` found there.
        paths: image files below it.
        noun: what is looked up, for errors.

    Returns:
        A list, one for each path.

    Raises:
        ValueError: if an image has no line.
    """
    names = [path.relative_to(root).as_posix() for path in paths]
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"{root / METADATA} has no {noun} of {len(missing)} images, the first {missing[0]!r}: "
            "add their lines, or remove the images"
        )
    return [known[name] for name in names]
