"""TextGAN: Reed et al. 2016, Generative Adversarial Text to Image Synthesis (arXiv:1605.05396)."""

import keras
from keras import ops

from kgan import text
from kgan.models.conditional import ConditionalGAN


@keras.saving.register_keras_serializable("kgan")
class TextGAN(ConditionalGAN):
    """Images of what a caption says: a conditional GAN whose discriminator is matching-aware.

    Both players are given the vector that a sentence encoder makes of a caption. The discriminator
    sees a third kind of pair beside real and generated images with their captions: a real image
    with the caption of another, here the next one of the batch, which it has to call fake too
    (GAN-CLS, Algorithm 1). So it learns whether image and text match, and not only whether the
    image is real. As in the paper's log s_r + (log(1 - s_w) + log(1 - s_f)) / 2, generated and
    mismatched pairs count half each, whatever the loss.

    The paper trains its text encoder (a character network) on the images; here it is a transformer
    trained on sentences at large, which stays as it is and is no part of the model.

    Args:
        generator: A built Keras model from `[latents, vector]` to images.
        discriminator: A built Keras model from `[images, vector]` to one logit each, `(n, 1)`.
        encoder: The name of the encoder, for `kgan.text.encoder`, where the model is to take
            texts itself in `sample`. `fit` takes vectors.
        prompts: Texts to show where nobody asks for any: `sample_grid` has a column for each.
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

    # One image has no wrong caption.
    smallest_batch = 2

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

    def default_conditions(self):
        """The prompts; see `GAN.default_conditions`."""
        return self.encode(self.prompts) if self.prompts else None

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {**super().get_config(), "encoder": self.encoder, "prompts": self.prompts}
