"""All backends compute the same: losses and weights agree after three rounds."""

import backends
import checks
import keras
import numpy as np
import parity
import pytest
import tiny

import kgan


@pytest.fixture(scope="module")
def here():
    return parity.played()


@pytest.mark.parametrize("backend", backends.OTHERS)
def test_backends_agree(backend, here, tmp_path):
    path = tmp_path / "there.npz"
    backends.run_on(backend, "import runpy; runpy.run_module('parity', run_name='__main__')", path)
    with np.load(path) as there:
        assert set(there) == set(here)
        for name, value in here.items():
            np.testing.assert_allclose(there[name], value, rtol=1e-4, atol=1e-4, err_msg=name)


def test_the_rounds_were_not_for_nothing(here):
    """Losses and weights are of a size at which agreement to 1e-4 means something."""
    for name, value in here.items():
        assert np.isfinite(value).all(), name
        assert np.abs(value).max() < 100, name
    for model in {name.split(" d_loss")[0] for name in here if name.endswith(" d_loss")}:
        assert np.abs(here[f"{model} d_loss"]).max() > 0.01
        generator, average = (
            np.concatenate(
                [v.ravel() for k, v in here.items() if k.startswith(f"{model} {player} ")]
            )
            for player in ("G", "average")
        )
        assert np.abs(generator - average).max() > 1e-3


@pytest.mark.parametrize("conditional", [False, True])
def test_a_graph_plays_the_rounds_that_python_does(conditional):
    """Though it traces an update of the discriminator once: noise, dropout and norms move on."""
    there = []
    for eagerly in (False, True):
        if conditional:
            gan = kgan.ConditionalGAN(
                *tiny.networks(classes=tiny.CLASSES), classes=tiny.CLASSES, discriminator_steps=3
            )
        else:
            gan = kgan.WGANGP(*tiny.networks(norm=False), discriminator_steps=3)
        rates = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
        gan.compile(*rates, run_eagerly=eagerly)
        logs = gan.fit(*tiny.data(gan, 24), batch_size=4, shuffle=False, verbose=0).history
        there.append([*checks.state(gan), *map(np.array, logs.values())])
    graph, python = there
    for one, other in zip(graph, python, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def public(module, base):
    """The names of a module's classes that are derived from `base`."""
    return {
        name
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, base) and kind is not base
    }


def test_nothing_is_left_out():
    """Every loss, penalty and augmentation is in one of the models."""
    used = {"losses": set(), "penalties": set(), "augment": set()}
    for _, gan in parity.models():
        used["losses"].add(type(gan.loss_function).__name__)
        penalties = [*gan.penalties, *gan.generator_penalties]
        used["penalties"].update(type(p).__name__ for p in penalties)
        used["augment"].update(type(a).__name__ for a in gan.augment)
    assert used == {
        "losses": public(kgan.losses, kgan.losses.Loss),
        "penalties": public(kgan.penalties, kgan.penalties.Penalty)
        | public(kgan.penalties, kgan.penalties.GeneratorPenalty),
        "augment": public(kgan.augment, kgan.augment.Augmentation),
    }
