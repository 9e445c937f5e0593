"""What is timed: kgan's models on three pairs of networks.

| workload | images | networks |
|---|---|---|
| `digits` | 28 px, grey | DCGAN, kernels of 5: generator 7x7x128, 64, 1; critic 64, 128, 256 |
| `resnet` | 32 px, colour | WGAN-GP's for CIFAR-10: 128 channels in both |
| `progressive` | 64 px, colour | progressive growing's, fully grown: 128 channels up to 16 px |
"""

IMAGES = {"digits": (28, 28, 1), "resnet": (32, 32, 3), "progressive": (64, 64, 3)}
PRECISIONS = ("float32", "mixed_bfloat16")
LATENTS = 128
CLASSES = 10
TEXT = 32
# Those on DCGAN or ResNet; the growing one has networks of its own.
ALGORITHMS = {
    "gan": "GAN",
    "wgan": "WGAN",
    "wgan_gp": "WGANGP",
    "conditional_gan": "ConditionalGAN",
    "acgan": "ACGAN",
    "infogan": "InfoGAN",
    "relativistic_gan": "RelativisticGAN",
    "text_gan": "TextGAN",
}
# Batch norm in the discriminator does not go with a penalty on each image's gradient.
PENALISED = ("wgan_gp", "relativistic_gan")


def build(algorithm, workload, image_size=None, discriminator_steps=None):
    """A model of kgan, not yet compiled.

    Args:
        algorithm: One of `ALGORITHMS`, or `progressive_gan`.
        workload: One of `IMAGES`.
        image_size: Another one than the workload's, in pixels.
        discriminator_steps: Another number than the algorithm's.
    """
    import kgan

    shape = IMAGES[workload]
    if image_size is not None:
        shape = (image_size, image_size, shape[-1])
    if algorithm == "progressive_gan" or workload == "progressive":
        if algorithm not in ("progressive_gan", "wgan_gp"):
            raise ValueError(f"{algorithm} does not grow: choose digits or resnet")
        return grown(shape if shape[0] != 28 else (32, 32, shape[-1]))
    condition = {}
    if algorithm in ("conditional_gan", "acgan", "relativistic_gan"):
        condition = {"classes": CLASSES}
    if algorithm == "acgan":
        condition["class_head"] = True
    if algorithm == "text_gan":
        condition = {"condition_dim": TEXT}
    latents, arguments = LATENTS, {}
    if algorithm == "infogan":
        codes = [kgan.latents.Categorical(10), kgan.latents.Continuous(2, name="style")]
        latents, condition, arguments = 62 + 12, {"code_parameters": 14}, {"codes": codes}
    if algorithm in ("conditional_gan", "acgan", "relativistic_gan"):
        arguments = {"classes": CLASSES}
    if discriminator_steps is not None:
        arguments["discriminator_steps"] = discriminator_steps
    if workload == "resnet":
        options = {"width": (32, 64), "pooling": "mean"}
    else:
        options = {"discriminator_norm": None if algorithm in PENALISED else "batch"}
    networks = getattr(kgan.networks, {"digits": "dcgan"}.get(workload, workload))
    players = networks(shape, latents, **options, **condition)
    return getattr(kgan, ALGORITHMS[algorithm])(*players, **arguments)


def grown(shape):
    """A ProgressiveGAN in its last phase."""
    import kgan

    networks = kgan.networks.progressive(shape, LATENTS, width=128, full_width_to=16)
    return grow_up(kgan.ProgressiveGAN(*networks, fade_images=64, stable_images=64))


def grow_up(gan):
    """Brings a ProgressiveGAN to the end of its last fade; returns it."""
    gan.images_seen.assign(gan.phases.seen_at(len(gan.phases.sizes) - 1, 1.0))
    # Else it would take the fades of its networks, which have not grown, for what it has seen.
    gan.fade()
    return gan


def data(gan, batch, rounds=4):
    """Random images, and what they belong to, for so many rounds: arguments of `fit`."""
    import numpy as np

    random = np.random.default_rng(0)
    n = batch * gan.discriminator_steps * rounds
    # Without a copy in double precision: the peak of memory is measured too.
    images = 2 * random.random((n, *gan.image_shape), "float32") - 1
    if not gan.conditional:
        return (images,)
    shape = gan.generator.inputs[1].shape[1:]
    if shape:
        return images, random.normal(size=(n, *shape)).astype("float32")
    return images, random.integers(0, gan.classes, n).astype("int32")
