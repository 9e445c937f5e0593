"""Calls of `sample`, from latents to uint8 images on the host, and of a PyTorch generator."""

import keras
import reporting
import workloads

import kgan

task = reporting.task()


def main():
    """Samples, and reports."""
    keras.config.set_dtype_policy(task["precision"])
    gan = workloads.build("wgan_gp", task["workload"])
    gan.compile()
    clock = reporting.Clock(task)
    for seed in range(clock.total):
        gan.sample(task["batch"], seed=seed)
        # The images are on the host.
        clock.round_ended(lambda: None)
    backend = keras.backend.backend()
    clock.report(
        **reporting.device(backend),
        **reporting.peak_memory(backend),
        precision=task["precision"],
        jit=backend == "jax",
        parameters=gan.generator.count_params(),
        versions={
            "kgan": kgan.__version__,
            "keras": keras.__version__,
            backend: __import__(backend).__version__,
        },
    )


main()
