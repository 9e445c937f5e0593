"""Every pretrained preset by the same calls, and back from its images to their latents."""

import numpy as np
import pytest

import kgan
from kgan import latents

PRETRAINED = [name for name in kgan.zoo.list() if kgan.zoo.info(name)["measured"]]


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED)
def test_every_preset_by_the_same_calls(name):
    gan = kgan.zoo.load(name, weights="pretrained")
    a, b = gan.random_latents(4, seed=0, truncation=0.7).reshape(2, 2, -1)
    typical, middle, varied = (
        gan.sample(50, seed=0, truncation=amount).astype(float) for amount in (0.0, 0.5, 1.0)
    )
    assert 0 < np.abs(middle - typical).mean() < np.abs(varied - typical).mean()

    images, columns = latents.interpolation(gan, a, b, steps=9)
    assert columns == 9
    # Neighbours on a path are nearer to each other than its ends, unless a category changes.
    frames = images.reshape(2, 9, -1).astype(float)
    steps = np.abs(np.diff(frames, axis=1)).mean(axis=2)
    ends = np.abs(frames[:, 0] - frames[:, -1]).mean(axis=1)
    assert (np.median(steps, axis=1) < 0.5 * ends).all()

    principal = latents.pca_directions(gan, k=5)
    closed = latents.closed_form_directions(gan, k=5)
    # Both are of one layer, which is linear, and should agree on what matters most.
    assert abs(principal.vectors[0] @ closed.vectors[0]) > 0.8
    random = np.random.default_rng(0).normal(size=(5, gan.latent_dim))
    random[:, np.all(closed.vectors == 0, axis=0)] = 0
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    assert change(gan, a, closed.vectors) > change(gan, a, random)
    assert change(gan, a, principal.vectors) > change(gan, a, random)

    found = latents.invert(gan, gan.sample(2, seed=5))
    print(name, "PSNR", found.psnr.round(1), "shares", closed.shares.round(3))
    assert (found.psnr > 30).all(), found.psnr


def change(gan, z, directions):
    """How much images change along directions, in grey levels."""
    moved = [latents.move(gan, z, direction, (-2, 2))[0] for direction in directions]
    moved = np.stack(moved).astype(float)
    return np.abs(moved[:, 0::2] - moved[:, 1::2]).mean()
