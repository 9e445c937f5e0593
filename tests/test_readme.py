"""What the README says is so."""

import pathlib
import re

import numpy as np
import pytest

import kgan
from kgan.cards import gallery

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)


def test_it_starts_with_two_commands():
    language, text = BLOCKS[0]
    assert language == "sh"
    assert text == "pip install . && kgan quickstart\npip install '.[test]' && pytest -n 2\n"


def test_the_tables_of_the_zoo_are_up_to_date(tmp_path):
    (tmp_path / "README.md").write_text(README)
    readme, page = gallery.write(tmp_path)
    assert readme.read_text() == README, "run: kgan gallery"
    assert page.read_text() == (ROOT / "docs" / "zoo.md").read_text(), "run: kgan gallery"
    for name in kgan.zoo.list():
        assert (f"../zoo/{name}/samples.png" in page.read_text()) == bool(
            kgan.zoo.info(name)["measured"]
        )
        assert name in page.read_text()


def test_tables_are_made_in_a_checkout_only(tmp_path):
    with pytest.raises(FileNotFoundError, match="run kgan gallery in a checkout"):
        gallery.write(tmp_path)


def test_the_pretrained_example_runs():
    namespace = {}
    exec(BLOCKS[1][1], namespace)
    assert namespace["images"].shape == (64, 28, 28, 1)
    assert namespace["images"].dtype == np.uint8
    assert namespace["sevens"].shape == (16, 28, 28, 1)
    assert namespace["codes"]["category"].shape == (64, 10)
    assert namespace["codes"]["style"].shape == (64, 2)


def test_the_training_examples_run(tmp_path, monkeypatch):
    # As printed, on a real folder of images, but with fewer of them, smaller and for one epoch.
    monkeypatch.chdir(tmp_path)
    colours = np.random.default_rng(0).integers(0, 256, (8, 20, 16, 3), dtype="uint8")
    for i, image in enumerate(colours):
        kgan.data.save_image(tmp_path / f"my_folder/{i}.png", image)
    text = BLOCKS[2][1].replace("epochs=50", "epochs=1").replace("batch_size=64", "batch_size=1")
    text = text.replace("image_size=64", "image_size=8").replace("(64, 64, 3)", "(8, 8, 3)")
    exec("import kgan\n" + text, {})
    assert (tmp_path / "gan.keras").is_file()
    assert sorted(p.name for p in (tmp_path / "samples").iterdir()) == ["000000.png", "000001.png"]
