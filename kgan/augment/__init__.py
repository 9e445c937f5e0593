"""Differentiable augmentation: what the discriminator sees of every image in training.

DiffAugment: Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training
(arXiv:2006.10738). Real and generated images are changed at random, by draws from the same T,
before the discriminator, in both players' updates (Sec. 3.2), and the generator's gradient goes
back through T. So the discriminator cannot learn a small data set by heart, and the generator does
not learn to make changed images, as it would if only the real ones were (`augment` of
`kgan.data.load`).

`Adaptive` does so as often as the discriminator overfits (Karras et al. 2020, ADA,
arXiv:2006.06676); `Sometimes` gives any augmentation a chance, fixed or by a schedule.

A gradient penalty is on the gradient of D(T(x)) by x, as in the authors' StyleGAN2 code: it sees
changed images too, by a draw of its own. `evaluate` changes nothing.

An augmentation is called as `augmentation(images, noise, rounds)` with float32 images
`(n, height, width, channels)` about [-1, 1], a `kgan.noise.Noise` and the rounds played so far, and
returns images of the same shape, not clipped.

Example:
    >>> gan = kgan.GAN(generator, discriminator, augment="diffaugment")
    >>> gan = kgan.GAN(generator, discriminator, augment=["translation", Cutout(0.25)])
    >>> gan = kgan.GAN(generator, discriminator, augment="ada")
"""

from kgan.augment.ada import ADA
from kgan.augment.base import Augmentation
from kgan.augment.choosing import Adaptive, Sometimes, get
from kgan.augment.diffaugment import Color, Cutout, Translation
from kgan.augment.instance_noise import InstanceNoise

__all__ = [
    "ADA",
    "Adaptive",
    "Augmentation",
    "Color",
    "Cutout",
    "InstanceNoise",
    "Sometimes",
    "Translation",
    "get",
]
