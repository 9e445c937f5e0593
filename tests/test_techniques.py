"""docs/techniques.md is true: what it names is there, and is used on real images."""

import functools
import importlib.util
import pathlib
import re

import pytest

import kgan

ROOT = pathlib.Path(__file__).parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "techniques.md").read_text().splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| technique"))
]


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("techniques", ROOT / "examples" / "techniques.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_technique_is_where_the_table_says(row, example):
    _, _, names, test, used = row
    for name in quoted(names):
        assert functools.reduce(getattr, name.split("."), kgan)
    (path,) = quoted(test)
    assert (ROOT / path).is_file()
    if used != "every preset":
        (name,) = quoted(used)
        known = kgan.zoo.list() if used.startswith("preset") else example.TECHNIQUES
        assert name in known


def test_the_table_names_every_part(example):
    """No loss, penalty, augmentation or configuration of the example is left out."""
    text = (ROOT / "docs" / "techniques.md").read_text()
    for module, base in (
        (kgan.losses, kgan.losses.Loss),
        (kgan.penalties, kgan.penalties.Penalty),
        (kgan.augment, kgan.augment.Augmentation),
    ):
        for name, kind in vars(module).items():
            if isinstance(kind, type) and issubclass(kind, base) and kind is not base:
                label = f"`{module.__name__.removeprefix('kgan.')}.{name}`"
                assert label in text or name in ("RelativisticPairing", "Sometimes"), label
    presets = {"baseline", "gradient_penalty", "weight_clipping", "hinge", "conditional"}
    presets |= {"spectral_normalization", "without_batch_norm"}
    assert set(example.TECHNIQUES) - presets <= set(re.findall(r"\| `(\w+)` \|", text))


@pytest.mark.slow
def test_every_technique_trains(example):
    dataset = kgan.data.load("embedded", labels=True, limit=2000)
    for name in example.TECHNIQUES:
        made, _ = example.play(name, 2, dataset)
        assert made.sample(4).shape == (4, 28, 28, 1)
