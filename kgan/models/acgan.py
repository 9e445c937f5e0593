"""AC-GAN: Odena, Olah and Shlens 2017, Conditional Image Synthesis with Auxiliary Classifier GANs.

arXiv:1610.09585.
"""

import keras
from keras import ops

from kgan.models.conditional import ConditionalGAN


@keras.saving.register_keras_serializable("kgan")
class ACGAN(ConditionalGAN):
    """The discriminator is not told the class of an image: it has to name it.

    Both players maximise L_C = E[log P(C = c | x)] + E[log P(C = c | G(z, c))] (Eq. 3), the
    discriminator by naming the classes of real and generated images, the generator by making
    images whose class can be named; and they play for L_S, what is real (Eq. 2), with any loss and
    penalties. The fractions of real and of generated images whose class is named rightly are
    logged as `real_accuracy` and `fake_accuracy`.

    Args:
        generator: A built Keras model from `[latents, label]` to images.
        discriminator: A built Keras model from images to `[logit, class logits]`, of shapes
            `(n, 1)` and `(n, classes)`.
        classifier_weight: What -L_C is multiplied by in both players' losses; 1 in the paper. A
            large one makes images easy to name at the cost of variety within a class.
        **kwargs: See `GAN`.

    Raises:
        ValueError: If the discriminator has a second input or no class logits, or the generator no
            label.

    Example:
        >>> networks = kgan.networks.dcgan((28, 28, 1), latent_dim=64, classes=10, class_head=True)
        >>> gan = kgan.ACGAN(*networks)
        >>> gan.compile()
        >>> gan.fit(kgan.data.load("embedded", labels=True), epochs=5)
        >>> sevens = gan.sample(16, condition=7)
    """

    tells_discriminator = False

    def __init__(self, generator, discriminator, *, classifier_weight=1.0, **kwargs):
        outputs = [tuple(t.shape[1:]) for t in keras.tree.flatten(discriminator.outputs)]
        if len(outputs) != 2 or len(outputs[1]) != 1:
            raise ValueError(
                "the discriminator needs a second output, a logit for each class (kgan.networks: "
                f"class_head=True); its outputs are of shapes {outputs}"
            )
        (classes,) = outputs[1]
        if kwargs.setdefault("classes", classes) != classes:
            raise ValueError(f"the discriminator names {classes} classes, not {kwargs['classes']}")
        super().__init__(generator, discriminator, **kwargs)
        label = keras.tree.flatten(generator.inputs)[1]
        if tuple(label.shape[1:]) != ():
            raise ValueError(
                f"a class is a number, but the generator's condition has shape {label.shape[1:]}: "
                "pass classes to the builder of the networks"
            )
        if classifier_weight < 0:
            raise ValueError(f"classifier_weight must not be negative, got {classifier_weight}")
        self.classifier_weight = classifier_weight

    def term_names(self):
        """The names of everything that a round logs."""
        return [*super().term_names(), "real_accuracy", "fake_accuracy"]

    def discriminator_loss(self, real, fake, latents, condition):
        """-L_S and the penalties, less L_C."""
        real_logits, real_classes = self.discriminate(real)
        fake_logits, fake_classes = self.discriminate(fake)
        loss, terms = self.adversarial_loss(real_logits, fake_logits, real, fake, condition)
        doubt = cross_entropy(real_classes, condition) + cross_entropy(fake_classes, condition)
        terms["real_accuracy"] = accuracy(real_classes, condition)
        return loss + self.classifier_weight * doubt, terms

    def generator_loss(self, real, fake, latents, condition):
        """L_S less L_C, of which generated images are the part that depends on the generator."""
        real_logits = self.critic(real) if self.loss_function.uses_real else None
        fake_logits, fake_classes = self.discriminate(fake)
        loss = self.loss_function.generator(fake_logits, real_logits)
        terms = {"fake_accuracy": accuracy(fake_classes, condition)}
        return loss + self.classifier_weight * cross_entropy(fake_classes, condition), terms

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {**super().get_config(), "classifier_weight": self.classifier_weight}


def cross_entropy(logits, labels):
    """-E[log P(C = c)] of logits `(n, classes)`, a scalar in nats."""
    return ops.mean(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True))


def accuracy(logits, labels):
    """The fraction of labels that are the largest logit's."""
    named = ops.cast(ops.argmax(logits, axis=1), "int32")
    return ops.mean(ops.cast(ops.equal(named, ops.cast(labels, "int32")), "float32"))
