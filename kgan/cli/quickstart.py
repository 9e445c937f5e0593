"""A first look: digits of a pretrained model, and a small one trained."""

import pathlib
import time

import keras

from kgan import callbacks, data, models, networks, zoo


def run_quickstart(args):
    """`kgan quickstart`."""
    out = pathlib.Path(args.out)
    pretrained = out / "pretrained.png"
    gan = zoo.load("wgan_gp_mnist", weights="pretrained")
    images, columns = gan.sample_grid(seed=0)
    data.save_image(pretrained, data.grid(images, columns=columns))
    print(f"the pretrained wgan_gp_mnist drew {len(images)} digits: {pretrained}")

    print(f"\nnow a small GAN learns digits from nothing, for about {args.seconds} seconds")
    dataset = data.load("embedded", batch_size=64)
    keras.utils.set_random_seed(0)
    small = models.GAN(*networks.dcgan(dataset.image_shape, 32, width=24), ema_decay=0.99)
    small.compile()
    before, after = out / "before.png", out / "after.png"
    data.save_image(before, data.grid(small.sample_grid()[0]))
    small.fit(dataset, epochs=1000, callbacks=[StopAfter(args.seconds)])
    data.save_image(after, data.grid(small.sample_grid()[0]))
    callbacks.save(small, out / "small_gan.keras")
    print(f"\nbefore: {before}\nafter:  {after}\nmodel:  {out / 'small_gan.keras'}")


class StopAfter(keras.callbacks.Callback):
    """Stops training after a number of seconds, counted from the end of the first round."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.deadline = None

    def on_train_batch_end(self, batch, logs=None):
        """Stops when it is time."""
        self.deadline = self.deadline or time.monotonic() + self.seconds
        if time.monotonic() > self.deadline:
            self.model.stop_training = True
