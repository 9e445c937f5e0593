"""What a user hands to Keras, made ready for it: optimizers and data."""

import itertools

import keras
from keras import ops

from kgan import schedules
from kgan.models import checks, rounds
from kgan.models.batches import first_batch, is_array
from kgan.models.interrupt import between_rounds
from kgan.models.players import computes_in_float16
from kgan.models.stretches import StretchCallbacks, fit_in_stretches
from kgan.optimizers import PlayerOptimizers, check_variables, player_optimizer


class Fitting:
    """The part of `GAN` that is compiled and fitted.

    Attributes:
        smallest_batch: The fewest images that a batch may have on each device.
    """

    smallest_batch = 1

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        jit_compile="auto",
        steps_per_execution=1,
        run_eagerly=False,
        **unknown,
    ):
        """Gives each player its optimizer.

        Args:
            generator_optimizer: A Keras optimizer, its name or its config; the paper's by default.
            discriminator_optimizer: Another one; the paper's by default.
            jit_compile: Whether to compile the round with XLA (`"auto"`: where a GPU is). Within
                it, TensorFlow draws other random numbers from the same seed.
            steps_per_execution: Rounds in one call of the compiled function.
            run_eagerly: Whether to run the round in Python, for debugging.
            **unknown: Nothing.

        Raises:
            TypeError: If there are other arguments, as `keras.Model.compile` has them.
            ValueError: If both players are given the same optimizer object, or one that belongs to
                another model or is none.
        """
        if unknown:
            raise TypeError(
                f"compile got {', '.join(unknown)}: of a {type(self).__name__} it takes "
                "generator_optimizer and discriminator_optimizer, jit_compile, steps_per_execution "
                "and run_eagerly. The loss is an argument of the model; what to measure goes into "
                "kgan.callbacks.Evaluate"
            )
        given = {"generator": generator_optimizer, "discriminator": discriminator_optimizer}
        shared = generator_optimizer is discriminator_optimizer
        if shared and isinstance(generator_optimizer, keras.optimizers.Optimizer):
            raise ValueError(
                "both players were given the same optimizer object, which would mix their "
                "moments: create one for each"
            )
        optimizers = PlayerOptimizers(
            **{
                player: player_optimizer(
                    self.default_optimizer() if optimizer is None else optimizer,
                    player,
                    loss_scaling=computes_in_float16(getattr(self, player)),
                )
                for player, optimizer in given.items()
            }
        )
        self.check_optimizers(optimizers)
        super().compile(
            optimizer=optimizers,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
            auto_scale_loss=False,
        )
        optimizers.build(self.generator.trainable_variables, self.discriminator.trainable_variables)
        self.compile_arguments = {
            "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
        }

    def check_optimizers(self, optimizers):
        """Refuses optimizers that would not move what the players have."""
        for player in ("generator", "discriminator"):
            variables = getattr(self, player).trainable_variables
            check_variables(getattr(optimizers, player), player, variables)

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
    ):
        """Trains both players. As `keras.Model.fit`, with these differences.

        Args:
            x: Images: an array, a `tf.data.Dataset`, a `PyDataset`, a torch `DataLoader` or a
                generator of batches, alone or with a condition. When a generator ends, so does
                `fit`.
            y: The condition, where `x` is an array and the model is conditional.
            batch_size: Images of each discriminator update (32 by default; data sets have
                their own). A round takes `discriminator_steps` times as many.
            epochs: See `keras.Model.fit`, as for all that is not named here.
            verbose: Progress counts rounds.
            callbacks: Keras callbacks. For `TerminateOnNaN` there is that of `kgan.callbacks`.
            validation_split: Fraction of the arrays, from their end, to validate on.
            validation_data: What `evaluate` is run on after an epoch.
            shuffle: Whether arrays are shuffled. The order is a function of `seed` and of the
                rounds that the model has played, so a loaded model goes on where it was.
            class_weight: Not supported.
            sample_weight: Not supported.
            initial_epoch: Where the count of epochs goes on.
            steps_per_epoch: Rounds in an epoch.
            validation_steps: Batches of `validation_data`.
            validation_batch_size: `batch_size` by default.
            validation_freq: Epochs between validations.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            KeyboardInterrupt: On Ctrl-C; with JAX when the next round has ended, or at once when
                it is pressed again.
            ValueError: If there is less data than one round takes, `batch_size` is no multiple
                of the number of replicas, or images or conditions are not what the networks take.
                Arrays are checked as a whole, loaders and generators batch by batch, of other
                data the first batch. Or if `keras.callbacks.TerminateOnNaN` is among the
                callbacks, which would do nothing.
        """
        rounds.check_callbacks(callbacks)
        checks.check_no_weights(class_weight=class_weight, sample_weight=sample_weight)
        checks.warn_of_what_is_not_used(self, y)
        if self.compiled:
            self.check_optimizers(self.optimizer)
        if validation_data is not None:
            validation_data = self.check_validation_data(validation_data)
        x = self.check_training_data(x, y)

        def play(callbacks, initial_epoch):
            plan = self.plan_rounds(
                x,
                y,
                batch_size=batch_size,
                steps=self.discriminator_steps,
                shuffle=shuffle,
                seed=self.seed,
                replicas=self.replicas,
                validation_split=0.0 if validation_data is not None else validation_split,
                steps_per_epoch=steps_per_epoch,
                epochs=epochs,
                image_shape=self.image_shape,
                check_conditions=self.check_conditions if self.conditional else None,
            )
            if plan.batch_size // self.replicas < self.smallest_batch:
                raise ValueError(
                    f"a {type(self).__name__} needs batches of at least {self.smallest_batch} "
                    f"images a replica, got batch_size={plan.batch_size} for {self.replicas}"
                )
            if isinstance(callbacks, StretchCallbacks):
                callbacks.set_params({**callbacks.params, "steps": rounds.length(plan)})
            added = (*plan.callbacks, *interrupt)
            try:
                with rounds.with_callbacks(callbacks, added) as listed:
                    return super(Fitting, self).fit(
                        rounds.for_keras(plan.data),
                        epochs=epochs,
                        verbose=verbose,
                        callbacks=listed,
                        validation_data=plan.validation_data or validation_data,
                        shuffle=False,
                        initial_epoch=initial_epoch,
                        steps_per_epoch=plan.steps_per_epoch,
                        validation_steps=validation_steps,
                        validation_batch_size=validation_batch_size or plan.batch_size,
                        validation_freq=validation_freq,
                    )
            except Exception as error:
                # TensorFlow quotes what went wrong with the data within an error of its own.
                cause = getattr(plan.data, "error", None)
                if cause is None or str(cause) not in str(error):
                    raise
                raise cause from error

        with between_rounds() as interrupt:
            if isinstance(self.steps_schedule, schedules.Schedule):
                return fit_in_stretches(self, play, callbacks, initial_epoch, epochs, verbose)
            return play(callbacks, initial_epoch)

    def steps_due(self):
        """How many steps of the discriminator the next round has, by the schedule."""
        return self.steps_at(self.rounds)

    def steps_at(self, rounds):
        """The same of a round after so many others."""
        if not isinstance(self.steps_schedule, schedules.Schedule):
            return self.steps_schedule
        steps = float(ops.convert_to_numpy(schedules.at(self.steps_schedule, rounds)))
        return checks.check_integer("discriminator_steps", round(steps), 1)

    def set_steps(self, steps):
        """Changes the number of steps of a round, between calls of Keras's `fit`."""
        if steps != self.discriminator_steps:
            self.discriminator_steps = steps
            self.train_function = None  # Keras makes another.

    def plan_rounds(self, x, y, **arguments):
        """How `fit` makes rounds of what it is given: see `kgan.models.rounds.plan`."""
        return rounds.plan(x, y, **arguments)

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """Measures both losses on data that is not trained on. As `keras.Model.evaluate`.

        Args:
            x: As in `fit`.
            y: As in `fit`.
            batch_size: See `keras.Model.evaluate`, as for all that is not named here.
            verbose: See there.
            sample_weight: Not supported.
            steps: See there.
            callbacks: See there.
            return_dict: See there.
            **kwargs: What `fit` passes when it validates.

        Returns:
            The means of everything logged, over all images.

        Raises:
            ValueError: If there is no data, or images or conditions are not what the networks take;
                see `fit`.
        """
        # In `fit`, which sets this, the data was checked before the first round.
        if not kwargs.get("_use_cached_eval_dataset"):
            checks.check_no_weights(sample_weight=sample_weight)
            x = rounds.for_evaluation(self.check_data(x, y))
        return super().evaluate(
            x,
            y,
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            callbacks=callbacks,
            return_dict=return_dict,
            **kwargs,
        )

    def check_data(self, x, y=None):
        """Refuses images and conditions that the networks do not take.

        Arrays are looked at as a whole, of data that makes its own batches the first one.

        Args:
            x: As in `fit`.
            y: As in `fit`.

        Returns:
            `x`; of a generator, another that gives the same batches.

        Raises:
            ValueError: If there is no data, or something is wrong with it.
        """
        if is_array(x):
            batch = (x, y)
            checks.check_images(ops.convert_to_numpy(x), self.image_shape)
        else:
            batches = batches_of(x)
            if batches is None:
                return x
            batch = first_batch(batches, self.image_shape)
            x = itertools.chain([batch], batches) if batches is x else x
        images, condition, sample_weight = keras.utils.unpack_x_y_sample_weight(batch)
        checks.check_no_weights(sample_weight=sample_weight)
        if self.conditional:
            self.check_conditions(condition, len(images))
        return x

    def check_training_data(self, x, y):
        """`check_data` of what `fit` is to train on, as far as `rounds.plan` does not do it."""
        if not self.conditional and hasattr(x, "element_spec"):
            # To look at the first batch may fill a shuffle buffer once more.
            checks.check_no_weights(
                sample_weight=keras.utils.unpack_x_y_sample_weight(x.element_spec)[2]
            )
            return x
        return self.check_data(x, y) if self.conditional or not is_array(x) else x

    def check_validation_data(self, validation_data):
        """`check_data` of what `fit` is to validate on; returns it."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(validation_data)
        checks.check_no_weights(sample_weight=sample_weight)
        x = rounds.for_evaluation(self.check_data(x, y))
        return x if y is None else (x, y)

    def check_conditions(self, conditions, n):
        """Refuses conditions of `n` images that the generator does not take."""
        checks.check_given(conditions)
        expected = keras.tree.flatten(self.generator.inputs)[1]
        checks.check_conditions(
            ops.convert_to_numpy(conditions), n, tuple(expected.shape[1:]), expected.dtype
        )


def batches_of(x):
    """An iterator of the batches of data that makes its own, `x` itself if it is one already."""
    if isinstance(x, keras.utils.PyDataset):
        return iter(()) if x.num_batches == 0 else iter([x[0]])
    if hasattr(x, "__iter__") and not isinstance(x, rounds.NOT_A_LOADER):
        return iter(x)
    return None
