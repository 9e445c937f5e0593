"""Training that starts from published weights, of any model and on any data that fits."""

import copy
import importlib.util
import json
import pathlib
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from test_cli import kgan_command
from test_publish import PRESET, change

import kgan
from kgan import fine_tuning, publish, training, zoo

CONDITIONAL = {
    **PRESET,
    "algorithm": "ConditionalGAN",
    "arguments": {"classes": 10},
    "networks": {
        "builder": "mlp",
        "arguments": {**PRESET["networks"]["arguments"], "classes": 10},
    },
    "data": {"source": "embedded", "limit": 64, "labels": True},
}


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    """Two published presets, of unlabelled and of labelled images, known to the zoo."""
    root = tmp_path_factory.mktemp("fine_tuning")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zoo, "_registered", {})
        for name, preset in (("plain_one", PRESET), ("told_one", CONDITIONAL)):
            training.train(copy.deepcopy(preset), root / "runs" / name, verbose=0)
            publish.publish(root / "runs" / name, root / "zoo" / name)
            zoo.register(root / "zoo" / name)
        yield root / "zoo"


@pytest.fixture
def digits(tmp_path):
    """Other images than the presets', in a file."""
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), dtype="uint8")
    np.savez(tmp_path / "digits.npz", images=images, labels=np.arange(64) % 10)
    return tmp_path / "digits.npz"


def tuned(name, source, rounds=2, recipe=None):
    """A preset that starts from another one's weights, on other data."""
    preset = zoo.with_data(fine_tuning.start_from(recipe or zoo.info(name), name), source)
    preset["training"]["rounds"] = rounds
    return preset


def assert_same_weights(network, other):
    for ours, theirs in zip(network.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["plain_one", "told_one"])
def test_both_players_start_from_the_published_weights(name, presets, digits):
    preset = tuned(name, digits)
    gan = zoo.build(preset)
    published = zoo.load(name, weights="pretrained")
    assert not np.array_equal(gan.generator.get_weights()[0], published.generator.get_weights()[0])
    fine_tuning.load_initial(gan, preset)
    for player in ("generator", "discriminator"):
        assert_same_weights(getattr(gan, player), getattr(published, player))
    if gan.ema_generator is not None:
        assert_same_weights(gan.ema_generator, published.generator)


@pytest.mark.parametrize("name", ["plain_one", "told_one"])
def test_a_run_begins_with_the_samples_of_the_preset(name, presets, digits, tmp_path):
    gan, _ = training.train(tuned(name, digits), tmp_path / "run", verbose=0)
    first = np.asarray(Image.open(tmp_path / "run" / "samples" / "000000.png")).astype(int)
    shown = np.asarray(Image.open(presets / name / "samples.png")).astype(int)
    assert np.abs(first - shown).max() <= 1
    assert int(gan.rounds) == 2
    assert not np.array_equal(
        gan.generator.get_weights()[0], zoo.load(name).generator.get_weights()[0]
    )


def test_a_run_goes_on_as_it_was_begun(presets, digits, tmp_path):
    training.train(tuned("plain_one", digits, rounds=4), tmp_path / "whole", verbose=0)
    # What it started from is not read again: the preset may be another one by now.
    training.train(tuned("plain_one", digits, rounds=2), tmp_path / "run", verbose=0)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["training"]["initial"]["preset"] == "plain_one"
    config["training"]["rounds"] = 4
    config["training"]["initial"]["weights"]["generator"] = "0" * 64
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    training.train(config, tmp_path / "run", resume=True, verbose=0)
    whole, parts = (
        keras.models.load_model(tmp_path / run / "model.keras") for run in ("whole", "run")
    )
    for player in ("generator", "discriminator"):
        assert_same_weights(getattr(whole, player), getattr(parts, player))


