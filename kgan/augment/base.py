"""What all augmentations have in common."""

from keras import ops


class Augmentation:
    """Base class of the augmentations.

    Attributes:
        terms: The names of what `end_round` measures, for the logs.
    """

    terms = ()

    def __call__(self, images, noise, rounds):
        """Changed images of the same shape."""
        raise NotImplementedError

    def sometimes(self, images, noise, rounds, chance):
        """Images of which each is changed with a chance, from 0 to 1, and else as it was."""
        shape = (ops.shape(images)[0],) + (1,) * (len(images.shape) - 1)
        changed = self(images, noise, rounds)
        return ops.where(ops.less(noise.uniform(shape), chance), changed, images)

    def build(self, gan):
        """Looks at the model, once, and adds to it what has to be remembered."""
        self.check(gan.image_shape)

    def check(self, image_shape):
        """Refuses images of a shape, without the batch's axis, that cannot be changed.

        Raises:
            ValueError: If they are not images `(height, width, channels)` of a known size.
        """
        if len(image_shape) != 3 or None in image_shape:
            raise ValueError(
                f"{type(self).__name__} changes images (height, width, channels) of a known size, "
                f"but the discriminator takes {tuple(image_shape)}"
            )

    def observe(self, real_logits):
        """Is shown the logits of real images in each update of the discriminator."""

    def end_round(self, rounds, images):
        """Runs after each round.

        Args:
            rounds: Rounds played before this one.
            images: Real images that this one has shown, on all replicas.

        Returns:
            A dictionary of scalars to log, under the names in `terms`.
        """
        return {}

    def get_config(self):
        """The arguments of `__init__`."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        return cls(**config)
