"""Evaluations of presets: kept in their cards, and done again."""

import json
import shutil

import keras
import numpy as np
import pytest
from test_cli import kgan_command

import kgan
import kgan_cli
from kgan import cards, evaluation


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """A copy of a pretrained preset that says it learned from the images in the package."""
    name = "evaluated_wgan_gp"
    folder = tmp_path_factory.mktemp("zoo") / name
    shutil.copytree(kgan.zoo.folder_of("wgan_gp_mnist"), folder)
    about = json.loads((folder / "preset.json").read_text())
    about["data"]["source"] = "embedded"
    about["measured"].pop("metrics", None)
    (folder / "preset.json").write_text(json.dumps(about))
    kgan.zoo.register(folder)
    yield name, folder
    kgan.zoo._registered.pop(name)


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """What makes an evaluation cheap: a small extractor, few images, and a cache."""
    folder = tmp_path_factory.mktemp("extractor")
    keras.utils.set_random_seed(0)
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.AveragePooling2D(7)(keras.layers.Rescaling(1 / 255)(inputs))
    keras.Model(inputs, keras.layers.Flatten()(x)).save(folder / "pooled.keras")
    return {"extractor": folder / "pooled.keras", "classifier": None, "cache": folder / "cache"}


@pytest.fixture(scope="module")
def results(preset, again):
    metrics = ["fid", "prdc", "memorisation"]
    return evaluation.evaluate(
        preset[0], split="train[:100]", n=30, seed=2, metrics=metrics, **again
    )


def test_presets_are_evaluated_on_their_own_data(results, preset, again):
    real = kgan.data.load("embedded", split="train[:100]", batch_size=1).images
    real = real[np.sort(np.random.default_rng(0).permutation(100)[:30])]
    fake = kgan.zoo.load(preset[0]).sample(30, seed=2)
    pooled = [
        x.reshape(30, 4, 7, 4, 7).mean(axis=(2, 4)).reshape(30, 16) / 255 for x in (real, fake)
    ]
    scores = {score["name"]: score["value"] for score in results["scores"]}
    assert scores["fid"] == pytest.approx(kgan.metrics.frechet_distance(*pooled), rel=1e-3)
    # Its own training images are no held-out ones.
    assert "nearest_train" in scores and "nearest_train_ratio" not in scores
    assert results["protocol"]["data"]["held_out"] is False
    weights = kgan.zoo.info(preset[0])["measured"]["weights"]
    for player, sha256 in results["protocol"]["weights_sha256"].items():
        assert weights[player]["sha256"] == sha256


def test_a_card_can_be_verified(results, preset, again, tmp_path):
    name, folder = preset
    with pytest.raises(ValueError, match="has no metrics"):
        evaluation.verify(name)
    (tmp_path / "results.json").write_text(json.dumps(results))
    assert kgan_command("card", folder, "--results", tmp_path / "results.json") == 0
    assert kgan.zoo.info(name)["measured"]["metrics"] == results
    assert (folder / "README.md").read_text().startswith(f"# {name}\n")

    report = kgan.zoo.verify(name, **again)
    assert len(report) == 6 and all(line["agrees"] for line in report)
    assert {line["now"] for line in report} == {line["card"] for line in report}

    about = kgan.zoo.info(name)
    (fid,) = [s for s in about["measured"]["metrics"]["scores"] if s["name"] == "fid"]
    fid["value"] *= 1.5
    (folder / "preset.json").write_text(json.dumps(about))
    with pytest.raises(
        ValueError, match=r"1 of 6 scores of .*\n  Fréchet distance by pooled: card"
    ):
        evaluation.verify(name, **again)


def test_the_section_of_a_card_has_every_score(results):
    text = evaluation.section(results)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    # A head of two lines; fid, four of prdc, memorisation; four criteria that were not asked for.
    assert len(rows) == 2 + 6 + 4
    assert all(row.count("|") == 5 for row in rows)
    assert (
        "30 samples, seed 2, against 30, drawn by a fixed permutation from the 100 of embedded"
        in text
    )
    assert "--n 30 --extractor" in text and "--seed 2 --metrics fid,prdc,memorisation`" in text
    assert evaluation.section(None) == ""


def test_results_of_other_weights_or_data_are_refused(results, preset):
    other = json.loads(json.dumps(results))
    other["protocol"]["weights_sha256"]["generator"] = "0" * 64
    with pytest.raises(ValueError, match="of other weights"):
        cards.renew(preset[1], results=other)
    other = json.loads(json.dumps(results))
    other["protocol"]["data"]["source"] = "cifar10"
    with pytest.raises(ValueError, match="the results are of cifar10"):
        cards.renew(preset[1], results=other)


def test_small_differences_are_allowed_by_kind():
    def results(fid, precision, kid):
        return {
            "scores": [
                {"name": "fid", "value": fid},
                {"name": "precision", "value": precision},
                {"name": "kid", "value": kid, "deviation": 0.5},
                {"name": "latency", "value": np.random.random()},
            ]
        }

    card = results(100.0, 0.5, 0.1)

    def agrees(*values):
        report = evaluation.verification.compare(card, results(*values), 0.02)
        return [line["agrees"] for line in report]

    assert agrees(101.9, 0.515, 0.55) == [True, True, True]
    assert agrees(102.1, 0.525, 0.65) == [False, False, False]


def test_the_command_evaluates_a_preset(preset, again, tmp_path, capsys):
    arguments = ["--split", "train[:100]", "--n", 20, "--metrics", "fid,codes", "--out", tmp_path]
    arguments += ["--extractor", again["extractor"]]
    command = ["evaluate", "gan_mnist", "--data", "embedded", *arguments]
    assert kgan_cli.run(kgan_cli.parser().parse_args([str(a) for a in command])) == 0
    results = json.loads((tmp_path / "results.json").read_text())
    assert [score["name"] for score in results["scores"]] == ["fid"]
    printed = capsys.readouterr()
    assert evaluation.table(results) in printed.out
    assert str(tmp_path / "index.html") in printed.out
    assert "... fid, pooled" in printed.err
