"""What docs/latents.md and the README's commands say is so."""

import pathlib
import re
import shlex

import numpy as np
import pytest
from PIL import Image

import kgan
import kgan_cli

ROOT = pathlib.Path(__file__).parent.parent
TEXT = (ROOT / "docs/latents.md").read_text()


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def test_the_examples_run(tmp_path, monkeypatch):
    """As printed, but with fewer images and steps."""
    monkeypatch.chdir(tmp_path)
    code = "".join(blocks(TEXT, "python"))
    for said, done in (
        ('"pca", k=10', '"pca", k=10, n=50'),
        ("2000", "40"),
        ("keyframes=8, frames=12, n=16", "keyframes=2, frames=2, n=4"),
        ("gan.invert(images)", "gan.invert(images, steps=3, starts=1)"),
    ):
        assert said in code
        code = code.replace(said, done)
    made = {}
    exec(code, made)
    pictures = {path.name for path in tmp_path.iterdir()}
    assert pictures == set(re.findall(r'"(\w+\.(?:png|gif))"', code))
    assert made["path"].shape == (4, 11, 64)
    assert made["principal"].vectors.shape == made["closed"].vectors.shape == (10, 64)
    assert np.isfinite(made["found"].psnr).all()
    # Images of 28 px, 2 px apart: 4 rows of 11; 10 directions of 7; 4 rows of 10 classes.
    for name, rows, columns in (("paths", 4, 11), ("directions", 10, 7), ("hand", 4, 10)):
        assert Image.open(f"{name}.png").size == (30 * columns + 2, 30 * rows + 2)


def test_the_table_names_what_there_is():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", TEXT, re.M)
    assert len(rows) == 10
    for method, functions in rows:
        assert callable(getattr(kgan.GAN, method))
        for function in re.findall(r"`(\w+)`", functions):
            assert function in kgan.latents.__all__


@pytest.mark.parametrize("page", ["docs/latents.md", "README.md"])
def test_the_commands_are_of_the_grammar(page):
    lines = [
        line
        for block in blocks((ROOT / page).read_text(), "sh")
        for line in block.splitlines()
        if line.startswith("kgan ")
    ]
    assert len(lines) >= 6
    for line in lines:
        kgan_cli.parser().parse_args(shlex.split(line, comments=True)[1:])
