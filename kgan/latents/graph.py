"""Where in a network the latents meet their first weights."""

import math

import keras
import numpy as np


def sampling_network(gan):
    """The generator that samples: the averaged one where there is one."""
    return gan.generator if gan.ema_generator is None else gan.ema_generator


def first_layer(network):
    """The layer whose weights latents meet first.

    What has no weights and changes at most the shape or the length of the latents is passed over:
    `Concatenate` with an embedded condition, `Reshape`, `Dropout`, pixel normalisation.

    Args:
        network: A generator: a Keras model of a known graph, whose first input is the latents.

    Returns:
        The layer; its output, a Keras tensor, or that of the nested model that it is in; and where
        the latents lie in its input, an integer array of the shape of one example, the latent
        vector's index or -1 for what else there is.

    Raises:
        ValueError: If there is no such layer, or no telling which.
    """
    inputs = keras.tree.flatten(network.inputs)
    found = list(meetings(network, inputs[0], np.arange(inputs[0].shape[-1])))
    if len(found) != 1:
        names = ", ".join(layer.name for layer, _, _ in found)
        raise ValueError(
            f"{network.name!r} has no one layer that its latents enter: "
            + (f"they enter {names}" if found else "no layer with weights sees them")
        )
    return found[0]


def meetings(network, latents, places):
    """Yields layer, output and places wherever `latents` meet weights; see `first_layer`."""
    # A model of the same tensors has the graph that a Sequential model keeps to itself.
    graph = keras.Model(network.inputs, network.outputs)
    known = {id(latents): places}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            operation, inputs = node.operation, node.arguments.keras_tensors
            if not any(id(tensor) in known for tensor in inputs):
                continue
            if isinstance(operation, keras.Model):
                inner = keras.tree.flatten(operation.inputs)
                for theirs, mine in zip(inner, inputs):
                    if id(mine) in known:
                        # What is inside a nested model cannot be seen from outside; its end can.
                        for layer, _, places in meetings(operation, theirs, known[id(mine)]):
                            yield layer, node.outputs[0], places
            elif getattr(operation, "weights", None):
                entering = [known[id(tensor)] for tensor in inputs if id(tensor) in known]
                yield operation, node.outputs[0], entering[0]
            else:
                known[id(node.outputs[0])] = passed(operation, inputs, node.outputs[0], known)


def passed(operation, inputs, output, known):
    """Where the latents lie behind an operation that has no weights."""
    if isinstance(operation, keras.layers.Concatenate):
        parts = [known.get(id(t), np.full(t.shape[1:], -1)) for t in inputs]
        return np.concatenate(parts, axis=operation.axis - (operation.axis > 0))
    if len(inputs) > 1 or math.prod(output.shape[1:]) != known[id(inputs[0])].size:
        raise ValueError(
            f"{operation.name!r} mixes latents before they meet any weights, so that no weight "
            "belongs to one of them"
        )
    return known[id(inputs[0])].reshape(output.shape[1:])


def first_weight(network):
    """The first weight that latents meet, as a matrix A^T with one row a latent.

    Args:
        network: See `first_layer`.

    Returns:
        A float64 array `(latent_dim, outputs)`, up to the factor by which an equalised or
        spectrally normalised layer scales it.

    Raises:
        ValueError: If there is no such weight.
    """
    layer, _, places = first_layer(network)
    kernel = getattr(layer, "kernel", None)
    if kernel is not None:
        kernel = keras.ops.convert_to_numpy(kernel).astype("float64")
        inner = getattr(layer, "layer", layer)
        if whole_image_transposed(inner, places):
            kernel = np.moveaxis(kernel, -1, 0).reshape(kernel.shape[-1], -1)
    if kernel is None or kernel.ndim != 2 or len(kernel) != places.size:
        raise ValueError(
            f"latents first enter {layer.name!r}, a {type(layer).__name__}: directions in closed "
            "form are those of a Dense layer, or of a transposed convolution of one pixel without "
            "padding; use pca_directions"
        )
    latent_dim = places.max() + 1
    order = np.argsort(places.ravel(), kind="stable")[-latent_dim:]
    return kernel[order]


def whole_image_transposed(layer, places):
    """Whether a layer is a transposed convolution that spreads one pixel over its whole kernel."""
    transposed = (
        keras.layers.Conv1DTranspose,
        keras.layers.Conv2DTranspose,
        keras.layers.Conv3DTranspose,
    )
    return (
        isinstance(layer, transposed)
        and places.size == places.shape[-1]
        and layer.padding == "valid"
        and layer.data_format == "channels_last"
    )
