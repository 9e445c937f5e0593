"""InfoGAN: Chen et al. 2016, Interpretable Representation Learning by Information Maximizing GANs.

arXiv:1606.03657.
"""

import keras
import numpy as np
from keras import ops

from kgan.latents import Categorical
from kgan.latents.codes import slices
from kgan.models.checks import check_images, check_integer
from kgan.models.gan import GAN
from kgan.models.sampling import as_float


@keras.saving.register_keras_serializable("kgan")
class InfoGAN(GAN):
    """A GAN whose images tell which latent codes they were made from.

    The latent vector is noise followed by the codes. A head Q on the discriminator's trunk reads
    the codes back, and both players maximise the variational lower bound of the mutual
    information, L_I = H(c) + E[log Q(c | G(z, c))] (Eq. 5). Each code's bound is logged, in nats,
    as `information_NAME`; for a categorical code it tends to ln K.

    Args:
        generator: See `GAN`; its latent vector must have room for the codes.
        discriminator: A built Keras model from images to `[logit, code parameters]`, of shapes
            `(n, 1)` and `(n, sum of the codes' parameters)`.
        codes: A sequence of `kgan.latents.Code`; one `Categorical(10)` by default.
        information_weights: The paper's lambda for each code: 1 for categorical and 0.1 for
            continuous ones by default, as in the paper's experiments on digits. Where images are
            read by Q and look like nothing, the codes outweigh the discriminator: lower them. On
            Fashion-MNIST, with batch norm in both players, the defaults end in noise, and 0.2 and
            0.02 in clothes (`infogan_fashion_mnist`). See
            `kgan.latents.Continuous` for what a continuous code's bound can reach.
        **kwargs: See `GAN`.

    Raises:
        ValueError: If the networks do not fit the codes.

    Example:
        >>> codes = [kgan.latents.Categorical(10), kgan.latents.Continuous(2)]
        >>> networks = kgan.networks.dcgan(
        ...     (28, 28, 1), latent_dim=74, code_parameters=sum(c.parameters for c in codes)
        ... )
        >>> gan = kgan.InfoGAN(*networks, codes=codes)
    """

    def __init__(self, generator, discriminator, *, codes=None, information_weights=None, **kwargs):
        codes = [Categorical(10)] if codes is None else codes
        self.codes = [
            keras.saving.deserialize_keras_object(c) if isinstance(c, dict) else c for c in codes
        ]
        if information_weights is None:
            information_weights = [1.0 if isinstance(c, Categorical) else 0.1 for c in self.codes]
        self.information_weights = list(information_weights)
        self.check_codes(generator, discriminator)
        super().__init__(generator, discriminator, **kwargs)

    def check_codes(self, generator, discriminator):
        """Refuses networks that have no room for the codes."""
        names = [code.name for code in self.codes]
        if len(set(names)) < len(names):
            raise ValueError(f"codes need different names, got {names}")
        if len(self.information_weights) != len(self.codes):
            raise ValueError(
                f"got {len(self.information_weights)} information_weights for "
                f"{len(self.codes)} codes"
            )
        latent_dim = keras.tree.flatten(generator.inputs)[0].shape[-1]
        used = sum(code.size for code in self.codes)
        if latent_dim < used:
            raise ValueError(f"{latent_dim} latents have no room for codes of {used} entries")
        outputs = [tuple(t.shape[1:]) for t in keras.tree.flatten(discriminator.outputs)]
        parameters = sum(code.parameters for code in self.codes)
        if outputs[1:] != [(parameters,)]:
            raise ValueError(
                f"the discriminator needs a second output of {parameters} code parameters "
                f"(kgan.networks: code_parameters={parameters}); its outputs are {outputs}"
            )

    def term_names(self):
        """The names of everything that a round logs."""
        return [*super().term_names(), *(f"information_{code.name}" for code in self.codes)]

    def sample_latents(self, n, noise=None):
        """Noise, then the codes in order: `(n, latent_dim)`."""
        noise = noise or self.noise
        used = sum(code.size for code in self.codes)
        parts = [noise.normal((n, self.latent_dim - used))]
        return ops.concatenate([*parts, *(code.sample(noise, n) for code in self.codes)], axis=1)

    def split(self, values, sizes):
        """Cuts `(n, sum(sizes))` into one piece a code."""
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        return [values[:, start : start + size] for start, size in zip(starts, sizes)]

    def information(self, parameters, latents):
        """Eq. 5 for each code: the weighted sum of the bounds, and the bounds in nats."""
        sizes = [code.size for code in self.codes]
        drawn = self.split(latents[:, self.latent_dim - sum(sizes) :], sizes)
        read = self.split(parameters, [code.parameters for code in self.codes])
        total, terms = 0.0, {}
        for code, weight, c, q in zip(self.codes, self.information_weights, drawn, read):
            bound = code.entropy + ops.mean(code.log_likelihood(q, c))
            total = total + weight * bound
            terms[f"information_{code.name}"] = bound
        return total, terms

    def discriminator_loss(self, real, fake, latents, condition):
        """The adversarial loss less lambda L_I, which trains Q."""
        real_logits, _ = self.discriminate(real, condition)
        fake_logits, parameters = self.discriminate(fake, condition)
        loss, terms = self.adversarial_loss(real_logits, fake_logits, real, fake, condition)
        information, _ = self.information(parameters, latents)
        return loss - information, terms

    def generator_loss(self, real, fake, latents, condition):
        """Eq. 6: the adversarial loss less lambda L_I."""
        real_logits = self.critic(real, condition) if self.loss_function.uses_real else None
        fake_logits, parameters = self.discriminate(fake, condition)
        information, terms = self.information(parameters, latents)
        return self.loss_function.generator(fake_logits, real_logits) - information, terms

    def set_code(self, latents, name, values):
        """Latents with one code replaced, to make images that differ in it.

        Args:
            latents: An array `(n, latent_dim)`, such as `random_latents` gives.
            name: The code's name.
            values: For a categorical code, one category or `n` of them; for a continuous one,
                numbers that broadcast to `(n, size)`.

        Returns:
            A new array `(n, latent_dim)`.

        Raises:
            ValueError: If there is no such code or category.
        """
        names = [code.name for code in self.codes]
        if name not in names:
            raise ValueError(f"there is no code {name!r}; the codes are {', '.join(names)}")
        code = self.codes[names.index(name)]
        _, of_codes = slices(self.codes, self.latent_dim)
        latents = np.array(latents)
        latents[:, of_codes[name]] = code.encode(values, len(latents))
        return latents

    def sample_grid(self, rows=8, seed=0, truncation=1.0):
        """One column a category of the first categorical code; see `GAN.sample_grid`."""
        code = next((c for c in self.codes if isinstance(c, Categorical)), None)
        if code is None:
            return super().sample_grid(rows, seed, truncation)
        latents = self.random_latents(rows, seed, truncation).repeat(code.size, axis=0)
        latents = self.set_code(latents, code.name, np.tile(np.arange(code.size), rows))
        return self.sample(len(latents), latents=latents), code.size

    def predict_codes(self, images, batch_size=256):
        """Reads the codes of images, real ones too.

        Args:
            images: uint8, or float in [-1, 1], of shape `(n, height, width, channels)`. What is not
                an array may decode its images as they are sliced.
            batch_size: Images computed at once.

        Returns:
            A dictionary of arrays by code name: probabilities `(n, K)` of a categorical code, the
            expected values `(n, size)` of a continuous one.

        Raises:
            ValueError: If the images are not what the discriminator takes, as in `fit`, or the
                discriminator takes a condition too.

        Example:
            >>> codes = gan.predict_codes(gan.sample(16))  # {"category": (16, 10)}
        """
        batch_size = check_integer("batch_size", batch_size, 1)
        if hasattr(images, "__array__") or isinstance(images, (list, tuple)):
            images = ops.convert_to_numpy(images)
        check_images(images, self.image_shape)
        return self.read_codes(images, batch_size)

    def read_codes(self, images, batch_size=256):
        """`predict_codes` of images that were checked."""
        if self.conditional:
            raise ValueError(
                "this discriminator takes a condition too: call gan.discriminator([images, "
                "condition]), whose second output has the codes' parameters"
            )
        predicted = []
        for start in range(0, len(images), batch_size):
            batch = ops.convert_to_tensor(images[start : start + batch_size])
            parameters = self.discriminator(as_float(batch), training=False)[1]
            parameters = ops.cast(parameters, "float32")
            pieces = self.split(parameters, [code.parameters for code in self.codes])
            predicted.append([code.predict(q) for code, q in zip(self.codes, pieces)])
        return {
            code.name: ops.convert_to_numpy(ops.concatenate(values))
            for code, *values in zip(self.codes, *predicted)
        }

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            **super().get_config(),
            "codes": [keras.saving.serialize_keras_object(code) for code in self.codes],
            "information_weights": self.information_weights,
        }
