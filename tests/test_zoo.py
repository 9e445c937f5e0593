"""The registry: presets are data, and what they promise can be loaded."""

import json
import shutil

import keras
import numpy as np
import pytest

import kgan

PRETRAINED = [name for name in kgan.zoo.list() if kgan.zoo.info(name)["measured"]]
DIGITS = [name for name in PRETRAINED if kgan.zoo.info(name)["data"]["source"] == "mnist"]
# Bytes of weights that a preset may have, by the size of its images.
BUDGET = {28: 2e6, 32: 6e6, 64: 6e6}


def test_the_zoo_has_what_was_promised():
    algorithms = ("gan", "wgan", "wgan_gp", "conditional_gan", "infogan")
    promised = {f"{a}_{d}" for a in algorithms for d in ("mnist", "fashion_mnist")}
    assert promised | {"wgan_gp_cifar10", "wgan_gp_celeba"} <= set(kgan.zoo.list())
    assert {f"{a}_mnist" for a in algorithms} <= set(PRETRAINED)


@pytest.mark.parametrize("name", kgan.zoo.list())
def test_every_preset_builds_a_compiled_model(name):
    gan = kgan.zoo.load(name, weights=None)
    preset = kgan.zoo.info(name)
    assert type(gan).__name__ == preset["algorithm"]
    size, channels = preset["data"]["image_size"], preset["data"]["channels"]
    needs_vectors = gan.conditional and getattr(gan, "classes", None) is None
    condition = np.eye(2, gan.generator.inputs[1].shape[-1]) if needs_vectors else None
    images = gan.sample(2, condition=condition, seed=0)
    assert images.shape == (2, size, size, channels)
    assert images.dtype == np.uint8
    assert gan.compiled


@pytest.mark.parametrize("name", PRETRAINED)
def test_pretrained_weights_are_float16_of_known_checksum(name):
    import h5py

    folder = kgan.zoo.folder_of(name)
    total = 0
    for file in kgan.zoo.info(name)["measured"]["weights"].values():
        assert kgan.weight_files.sha256(folder / file["file"]) == file["sha256"]
        total += (folder / file["file"]).stat().st_size
        with h5py.File(folder / file["file"]) as opened:
            found = set()
            opened.visititems(lambda _, x: found.add(str(getattr(x, "dtype", "float16"))))  # noqa: B023
        assert found == {"float16"}
    assert total < BUDGET[kgan.zoo.info(name)["data"]["image_size"]]


@pytest.mark.parametrize("name", DIGITS)
def test_pretrained_samples_have_the_statistics_of_their_data(name):
    # Digits: the training set's mean pixel is 33.3 of 255, and four fifths are nearly black.
    images = kgan.zoo.load(name, weights="pretrained").sample(256, seed=0)
    real = kgan.data.load("embedded").images
    assert abs(images.mean() - real.mean()) < 8
    assert abs((images < 32).mean() - (real < 32).mean()) < 0.06
    assert len(np.unique(images.reshape(256, -1), axis=0)) > 200


def test_avatars_have_the_background_that_the_text_asks_for():
    pytest.importorskip("sentence_transformers")
    gan = kgan.zoo.load("text_gan_avatars", weights="pretrained")
    # As the data set's backgrounds are drawn.
    colours = {"blue": 0xB6E3F4, "purple": 0xC0AEDE, "pink": 0xFFD5DC, "green": 0xC1E7C4}
    drawn = np.array([[c >> 16, c >> 8 & 255, c & 255] for c in colours.values()], float)
    for i, name in enumerate(colours):
        prompt = f"a person with short black hair, smiling, on a {name} background"
        corner = gan.sample(16, seed=0, prompt=prompt)[:, :6, :6].mean(axis=(1, 2))
        distances = np.linalg.norm(corner[:, None] - drawn[None], axis=2)
        assert (distances.argmin(axis=1) == i).mean() > 0.9, name
        assert distances[:, i].mean() < 20, name


def test_fine_tuning_starts_from_both_players():
    gan = kgan.zoo.load("wgan_gp_mnist", weights="pretrained")
    real = kgan.data.load("embedded", limit=256).arrays()[0]
    fake = gan.sample(256, seed=0)
    score = lambda x: float(np.mean(gan.discriminator.predict(x, verbose=0)))  # noqa: E731
    noise = np.random.default_rng(0).uniform(-1, 1, real.shape).astype("float32")
    # The critic has learned to tell: it prefers digits to noise.
    assert score(real) > score(noise)
    assert abs(score(real) - score(kgan.data.to_float(fake))) < abs(score(real) - score(noise))
    gan.fit(real[:40], batch_size=8, verbose=0)


def test_celeba_is_ready_for_fit():
    with pytest.warns(UserWarning, match="has no pretrained weights"):
        gan = kgan.zoo.load("wgan_gp_celeba")
    assert gan.compiled
    assert gan.sample(1).shape == (1, 64, 64, 3)
    with pytest.raises(ValueError, match="has no pretrained weights"):
        kgan.zoo.load("wgan_gp_celeba", weights="pretrained")


