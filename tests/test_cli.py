"""The command line, as a user meets it."""

import json
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image

import kgan
import kgan_cli


def kgan_command(*arguments):
    """Runs a command in this process; returns its exit code."""
    return kgan_cli.run(kgan_cli.parser().parse_args([str(a) for a in arguments]))


def seconds_of(*arguments):
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A run of two rounds on the embedded images."""
    out = tmp_path_factory.mktemp("runs") / "infogan"
    arguments = ["--data", "embedded", "--rounds", 2, "--precision", "float32", "--out", out]
    assert kgan_command("train", "infogan_mnist", *arguments) == 0
    return out


def test_list_names_every_preset(capsys):
    assert kgan_command("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == kgan.zoo.list()


@pytest.mark.parametrize("arguments", [["list"], ["info", "wgan_gp_celeba"], ["--help"]])
def test_light_commands_import_no_backend(arguments):
    code = (
        "import sys, kgan_cli\n"
        f"sys.argv = ['kgan', *{arguments!r}]\n"
        "try: kgan_cli.main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_light_commands_cost_little_more_than_python_itself():
    # A ratio, since absolute seconds depend on the machine: importing Keras takes ten times more.
    python = min(seconds_of("-c", "import absl.app, json, argparse") for _ in range(3))
    listing = min(seconds_of("-m", "kgan_cli", "list") for _ in range(3))
    assert listing < 5 * python


def test_info_is_json(capsys):
    assert kgan_command("info", "wgan_gp_mnist") == 0
    assert json.loads(capsys.readouterr().out) == kgan.zoo.info("wgan_gp_mnist")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["info", "wgan_gp_mnits"], "did you mean wgan_gp_mnist"),
        (["sample", "wgan_gp_mnist", "--truncation", "2"], "truncation must be between 0 and 1"),
        (["sample", "wgan_gp_mnist", "--condition", "3"], "not conditional"),
        (["sample", "nothing.keras"], "there is no file nothing.keras"),
        (["codes", "wgan_mnist", "x.png"], "only an InfoGAN reads codes"),
        (["codes", "infogan_mnist", "no_such_folder"], "no_such_folder"),
        (["train", "gan_mnist", "--resume", "--out", "no_such_run"], "no checkpoint.keras"),
        (["train", "gan_mnist", "--data", "no_such_data_set"], "no_such_data_set"),
        (["train", "gan_mnist", "--rounds", "0"], "rounds must be at least 1, got 0"),
        (["info", "x.keras"], "the zoo has no preset 'x.keras'"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert kgan_command(*arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.splitlines()) == 1
    assert captured.err.startswith("kgan: ")


def test_unknown_flags_exit_with_2():
    done = subprocess.run(
        [sys.executable, "-m", "kgan_cli", "train", "gan_mnist", "--epoch_count", "3"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_train_leaves_a_run_folder(run_folder):
    names = {str(p.relative_to(run_folder)) for p in run_folder.rglob("*") if p.is_file()}
    assert names == {
        "config.json",
        "environment.json",
        "history.csv",
        "seconds.json",
        "checkpoint.keras",
        "model.keras",
        "samples/000000.png",
        "samples/000002.png",
    }
    config = json.loads((run_folder / "config.json").read_text())
    assert config["training"]["rounds"] == 2
    assert (run_folder / "history.csv").read_text().startswith("rounds,epoch,d_loss")


def test_train_does_not_overwrite_a_run(run_folder, capsys):
    before = (run_folder / "model.keras").read_bytes()
    assert kgan_command("train", "infogan_mnist", "--out", run_folder) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert (run_folder / "model.keras").read_bytes() == before


def test_resume_refuses_to_change_the_run(run_folder, capsys):
    before = (run_folder / "config.json").read_text()
    for arguments in (["infogan_mnist", "--seed", 9], ["gan_mnist"]):
        assert kgan_command("train", *arguments, "--out", run_folder, "--resume") == 2
        assert "goes on as it was begun" in capsys.readouterr().err
    assert (run_folder / "config.json").read_text() == before


def test_a_run_on_other_data_says_so(run_folder):
    config = json.loads((run_folder / "config.json").read_text())
    assert config["description"] == "InfoGAN on embedded"
    assert config["data_licence"] == "not stated"


def test_a_model_that_is_no_gan_is_refused(tmp_path, capsys):
    path = tmp_path / "other.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    assert kgan_command("sample", path) == 2
    assert "is a Sequential, not a GAN" in capsys.readouterr().err


def test_sample_writes_a_grid_of_a_trained_model(run_folder, tmp_path, capsys):
    out = tmp_path / "grid.png"
    assert kgan_command("sample", run_folder / "model.keras", "--n", 6, "--out", out) == 0
    # Six images of 28 px in three columns, 2 px apart.
    assert Image.open(out).size == (3 * 30 + 2, 2 * 30 + 2)


def test_codes_are_a_json_line_an_image(run_folder, tmp_path, capsys):
    images = kgan.data.load("embedded", limit=64).images[:3]
    for i, image in enumerate(images):
        kgan.data.save_image(tmp_path / f"{i}.png", image)
    assert kgan_command("codes", run_folder / "model.keras", tmp_path) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [pathlib.Path(line["image"]).name for line in lines] == ["0.png", "1.png", "2.png"]
    model = keras.models.load_model(run_folder / "model.keras")
    expected = model.predict_codes(images)
    np.testing.assert_allclose([ln["category"] for ln in lines], expected["category"], atol=2e-3)
    np.testing.assert_allclose([ln["style"] for ln in lines], expected["style"], atol=2e-3)


def test_ctrl_c_saves_and_resume_goes_on(tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "kgan_cli", "train", "gan_mnist", "--data", "embedded"]
    command += ["--precision", "float32", "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--rounds", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (out / "samples/000000.png").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "go on with: kgan train gan_mnist" in output
    played = int(keras.ops.convert_to_numpy(keras.models.load_model(out / "model.keras").rounds))
    assert f"stopped after {played} rounds" in output

    assert kgan_command("train", "gan_mnist", "--out", out, "--resume", "--rounds", played + 2) == 0
    resumed = keras.models.load_model(out / "model.keras")
    assert int(keras.ops.convert_to_numpy(resumed.rounds)) == played + 2


def test_quickstart_shows_what_it_promises(tmp_path, capsys):
    assert kgan_command("quickstart", "--out", tmp_path, "--seconds", 2) == 0
    output = capsys.readouterr().out
    for name in ("pretrained.png", "before.png", "after.png", "small_gan.keras"):
        assert str(tmp_path / name) in output
        assert (tmp_path / name).stat().st_size > 1000
