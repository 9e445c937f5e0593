"""What a card tells: what was measured, what was drawn, and what went wrong."""

import copy
import json
import shutil

import numpy as np
import pytest
from PIL import Image
from test_cli import kgan_command
from test_publish import names

import kgan
from kgan import cards, evaluation, publish, training, zoo
from kgan.cards import pictures

COLOURED = {
    "algorithm": "GAN",
    "arguments": {},
    "networks": {
        "builder": "mlp",
        "arguments": {"image_shape": [8, 8, 3], "latent_dim": 4, "width": 8},
    },
    "optimizers": {},
    "data": {"source": "images.npz"},
    "training": {"batch_size": 16, "rounds": 2, "seed": 0, "precision": "float32"},
    "measured": None,
}


@pytest.fixture(scope="module")
def coloured(tmp_path_factory):
    """The run of a preset of coloured images, which no classifier knows."""
    root = tmp_path_factory.mktemp("cards")
    images = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 3), dtype="uint8")
    np.savez(root / "images.npz", images=images)
    preset = copy.deepcopy(COLOURED)
    preset["data"]["source"] = str(root / "images.npz")
    training.train(preset, root / "run", verbose=0)
    return root / "run"


@pytest.fixture
def preset(tmp_path):
    """A copy of a pretrained preset, which learned from digits."""
    return shutil.copytree(zoo.folder_of("conditional_gan_mnist"), tmp_path / "told")


def about(folder):
    return json.loads((folder / "preset.json").read_text())


def test_a_card_is_made_again_as_it_was(preset):
    before = {path.name: path.read_bytes() for path in preset.iterdir()}
    for file in (*pictures.FILES, "README.md"):
        (preset / file).unlink()
    cards.renew(preset)
    after = {path.name: path.read_bytes() for path in preset.iterdir()}
    assert set(after) == set(before)
    for file in (pictures.SAMPLES, pictures.INTERPOLATION):
        ours, theirs = (np.asarray(Image.open(preset / file)).astype(int), _pixels(before[file]))
        assert np.abs(ours - theirs).max() <= 2
    again = cards.card("told", about(preset), builtin=False)
    assert after["README.md"].decode() == again
    # It is not in kgan's own zoo: the card says how to come by it all the same.
    assert 'kgan.zoo.register("path/to/told")\ngan = kgan.zoo.load("told")' in again
    assert "`kgan sample path/to/told`" in again and "`kgan train path/to/told`" in again


def _pixels(png):
    import io

    return np.asarray(Image.open(io.BytesIO(png))).astype(int)


def test_the_failures_are_the_worst_by_the_classifier(preset):
    gan = zoo.load("conditional_gan_mnist")
    labels = np.arange(pictures.CANDIDATES) % 10
    images = gan.sample(pictures.CANDIDATES, condition=labels, seed=pictures.SEEDS["failures.png"])
    seen = kgan.metrics.Extractor(kgan.metrics.classifier("mnist"))(images)
    worst = np.argsort(seen[np.arange(len(labels)), labels])[0]
    shown = np.asarray(Image.open(preset / "failures.png"))[2:30, 2:30]
    assert np.abs(shown.astype(int) - images[worst, ..., 0]).max() <= 2
    assert seen[worst, labels[worst]] < 0.5
    text = (preset / "README.md").read_text()
    assert "in which the shipped classifier of mnist sees the class asked for least" in text


def test_other_images_are_judged_by_the_discriminator_if_it_ships(coloured, tmp_path):
    publish.publish(coloured, tmp_path / "both")
    text = (tmp_path / "both" / "README.md").read_text()
    assert "samples, seed 2, that its own discriminator finds least real, worst first." in text
    gan = zoo.build(about(tmp_path / "both"))
    paths = {p: tmp_path / "both" / f"{p}.weights.h5" for p in ("generator", "discriminator")}
    zoo.load_weights(gan, **paths)
    images = gan.sample(pictures.CANDIDATES, seed=2)
    scores = gan.discriminator.predict(kgan.data.to_float(images), verbose=0)[:, 0]
    expected = kgan.data.grid(images[np.argsort(scores)[:16]], columns=8)
    shown = np.asarray(Image.open(tmp_path / "both" / "failures.png").convert("RGB"))
    # Its colours are the nearest of 128.
    assert np.abs(shown.astype(int) - expected).mean() < 10
    publish.publish(coloured, tmp_path / "alone", discriminator=False)
    assert "failures.png" not in names(tmp_path / "alone")
    text = (tmp_path / "alone" / "README.md").read_text()
    assert "No picture of failures: there is no classifier of these images" in text
    assert "failures.png" not in text