def test_celeba_trains_on_its_own_data_path():
    tfds = pytest.importorskip("tensorflow_datasets")
    gan = kgan.zoo.load("wgan_gp_celeba", weights=None)
    # Full-size networks: one round of few images is enough to know that the shapes fit.
    with tfds.testing.mock_data(num_examples=20):
        dataset = kgan.zoo.dataset("wgan_gp_celeba", batch_size=2)
        history = gan.fit(dataset, steps_per_epoch=1, verbose=0).history
    assert np.isfinite(history["d_loss"][0])


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean wgan_gp_mnist"):
        kgan.zoo.load("wgan_gp_minst")


def test_a_changed_file_is_refused(tmp_path):
    folder = tmp_path / "my_preset"
    shutil.copytree(kgan.zoo.folder_of("gan_mnist"), folder)
    assert kgan.zoo.register(folder) == "my_preset"
    assert "my_preset" in kgan.zoo.list()
    kgan.zoo.load("my_preset", weights="pretrained")
    weights = folder / "generator.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="does not have the checksum"):
        kgan.zoo.load("my_preset")


def test_register_refuses_what_it_cannot_build(tmp_path):
    with pytest.raises(ValueError, match=r"has no preset\.json"):
        kgan.zoo.register(tmp_path)
    preset = kgan.zoo.info("gan_mnist")
    for key, value, said in (
        ("algorithm", "os.system", "unknown algorithm"),
        ("networks", {"builder": "exec", "arguments": {}}, "unknown network builder"),
        (
            "arguments",
            {"penalties": [{"module": "antigravity", "class_name": "fly", "config": {}}]},
            "objects of the module 'antigravity'",
        ),
    ):
        (tmp_path / "preset.json").write_text(json.dumps({**preset, key: value}))
        with pytest.raises(ValueError, match=said):
            kgan.zoo.register(tmp_path)


def test_weights_lie_in_the_presets_folder(tmp_path):
    folder = tmp_path / "elsewhere"
    shutil.copytree(kgan.zoo.folder_of("gan_mnist"), folder)
    preset = json.loads((folder / "preset.json").read_text())
    for file, said in (
        ({"file": "../generator.weights.h5", "sha256": "0" * 64}, "lie in its folder"),
        ({"url": "file:///generator.weights.h5", "sha256": None}, "needs a sha256"),
    ):
        preset["measured"]["weights"]["generator"] = file
        (folder / "preset.json").write_text(json.dumps(preset))
        kgan.zoo.register(folder)
        with pytest.raises(ValueError, match=said):
            kgan.zoo.load("elsewhere")


def test_a_preset_by_hand_may_have_no_measurements(tmp_path):
    preset = kgan.zoo.info("gan_mnist")
    del preset["measured"]
    (tmp_path / "preset.json").write_text(json.dumps(preset))
    assert kgan.zoo.info(kgan.zoo.register(tmp_path))["measured"] is None


@pytest.mark.parametrize(
    ("section", "changes", "said"),
    [
        ("training", {"seed": None}, "training.seed must be an integer, got None"),
        ("training", {"batch_size": "64"}, "training.batch_size must be an integer, got '64'"),
        ("data", {"sourse": "mnist"}, "data do not fit load: got an unexpected .* 'sourse'"),
        ("networks", {"arguments": 3}, "networks.arguments must be an object, got 3"),
        (
            "networks",
            {"arguments": {"widht": 32}},
            "networks.arguments do not fit dcgan: got an unexpected keyword argument 'widht'",
        ),
        ("optimizers", {"critic": "adam"}, "the generator's and the discriminator's, got 'critic'"),
        ("arguments", {"ema": 0.9}, "Unrecognized keyword arguments passed to GAN: .*ema"),
    ],
)
def test_mistakes_in_a_preset_are_told(section, changes, said, tmp_path):
    preset = kgan.zoo.info("gan_mnist")
    preset[section] = {**preset[section], **changes}
    (tmp_path / "preset.json").write_text(json.dumps(preset))
    with pytest.raises(ValueError, match=said):
        kgan.zoo.register(tmp_path)


@pytest.mark.parametrize("text", ["{", "[1, 2]", ""])
def test_a_preset_that_is_no_json_object_is_named(text, tmp_path):
    (tmp_path / "preset.json").write_text(text)
    with pytest.raises(ValueError, match=r"preset\.json(: a preset must be an object| is no JSON)"):
        kgan.zoo.register(tmp_path)


def elsewhere(folder, **file):
    """A preset like `gan_mnist` whose generator's weights are somewhere else."""
    shutil.copytree(kgan.zoo.folder_of("gan_mnist"), folder)
    preset = json.loads((folder / "preset.json").read_text())
    preset["measured"]["weights"] = {"generator": file}
    (folder / "preset.json").write_text(json.dumps(preset))
    return kgan.zoo.register(folder)


