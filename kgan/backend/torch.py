"""PyTorch: parameters carry their own state; autograd records the gradient."""

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel


class TrainStep:
    """Runs a round as Keras's PyTorch trainer expects it."""

    replicas = 1

    def train_step(self, data):
        """Plays one round and returns its logs."""
        return self.play_round(data)

    def test_step(self, data):
        """Measures the losses on one batch and returns them."""
        return self.play_test_round(data)


def minimize(objective, variables, optimizer, state):
    """Moves `variables` one `optimizer` step down `objective() -> (loss, aux)`; returns `aux`."""
    del state
    loss, aux = objective()
    if not variables:
        return aux
    loss = optimizer.scale_loss(loss)
    values = [v.value for v in variables]
    gradients = torch.autograd.grad(loss, values, allow_unused=True, materialize_grads=True)
    with torch.no_grad():
        optimizer.apply(list(gradients), variables)
    return aux


def input_gradient(function, inputs):
    """D sum(function(inputs)) / d inputs, itself differentiable."""
    # Keras measures under torch.no_grad(), and a penalty needs its gradient there too. Of the ways
    # to compute attention, one can be differentiated twice.
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        if not inputs.requires_grad:
            inputs = inputs.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(function(inputs).sum(), inputs, create_graph=True)
    return gradient


def compute_if(predicate, function, state):
    """`function()`, a float32 scalar, if `predicate` holds; else zero, and nothing is computed."""
    del state
    return function() if predicate else torch.zeros((), device=predicate.device)


def trace_once(function, *example):
    """`function` itself: PyTorch traces nothing."""
    del example
    return function


def leaky_relu(inputs, negative_slope):
    """Rectified `inputs`."""
    return torch.where(inputs > 0, inputs, negative_slope * inputs)


fused_batch_normalization = None


def draw(function, n):
    """`function(n)`: there is one replica."""
    return function(n)