def test_nothing_of_an_older_version_stays_on_a_card(coloured, tmp_path):
    folder = tmp_path / "mine"
    publish.publish(coloured, folder)
    cards.renew(folder, limits=["It makes noise."], tries=["Longer: no better."])
    assert "- It makes noise.\n" in (folder / "README.md").read_text()
    publish.publish(coloured, folder, discriminator=False)
    assert "failures.png" not in names(folder)
    text = (folder / "README.md").read_text()
    # What it cannot do is of those weights; what was tried is of the recipe.
    assert "It makes noise" not in text
    assert "## What was tried\n- Longer: no better.\n" in text


def test_a_history_that_was_not_kept_is_missed(coloured, tmp_path):
    publish.publish(coloured, tmp_path / "mine")
    history = (coloured / "history.csv").read_bytes()
    assert (tmp_path / "mine" / "history.csv").read_bytes() == history
    assert "![curves](curves.png)" in (tmp_path / "mine" / "README.md").read_text()
    (tmp_path / "mine" / "history.csv").unlink()
    cards.renew(tmp_path / "mine")
    assert (
        "No curves: the history of this run was not kept."
        in (tmp_path / "mine" / "README.md").read_text()
    )
    assert "curves.png" not in names(tmp_path / "mine")


def test_curves_are_drawn_of_what_was_logged(tmp_path):
    (tmp_path / "history.csv").write_text(
        "rounds,epoch,d_loss,g_loss,fid,val_fid,seconds\n2,0,1.0,2.0,nan,,1\n4,1,0.5,3.0,9.0,,2\n"
    )
    drawn, _ = pictures.curves(tmp_path / "history.csv", tmp_path / "curves.png")
    assert drawn
    # Two panels: the losses, and the Fréchet distance; nothing of columns without numbers.
    assert Image.open(tmp_path / "curves.png").size == (2 * 3 * 80, round(2.3 * 80))


def test_results_that_are_recorded_leave_the_card_complete(coloured, tmp_path):
    publish.publish(coloured, tmp_path / "measured_one")
    zoo.register(tmp_path / "measured_one")
    before = names(tmp_path / "measured_one")
    data = kgan.data.load(str(coloured.parent / "images.npz"), batch_size=1).images
    results = evaluation.evaluate("measured_one", data, n=8, metrics=["speed"])
    results["protocol"]["data"]["source"] = about(tmp_path / "measured_one")["data"]["source"]
    cards.renew(tmp_path / "measured_one", results=results)
    assert names(tmp_path / "measured_one") == before
    text = (tmp_path / "measured_one" / "README.md").read_text()
    assert "## How good it is" in text
    for file in pictures.FILES:
        assert f"]({file})" in text


def test_the_command_adds_limits_and_tries(preset, capsys):
    limits = ["--limits", "Fours look like nines.", "No colour."]
    assert kgan_command("card", preset, *limits, "--tries", "Wider: no better.") == 0
    text = (preset / "README.md").read_text()
    assert "## Limits and failures\n- Fours look like nines.\n- No colour.\n" in text
    assert "## What was tried\n- Wider: no better.\n" in text
    assert about(preset)["measured"]["limits"] == limits[1:]
    for arguments, said in (
        (["wgan_gp_celeba"], "wgan_gp_celeba has no weights"),
        (["no_such_gan"], "the zoo has no preset 'no_such_gan'"),
    ):
        assert kgan_command("card", *arguments) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", [n for n in zoo.list() if zoo.info(n)["measured"]])
def test_cards_of_the_zoo_are_what_their_presets_say(name):
    folder, preset = zoo.folder_of(name), zoo.info(name)
    assert (folder / "README.md").read_text() == cards.card(name, preset)
    there = {path.name for path in folder.glob("*.png")}
    drawn = {file for file, shown in preset["measured"]["pictures"].items() if shown["drawn"]}
    assert there == drawn >= {pictures.SAMPLES, pictures.INTERPOLATION, pictures.FAILURES}
    assert sum((folder / file).stat().st_size for file in drawn) < 270_000


def test_a_card_of_other_weights_is_refused(coloured, tmp_path):
    publish.publish(coloured, tmp_path / "mine")
    (tmp_path / "mine" / "generator.weights.h5").write_bytes(b"other")
    with pytest.raises(ValueError, match="does not have the checksum"):
        cards.renew(tmp_path / "mine")
    with pytest.raises(FileNotFoundError, match=r"has no preset\.json"):
        cards.renew(tmp_path)
