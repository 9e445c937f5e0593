"""What differs between Keras backends, behind eight names.

Each of `tensorflow.py`, `jax.py` and `torch.py` defines

* `TrainStep`: a mixin that turns a stateful `play_round(data)` into the `train_step` that
  Keras's trainer of that backend calls (and `play_test_round(data)` into `test_step`);
* `minimize(objective, variables, optimizer, state)`: moves `variables` one step;
* `input_gradient(function, inputs)`: a gradient that can be differentiated again;
* `compute_if(predicate, function, state)`: a scalar, or zero and nothing computed;
* `trace_once(function, *example)`: a function that TensorFlow traces once for many calls;
* `leaky_relu(inputs, negative_slope)`: a rectifier whose second derivative costs nothing;
* `fused_batch_normalization(inputs, gamma, beta, epsilon)`: in one kernel; None for Keras's own;
* `draw(function, n)`: random numbers for the examples of this replica.

This is the only package that imports TensorFlow, JAX or PyTorch at module level.
"""

import importlib

import keras

NAMES = ("tensorflow", "jax", "torch")

if keras.backend.backend() not in NAMES:
    raise ImportError(
        f"kgan does not run on the Keras backend {keras.backend.backend()!r}; "
        "set KERAS_BACKEND to tensorflow, jax or torch"
    )

_chosen = importlib.import_module(f"kgan.backend.{keras.backend.backend()}")
TrainStep = _chosen.TrainStep
compute_if = _chosen.compute_if
draw = _chosen.draw
fused_batch_normalization = _chosen.fused_batch_normalization
input_gradient = _chosen.input_gradient
leaky_relu = _chosen.leaky_relu
minimize = _chosen.minimize
trace_once = _chosen.trace_once

__all__ = [
    "TrainStep",
    "compute_if",
    "draw",
    "fused_batch_normalization",
    "input_gradient",
    "leaky_relu",
    "minimize",
    "trace_once",
]
