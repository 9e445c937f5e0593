"""Two players' optimizers, seen by Keras as one."""

import keras

TWO_RATES = (
    "two players have two learning rates: read or set gan.optimizer.generator.learning_rate and "
    "gan.optimizer.discriminator.learning_rate"
)


@keras.saving.register_keras_serializable("kgan")
class PlayerOptimizers(keras.optimizers.Optimizer):
    """The generator's and the discriminator's optimizer as a single Keras optimizer.

    Keras's trainers, callbacks and file formats know one `model.optimizer`. This one holds the
    state of both players; each player is stepped by its own optimizer. Keras's learning-rate
    callbacks find the two through `optimizers` and treat each for itself. The pair has no learning
    rate: read and set the players' own, `gan.optimizer.generator.learning_rate` and
    `gan.optimizer.discriminator.learning_rate`.

    Args:
        generator: A Keras optimizer.
        discriminator: Another Keras optimizer.
        name: A name.
    """

    def __init__(self, generator, discriminator, name="players"):
        super().__init__(learning_rate=0.0, name=name)
        self.generator = generator
        self.discriminator = discriminator

    def build(self, generator_variables, discriminator_variables):
        """Creates the slots of both players.

        They must exist before a model is loaded: slots that do not yet exist would silently lose
        what the file holds for them.
        """
        self.generator.build(generator_variables)
        self.discriminator.build(discriminator_variables)
        self.built = True

    @property
    def optimizers(self):
        """`[generator, discriminator]`, the name by which Keras's callbacks ask for them."""
        return [self.generator, self.discriminator]

    @property
    def learning_rate(self):
        """None: each player has its own.

        Raises:
            AttributeError: Where it is read or set.
        """
        raise AttributeError(TWO_RATES)

    @learning_rate.setter
    def learning_rate(self, value):
        raise AttributeError(TWO_RATES)

    @property
    def variables(self):
        """All state of both players."""
        return super().variables + self.generator.variables + self.discriminator.variables

    def save_own_variables(self, store):
        """Saves nothing: each player's optimizer is saved as a child of this one."""

    def load_own_variables(self, store):
        """Loads nothing: see `save_own_variables`."""

    def finalize_variable_values(self, var_list):
        """Leaves weight averages of the players' optimizers as they are."""

    def get_config(self):
        """The two optimizers, serialised."""
        serialize = keras.saving.serialize_keras_object
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        deserialize = keras.saving.deserialize_keras_object
        return cls(
            deserialize(config["generator"]), deserialize(config["discriminator"]), config["name"]
        )


def player_optimizer(optimizer, player, loss_scaling=False):
    """An optimizer for one player, as `compile` was given it.

    Args:
        optimizer: An optimizer, its name or its config.
        player: `"generator"` or `"discriminator"`: the name under which Keras's callbacks log
            its learning rate, unless the optimizer was given a name of its own.
        loss_scaling: Whether the player computes in float16, whose small gradients vanish
            unless the loss is scaled up.

    Returns:
        A `keras.optimizers.Optimizer`.
    """
    optimizer = keras.optimizers.get(optimizer)
    if loss_scaling and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    # Keras names an RMSprop rm_sprop, rm_sprop_1 and so on.
    given = inner.name.rstrip("0123456789").replace("_", "")
    if given in (type(inner).__name__.lower(), "generator", "discriminator"):
        inner.name = player
    optimizer.name = inner.name
    return optimizer
