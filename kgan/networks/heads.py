"""What every pair of networks begins and ends with: latents, conditions, logits and codes."""

from keras import Input, layers


def condition_input(classes, condition_dim):
    """The second input of a conditional network.

    Args:
        classes: Number of classes, for integer labels `(n,)`; or None.
        condition_dim: Length of a vector, for conditions `(n, condition_dim)`; or None.

    Returns:
        A Keras input, None if neither is given.

    Raises:
        ValueError: If both are given.
    """
    if classes is not None and condition_dim is not None:
        raise ValueError(
            f"pass classes (got {classes}) for labels or condition_dim (got {condition_dim}) for "
            "vectors, not both"
        )
    if classes is not None:
        return Input((), dtype="int32", name="condition")
    if condition_dim is not None:
        return Input((condition_dim,), name="condition")
    return None


def embed(condition, units, classes, name):
    """A learned vector of `units` numbers for each condition: `(n, units)`."""
    if classes is not None:
        return layers.Embedding(classes, units, name=name)(condition)
    return layers.Dense(units, name=name)(condition)


def generator_inputs(latent_dim, classes, condition_dim, embedding_dim=32):
    """The generator's inputs, and latents with the embedded condition behind them.

    Returns:
        A list of one or two Keras inputs, and a tensor `(n, latent_dim [+ embedding_dim])`.
    """
    latents = Input((latent_dim,), name="latents")
    condition = condition_input(classes, condition_dim)
    if condition is None:
        return [latents], latents
    embedded = embed(condition, embedding_dim, classes, "condition_embedding")
    return [latents, condition], layers.Concatenate()([latents, embedded])


def discriminator_outputs(features, condition, classes, code_parameters):
    """Logits, and beside them what InfoGAN's Q reads, from features `(n, units)`.

    A condition enters by projection: its embedding's inner product with the features is added
    to the logit (Miyato and Koyama 2018, arXiv:1802.05637, Eq. 5).

    Args:
        features: The trunk's last tensor.
        condition: The condition's input or None.
        classes: Number of classes, None if the condition is a vector.
        code_parameters: How many numbers Q puts out, 0 for no Q.

    Returns:
        Logits `(n, 1)`, or a list of them and of the codes' parameters `(n, code_parameters)`.
    """
    logits = layers.Dense(1, name="logits")(features)
    if condition is not None:
        embedded = embed(condition, features.shape[-1], classes, "condition_projection")
        logits = layers.Add()([logits, layers.Dot(axes=1)([features, embedded])])
    if not code_parameters:
        return logits
    hidden = layers.LeakyReLU(0.2)(layers.Dense(128, name="code_hidden")(features))
    return [logits, layers.Dense(code_parameters, name="codes")(hidden)]


def network_inputs(inputs):
    """A lone input by itself: a network of one input is called with a tensor, not a list."""
    return inputs[0] if len(inputs) == 1 else inputs


def normalize(x, norm):
    """Applies a kind of normalisation to `(n, height, width, channels)`.

    Args:
        x: A Keras tensor.
        norm: `"batch"`, `"layer"` (over all but the batch axis, with a gain a channel) or None.

    Raises:
        ValueError: If it is something else.
    """
    if norm is None:
        return x
    if norm == "batch":
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    if norm == "layer":
        return layers.GroupNormalization(groups=1, epsilon=1e-5)(x)
    raise ValueError(f'norm must be "batch", "layer" or None, got {norm!r}')
