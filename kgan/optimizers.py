"""Two players' optimizers, seen by Keras as one; and optimizers that change as training goes on.

Each player may have any Keras optimizer, with a rate or a schedule of its own:

    >>> gan.compile(keras.optimizers.Adam(1e-4, beta_1=0.0), keras.optimizers.SGD(1e-2))
"""

import keras
from keras import ops

from kgan import schedules

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
    def iterations(self):
        """The generator's updates: one a round. The discriminator's optimizer counts its own."""
        return self.generator.iterations

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
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        return cls(
            deserialize(config["generator"]), deserialize(config["discriminator"]), config["name"]
        )


def serialize(optimizer):
    """An optimizer as a dictionary that every backend can read."""
    return _portable(keras.saving.serialize_keras_object(optimizer))


def deserialize(config):
    """The inverse of `serialize`, also of what Keras itself wrote on PyTorch."""
    return keras.saving.deserialize_keras_object(_portable(config))


def _portable(config):
    """Names Keras's optimizers alike on all backends.

    On PyTorch they are classes of their own, which cannot be imported without PyTorch, and which
    would be used on other backends, too.
    """
    if isinstance(config, dict):
        config = {key: _portable(value) for key, value in config.items()}
        if str(config.get("module")).startswith("keras.src.backend.torch.optimizers."):
            config |= {"module": "keras.optimizers", "registered_name": None}
    return config


