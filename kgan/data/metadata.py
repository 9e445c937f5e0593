"""What a folder's `metadata.jsonl` says of its images, as in Hugging Face's ImageFolder."""

import json

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
    return read(root, paths, pick, str, "caption", wanted, '"caption": "..."')


def labels(root, paths, name):
    """What image files are labelled with under a name.

    Args:
        root: the folder that has the `metadata.jsonl`.
        paths: image files below it.
        name: a key of its lines, or a path of keys such as `"attributes/hair_color"`.

    Returns:
        A list of texts, whole numbers or booleans, one for each path; `"none"` for null.

    Raises:
        ValueError: if there is no such file, a line cannot be read, or an image has no label.
    """

    def pick(record):
        for key in name.split("/"):
            record = record[key]
        return NONE if record is None else record

    wanted = f"{name}, a text, a whole number, true, false or null"
    example = "..."
    for key in reversed(name.split("/")):
        example = {key: example}
    return read(root, paths, pick, str | int, "label", wanted, json.dumps(example)[1:-1])


def read(root, paths, pick, kind, noun, wanted, example):
    """What each path's line has that is wanted.

    Each line is a JSON object with `file_name`, relative to the folder.

    Args:
        root: the folder that has the `metadata.jsonl`.
        paths: image files below it.
        pick: a function from a line's object to what is wanted.
        kind: the type that this must be of.
        noun: what it is called, for errors.
        wanted: how a line has it, for errors.
        example: it in a line, for errors.

    Returns:
        A list, one for each path.

    Raises:
        ValueError: if there is no such file, a line cannot be read, or an image has no line.
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
        if not (isinstance(name, str) and isinstance(value, kind)):
            raise ValueError(
                f"{file}, line {number}: expected a JSON object with file_name and {wanted}, got "
                f"{line[:100]!r}"
            )
        if name in known:
            raise ValueError(f"{file}, line {number}: {name!r} has a {noun} already")
        known[name] = value
    names = [path.relative_to(root).as_posix() for path in paths]
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"{file} has no {noun} of {len(missing)} images, the first {missing[0]!r}: add their "
            "lines, or remove the images"
        )
    return [known[name] for name in names]
