"""Data-parallel training with `tf.distribute.MirroredStrategy`."""

import json

import backends
import numpy as np
import pytest


@pytest.fixture(scope="module")
def found():
    script = "import runpy; runpy.run_module('replicas', run_name='__main__')"
    output = backends.run_on("tensorflow", script)
    (line,) = (line for line in output.splitlines() if line.startswith("RESULT "))
    return json.loads(line.removeprefix("RESULT "))


@pytest.mark.parametrize("model", ["wgan_gp", "infogan", "conditional", "scheduled"])
def test_two_replicas_compute_what_one_does(found, model):
    assert found[model]["losses"] < 1e-4
    assert found[model]["weights"] < 1e-4
    assert found[model]["measured"] < 1e-3


@pytest.mark.parametrize("kind", ["latents", "uniform"])
def test_replicas_draw_different_numbers(found, kind):
    first, second = np.array(found[kind])
    assert first.shape == second.shape
    assert len(np.unique(np.concatenate([first, second]), axis=0)) == 6


def test_minibatch_statistics_are_those_of_each_replica(found):
    """As in the authors' code, groups are of the images of one device; all train as one model."""
    by_replica, alone = np.array(found["deviations"])
    np.testing.assert_allclose(by_replica, alone, rtol=1e-5)
    assert np.abs(alone[0] - alone[1]).min() > 1e-3
    losses, copies_are_equal = found["with deviations"]
    assert np.isfinite(losses).all()
    assert copies_are_equal


def test_a_batch_that_cannot_be_split_is_refused(found):
    assert found["refusal"] == "batch_size=3 must be a multiple of the 2 replicas"