def test_weights_are_downloaded_once_and_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_HOME", str(tmp_path / "new" / "home"))
    cache = tmp_path / "new" / "home" / "weights"
    generator = kgan.zoo.folder_of("gan_mnist") / "generator.weights.h5"
    served = tmp_path / "served.h5"
    served.write_bytes(generator.read_bytes())
    checksum = kgan.weight_files.sha256(generator)
    name = elsewhere(tmp_path / "remote", url=served.as_uri(), sha256=checksum)
    expected = kgan.zoo.load("gan_mnist", weights="pretrained").sample(4, seed=0)

    whole = served.read_bytes()
    served.write_bytes(whole[:-1])
    with pytest.raises(
        ValueError, match=rf"served\.h5 has sha256 .* expects {checksum}: it is inc"
    ):
        kgan.zoo.load(name)
    assert not [*cache.iterdir()]

    served.write_bytes(whole)
    np.testing.assert_array_equal(kgan.zoo.load(name).sample(4, seed=0), expected)
    assert [path.name for path in cache.iterdir()] == [f"{checksum}.weights.h5"]

    served.unlink()
    np.testing.assert_array_equal(kgan.zoo.load(name).sample(4, seed=0), expected)
    (cache / f"{checksum}.weights.h5").write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"file:.*served\.h5 could not be downloaded"):
        kgan.zoo.load(name)


@pytest.mark.parametrize("url", ["http://localhost:9/g.weights.h5", "no url at all"])
def test_what_cannot_be_reached_is_named_with_the_remedy(tmp_path, monkeypatch, url):
    monkeypatch.setenv("KGAN_HOME", str(tmp_path / "home"))
    name = elsewhere(tmp_path / f"remote_{len(url)}", url=url, sha256="0" * 64)
    said = rf"{url} could not be downloaded \(.*\): put the file at .*home.*KGAN_HOME.*weights=None"
    with pytest.raises(ValueError, match=said):
        kgan.zoo.load(name)
    assert not [*(tmp_path / "home" / "weights").iterdir()]
    kgan.zoo.load(name, weights=None)


def test_weights_of_another_network_are_named_with_what_was_expected(tmp_path):
    other = kgan.zoo.folder_of("conditional_gan_mnist") / "generator.weights.h5"
    said = (
        r"the preset 'gan_mnist' is a kgan\.GAN of kgan\.networks\.dcgan\(.*latent_dim=64.*\), and "
        rf".*{other.name} is not a weights file of this generator, which has \d+ arrays of [\d,]+ n"
    )
    with pytest.raises(ValueError, match=said):
        kgan.zoo.load("gan_mnist", weights=other)
    garbage = tmp_path / "g.weights.h5"
    garbage.write_bytes(b"none")
    with pytest.raises(ValueError, match="is not a weights file of this generator"):
        kgan.zoo.load("gan_mnist", weights=str(garbage))
    # A preset may be wrong about its own file, too.
    name = elsewhere(
        tmp_path / "mixed_up", file="generator.weights.h5", sha256=kgan.weight_files.sha256(other)
    )
    shutil.copy(other, tmp_path / "mixed_up" / "generator.weights.h5")
    with pytest.raises(ValueError, match="the preset 'mixed_up' is a kgan"):
        kgan.zoo.load(name)


def test_weights_survive_float16(tmp_path):
    generator, _ = kgan.networks.mlp((4, 4, 1), 3, width=8)
    digest = kgan.weight_files.save_weights(generator, tmp_path / "g.weights.h5")
    assert digest == kgan.weight_files.sha256(tmp_path / "g.weights.h5")
    before = generator.get_weights()
    generator.set_weights([w * 0 for w in before])
    generator.load_weights(tmp_path / "g.weights.h5")
    for w, b in zip(generator.get_weights(), before):
        np.testing.assert_array_equal(w, b.astype("float16").astype("float32"))
    generator.weights[0].assign(generator.weights[0] * 0 + 1e6)
    with pytest.raises(ValueError, match="too large for float16"):
        kgan.weight_files.save_weights(generator, tmp_path / "g.weights.h5")


def test_the_averaged_generator_starts_from_the_pretrained_one():
    gan = kgan.zoo.load("gan_mnist", weights="pretrained")
    for average, weight in zip(gan.ema_generator.get_weights(), gan.generator.get_weights()):
        np.testing.assert_array_equal(average, weight)
    assert keras.ops.convert_to_numpy(gan.rounds) == 0


def test_other_data_leave_behind_what_was_said_of_the_old():
    preset = kgan.zoo.info("wgan_gp_mnist")
    assert kgan.zoo.with_data(preset, "mnist") == preset
    other = kgan.zoo.with_data(kgan.zoo.info("gan_mnist"), "my_folder")
    assert other["data_licence"] == "not stated"
    assert other["description"] == "GAN on my_folder"
    assert "tries" not in other
    assert "hold_out" not in other["training"]
