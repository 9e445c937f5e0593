"""Captions of the images in a folder, and the vectors that stand for them."""

import hashlib
import json

import numpy as np

from kgan import files, text

METADATA = "metadata.jsonl"
COLUMNS = ("caption", "text")


def read(root, paths):
    """The captions that `metadata.jsonl` gives to image files, as in Hugging Face's ImageFolder.

    Each line is a JSON object with `file_name`, relative to the folder, and `caption` (or `text`).

    Args:
        root: the folder that has the file.
        paths: image files below it.

    Returns:
        A list of texts, one for each path.

    Raises:
        ValueError: if there is no such file, a line cannot be read, or an image has no caption.
    """
    file = root / METADATA
    if not file.is_file():
        raise ValueError(
            f'{root} has no {METADATA}: write a line {{"file_name": "1.png", "caption": "..."}} '
            "for each image"
        )
    known = {}
    # Texts in JSON may hold other characters that Python takes for the end of a line.
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            caption = next(record[column] for column in COLUMNS if column in record)
            name, is_text = record["file_name"], isinstance(caption, str) and caption.strip()
        except (ValueError, TypeError, KeyError, StopIteration):
            name = is_text = None
        if not is_text:
            raise ValueError(
                f"{file}, line {number}: expected a JSON object with file_name and "
                f"{' or '.join(COLUMNS)}, a text, got {line[:100]!r}"
            )
        if name in known:
            raise ValueError(f"{file}, line {number}: {name!r} has a caption already")
        known[name] = caption
    names = [path.relative_to(root).as_posix() for path in paths]
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"{file} has no caption of {len(missing)} images, the first {missing[0]!r}: add their "
            "lines, or remove the images"
        )
    return [known[name] for name in names]


def encode(encoder, captions):
    """Vectors of captions.

    What an encoder makes whose name stands for one model for good is kept in kgan's cache folder,
    for it takes minutes.

    Args:
        encoder: a name for `kgan.text.encoder`, or a function from a list of `n` texts to numbers
            `(n, d)`.
        captions: list of texts.

    Returns:
        float32 `(n, d)`.

    Raises:
        ValueError: if the function returns something else.
    """
    if isinstance(encoder, str) and encoder in text.PACKAGED:
        digest = hashlib.sha256(json.dumps([encoder, captions]).encode()).hexdigest()
        cached = files.home() / "captions" / f"{digest}.npy"
        if not cached.is_file():
            vectors = text.encoder(encoder)(captions)
            files.write_atomically(cached, lambda file: np.save(file, vectors))
        return np.load(cached, allow_pickle=False)
    encode_all = text.encoder(encoder) if isinstance(encoder, str) else encoder
    vectors = np.asarray(encode_all(captions), "float32")
    if vectors.ndim != 2 or len(vectors) != len(captions):
        raise ValueError(
            f"the encoder must return numbers ({len(captions)}, d) for {len(captions)} captions, "
            f"got shape {vectors.shape}"
        )
    return vectors
