"""On JAX and PyTorch, from arrays to a model that is trained, saved and loaded."""

import backends
import pytest

SCRIPT = """
import sys

for name in ("tensorflow", "tensorflow_datasets", "keras_cv"):
    sys.modules[name] = None  # As if it were not installed.

import keras
import numpy as np
import tiny

import kgan

gan = kgan.GAN(*tiny.networks())
gan.compile()
gan.fit(tiny.images(16), batch_size=4, validation_split=0.25, verbose=0)
gan.fit(kgan.data.ImageDataset(tiny.images(8), batch_size=4), verbose=0)
gan.save(sys.argv[1])
loaded = keras.models.load_model(sys.argv[1])
assert int(loaded.rounds) == 5
np.testing.assert_array_equal(loaded.sample(4, seed=0), gan.sample(4, seed=0))
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_arrays_in_model_out(backend, tmp_path):
    backends.run_on(backend, SCRIPT, tmp_path / "gan.keras")
