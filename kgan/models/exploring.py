"""What `kgan.latents` does, as methods of every model."""

from kgan import latents
from kgan.latents.codes import codes_of

DIRECTIONS = {"pca": latents.pca_directions, "closed_form": latents.closed_form_directions}


class Exploring:
    """The part of `GAN` that looks at its latent space.

    A method is the function of `kgan.latents` of that name with the model as its first argument,
    and documented there.
    """

    walk = latents.walk
    move = latents.move
    sweep = latents.sweep
    exchange = latents.exchange
    across_conditions = latents.across_conditions
    invert = latents.invert
    # Models make images; the latents on the way are those of the function `interpolate`.
    interpolate = latents.interpolation

    def arithmetic(self, a, b, c):
        """See `kgan.latents.arithmetic`; the result has codes of the model."""
        return latents.arithmetic(a, b, c, codes_of(self))

    def directions(self, method="pca", k=10, **options):
        """Directions in latent space that change images most.

        Args:
            method: `"pca"`, see `kgan.latents.pca_directions`; or `"closed_form"`, see
                `kgan.latents.closed_form_directions`, which makes no images.
            k: How many directions.
            **options: Of that function: `layer`, `n`, `condition`, `seed` and `batch_size` of
                `"pca"`.

        Returns:
            `kgan.latents.Directions`: `vectors` `(k, latent_dim)`, of length one, and `shares`.

        Raises:
            ValueError: If the method is unknown, or see those functions.

        Example:
            >>> found = gan.directions(k=5)
            >>> images, columns = gan.move(gan.random_latents(1, seed=0), found.vectors)
        """
        if method not in DIRECTIONS:
            raise ValueError(
                f"method must be {' or '.join(map(repr, DIRECTIONS))}, got {method!r}; for "
                "directions from labels use attribute_direction"
            )
        return DIRECTIONS[method](self, k, **options)

    def attribute_direction(self, z, labels, ridge=1.0):
        """See `kgan.latents.attribute_direction`; what codes explain is left to them."""
        return latents.attribute_direction(z, labels, ridge, codes_of(self))
