"""Agreement with golden values of published packages, which are kept outside the repository.

    KGAN_GOLDEN=FOLDER KGAN_HOME=FOLDER pytest -m slow tests/test_metrics_golden.py

KGAN_GOLDEN holds `metrics_dev.json` (values by torch-fidelity 0.4.0, clean-fid 0.1.35,
scikit-learn and prdc 0.2, with their sources), `metrics_dev.npz` (the sets) and
`inception_features_dev.npz` (CIFAR-10 images and their features by the TorchScript port).
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from kgan import metrics
from kgan.metrics import inception_weights

GOLDEN = Path(os.environ.get("KGAN_GOLDEN", ""))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("KGAN_GOLDEN" not in os.environ, reason="KGAN_GOLDEN is not set"),
]
PAIRS = ["gaussian_500x64_400x64", "gaussian_300x16_300x16", "identical_80x8"]


@pytest.fixture(params=PAIRS)
def pair(request):
    golden = json.loads((GOLDEN / "metrics_dev.json").read_text())["pairs"][request.param]
    with np.load(GOLDEN / "metrics_dev.npz") as arrays:
        return golden, arrays[golden["real"]], arrays[golden["fake"]]


def test_frechet_distance(pair):
    golden, real, fake = pair
    assert metrics.frechet_distance(real, fake) == pytest.approx(golden["fid"], rel=1e-6, abs=1e-8)


def test_kernel_distance(pair):
    golden, real, fake = pair
    assert metrics.kernel_distance(real, fake) == pytest.approx(golden["kid"], rel=1e-8, abs=1e-10)
    subsets = golden["kid_subsets"]
    found = metrics.kernel_distance_subsets(
        real, fake, subsets["subsets"], subsets["subset_size"], subsets["seed"]
    )
    assert found == pytest.approx((subsets["mean"], subsets["std"]), rel=1e-8)


def test_prdc(pair):
    golden, real, fake = pair
    expected = dict(golden["prdc"])
    assert metrics.prdc(real, fake, k=expected.pop("k")) == pytest.approx(expected, abs=1e-9)


def test_inception_features():
    if not inception_weights.default_path().exists():
        pytest.skip(f"no weights at {inception_weights.default_path()}")
    with np.load(GOLDEN / "inception_features_dev.npz") as golden:
        images, expected = golden["images"], golden["features"]
    found = metrics.inception_features(images, batch_size=4)
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-5)
    norms = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert norms.max() < 1e-5
