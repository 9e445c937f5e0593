"""JAX: state goes in and comes out of pure functions.

`train_step` opens one `keras.StatelessScope` around the whole round, so that a round may be
written statefully: reading a variable gives its value in the scope, `assign` records a new one.
`minimize` nests a second scope in which the variables it moves are what `jax.grad` traces.
"""

import jax
import keras


def run_stateless(function, groups, state):
    """Calls `function()` with `state` in place of the variables in `groups`."""
    mapping = [
        (v, value)
        for variables, values in zip(groups, state, strict=True)
        for v, value in zip(variables, values, strict=True)
    ]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        logs = function()
    return logs, tuple([scope.get_current_value(v) for v in variables] for variables in groups)


class TrainStep:
    """Runs a round as Keras's JAX trainer expects it."""

    replicas = 1

    def train_step(self, state, data):
        """Plays one round; returns its logs and the new state."""
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        return run_stateless(lambda: self.play_round(data), groups, state)

    def test_step(self, state, data):
        """Measures the losses on one batch; returns them and the new state."""
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.metrics_variables,
        )
        return run_stateless(lambda: self.play_test_round(data), groups, state)


def minimize(objective, variables, optimizer, state):
    """Moves `variables` one `optimizer` step down `objective() -> (loss, aux)`; returns `aux`.

    `state` is every variable that `objective` may read or assign: what it assigns beside
    `variables` (batch-norm statistics, seeds) is kept.
    """
    moved = {id(v) for v in variables}
    state = [v for v in state if id(v) not in moved]
    frozen = [(v, v.value) for v in state]

    def pure(values):
        mapping = frozen + list(zip(variables, values))
        # What layers add to the loss is kept by the scope, where one collects it.
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            loss, aux = objective()
            loss = optimizer.scale_loss(loss)
        return loss, (aux, [scope.get_current_value(v) for v in state])

    values = [v.value for v in variables]
    gradients, (aux, updates) = jax.grad(pure, has_aux=True)(values)
    for v, update in zip(state, updates):
        v.assign(update)
    # An optimizer is applied to all that it was built for; what `variables` leaves out stays.
    known = optimizer._trainable_variables
    given = {id(v): gradient for v, gradient in zip(variables, gradients)}
    gradients = [given.get(id(v), jax.numpy.zeros(v.shape, v.dtype)) for v in known]
    slots = [v.value for v in optimizer.variables]
    values, slots = optimizer.stateless_apply(slots, gradients, [v.value for v in known])
    for v, value in zip(known, values):
        if id(v) in given:
            v.assign(value)
    for v, value in zip(optimizer.variables, slots):
        v.assign(value)
    return aux


def input_gradient(function, inputs):
    """D sum(function(inputs)) / d inputs, itself differentiable; what it assigns is kept."""
    outer = {}

    def total(x):
        nonlocal outer
        with keras.StatelessScope() as scope:
            if scope.original_scope is not None:
                outer = scope.original_scope.state_mapping
            scope.state_mapping.update(outer)
            value = function(x).sum()
        mapping = scope.state_mapping.items()
        return value, {key: new for key, new in mapping if new is not outer.get(key)}

    gradient, assigned = jax.grad(total, has_aux=True)(inputs)
    outer.update(assigned)
    return gradient


def compute_if(predicate, function, state):
    """`function()`, a float32 scalar, if `predicate` holds; else zero, and nothing is computed.

    `state` is every variable that `function` may read; what it assigns (seeds) is kept.
    """
    assigned = [v for v in state if not v.trainable]
    current = [v.value for v in state]

    def compute():
        with keras.StatelessScope(state_mapping=list(zip(state, current))) as scope:
            value = function()
        return value, [scope.get_current_value(v) for v in assigned]

    def skip():
        return jax.numpy.zeros(()), [v.value for v in assigned]

    value, updates = jax.lax.cond(predicate, compute, skip)
    for v, update in zip(assigned, updates):
        v.assign(update)
    return value


def trace_once(function, *example):
    """`function` itself: JAX traces each call."""
    del example
    return function


def leaky_relu(inputs, negative_slope):
    """Rectified `inputs`."""
    return jax.numpy.where(inputs > 0, inputs, negative_slope * inputs)


# XLA fuses what Keras writes.
fused_batch_normalization = None


def draw(function, n):
    """`function(n)`: JAX computes a sharded batch as one, so there is nothing to divide."""
    return function(n)
