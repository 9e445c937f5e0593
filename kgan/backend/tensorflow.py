"""TensorFlow: variables carry their own state; a tape records the gradient."""

import tensorflow as tf


class TrainStep:
    """Runs a round as Keras's TensorFlow trainer expects it."""

    @property
    def replicas(self):
        """How many devices a batch is split over."""
        strategy = self.distribute_strategy
        return strategy.num_replicas_in_sync if strategy else 1

    def train_step(self, data):
        """Plays one round and returns its logs."""
        with after(data):
            return self.play_round(data)

    def test_step(self, data):
        """Measures the losses on one batch and returns them."""
        with after(data):
            return self.play_test_round(data)


def after(data):
    """Lets nothing happen before there is data.

    Where the end of the data is not foreseen, a compiled step starts without any, and would count
    the round and draw its noise before it finds out.
    """
    return tf.control_dependencies([t for t in tf.nest.flatten(data) if t is not None])


def minimize(objective, variables, optimizer, state):
    """Moves `variables` one `optimizer` step down `objective() -> (loss, aux)`; returns `aux`."""
    del state
    values = [v.value for v in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss, aux = objective()
        # The optimizer sums the gradients of all replicas; the loss is a mean over them.
        loss = loss / tf.distribute.get_strategy().num_replicas_in_sync
        loss = optimizer.scale_loss(loss)
    gradients = tape.gradient(loss, values, unconnected_gradients="zero")
    # Some gradients are known before others, those of biases before a penalty has been computed
    # that reads the biases and has no gradient there. No weight may move while something is read.
    with tf.control_dependencies([*gradients, loss]):
        optimizer.apply(gradients, variables)
    return aux


def input_gradient(function, inputs):
    """D sum(function(inputs)) / d inputs, itself differentiable."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        outputs = function(inputs)
    return tape.gradient(outputs, inputs, unconnected_gradients="zero")


def compute_if(predicate, function, state):
    """`function()`, a float32 scalar, if `predicate` holds; else zero, and nothing is computed."""
    del state
    return tf.cond(predicate, function, lambda: tf.zeros(()))


def trace_once(function, *example):
    """A function that does what `function` does, and which a graph does not trace at every call.

    Args:
        function: It returns nothing; what a call leaves for the next is in variables.
        example: Arguments; those of all calls are of their shapes.
    """
    # MirroredStrategy's replicas cannot meet within a function of their own.
    if tf.executing_eagerly() or tf.distribute.has_strategy():
        return function
    # Inlined, it would be optimised once for every call.
    kept = {"_noinline": True}
    traced = tf.function(function, autograph=False, experimental_attributes=kept)
    return traced.get_concrete_function(*example)


def leaky_relu(inputs, negative_slope):
    """Rectified `inputs`. TensorFlow's own sends zeros back where it is differentiated twice."""

    @tf.custom_gradient
    def rectify(x):
        y = tf.nn.leaky_relu(x, negative_slope)
        return y, lambda upstream: rectify_gradient(upstream, tf.stop_gradient(y))

    def rectify_gradient(upstream, y):
        # It is linear in `upstream`, so it is its own gradient, and of no slope in y.
        @tf.custom_gradient
        def linear(upstream):
            down = tf.raw_ops.LeakyReluGrad(gradients=upstream, features=y, alpha=negative_slope)
            return down, lambda upper: rectify_gradient(upper, y)

        return linear(upstream)

    return rectify(inputs)


def fused_batch_normalization(inputs, gamma, beta, epsilon):
    """Normalises a batch by its own statistics.

    Args:
        inputs: Images `(n, height, width, channels)`.
        gamma: What each channel is multiplied by; None for 1.
        beta: What is added to each; None for 0.
        epsilon: Added to the variances.

    Returns:
        The outputs, of the inputs' dtype, and each channel's mean and variance in float32.
    """
    channels = inputs.shape[-1]
    gamma = tf.ones(channels) if gamma is None else tf.cast(gamma, "float32")
    beta = tf.zeros(channels) if beta is None else tf.cast(beta, "float32")
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs, scale=gamma, offset=beta, mean=[], variance=[], epsilon=epsilon, is_training=True
    )
    # The kernel gives the estimate for the population, with n - 1 for n.
    values = tf.cast(tf.size(inputs) // channels, "float32")
    return outputs, mean, variance * (values - 1) / values


def draw(function, n):
    """`function(n)`, such that no two replicas get the same numbers.

    Every replica draws for the global batch, from the same seed, and keeps its own part: plain
    draws would be identical on all of them.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    context = tf.distribute.get_replica_context()
    if replicas == 1 or context is None:
        return function(n)
    first = context.replica_id_in_sync_group * n
    return function(n * replicas)[first : first + n]