def test_the_card_says_what_training_started_from(presets, digits, tmp_path):
    training.train(tuned("plain_one", digits), tmp_path / "run", verbose=0)
    publish.publish(tmp_path / "run", tmp_path / "zoo" / "tuned_one")
    text = (tmp_path / "zoo" / "tuned_one" / "README.md").read_text()
    sums = zoo.info("plain_one")["measured"]["weights"]
    assert "| started from | the weights of `plain_one` (sha256: generator " in text
    assert sums["discriminator"]["sha256"][:12] in text
    command = "kgan train path/to/tuned_one --from path/to/plain_one"
    assert f"Again, from the weights of plain_one: `{command}`" in text
    assert "licence of this package" not in text
    assert (
        "Again from nothing: `kgan train path/to/plain_one`"
        in (presets / "plain_one" / "README.md").read_text()
    )


def test_what_there_is_no_start_from_is_refused(presets, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="wgan_gp_celeba has no pretrained weights to start from"):
        fine_tuning.start_from(PRESET, "wgan_gp_celeba")
    folder = shutil.copytree(presets / "plain_one", tmp_path / "alone")
    preset = json.loads((folder / "preset.json").read_text())
    del preset["measured"]["weights"]["discriminator"]
    change(folder / "preset.json", measured=preset["measured"])
    zoo.register(folder)
    with pytest.raises(ValueError, match="alone ships its generator alone"):
        fine_tuning.start_from(PRESET, "alone")


