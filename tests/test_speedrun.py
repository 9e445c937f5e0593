"""Scores against minutes, from histories whose numbers are known."""

import importlib.util
import json
import pathlib

import pytest
from PIL import Image

import kgan

PATH = pathlib.Path(__file__).parent.parent / "examples" / "speedrun.py"
HISTORY = "rounds,epoch,d_loss,fid,seconds\n"


@pytest.fixture(scope="module")
def speedrun():
    spec = importlib.util.spec_from_file_location("example_of_speedrun", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def publish(zoo, name, history=None, hardware="2 cores", selection=True, weights=True):
    """A preset as far as the page reads it."""
    folder = zoo / name
    folder.mkdir(parents=True)
    chosen = {"metric": "fid", "extractor": "mnist_classifier", "samples": 3000, "real": 3000}
    measured = {
        "environment": {"hardware": hardware, "backend": "jax"},
        **({"selection": chosen} if selection else {}),
    }
    preset = {
        "algorithm": "WGAN",
        "data": {"source": "mnist", "image_size": 28},
        "measured": measured if weights else None,
    }
    (folder / "preset.json").write_text(json.dumps(preset))
    if history is not None:
        (folder / "history.csv").write_text(history)


@pytest.fixture
def zoo(tmp_path):
    root = tmp_path / "zoo"
    # A line of kgan 0.1.0, one without a score, and a worse epoch after a better one.
    slow = "9,0,1,,\n18,1,1,nan,50\n27,2,1,40,90\n36,3,1,30,300\n45,4,1,35,600\n"
    publish(root, "slow", HISTORY + slow)
    publish(root, "fast", HISTORY + "9,0,1,20.5,30\n18,1,1,10.25,90\n")
    publish(root, "on_gpu", HISTORY + "9,0,1,5,6\n", hardware="NVIDIA H100")
    publish(root, "unjudged", HISTORY + "9,0,1,5,6\n", selection=False)
    publish(root, "timeless", "rounds,epoch,d_loss,fid\n9,0,1,5\n")
    publish(root, "lost")
    publish(root, "untrained", weights=False)
    return root


def test_the_page_has_the_best_score_within_each_time(speedrun, zoo):
    runs, left_out = speedrun.collect(zoo)
    text = speedrun.page(runs, left_out)
    assert set(runs) == {"2 cores, jax", "NVIDIA H100, jax"}
    (judge,) = runs["2 cores, jax"]
    fast, slow = runs["2 cores, jax"][judge]
    assert (fast.name, slow.name) == ("fast", "slow")
    assert [slow.within(b) for b in (1, 2, 5, 60)] == [None, 40, 30, None]
    # By 1, 2, 5, 10, 20, 30 and 60 minutes, of which 10 were the last; the best, and when.
    card = "(../zoo/{0}/README.md)"
    assert (
        f"| [slow]{card.format('slow')} | `WGAN` |  | 40.00 | 30.00 | 30.00 |  |  |  "
        "| 30.00 | 5.0 minutes |"
    ) in text
    assert f"| [fast]{card.format('fast')} | `WGAN` | 20.50 | 10.25 |" in text
    assert "Data: mnist, 28 px, by mnist_classifier: 3,000 samples, 3,000 held-out images." in text
    assert text.index("## On 2 cores, jax") < text.index("[slow]") < text.index("## On NVIDIA H100")
    assert text.index("## On NVIDIA H100") < text.index("[on_gpu]") < text.index("## Left out")


def test_what_is_left_out_is_named(speedrun, zoo):
    _, left_out = speedrun.collect(zoo)
    assert left_out == {
        "lost": "published without a history",
        "timeless": "a history without seconds or without scores",
        "unjudged": "trained without judging its epochs (`hold_out`)",
        "untrained": "no weights yet",
    }


def test_the_picture_is_drawn(speedrun, zoo, tmp_path):
    pytest.importorskip("matplotlib")
    speedrun.draw(speedrun.collect(zoo)[0], tmp_path / "speedrun.png")
    assert Image.open(tmp_path / "speedrun.png").size == (8 * 80, 2 * 4 * 80)


def test_the_zoo_itself_can_be_read(speedrun):
    runs, left_out = speedrun.collect(kgan.weight_files.builtin_folder())
    found = [run.name for tables in runs.values() for table in tables.values() for run in table]
    assert sorted([*found, *left_out]) == kgan.zoo.list()
