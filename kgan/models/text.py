"""TextGAN: Reed et al. 2016, Generative Adversarial Text to Image Synthesis (arXiv:1605.05396)."""

import keras
import numpy as np
from keras import ops

from kgan import text
from kgan.models.conditional import ConditionalGAN


@keras.saving.register_keras_serializable("kgan")
class TextGAN(ConditionalGAN):
    """Images of what a caption says: a conditional GAN whose discriminator is matching-aware.

    Both players are given the vector that a sentence encoder makes of a caption. The discriminator
    sees a third kind of pair beside real and generated images with their captions: real images
    with the caption of another one (GAN-CLS, Algorithm 1), and has to call it fake, too. So it
    learns whether image and text match, and not only whether the image is real. With the
    minimax game's -log s_r - (log(1 - s_w) + log(1 - s_f)) / 2 as the model, generated and wrong
    pairs have half the weight each in any loss. The wrong caption is that of the batch's next image.

    The paper trains its text encoder (a character network) on the images; here it is a transformer
    trained on sentences at large, which stays as it is and is no part of the model.

    Args:
        generator: A built Keras model from `[latents, vector]` to images.
        discriminator: A built Keras model from `[images, vector]` to one logit each, `(n, 1)`.
        encoder: The name of the encoder, for `kgan.text.encoder`, where the model is to take
            texts itself in `sample`. `fit` takes vectors.
        prompts: Texts that `sample_grid` shows, one a column.
        **kwargs: See `GAN`.

    Raises:
        ValueError: If a network has no second input, the condition is no vector, or there are
            prompts and no encoder.

    Example:
        >>> dataset = kgan.data.load("avatars", image_size=64, captions="all-MiniLM-L6-v2")
        >>> networks = kgan.networks.dcgan((64, 64, 3), latent_dim=64, condition_dim=384)
        >>> gan = kgan.TextGAN(*networks, encoder="all-MiniLM-L6-v2")
        >>> gan.compile()
        >>> gan.fit(dataset, epochs=30)
        >>> images = gan.sample(8, prompt="a smiling person with red hair and glasses")
    """

    def __init__(self, generator, discriminator, *, encoder=None, prompts=(), **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        shape = keras.tree.flatten(generator.inputs)[1].shape[1:]
        if len(shape) != 1:
            raise ValueError(
                f"a caption is a vector, but the generator's condition has shape {tuple(shape)}: "
                "pass condition_dim in place of classes to the builder of the networks"
            )
        if prompts and encoder is None:
            raise ValueError(f"{len(prompts)} prompts need an encoder: pass its name")
        self.encoder = encoder
        self.prompts = list(prompts)

    def term_names(self):
        """The names of everything that a round logs."""
        return [*super().term_names(), "mismatch_score"]

    def discriminator_loss(self, real, fake, latents, condition):
        """Real pairs against generated pairs and mismatched ones, which count half each."""
        if real.shape[0] == 1:
            raise ValueError("a batch of one image has no wrong caption: pass at least 2 images")
        real_logits = self.critic(real, condition)
        fake_logits = self.critic(fake, condition)
        wrong_logits = self.critic(real, ops.roll(condition, 1, axis=0))
        loss, terms = self.adversarial_loss(
            ops.concatenate([real_logits, real_logits]),
            ops.concatenate([fake_logits, wrong_logits]),
            real,
            fake,
            condition,
        )
        scores = {"fake_score": fake_logits, "mismatch_score": wrong_logits}
        return loss, {**terms, **{name: ops.mean(logits) for name, logits in scores.items()}}

    def encode(self, prompts):
        """The conditions that stand for texts.

        Args:
            prompts: A text, or a list of them.

        Returns:
            A float32 array `(d,)` for one text, `(n, d)` for a list.

        Raises:
            ValueError: If the model was made without an encoder, or a text is empty.
            ImportError: If sentence-transformers is not installed.
        """
        if self.encoder is None:
            raise ValueError("this model has no encoder: pass condition, the vectors of captions")
        vectors = text.encoder(self.encoder)(prompts)
        return vectors[0] if isinstance(prompts, str) else vectors

    def sample(self, n, condition=None, seed=None, *, prompt=None, **kwargs):
        """Draws `n` images of what a text says. As `GAN.sample`, with one more argument.

        Args:
            n: How many.
            condition: Vectors, where there is no `prompt`.
            seed: See `GAN.sample`, as for all that is not named here.
            prompt: A text for all images, or one for each.
            **kwargs: See there.

        Returns:
            A uint8 array `(n, height, width, channels)`.

        Raises:
            ValueError: If both `prompt` and `condition` are given; and see `GAN.sample`.
        """
        if prompt is not None:
            if condition is not None:
                raise ValueError("pass prompt or condition, not both")
            condition = self.encode(prompt)
        return super().sample(n, condition, seed, **kwargs)

    def sample_grid(self, rows=8, seed=0, truncation=1.0):
        """One column a prompt and one latent vector a row; see `GAN.sample_grid`."""
        if not self.prompts:
            raise ValueError("without prompts there is no telling what to show: use sample")
        columns = len(self.prompts)
        latents = self.random_latents(rows, seed, truncation).repeat(columns, axis=0)
        conditions = np.tile(self.encode(self.prompts), (rows, 1))
        return self.sample(len(latents), conditions, latents=latents), columns

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {**super().get_config(), "encoder": self.encoder, "prompts": self.prompts}
