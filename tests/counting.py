"""What networks are made of, counted: shared by the tests of networks."""

import math

import keras
from keras import ops


def parameters(network):
    return sum(math.prod(w.shape) for w in network.trainable_variables)


def dense(inputs, outputs):
    return inputs * outputs + outputs


def conv(inputs, outputs, size, bias=True):
    return inputs * outputs * size**2 + bias * outputs


def output_shapes(network, *layer_types):
    return [tuple(x.output.shape[1:]) for x in network.layers if isinstance(x, layer_types)]


def to_numpy(x):
    return ops.convert_to_numpy(x)


def run(network, *inputs):
    """The network's first output, without what `predict` compiles."""
    tensors = [ops.convert_to_tensor(x) for x in inputs if x is not None]
    outputs = network(tensors if len(tensors) > 1 else tensors[0], training=False)
    return to_numpy(ops.cast(keras.tree.flatten(outputs)[0], "float32"))
