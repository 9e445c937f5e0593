"""The examples run, and show what they say they show."""

import importlib.util
import json
import math
import os
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

import kgan

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def vanishing(tmp_path_factory):
    """The folder that `vanishing_gradients.py --quick` leaves, and its results."""
    out = tmp_path_factory.mktemp("vanishing")
    # The figure alone needs matplotlib, which kgan does not.
    plain = [] if importlib.util.find_spec("matplotlib") else ["--no-figure"]
    package = pathlib.Path(kgan.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, EXAMPLES / "vanishing_gradients.py", "--quick", "--out", out, *plain],
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out, json.loads((out / "results.json").read_text())


@pytest.mark.parametrize("family", ["gaussians", "lines"])
def test_divergence_saturates_and_earth_movers_distance_does_not(vanishing, family):
    near, far = vanishing[1][family]
    for row in (near, far):
        assert row["earth_movers"] == pytest.approx(row["distance"], rel=1e-6)
        slope = row["gradient"]["penalised"]
        expected = pytest.approx(slope * row["distance"], rel=0.25)
        assert row["earth_movers_trained"][0] == expected
        # A trained discriminator shows no more than there is, up to the noise of its samples.
        shown = row["jensen_shannon_trained"][0]
        assert row["jensen_shannon"] - 0.02 < shown < row["jensen_shannon"] + 1e-3
    assert far["jensen_shannon"] == pytest.approx(math.log(2), abs=1e-3)
    assert far["jensen_shannon_trained"][0] == pytest.approx(math.log(2), abs=1e-3)


@pytest.mark.parametrize("family", ["gaussians", "lines"])
def test_only_some_losses_keep_a_gradient(vanishing, family):
    for row in vanishing[1][family]:
        best = row["gradient"]
        trained = {name: values[0] for name, values in row["gradient_trained"].items()}
        assert trained["penalised"] == pytest.approx(best["penalised"], rel=0.25)
        assert best["clipped"] / 10 < trained["clipped"] < best["clipped"] * 1.001
        assert trained["non-saturating"] > 1
    assert trained["minimax"] < 1e-3 * trained["penalised"]
    assert trained["minimax"] < trained["clipped"]


def test_gaussians_gradients_near_by_are_the_optimal_ones(vanishing):
    near = vanishing[1]["gaussians"][0]
    for name in ("minimax", "non-saturating"):
        assert near["gradient_trained"][name][0] == pytest.approx(near["gradient"][name], rel=0.25)


def test_the_figure_is_drawn(vanishing):
    path = vanishing[0] / "vanishing_gradients.png"
    assert path.exists() == bool(importlib.util.find_spec("matplotlib"))
    if path.exists():
        assert min(Image.open(path).size) > 400
