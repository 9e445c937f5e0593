"""What the two networks are, and whether they can play each other."""

import keras


def takes_condition(network):
    """Whether a network has a second input."""
    return len(keras.tree.flatten(network.inputs)) > 1


def condition_shape(network):
    """The shape of one condition, `()` for a class label; None if the network takes none."""
    return (
        tuple(keras.tree.flatten(network.inputs)[1].shape[1:]) if takes_condition(network) else None
    )


def computes_in_float16(network):
    """Whether any of a network's layers computes in float16."""
    return any(layer.compute_dtype == "float16" for layer in network._flatten_layers())


def check_networks(generator, discriminator, told=True):
    """Refuses networks that cannot play each other.

    Args:
        generator: A network.
        discriminator: Another one.
        told: Whether the discriminator is told the condition that the generator is told.

    Raises:
        ValueError: If a network is not built or takes its inputs otherwise, they are not told the
            same condition, their shapes do not fit, the discriminator does not end in logits, or
            a generator of images ends in a sigmoid.
    """
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model) or not getattr(network, "inputs", None):
            raise ValueError(
                f"the {role} must be a built Keras model with known inputs (functional, or "
                f"Sequential that starts with keras.Input); got {network!r}"
            )
        check_inputs(role, network)
    if told:
        check_told_alike(generator, discriminator)
    elif takes_condition(discriminator):
        raise ValueError(
            "the discriminator has a second input, but this model does not tell it the condition: "
            "build it without (kgan.networks: class_head=True)"
        )
    made = keras.tree.flatten(generator.outputs)[0].shape
    judged = keras.tree.flatten(discriminator.inputs)[0].shape
    if len(made) != len(judged) or any(
        a != b for a, b in zip(made[1:], judged[1:]) if a is not None and b is not None
    ):
        raise ValueError(
            f"the generator makes images of shape {made[1:]} but the discriminator takes "
            f"{judged[1:]}"
        )
    logits = keras.tree.flatten(discriminator.outputs)[0]
    if tuple(logits.shape[1:]) != (1,):
        raise ValueError(
            "the discriminator's first output must be one logit an image, of shape (n, 1); "
            f"got {tuple(logits.shape)}"
        )
    sigmoid = ends_in_sigmoid(discriminator)
    if sigmoid:
        raise ValueError(
            f"the discriminator ends in a sigmoid ({sigmoid!r}), but the losses take logits: "
            "remove the activation"
        )
    sigmoid = ends_in_sigmoid(generator)
    if sigmoid and len(made) == 4:
        raise ValueError(
            f"the generator ends in a sigmoid ({sigmoid!r}), whose images are in [0, 1], and "
            "kgan's are in [-1, 1]: use tanh"
        )


def check_inputs(role, network):
    """Refuses inputs that are named, too many, or not latents or images before a condition.

    Raises:
        ValueError: If they are.
    """
    # A Sequential has none.
    given = getattr(network, "input", None)
    if isinstance(given, dict):
        raise ValueError(
            f"the {role} takes its inputs as a dictionary, with keys {list(given)}: build it with "
            "one input or a list of two, first latents or images, then the condition"
        )
    shapes = [tuple(tensor.shape[1:]) for tensor in keras.tree.flatten(network.inputs)]
    if len(shapes) > 2:
        raise ValueError(
            f"the {role} takes {len(shapes)} inputs, of shapes {shapes}, and must take one or two: "
            "latents or images, and a condition"
        )
    if len(shapes) == 2 and len(shapes[0]) < len(shapes[1]):
        raise ValueError(
            f"the {role} takes inputs of shapes {shapes}, and the condition comes second, after "
            "the latents or images"
        )


def check_one_head(model, discriminator):
    """Refuses a discriminator with outputs that a model's loss does not look at.

    Args:
        model: The name of its class.
        discriminator: A network.

    Raises:
        ValueError: If there is more than one output.
    """
    shapes = [tuple(output.shape[1:]) for output in keras.tree.flatten(discriminator.outputs)]
    if len(shapes) > 1:
        raise ValueError(
            f"{model} judges images by one logit, but the discriminator has outputs of shapes "
            f"{shapes}: InfoGAN and ACGAN use a second one, others need a discriminator_loss and "
            "a generator_loss of your own"
        )


def ends_in_sigmoid(network):
    """The name of a network's last layer if it is a sigmoid, else None."""
    output = keras.tree.flatten(network.outputs)[0]
    last = getattr(output, "_keras_history", (None,))[0]
    return last.name if getattr(last, "activation", None) is keras.activations.sigmoid else None


def check_told_alike(generator, discriminator):
    """Refuses networks of which one takes a condition that the other does not.

    Raises:
        ValueError: If there is such a condition.
    """
    told = {
        "generator": condition_shape(generator),
        "discriminator": condition_shape(discriminator),
    }
    if None in told.values() and set(told.values()) != {None}:
        (one,) = (role for role, shape in told.items() if shape is not None)
        (other,) = set(told) - {one}
        raise ValueError(
            f"the {one} takes a condition but the {other} has one input: give both networks a "
            "second input or neither (kgan.networks: pass classes or condition_dim)"
        )
    if told["generator"] != told["discriminator"]:
        raise ValueError(
            f"the generator takes a condition of shape {told['generator']} but the discriminator "
            f"one of shape {told['discriminator']}: () is a class label, (d,) a vector"
        )


def torch_modules(network):
    """The modules of PyTorch in a network, each with the layer that wraps it."""
    return [
        (layer, module)
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.TorchModuleWrapper)
        for module in layer.module.modules()
    ]


def check_averaged(generator):
    """Refuses to average what Keras cannot copy safely, and whose buffers it does not see.

    Raises:
        ValueError: If there are modules of PyTorch.
    """
    for layer, module in torch_modules(generator):
        raise ValueError(
            f"{layer.name!r} is a {type(module).__name__} of PyTorch, which ema_decay cannot "
            "average: leave it out, or use Keras's layers"
        )


def check_penalties(penalties, discriminator):
    """Refuses batch normalisation in the discriminator under a penalty on its gradient.

    Raises:
        ValueError: If there are both.
    """
    constraining = [p.name for p in penalties if p.differentiates]
    norms = [
        *(
            layer
            for layer in discriminator._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
        ),
        *(
            layer
            for layer, module in torch_modules(discriminator)
            if any(base.__name__ == "_BatchNorm" for base in type(module).__mro__)
        ),
    ]
    if constraining and norms:
        raise ValueError(
            f"{constraining[0]} constrains the gradient at each image, which batch normalisation "
            f"({norms[0].name!r}) makes depend on the whole batch: use LayerNormalization or none "
            "in the discriminator (arXiv:1704.00028, Sec. 4)"
        )
