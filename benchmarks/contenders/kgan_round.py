"""Rounds of a model of kgan, in `fit`."""

import contextlib
import sys

import keras
import reporting
import workloads
from flops import round_cost
from keras_clock import Rounds

import kgan

task = reporting.task()


def counted(gan):
    """The round as a pure function, and its arguments."""
    shape = (task["batch"], gan.discriminator_steps, *gan.image_shape)
    images = keras.ops.zeros(shape)
    if keras.backend.backend() == "tensorflow":
        return gan.train_step, (images,)
    groups = (
        gan.trainable_variables,
        gan.non_trainable_variables,
        gan.optimizer.variables,
        gan.metrics_variables,
    )
    state = tuple([v.value for v in variables] for variables in groups)
    return gan.train_step, (state, images)


def devices(backend):
    """What splits each batch over `task["devices"]` devices, as a context to build the model in."""
    n = task.get("devices", 1)
    if n == 1:
        return contextlib.nullcontext()
    if backend == "jax":
        import jax

        if len(jax.devices()) < n:
            reporting.unavailable(f"JAX has {len(jax.devices())} devices here")
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(devices=[str(d) for d in jax.devices()[:n]])
        )
        return contextlib.nullcontext()
    if backend != "tensorflow":
        reporting.unavailable(f"Keras does not split batches on {backend}")
    import tensorflow as tf

    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    physical = tf.config.list_physical_devices(kind)
    if kind == "CPU":
        logical = [tf.config.LogicalDeviceConfiguration() for _ in range(n)]
        tf.config.set_logical_device_configuration(physical[0], logical)
    elif len(physical) < n:
        reporting.unavailable(f"TensorFlow has {len(physical)} GPUs here")
    return tf.distribute.MirroredStrategy([f"{kind}:{i}" for i in range(n)]).scope()


def main():
    """Trains, and reports."""
    backend = keras.backend.backend()
    keras.config.set_dtype_policy(task["precision"])
    if task.get("preset"):
        preset = kgan.zoo.info(task["preset"])
        gan = kgan.zoo.build(preset, jit_compile=task["jit"])
        if isinstance(gan, kgan.ProgressiveGAN):
            workloads.grow_up(gan)
    else:
        with devices(backend):
            gan = workloads.build(task["algorithm"], task["workload"], **task.get("change", {}))
            gan.compile(jit_compile=task["jit"])
    if gan.jit_compile != task["jit"]:
        sys.exit(f"asked for jit_compile={task['jit']}, got {gan.jit_compile}")
    used = {layer.compute_dtype for layer in (gan.generator.layers[1], gan.discriminator.layers[1])}
    expected = keras.DTypePolicy(task["precision"]).compute_dtype
    if used != {expected}:
        sys.exit(f"asked for {task['precision']}, the networks compute in {', '.join(used)}")
    if task.get("count"):
        reporting.count(backend, *counted(gan))
    arrays = workloads.data(gan, task["batch"])
    clock = reporting.Clock(task)
    gan.fit(
        *arrays,
        batch_size=task["batch"],
        steps_per_epoch=clock.total,
        verbose=0,
        callbacks=[Rounds(clock)],
    )
    version = __import__(backend).__version__
    flops = round_cost(
        type(gan).__name__, gan.generator, gan.discriminator, task["batch"], gan.discriminator_steps
    )
    clock.report(
        **reporting.device(backend),
        **reporting.peak_memory(backend),
        algorithm=type(gan).__name__,
        precision=task["precision"],
        jit=gan.jit_compile,
        parameters=gan.generator.count_params() + gan.discriminator.count_params(),
        discriminator_steps=gan.discriminator_steps,
        flops=flops,
        versions={"kgan": kgan.__version__, "keras": keras.__version__, backend: version},
    )


main()
