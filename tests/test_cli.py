"""The command line, as a user meets it."""

import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import keras
import numpy as np
import pytest
import tiny
from PIL import Image

import kgan
import kgan_cli
from kgan.cli import opening


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


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="not on x86")
@pytest.mark.parametrize("given, on", [(None, True), ("0", False)])
def test_tensorflow_runs_with_onednn_unless_the_user_says_otherwise(given, on, tmp_path):
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "0"}
    environment.pop("TF_ENABLE_ONEDNN_OPTS", None)
    if given is not None:
        environment["TF_ENABLE_ONEDNN_OPTS"] = given
    # It imports TensorFlow before it finds that there is nothing.
    command = [sys.executable, "-m", "kgan_cli", "publish", "nothing", str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert ("oneDNN custom operations are on" in done.stderr) == on


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
        (["sample", "."], ". is a folder without model.keras: give a run folder of kgan train"),
        (["codes", "wgan_mnist", "x.png"], "only an InfoGAN reads codes"),
        (["codes", "infogan_mnist", "no_such_folder"], "no_such_folder"),
        (["train", "gan_mnist", "--resume", "--out", "no_such_run"], "no checkpoint.keras"),
        (["train", "gan_mnist", "--data", "no_such_data_set"], "no_such_data_set"),
        (["train", "gan_mnist", "--labels", "digit"], "--labels says which classes the images"),
        (["info", "x.keras"], "the zoo has no preset 'x.keras'"),
        (["train", "--resume", "--out", "no_such_run"], "no_such_run has no config.json"),
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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sample", "gan_mnist", "--n", "0"], "argument --n: 0 is less than 1"),
        (["sample", "gan_mnist", "--seed", "-1"], "argument --seed: -1 is less than 0"),
        (
            ["directions", "gan_mnist", "--amounts", "1", "nan"],
            "--amounts: nan is no finite number",
        ),
        (["sweep", "infogan_mnist", "--values", "inf"], "--values: inf is no finite number"),
        (["train", "gan_mnist", "--rounds", "0"], "argument --rounds: 0 is less than 1"),
        (["train", "gan_mnist", "--rounds", "many"], "argument --rounds: invalid integer value"),
        (["quickstart", "--seconds", "-5"], "argument --seconds: -5 is less than 1"),
        (
            ["invert", "gan_mnist", "--image", "0.png", "--steps", "0"],
            "argument --steps: 0 is less than 1",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(arguments, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        kgan_cli.parser().parse_args(arguments)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit):
        kgan_cli.parser().parse_args(["--version"])
    assert capsys.readouterr().out == f"kgan {kgan.__version__}\n"


def test_files_are_named_after_all_of_a_folders_name():
    names = ("runs/lr0.1", "runs/lr0.1/", "runs/my.keras", "gan_mnist")
    assert [opening.short_name(name) for name in names] == ["lr0.1", "lr0.1", "my", "gan_mnist"]


def test_train_leaves_a_run_folder(run_folder):
    names = {str(p.relative_to(run_folder)) for p in run_folder.rglob("*") if p.is_file()}
    assert names == {
        "config.json",
        "environment.json",
        "history.csv",
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


@keras.saving.register_keras_serializable("elsewhere")
class Foreign(keras.layers.Layer):
    """A layer that other processes do not know."""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "there is no file folder.keras"),
        ("text", "text.keras is no .keras file, or a damaged one"),
        ("half", "half.keras is no .keras file, or a damaged one"),
        ("archive", "archive.keras cannot be loaded as a model"),
        ("weightless", "weightless.keras cannot be loaded as a model"),
        ("foreign", "foreign.keras cannot be loaded as a model: Could not locate class 'Foreign'"),
        ("dense", "dense.keras is a Sequential, not a GAN"),
    ],
)
def test_files_that_are_no_gan_are_refused(name, said, on_vectors, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    whole = on_vectors[1].read_bytes()
    pathlib.Path("folder.keras").mkdir()
    pathlib.Path("text.keras").write_text("not a model")
    pathlib.Path("half.keras").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile("archive.keras", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with zipfile.ZipFile("weightless.keras", "w") as weightless:
        with zipfile.ZipFile(on_vectors[1]) as source:
            for file in ("config.json", "metadata.json"):
                weightless.writestr(file, source.read(file))
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save("dense.keras")
    keras.Sequential([keras.Input((2,)), Foreign()]).save("foreign.keras")
    monkeypatch.delitem(keras.saving.get_custom_objects(), "elsewhere>Foreign")
    monkeypatch.setattr(Foreign, "__module__", "builtins")
    for command in (["sample"], ["codes", "x.png"]):
        assert kgan_command(command[0], f"{name}.keras", *command[1:]) == 2
        (error,) = capsys.readouterr().err.splitlines()
        assert said in error
        assert len(error) < 500


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("file.txt/grid.png", "file.txt is a file"),
        ("file.txt/more/grid.png", "file.txt is a file"),
        ("folder", "folder: it is a folder, give a file"),
        ("grid.xyz", "cannot write grid.xyz: unknown file extension"),
        ("/proc/grid.png", "/proc/grid.png"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused(
    out, said, on_vectors, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("file.txt").write_text("mine")
    pathlib.Path("folder").mkdir()
    np.save("c.npy", np.zeros((1, 3)))
    arguments = [on_vectors[1], "--condition", "c.npy", "--n", 1]
    assert kgan_command("sample", *arguments, "--out", out) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert said in error
    assert pathlib.Path("file.txt").read_text() == "mine"


@pytest.mark.parametrize("command", [["train", "gan_mnist", "--data", "embedded"], ["quickstart"]])
def test_folders_that_cannot_be_made_are_refused_first(command, tmp_path, capsys):
    (tmp_path / "file.txt").write_text("mine")
    assert kgan_command(*command, "--out", tmp_path / "file.txt") == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert "file.txt is a file" in error


def test_missing_folders_of_an_output_are_made(on_vectors, tmp_path):
    np.save(tmp_path / "c.npy", np.zeros((1, 3)))
    out = tmp_path / "new" / "folder" / "grid.png"
    arguments = [on_vectors[1], "--condition", tmp_path / "c.npy", "--n", 1]
    assert kgan_command("sample", *arguments, "--out", out) == 0
    assert out.is_file()


def test_images_that_cannot_be_read_are_refused(run_folder, tmp_path, capsys):
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "broken.png").write_bytes(b"\x89PNG\r\n")
    for images, said in (
        ("folder", "broken.png cannot be read as an image"),
        ("folder/broken.png", "broken.png cannot be read as an image"),
        ("text.npz", "text.npz cannot be read as an .npz file"),
    ):
        assert kgan_command("codes", run_folder / "model.keras", tmp_path / images) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        (error,) = captured.err.splitlines()
        assert said in error


def test_a_preset_that_could_not_be_published_is_not_trained(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "zoo" / "mine"
    folder.mkdir(parents=True)
    preset = kgan.zoo.info("gan_mnist")
    del preset["description"], preset["training"]["seed"]
    (folder / "preset.json").write_text(json.dumps(preset))
    monkeypatch.setattr(kgan_cli, "zoo_folder", lambda: tmp_path / "zoo")
    monkeypatch.setattr(kgan.zoo, "info", lambda name: preset)
    assert kgan_command("train", "mine", "--out", tmp_path / "run") == 2
    assert "the preset lacks training.seed" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert kgan_command("list") == 0
    assert capsys.readouterr().out.split() == ["mine", "pretrained", "GAN", "on", "mnist"]


def test_sample_writes_a_grid_of_a_trained_model(run_folder, tmp_path, capsys):
    out = tmp_path / "grid.png"
    assert kgan_command("sample", run_folder / "model.keras", "--n", 6, "--out", out) == 0
    # Six images of 28 px in three columns, 2 px apart.
    assert Image.open(out).size == (3 * 30 + 2, 2 * 30 + 2)


def test_a_run_folder_is_its_model(run_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert kgan_command("sample", run_folder, "--n", 2) == 0
    assert kgan_command("sample", run_folder / "model.keras", "--n", 2) == 0
    assert (tmp_path / "infogan.png").read_bytes() == (tmp_path / "model.png").read_bytes()


def test_a_run_folder_with_a_best_model_is_that_one(run_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = shutil.copytree(run_folder, tmp_path / "judged")
    gan = keras.models.load_model(run / "model.keras")
    gan.ema_generator.set_weights([0.5 * w for w in gan.ema_generator.get_weights()])
    gan.save(run / "best.keras")
    for name in (run, run / "best.keras", run / "model.keras"):
        assert kgan_command("sample", name, "--n", 2) == 0
    judged, best, model = (
        (tmp_path / f"{name}.png").read_bytes() for name in ("judged", "best", "model")
    )
    assert judged == best != model


@pytest.fixture(scope="module")
def on_vectors(tmp_path_factory):
    """A model that takes vectors of three numbers, and its file."""
    path = tmp_path_factory.mktemp("models") / "on_vectors.keras"
    gan = kgan.ConditionalGAN(*tiny.networks(condition_dim=3))
    gan.save(path)
    return gan, path


@pytest.mark.parametrize(
    ("shape", "options", "n"),
    [((3,), [], 64), ((3,), ["--n", 2], 2), ((1, 3), ["--n", 2], 2), ((5, 3), [], 5)],
)
def test_sample_takes_vectors_from_a_file(shape, options, n, on_vectors, tmp_path, capsys):
    gan, path = on_vectors
    condition = np.random.default_rng(0).normal(size=shape)
    np.save(tmp_path / "c.npy", condition)
    out = tmp_path / "grid.png"
    assert kgan_command("sample", path, "--condition", tmp_path / "c.npy", *options,
                        "--out", out) == 0  # fmt: skip
    assert f"wrote {n} images" in capsys.readouterr().out
    condition = condition[0] if shape == (1, 3) else condition
    expected = kgan.data.grid(gan.sample(n, condition=condition, seed=0))
    np.testing.assert_array_equal(np.asarray(Image.open(out)), expected[..., 0])


def test_sample_takes_labels_from_a_file_or_one_by_one(tmp_path, capsys):
    np.save(tmp_path / "c.npy", np.array([7, 1, 7]))
    for given, out in ((["c.npy"], "a.png"), ([7, 1, 7], "b.png")):
        given = [tmp_path / g if g == "c.npy" else g for g in given]
        assert kgan_command("sample", "conditional_gan_mnist", "--condition", *given,
                            "--out", tmp_path / out) == 0  # fmt: skip
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "takes a vector of 3 numbers for each image: pass --condition FILE.npy"),
        ([7], "condition must be a vector of shape (3,)"),
        (["wide.npy"], "condition must be a vector of shape (3,) for all images or 2 of them"),
        (["two.npy", "--n", 3], "or 3 of them; got shape (2, 3)"),
        (["nan.npy"], "nan.npy contains NaN or infinity"),
        (["words.npy"], "words.npy holds <U2, not numbers"),
        (["objects.npy"], "objects.npy cannot be read as a .npy file"),
        (["text.npy"], "text.npy cannot be read as a .npy file"),
        (["empty.npy"], "n must be an integer of at least 1, got 0"),
        (["missing.npy"], "there is no file missing.npy"),
        (["two.npy", 3], "--condition takes class labels or one .npy file, got two.npy 3"),
    ],
)
def test_mistakes_in_vectors_are_explained(given, said, on_vectors, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("wide.npy", np.zeros((2, 4)))
    np.save("two.npy", np.zeros((2, 3)))
    np.save("nan.npy", np.array([0.0, np.nan, 0.0]))
    np.save("words.npy", np.array(["ab", "c"]))
    np.save("objects.npy", np.array([None]))
    np.save("empty.npy", np.zeros((0, 3)))
    pathlib.Path("text.npy").write_text("1 2 3")
    condition = ["--condition", *given] if given else []
    assert kgan_command("sample", on_vectors[1], *condition) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert said in errors[0]
    assert list(tmp_path.glob("*.png")) == []


def test_a_condition_is_labels_or_a_file(capsys):
    with pytest.raises(SystemExit) as stopped:
        kgan_command("sample", "conditional_gan_mnist", "--condition", "seven")
    assert stopped.value.code == 2
    assert "'seven' is neither a class label" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    "stop", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_ctrl_c_and_termination_save_and_resume_goes_on(tmp_path, stop):
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
    process.send_signal(stop)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert f"go on with: kgan train --out {out} --resume" in output
    played = int(keras.ops.convert_to_numpy(keras.models.load_model(out / "model.keras").rounds))
    assert f"stopped after {played} rounds" in output

    assert kgan_command("train", "--out", out, "--resume", "--rounds", played + 2) == 0
    resumed = keras.models.load_model(out / "model.keras")
    assert int(keras.ops.convert_to_numpy(resumed.rounds)) == played + 2


def test_quickstart_shows_what_it_promises(tmp_path, capsys):
    assert kgan_command("quickstart", "--out", tmp_path, "--seconds", 2) == 0
    output = capsys.readouterr().out
    for name in ("pretrained.png", "before.png", "after.png", "small_gan.keras"):
        assert str(tmp_path / name) in output
        assert (tmp_path / name).stat().st_size > 1000


def test_a_missing_folder_is_told_from_one_that_is_no_preset(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*none"):
        kgan_cli.check_name(str(tmp_path / "none"), "card")
    with pytest.raises(ValueError, match="the zoo has no preset"):
        kgan_cli.check_name(str(tmp_path), "card")
