"""The vectors that stand for captions."""

import hashlib
import json

import numpy as np

from kgan import files, text


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
