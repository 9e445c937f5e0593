"""How many floating-point operations a round needs, counted from the networks.

Convolutions and dense layers are counted, a multiplication and an addition as two operations, on
padding too; what is left out (normalisation, rectifiers, optimizers) costs memory traffic and
hardly any arithmetic. What is counted is what the algorithm needs, not what a program does:
gradients that nobody uses are not in it.
"""

import math

import keras


class Cost:
    """Operations of a network for one example.

    Attributes:
        forward: Of a forward pass, and as many again for the gradient of all weights.
        inputs: Of the gradient of everything that weights come before, as training needs it.
        last: Of the layers whose outputs nothing is computed from.
    """

    def __init__(self, network):
        self.forward = self.inputs = self.last = 0
        self.add(network, [True] * len(network.inputs), [True] * len(network.outputs))

    def add(self, network, raw, ends):
        """Adds a network's layers, and those of the networks in it.

        Args:
            network: A functional or sequential model.
            raw: Of each input, whether it depends on no weights: no gradient is needed there.
            ends: Of each output, whether nothing is computed from it.

        Returns:
            Of each output, whether it depends on no weights.
        """
        # A model of the same tensors has the graph that a Sequential model keeps to itself.
        graph = keras.Model(network.inputs, network.outputs)
        untouched = {id(tensor) for tensor, is_raw in zip(network.inputs, raw) if is_raw}
        final = {id(tensor) for tensor, is_end in zip(network.outputs, ends) if is_end}
        for depth in sorted(graph._nodes_by_depth, reverse=True):
            for node in graph._nodes_by_depth[depth]:
                if node.is_input:
                    continue
                layer, inputs = node.operation, node.arguments.keras_tensors
                enter = [id(tensor) in untouched for tensor in inputs]
                leave = [id(tensor) in final for tensor in node.outputs]
                if isinstance(layer, keras.Model):
                    made = self.add(layer, enter, leave)
                else:
                    cost = layer_cost(layer, inputs[0], node.outputs[0])
                    self.forward += cost
                    self.inputs += 0 if all(enter) else cost
                    self.last += cost if all(leave) else 0
                    made = [all(enter) and not layer.weights] * len(node.outputs)
                untouched |= {id(t) for t, is_raw in zip(node.outputs, made) if is_raw}
        return [id(tensor) in untouched for tensor in network.outputs]


def layer_cost(layer, entering, leaving):
    """Operations of a layer's forward pass for one example; 0 where it has no kernel.

    Args:
        layer: A Keras layer.
        entering: Its first input, a Keras tensor.
        leaving: Its first output.
    """
    kernel = getattr(getattr(layer, "layer", layer), "kernel", None)
    if kernel is None:
        return 0
    # A transposed convolution's kernel is laid down once for each pixel of the input.
    pixels = entering if "Transpose" in type(layer).__name__ else leaving
    return 2 * math.prod(kernel.shape) * math.prod(pixels.shape[1:-1])


# How many batches the discriminator judges in its update; how many gradient penalties there are,
# and how many forward passes they need of their own, for images that are not judged anyway. A
# gradient penalty takes a gradient of the images, and the gradient of that.
BATCHES = {"TextGAN": 3}
PENALTIES = {"WGANGP": (1, 1), "ProgressiveGAN": (1, 1), "RelativisticGAN": (2, 0)}
USES_REAL = ("RelativisticGAN",)


def round_cost(algorithm, generator, discriminator, batch, discriminator_steps):
    """Operations that one round needs.

    Args:
        algorithm: The name of a kgan class.
        generator: A Keras model.
        discriminator: Another one.
        batch: Images of each update.
        discriminator_steps: Updates of the discriminator.
    """
    g, d = Cost(generator), Cost(discriminator)
    judged = BATCHES.get(algorithm, 2)
    step = g.forward + judged * (2 * d.forward + d.inputs)
    penalties, more = PENALTIES.get(algorithm, (0, 0))
    step += penalties * (3 * d.forward - d.last) + more * d.forward
    last = 2 * g.forward + g.inputs + 2 * d.forward
    last += d.forward if algorithm in USES_REAL else 0
    return batch * (discriminator_steps * step + last)
