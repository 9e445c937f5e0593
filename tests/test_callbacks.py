import keras
import numpy as np
import PIL.Image
import pytest
import tiny

import kgan
from kgan import callbacks


def model():
    gan = kgan.GAN(*tiny.networks())
    gan.compile()
    return gan


def fit(gan, epochs, *listed, **kwargs):
    return gan.fit(
        tiny.images(12), batch_size=4, epochs=epochs, verbose=0, callbacks=[*listed], **kwargs
    )


def test_sample_grid_shows_the_same_latents_over_time(tmp_path):
    gan = model()
    before = gan.sample(9, seed=4)
    fit(gan, 4, callbacks.SampleGrid(tmp_path / "samples", rows=3, seed=4, every=2))
    files = sorted(path.name for path in (tmp_path / "samples").iterdir())
    # Named by the rounds played; there are three in an epoch.
    assert files == ["000000.png", "000006.png", "000012.png"]
    for name, images in (("000000.png", before), ("000012.png", gan.sample(9, seed=4))):
        picture = np.asarray(PIL.Image.open(tmp_path / "samples" / name))
        np.testing.assert_array_equal(picture, kgan.data.grid(images, columns=3)[:, :, 0])


def test_drawing_a_grid_does_not_change_training(tmp_path):
    trained = []
    for listed in ([], [callbacks.SampleGrid(tmp_path, rows=2)]):
        gan = model()
        fit(gan, 2, *listed)
        trained.append(gan.get_weights())
    for without, drawn in zip(*trained):
        np.testing.assert_array_equal(without, drawn)


def test_stop_at_rounds_counts_all_that_were_played():
    gan = model()
    fit(gan, 10, callbacks.StopAtRounds(4))
    assert int(gan.rounds) == 4
    fit(gan, 10, callbacks.StopAtRounds(9))
    assert int(gan.rounds) == 9


def test_checkpoint_replaces_a_file_only_by_a_complete_one(tmp_path, monkeypatch):
    gan = model()
    path = tmp_path / "folder" / "gan.keras"
    fit(gan, 1, callbacks.Checkpoint(path))
    assert int(keras.models.load_model(path).rounds) == 3

    def fail(self, filepath, **kwargs):
        filepath.write_bytes(b"half a file")
        raise OSError("disk full")

    monkeypatch.setattr(type(gan), "save", fail)
    with pytest.raises(OSError, match="disk full"):
        fit(gan, 1, callbacks.Checkpoint(path))
    assert int(keras.models.load_model(path).rounds) == 3
