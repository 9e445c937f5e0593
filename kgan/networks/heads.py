"""What the builders share: latents, conditions, normalisation, logits and codes."""

import random

from keras import Input, layers

from kgan.layers import BatchNormalization, ConditionalBatchNormalization, SpectralNormalization


def condition_input(classes, condition_dim):
    """The second input of a conditional network.

    Args:
        classes: Number of classes, for integer labels `(n,)`; or None.
        condition_dim: Length of a vector, for conditions `(n, condition_dim)`; or None.

    Returns:
        A Keras input, None if neither is given.
    """
    if classes is not None:
        return Input((), dtype="int32", name="condition")
    if condition_dim is not None:
        return Input((condition_dim,), name="condition")
    return None


def judged_input(classes, condition_dim, class_head):
    """`condition_input` of a discriminator, which is not told the class that it is to name."""
    return None if class_head else condition_input(classes, condition_dim)


def embed(condition, units, classes, name, initializer="uniform", spectral_norm=False):
    """A learned vector of `units` numbers for each condition: `(n, units)`."""
    return spectral(embedding(units, classes, name, initializer), spectral_norm)(condition)


def embedding(units, classes, name, initializer="uniform"):
    """The layer that learns a vector of `units` numbers for each class, or from a vector."""
    if classes is not None:
        return layers.Embedding(classes, units, embeddings_initializer=initializer, name=name)
    return layers.Dense(units, name=name)


def concatenate_condition(latents, condition, classes, embedding_dim=32):
    """Latents with the embedded condition behind them; latents alone without a condition."""
    if condition is None:
        return latents
    embedded = embed(condition, embedding_dim, classes, "condition_embedding")
    return layers.Concatenate()([latents, embedded])


def discriminator_outputs(
    features,
    condition,
    classes,
    code_parameters,
    spectral_norm=False,
    norm=None,
    class_head=False,
):
    """Logits, and beside them the classes or what InfoGAN's Q reads, from features `(n, units)`.

    A condition enters by projection: its embedding's inner product with the features is added
    to the logit (Miyato and Koyama 2018, arXiv:1802.05637).

    Args:
        features: The trunk's last tensor.
        condition: The condition's input or None.
        classes: Number of classes, None if the condition is a vector.
        code_parameters: How many numbers Q puts out, 0 for no Q.
        spectral_norm: Whether the weights of the logits, but not of Q, are normalised.
        norm: Normalisation of Q's hidden layer; see `normalize`.
        class_head: Whether there are logits of the classes.

    Returns:
        Logits `(n, 1)`, or a list of them and of the codes' parameters `(n, code_parameters)` or
        the classes' logits `(n, classes)`.
    """
    logits = spectral(layers.Dense(1, name="logits"), spectral_norm)(features)
    if condition is not None:
        embedded = embed(
            condition,
            features.shape[-1],
            classes,
            "condition_projection",
            "glorot_uniform",
            spectral_norm,
        )
        logits = layers.Add()([logits, layers.Dot(axes=1)([features, embedded])])
    if class_head:
        return [logits, layers.Dense(classes, name="classes")(features)]
    if not code_parameters:
        return logits
    hidden = normalize(layers.Dense(128, name="code_hidden")(features), norm)
    hidden = layers.LeakyReLU(0.2)(hidden)
    return [logits, layers.Dense(code_parameters, name="codes")(hidden)]


def network_inputs(first, condition):
    """A lone input by itself: a network of one input is called with a tensor, not a list."""
    return first if condition is None else [first, condition]


def normalize(x, norm, condition=None, classes=None):
    """Applies a kind of normalisation to `(n, ..., channels)`.

    Args:
        x: A Keras tensor.
        norm: `"batch"`, `"layer"` (over all but the batch axis, with a gain a channel) or None.
        condition: If given, batch normalisation is conditional on it.
        classes: Number of classes, None if the condition is a vector.
    """
    if norm == "batch" and condition is not None:
        return ConditionalBatchNormalization(classes)([x, condition])
    if norm == "batch":
        return BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    if norm == "layer":
        return layers.GroupNormalization(groups=1, epsilon=1e-5)(x)
    return x


def drop(x, rate):
    """Drops a fraction of the features in training."""
    # With a seed of its own, for without one Keras draws from PyTorch's global generator there,
    # and a saved model would not train on as it was. `keras.utils.set_random_seed` fixes it.
    return layers.Dropout(rate, seed=random.randrange(2**31))(x) if rate else x


def spectral(layer, spectral_norm):
    """The layer, with spectral normalisation if asked for."""
    return SpectralNormalization(layer, name=layer.name) if spectral_norm else layer
