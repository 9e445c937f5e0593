"""What the device can do: the fastest convolution and the fastest matrix product, in FLOP/s.

Many shapes are tried, each for a while, and the best counts: a limit, not what is usual.
"""

import time

import reporting

task = reporting.task()
SECONDS = 0.4
# Images, size in pixels, channels in and out, kernel.
CONVOLUTIONS = [
    (64, 14, 64, 128, 5), (64, 16, 128, 128, 3), (64, 32, 128, 128, 3), (64, 16, 256, 256, 3),
    (64, 7, 256, 256, 5), (32, 28, 128, 256, 5), (256, 32, 128, 128, 3), (256, 16, 512, 512, 3),
]  # fmt: skip
MATRICES = {"cpu": (1024, 2048, 4096), "gpu": (4096, 8192, 16384)}


def fastest(make, shapes, cost):
    """The highest FLOP/s over all shapes, and its shape."""
    best = (0.0, None)
    for shape in shapes:
        run = make(shape)
        run()
        calls, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < SECONDS:
            run()
            calls += 1
        best = max(best, (calls * cost(shape) / (time.perf_counter() - begun), shape))
    return best


def conv_cost(shape):
    """Operations of a convolution of stride 1."""
    n, size, inputs, outputs, kernel = shape
    return 2 * n * size**2 * inputs * outputs * kernel**2


def tensorflow_runs(dtype):
    """How to make both in TensorFlow."""
    import tensorflow as tf

    def conv(shape):
        n, size, inputs, outputs, kernel = shape
        x = tf.cast(tf.random.normal([n, size, size, inputs]), dtype)
        w = tf.cast(tf.random.normal([kernel, kernel, inputs, outputs]), dtype)
        step = tf.function(lambda: tf.nn.conv2d(x, w, 1, "SAME")[0, 0, 0, 0])
        return lambda: step().numpy()

    def matmul(n):
        x = tf.cast(tf.random.normal([n, n]), dtype)
        step = tf.function(lambda: (x @ x)[0, 0])
        return lambda: step().numpy()

    return conv, matmul


def jax_runs(dtype):
    """How to make both in JAX."""
    import jax

    layout = ("NHWC", "HWIO", "NHWC")

    # Of random numbers, as on the other backends: with all alike, a GPU draws less power and is
    # faster.
    def normal(*shape):
        return jax.random.normal(jax.random.key(0), shape).astype(dtype)

    def conv(shape):
        n, size, inputs, outputs, kernel = shape
        x = normal(n, size, size, inputs)
        w = normal(kernel, kernel, inputs, outputs)
        step = jax.jit(
            lambda x, w: jax.lax.conv_general_dilated(
                x, w, (1, 1), "SAME", dimension_numbers=layout
            )
        )
        return lambda: step(x, w).block_until_ready()

    def matmul(n):
        x = normal(n, n)
        step = jax.jit(lambda x: x @ x)
        return lambda: step(x).block_until_ready()

    return conv, matmul


def torch_runs(dtype):
    """How to make both in PyTorch."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = getattr(torch, dtype)

    def wait():
        if device == "cuda":
            torch.cuda.synchronize()

    def conv(shape):
        n, size, inputs, outputs, kernel = shape
        x = torch.randn(n, inputs, size, size, device=device, dtype=dtype)
        w = torch.randn(outputs, inputs, kernel, kernel, device=device, dtype=dtype)
        x, w = (t.to(memory_format=torch.channels_last) for t in (x, w))

        def run():
            torch.nn.functional.conv2d(x, w, padding=kernel // 2)
            wait()

        return run

    def matmul(n):
        x = torch.randn(n, n, device=device, dtype=dtype)

        def run():
            x @ x
            wait()

        return run

    return conv, matmul


def main():
    """Measures and prints."""
    import json

    about = reporting.device(task["backend"])
    dtype = {"float32": "float32", "mixed_bfloat16": "bfloat16"}[task["precision"]]
    runs = {"tensorflow": tensorflow_runs, "jax": jax_runs, "torch": torch_runs}
    conv, matmul = runs[task["backend"]](dtype)
    conv_rate, conv_shape = fastest(conv, CONVOLUTIONS, conv_cost)
    matmul_rate, size = fastest(matmul, MATRICES[about["kind"]], lambda n: 2 * n**3)
    print(
        json.dumps(
            {
                **about,
                "precision": task["precision"],
                "convolution": {"flops_per_second": conv_rate, "shape": conv_shape},
                "matrix": {"flops_per_second": matmul_rate, "shape": size},
            }
        )
    )


main()