def get(optimizer):
    """An optimizer from itself, its name or its config.

    As `keras.optimizers.get`, and by config also those of Keras's that it does not know, such as
    Lamb.

    Raises:
        TypeError: If it is none of these, or nothing of that name is known.
        ValueError: The same.
    """
    if isinstance(optimizer, dict):
        if isinstance(getattr(keras.optimizers, str(optimizer.get("class_name")), None), type):
            optimizer = {"module": "keras.optimizers", **optimizer}
        if "module" in optimizer:
            optimizer = deserialize(optimizer)
    return keras.optimizers.get(optimizer)


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

    Raises:
        ValueError: If it is no optimizer, or keeps an average of the weights that would never be
            used.
    """
    try:
        optimizer = get(optimizer)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the {player}'s optimizer must be one of keras.optimizers, such as "
            f"keras.optimizers.Adam(2e-4), or the name of one; got {_short(optimizer)}"
        ) from error
    if loss_scaling and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if inner.use_ema and not inner.ema_overwrite_frequency:
        raise ValueError(
            f"the {player}'s {type(inner).__name__}(use_ema=True) would keep an average that takes "
            "the trained weights' place only when fit ends, so that training could not go on from "
            "them: leave it out and give the model ema_decay, which samples by an average of the "
            "generator; or pass ema_overwrite_frequency"
        )
    # Keras names an RMSprop rm_sprop, rm_sprop_1 and so on.
    given = inner.name.rstrip("0123456789").replace("_", "")
    if given in (type(inner).__name__.lower(), "generator", "discriminator"):
        inner.name = player
    optimizer.name = inner.name
    return optimizer


def _short(value):
    """What a value is, in one line."""
    if isinstance(value, type):
        return f"the class {value.__name__}, not an instance"
    return repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def check_variables(optimizer, player, variables):
    """Refuses an optimizer that is built, and not for all these variables.

    JAX would leave them as they are, and other backends complain of a variable in mid-round.

    Raises:
        ValueError: If there is one that it does not know.
    """
    known = {id(v) for v in optimizer._trainable_variables} if optimizer.built else None
    unknown = [v.path for v in variables if known is not None and id(v) not in known]
    if unknown:
        raise ValueError(
            f"the {player}'s optimizer does not know {unknown[0]} and {len(unknown) - 1} other "
            "variables: it was compiled for another model, or layers became trainable since; "
            "create one for each model, and compile again after such a change"
        )


@keras.saving.register_keras_serializable("kgan")
class SwitchOptimizer(keras.optimizers.Optimizer):
    """One optimizer first and another one from some update on, such as SGD after Adam.

    Keskar and Socher 2017, Improving Generalization Performance by Switching from Adam to SGD
    (arXiv:1712.07628), though at a given update and with a rate that is given too. The second
    optimizer starts afresh: its own count, by which it follows a schedule, and its moments are 0
    when it takes over. Both exist from the start, so a model that is saved before or after goes on
    exactly; both compute in every update, which costs little beside the networks.

    Args:
        first: A Keras optimizer, its name or its config.
        then: Another one.
        at: Updates that the first one makes. The generator makes one a round, the discriminator
            `discriminator_steps`.
        name: A name.

    Raises:
        ValueError: If `at` is not a positive integer, or both are the same object.

    Example:
        >>> adam, sgd = keras.optimizers.Adam(2e-4, beta_1=0.5), keras.optimizers.SGD(1e-2)
        >>> gan.compile(generator_optimizer=SwitchOptimizer(adam, sgd, at=10_000))
    """

    def __init__(self, first, then, at, name=None):
        super().__init__(learning_rate=0.0, name=name)
        first, then = get(first), get(then)
        if at != int(at) or at < 1:
            raise ValueError(f"at must be a positive integer, a number of updates, got {at}")
        if first is then:
            raise ValueError("both optimizers are the same object: create one for each")
        self.first = first
        self.then = then
        self.at = int(at)

    def build(self, variables):
        """Creates the slots of both."""
        super().build(variables)
        self.first.build(variables)
        self.then.build(variables)

    @property
    def variables(self):
        """All state of both."""
        return super().variables + self.first.variables + self.then.variables

    def apply(self, grads, trainable_variables=None):
        """Moves the variables by the one optimizer; the other one stays as it is."""
        variables = trainable_variables or self._trainable_variables
        early = ops.less(self._iterations, self.at)
        # What both do is kept of one: an optimizer may not be applied inside a condition where
        # several devices share its variables.
        for optimizer, acts in ((self.first, early), (self.then, ops.logical_not(early))):
            state = [*variables, *optimizer.variables]
            before = [ops.copy(v) for v in state]
            optimizer.apply(grads, variables)
            for variable, value in zip(state, before):
                variable.assign(ops.where(acts, ops.convert_to_tensor(variable), value))
        self._iterations.assign_add(1)

    @property
    def current(self):
        """The optimizer whose turn it is, outside of a compiled step."""
        return self.first if int(ops.convert_to_numpy(self._iterations)) < self.at else self.then

    @property
    def learning_rate(self):
        """That of the optimizer whose turn it is, which Keras's callbacks read and set."""
        return self.current.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.current.learning_rate = value

    def save_own_variables(self, store):
        """Saves the count; the two optimizers are saved as children of this one."""
        store["iterations"] = ops.convert_to_numpy(self._iterations)

    def load_own_variables(self, store):
        """Loads what `save_own_variables` saved."""
        self._iterations.assign(store["iterations"][()])

    def finalize_variable_values(self, var_list):
        """Leaves weight averages of the two optimizers as they are."""

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            "first": serialize(self.first),
            "then": serialize(self.then),
            "at": self.at,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kgan")
class ScheduledAdam(keras.optimizers.Adam):
    """Adam whose beta_2 may follow a schedule too, as in R3GAN (arXiv:2501.05441).

    Args:
        learning_rate: As of `keras.optimizers.Adam`.
        beta_1: The same.
        beta_2: A number, or a schedule of the updates made (`kgan.schedules`).
        **kwargs: The same.

    Example:
        >>> rate = kgan.schedules.Cosine(2e-4, 5e-5, rounds=39_000)
        >>> beta_2 = kgan.schedules.Cosine(0.9, 0.99, rounds=39_000)
        >>> adam = kgan.optimizers.ScheduledAdam(rate, beta_1=0.0, beta_2=beta_2, epsilon=1e-8)
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, **kwargs):
        super().__init__(learning_rate, beta_1, schedules.get("beta_2", beta_2), **kwargs)

    @property
    def beta_2(self):
        """Its value in the update at hand."""
        return schedules.at(self.beta_2_schedule, self.iterations)

    @beta_2.setter
    def beta_2(self, value):
        self.beta_2_schedule = value

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {**super().get_config(), "beta_2": schedules.serialize(self.beta_2_schedule)}