def test_weights_that_are_not_what_they_were_are_refused(presets, digits, tmp_path):
    preset = tuned("plain_one", digits)
    preset["training"]["initial"]["weights"]["generator"] = "0" * 64
    with pytest.raises(ValueError, match="started from weights of plain_one that it no longer has"):
        training.train(preset, tmp_path / "run", verbose=0)
    wider = copy.deepcopy(PRESET)
    wider["networks"]["arguments"]["width"] = 9
    with pytest.raises(ValueError, match="plain_one has other networks than this preset: "):
        training.train(tuned("plain_one", digits, recipe=wider), tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "shape", "classes", "said"),
    [
        ("plain_one", (32, 28, 28, 3), 10, r"takes images of shape \(28, 28, 1\), got .* 3\)"),
        ("plain_one", (32, 14, 14, 1), 10, r"takes images of shape \(28, 28, 1\), got .* 14, 1\)"),
        ("told_one", (32, 28, 28, 1), 12, "class labels must be 0 to 9, got 0 to 11"),
    ],
)
def test_data_that_does_not_fit_is_refused(name, shape, classes, said, presets, tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, images=np.zeros(shape, "uint8"), labels=np.arange(len(shape) * 8) % classes)
    with pytest.raises(ValueError, match=f"{name} cannot be trained on .*other.npz: .*{said}"):
        training.train(tuned(name, path), tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_fewer_classes_are_learned_with_a_warning(presets, tmp_path):
    path = tmp_path / "few.npz"
    np.savez(path, images=np.zeros((64, 28, 28, 1), "uint8"), labels=np.arange(64) % 3)
    with pytest.warns(UserWarning, match="has 3 classes and the model 10: those beyond keep"):
        training.train(tuned("told_one", path), tmp_path / "run", verbose=0)
    anew = kgan.zoo.with_data(kgan.zoo.info("told_one"), path)
    anew["training"] |= {"rounds": 1, "precision": "float32"}
    with pytest.warns(UserWarning, match="those beyond are never learned"):
        training.train(anew, tmp_path / "anew", verbose=0)


def test_a_preset_from_weights_of_another_is_trained_again(
    presets, digits, tmp_path, monkeypatch, capsys
):
    training.train(tuned("plain_one", digits), tmp_path / "run", verbose=0)
    publish.publish(tmp_path / "run", tmp_path / "tuned_one")
    monkeypatch.setattr(zoo, "_registered", {})
    again = ["train", tmp_path / "tuned_one", "--out", tmp_path / "again"]
    assert kgan_command(*again) == 2
    assert "kgan train --from path/to/plain_one" in capsys.readouterr().err
    assert kgan_command(*again, "--from", presets / "plain_one") == 0
    first, second = (
        keras.models.load_model(tmp_path / run / "model.keras") for run in ("run", "again")
    )
    assert_same_weights(first.generator, second.generator)


def test_classes_in_another_order_are_a_warning(tmp_path):
    def drawn(*names):
        root = tmp_path / "-".join(names)
        for name in names:
            for i in range(16):
                kgan.data.save_image(root / name / f"{i}.png", np.full((28, 28, 1), 9 * i, "uint8"))
        return root

    preset = copy.deepcopy(CONDITIONAL)
    preset["data"] = {"source": str(drawn("cat", "dog", "eel")), "labels": True, "channels": 1}
    preset["training"]["rounds"] = 1
    preset["arguments"] = {"classes": 3}
    preset["networks"]["arguments"]["classes"] = 3
    training.train(preset, tmp_path / "run", verbose=0)
    publish.publish(tmp_path / "run", tmp_path / "pets")
    zoo.register(tmp_path / "pets")
    renamed = tuned("pets", drawn("dog", "eel", "zebra"), rounds=1)
    with pytest.warns(UserWarning, match="another order than the weights: 'dog' is class 0 now"):
        training.train(renamed, tmp_path / "renamed", verbose=0)
    for model in ("pets", tmp_path / "run" / "model.keras"):
        with pytest.warns(UserWarning, match="'dog' is class 0 now and was 1, so the model is ask"):
            kgan.evaluation.evaluate(
                model,
                drawn("dog", "eel", "zebra"),
                split="train",
                n=16,
                metrics=["ms_ssim"],
                extractor=lambda images: images[:, :4, 0, 0],
                cache=False,
            )


@pytest.mark.parametrize("name", ["conditional_gan_mnist", "infogan_mnist"])
def test_the_command_tunes_a_preset_to_a_folder(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for i in range(20):
        # In colour and of another size than the networks'.
        pixels = random.integers(0, 256, (40, 36, 3), dtype="uint8")
        kgan.data.save_image(tmp_path / "mine" / str(i % 2) / f"{i}.png", pixels)
    arguments = ["--data", "mine", "--batch_size", 4, "--precision", "float32"]
    command = ["train", "--from", name, *arguments, "--rounds", 1]
    assert kgan_command(*command) == 0
    warned = "kgan: warning: mine has 2 classes and the model 10: those beyond keep showing"
    assert (warned in capsys.readouterr().err) == (name == "conditional_gan_mnist")
    config = json.loads((tmp_path / "runs" / f"{name}-tuned" / "config.json").read_text())
    assert config["name"] == config["training"]["initial"]["preset"] == name
    assert config["data"]["source"] == "mine"
    assert config["data_licence"] == "not stated"
    again = ["train", "--out", f"runs/{name}-tuned", "--resume", "--from"]
    assert kgan_command(*again, "gan_mnist") == 2
    assert "goes on as it was begun" in capsys.readouterr().err
    assert kgan_command(*again, "gan_mnist", name) == 2
    assert "leave out --from" in capsys.readouterr().err
    assert kgan_command(*again, name, "--rounds", 1) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to train: kgan train NAME, or kgan train --from PRESET"),
        (["--from", "wgan_gp_mnits"], "did you mean wgan_gp_mnist"),
        (["--from", "wgan_gp_celeba"], "wgan_gp_celeba has no pretrained weights to start from"),
        (["no_such_gan", "--from", "wgan_gp_mnist"], "the zoo has no preset 'no_such_gan'"),
    ],
)
def test_mistakes_are_one_line(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert kgan_command("train", *arguments) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert said in error


def example():
    """The module `examples/fine_tuning.py`."""
    path = pathlib.Path(__file__).parent.parent / "examples" / "fine_tuning.py"
    spec = importlib.util.spec_from_file_location("example_of_fine_tuning", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_measures_both_runs_after_the_same_rounds(presets, tmp_path):
    module = example()
    before = keras.config.dtype_policy()
    results, pictures = module.compare(
        "plain_one", "embedded", "train[:64]", [0, 1, 3], 32, report=lambda line: None
    )
    keras.config.set_dtype_policy(before)
    tuned_run, scratch = (results["runs"][title] for title in ("fine-tuned", "from scratch"))
    for run in (tuned_run, scratch):
        assert [len(column) for column in run["frechet"].values()] == [3]
        assert run["seconds"][0] == 0 < run["seconds"][1] <= run["seconds"][2]
    # Before training the one is the preset, and the other noise; training moves both.
    published = zoo.load("plain_one").sample(10, seed=0)
    np.testing.assert_allclose(pictures["fine-tuned"][0].astype(int), published, atol=1)
    keras.utils.set_random_seed(0)
    fresh = zoo.load("plain_one", weights=None).sample(10, seed=0)
    np.testing.assert_allclose(pictures["from scratch"][0].astype(int), fresh, atol=1)
    assert not np.array_equal(*pictures["fine-tuned"][:2])
    real = kgan.data.load("embedded", "train[:64]", limit=32, batch_size=1, shuffle=False).images
    extractor = kgan.metrics.Extractor(kgan.metrics.classifier_features("mnist"))
    features = [extractor(images) for images in (real, zoo.load("plain_one").sample(32, seed=0))]
    expected = kgan.metrics.frechet_distance(*features)
    assert tuned_run["frechet"]["mnist_classifier"][0] == pytest.approx(expected, rel=1e-4)
    pytest.importorskip("matplotlib")
    module.draw(results, pictures, tmp_path / "picture.png")
    assert min(Image.open(tmp_path / "picture.png").size) > 400


def test_images_of_a_growing_model_are_those_of_the_run():
    networks = {"image_shape": [8, 8, 1], "latent_dim": 4, "width": 4, "full_width_to": 4}
    gan = kgan.ProgressiveGAN(
        *kgan.networks.progressive(**networks), fade_images=60, batch_sizes={4: 16, 8: 4}
    )
    gan.images_seen.assign(1000)
    fresh = {"batch_size": 32}
    history = [{"rounds": "3"}, {"rounds": "5"}, {"rounds": "9"}]
    assert publish.count_images(gan, 5, fresh, history) == 1000
    assert publish.count_images(gan, 5, {**fresh, "initial": {}}, history) == 5 * 4
    assert publish.count_images(zoo.build(PRESET), 5, fresh, history) == 5 * 32
    # 100 steps a round as the first epoch begins, 5 as the second one does.
    steps = keras.optimizers.schedules.PiecewiseConstantDecay([2], [100, 5])
    wgan = kgan.WGAN(
        *kgan.networks.mlp((8, 8, 1), latent_dim=4, width=8), discriminator_steps=steps
    )
    assert publish.count_images(wgan, 5, fresh, history) == (3 * 100 + 2 * 5) * 32


PRETRAINED = [
    name
    for name in zoo.list()
    if "discriminator" in ((zoo.info(name)["measured"] or {}).get("weights") or {})
]


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED)
def test_every_preset_with_both_players_can_be_trained_on(name):
    preset = fine_tuning.start_from(zoo.info(name), name)
    gan = zoo.build(preset)
    fine_tuning.load_initial(gan, preset)
    assert_same_weights(gan.generator, gan.ema_generator)
    shape = gan.image_shape
    # Enough for a round of a growing model at its last size.
    images = np.random.default_rng(0).integers(0, 256, (32 * gan.discriminator_steps, *shape))
    given = (images.astype("uint8"),)
    if gan.conditional:
        labels = gan.generator.inputs[1].shape[1:]
        given += (np.zeros((len(images), *labels), "float32" if labels else "int32"),)
    before = gan.discriminator.get_weights()
    history = gan.fit(*given, batch_size=8, steps_per_epoch=1, verbose=0).history
    assert np.isfinite(history["d_loss"]).all()
    assert any((a != b).any() for a, b in zip(before, gan.discriminator.get_weights()))
