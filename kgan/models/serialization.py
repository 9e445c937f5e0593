"""Networks to configurations and back, with what Keras leaves out."""

import keras
from keras import ops

from kgan import optimizers


def serialize_network(network):
    """A network's config, with its dtype policy.

    Keras saves the policies of layers but not those of functional models, which decide in which
    precision some layers, such as embeddings, read their weights.
    """
    serialize = keras.saving.serialize_keras_object
    return {**serialize(network), "dtype_policy": serialize(network.dtype_policy)}


def deserialize_network(config):
    """The inverse of `serialize_network`, whatever Keras's dtype policy is now."""
    deserialize = keras.saving.deserialize_keras_object
    before = keras.config.dtype_policy()
    if "dtype_policy" in config:
        keras.config.set_dtype_policy(deserialize(config["dtype_policy"]))
    try:
        return deserialize(config)
    finally:
        keras.config.set_dtype_policy(before)


def copy_network(network, name):
    """The same network with the same weights under another name, not trainable.

    Raises:
        ValueError: If the network cannot be made again from its config.
    """
    try:
        config = serialize_network(network)
        config["config"]["name"] = name
        copy = deserialize_network(config)
    # What Keras raises depends on the layer, and a layer of the user's may raise anything.
    except Exception as error:
        raise ValueError(
            f"the {name} is a copy of {network.name!r}, which cannot be copied: every layer must "
            "be one of Keras's, or a subclass registered with "
            "@keras.saving.register_keras_serializable() whose get_config has its arguments"
            f"{about_lambdas(network)}. Without ema_decay there is no copy"
        ) from error
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


def about_lambdas(network):
    """What to say of a network's Lambda layers, whose Python code Keras does not copy."""
    found = [x.name for x in network._flatten_layers() if isinstance(x, keras.layers.Lambda)]
    return f"; {', '.join(map(repr, found))} is a Lambda around Python code" if found else ""


class Saving:
    """The part of `GAN` that goes into files and comes back from them."""

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        networks = {
            player: deserialize_network(config[player]) for player in ("generator", "discriminator")
        }
        return cls(**{**config, **networks})

    def get_compile_config(self):
        """The arguments of `compile`, serialised; None before `compile`."""
        if not self.compiled:
            return None
        serialize = optimizers.serialize
        return {
            "generator_optimizer": serialize(self.optimizer.generator),
            "discriminator_optimizer": serialize(self.optimizer.discriminator),
            **self.compile_arguments,
        }

    def compile_from_config(self, config):
        """Compiles as the saved model was."""
        self.compile(**config)

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Exports what `sample` runs, for programs without kgan or Keras: the generator alone.

        It takes latents, float32 `(n, latent_dim)`, and the condition where there is one; and
        makes images, float32 `(n, height, width, channels)` in [-1, 1]. The averaged generator is
        exported where there is one.

        Args:
            filepath: See `keras.Model.export`, as for all arguments.
            format: Such as `"tf_saved_model"`, or `"onnx"`, which take what they are made with.
            **kwargs: Further arguments.

        Example:
            >>> gan.export("generator")
            >>> exported = tf.saved_model.load("generator")
            >>> images = exported.serve(gan.random_latents(16))
        """
        generator = self.ema_generator or self.generator
        if generator.outputs[0].dtype != "float32":
            as_float32 = keras.layers.Identity(dtype="float32")
            generator = keras.Model(generator.input, as_float32(generator.outputs[0]))
        generator.export(filepath, format=format, **kwargs)

    # Keras leaves the states of seed generators, the model's and those of its layers, out of its
    # files; without them training would not go on as it was.

    def seed_states(self):
        """The variables that Keras does not save."""
        saved = {id(weight) for weight in self.weights}
        return [v for v in self.variables if id(v) not in saved]

    def save_own_variables(self, store):
        """Saves the model's own weights and all seeds."""
        super().save_own_variables(store)
        for i, state in enumerate(self.seed_states()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store):
        """Loads what `save_own_variables` saved."""
        keys = list(store.keys())
        super().load_own_variables({k: store[k] for k in keys if not k.startswith("seed_")})
        for i, state in enumerate(self.seed_states()):
            if f"seed_{i}" in keys:
                state.assign(store[f"seed_{i}"][()])
        self.set_steps(self.steps_due())
