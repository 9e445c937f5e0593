"""Networks to configurations and back, with what Keras leaves out."""

import keras


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
    """The same network with the same weights under another name, not trainable."""
    config = serialize_network(network)
    config["config"]["name"] = name
    copy = deserialize_network(config)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
