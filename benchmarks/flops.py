"""How many floating-point operations a round needs, counted from the networks.

Convolutions and dense layers are counted, a multiplication and an addition as two operations, on
padding too; what is left out (normalisation, rectifiers, optimizers) costs memory traffic and
hardly any arithmetic. What is counted is what the algorithm needs, not what a program does:
gradients that nobody uses are not in it.
"""

import math


class Cost:
    """Operations of a network for one example.

    Attributes:
        forward: Of a forward pass, and as many again for the gradient of all weights.
        inputs: Of the gradient of everything that weights come before, as training needs it.
        last: Of the layers whose outputs nothing is computed from.
    """

    def __init__(self, network):
        self.forward = self.inputs = self.last = 0
        # What depends on the network's inputs and on no weights: no gradient is needed there.
        raw = {id(tensor) for tensor in network.inputs}
        ends = {id(tensor) for tensor in network.outputs}
        for layer in network.layers:
            cost = layer_cost(layer)
            inputs = layer.input if isinstance(layer.input, list) else [layer.input]
            if all(id(tensor) in raw for tensor in inputs):
                if not layer.weights:
                    raw.add(id(layer.output))
            else:
                self.inputs += cost
            self.forward += cost
            self.last += cost if id(layer.output) in ends else 0


def layer_cost(layer):
    """Operations of a layer's forward pass for one example; 0 where it has no kernel."""
    kernel = getattr(getattr(layer, "layer", layer), "kernel", None)
    if kernel is None:
        return 0
    if "Transpose" in type(layer).__name__:
        # The kernel is laid down once for each pixel of the input.
        positions = math.prod(layer.input.shape[1:-1])
    else:
        positions = math.prod(layer.output.shape[1:-1])
    return 2 * math.prod(kernel.shape) * positions


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
