"""`kgan interpolate`, `directions`, `sweep` and `invert`: the pictures, and what is said."""

import re

import numpy as np
import pytest
import tiny
from PIL import Image

import kgan
import kgan_cli
from kgan.latents import Categorical, Continuous

CODES = [Categorical(2, name="kind"), Continuous(2, name="style")]


def kgan_command(*arguments):
    """Runs a command in this process; returns its exit code."""
    return kgan_cli.run(kgan_cli.parser().parse_args([str(a) for a in arguments]))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Models by what their images depend on, each saved as `NAME.keras` in `folder`."""
    folder = tmp_path_factory.mktemp("models")
    parameters = sum(code.parameters for code in CODES)
    made = {
        "plain": kgan.GAN(*tiny.networks(plain=True)),
        "classes": kgan.ConditionalGAN(
            *tiny.networks(classes=tiny.CLASSES, plain=True), classes=tiny.CLASSES
        ),
        "vectors": kgan.ConditionalGAN(*tiny.networks(condition_dim=3, plain=True)),
        "codes": kgan.InfoGAN(*tiny.networks(code_parameters=parameters, plain=True), codes=CODES),
    }
    for name, gan in made.items():
        gan.save(folder / f"{name}.keras")
    return {"folder": folder, **made}


@pytest.fixture
def here(models, tmp_path, monkeypatch):
    """An empty folder to work in, with links to the models and a vector."""
    monkeypatch.chdir(tmp_path)
    for path in models["folder"].iterdir():
        (tmp_path / path.name).symlink_to(path)
    np.save("vector.npy", np.array([1.0, -1.0, 0.5]))
    return tmp_path


def assert_picture(path, images, columns):
    np.testing.assert_array_equal(
        np.asarray(Image.open(path)), kgan.data.grid(images, columns)[..., 0]
    )


@pytest.mark.parametrize(
    ("name", "given", "condition"),
    [
        ("plain", [], None),
        ("codes", [], None),
        ("classes", [], None),
        ("classes", ["--condition", 2], 2),
        ("vectors", ["--condition", "vector.npy"], [1.0, -1.0, 0.5]),
    ],
)
def test_interpolate_draws_paths(name, given, condition, models, here, capsys):
    options = ["--n", 3, "--steps", 4, "--seed", 5, "--truncation", 0.5, "--method", "linear"]
    assert kgan_command("interpolate", f"{name}.keras", *options, *given) == 0
    assert capsys.readouterr().out == f"wrote 3 paths of 4 images to {name}-interpolation.png\n"
    gan = models[name]
    a, b = gan.random_latents(6, 5, 0.5).reshape(2, 3, -1)
    expected = gan.interpolate(a, b, steps=4, method="linear", condition=condition)
    assert_picture(f"{name}-interpolation.png", *expected)


@pytest.mark.parametrize("out", ["plain-walk.gif", "walk.png"])
def test_a_walk_moves(out, models, here, capsys):
    options = ["--walk", "--keyframes", 2, "--steps", 3, "--n", 4, "--seed", 1]
    options += [] if out == "plain-walk.gif" else ["--out", out]
    assert kgan_command("interpolate", "plain.keras", *options) == 0
    assert f"wrote 4 walks of 6 frames to {out}" in capsys.readouterr().out
    frames = models["plain"].walk(here / "w.gif", keyframes=2, frames=3, n=4, seed=1)
    with Image.open(out) as opened:
        assert opened.n_frames == 6
        np.testing.assert_array_equal(np.asarray(opened.convert("L")), frames[0, ..., 0])


@pytest.mark.parametrize("method", ["pca", "closed_form"])
@pytest.mark.parametrize(
    ("name", "given", "condition"),
    [
        ("codes", [], None),
        ("classes", [], 0),
        ("vectors", ["--condition", "vector.npy"], [1.0, -1.0, 0.5]),
    ],
)
def test_directions_are_rows(method, name, given, condition, models, here, capsys):
    options = ["--k", 2, "--method", method, "--amounts", -1.5, 0, 2, "--seed", 3]
    assert kgan_command("directions", f"{name}.keras", *options, *given) == 0
    gan = models[name]
    drawn = {"condition": condition, "seed": 3} if method == "pca" else {}
    found = gan.directions(method, k=2, **drawn)
    start = gan.random_latents(1, 3)
    expected = gan.move(start, found.vectors, [-1.5, 0, 2], condition)
    assert_picture(f"{name}-directions.png", *expected)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"direction 0: {found.shares[0]:.1%}"
    assert lines[2] == f"wrote 2 directions, a row each, to {name}-directions.png"


def test_sweep_draws_one_code(models, here, capsys):
    gan = models["codes"]
    assert kgan_command("sweep", "codes.keras", "--n", 3, "--seed", 2) == 0
    assert_picture("codes-sweep.png", *gan.sweep("kind", rows=3, seed=2))
    options = ["--code", "style", "--entry", 1, "--values", -2, 0.5, "--n", 1, "--out", "s.png"]
    assert kgan_command("sweep", "codes.keras", *options) == 0
    assert_picture("s.png", *gan.sweep("style", [-2, 0.5], entry=1, rows=1))
    out = capsys.readouterr().out.splitlines()[-1]
    assert out == "wrote 1 rows of 2 values of 'style' to s.png; codes: kind, style"


def test_invert_draws_images_beside_what_was_found(models, here, capsys):
    gan = models["plain"]
    images = gan.sample(3, seed=4)
    for i, image in enumerate(images):
        kgan.data.save_image(f"images/{i}.png", image)
    options = ["--image", "images", "--n", 2, "--steps", 5, "--starts", 1]
    assert kgan_command("invert", "plain.keras", *options) == 0
    found = gan.invert(images[:2], steps=5, starts=1)
    pairs = [images[0], found.images[0], images[1], found.images[1]]
    assert_picture("plain-inversion.png", np.stack(pairs), 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"images/{i}.png: {found.psnr[i]:.1f} dB" for i in range(2)]
    assert lines[2].startswith("wrote 2 images, each beside its reconstruction, to plain-inv")


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("classes", [], r"0\.png: \d+\.\d dB, class [012]$"),
        ("classes", ["--condition", 2], r"0\.png: \d+\.\d dB, class 2$"),
        ("vectors", ["--condition", "vector.npy"], r"0\.png: \d+\.\d dB$"),
    ],
)
def test_invert_says_which_class_it_found(name, given, said, models, here, capsys):
    kgan.data.save_image("0.png", tiny.images(1)[0])
    options = ["--image", "0.png", "--steps", 2, "--starts", 1]
    assert kgan_command("invert", f"{name}.keras", *options, *given) == 0
    assert re.search(said, capsys.readouterr().out.splitlines()[0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sweep", "plain.keras"], "is a GAN, which has no codes to sweep: kgan directions finds"),
        (
            ["sweep", "classes.keras"],
            "no codes to sweep: kgan sample shows its conditions, and kgan ",
        ),
        (["sweep", "codes.keras", "--code", "size"], "no code 'size'; the codes are kind, style"),
        (["sweep", "codes.keras", "--values", 0.5], "categories of 'kind' are integers"),
        (["interpolate", "plain.keras", "--out", "walk.gif"], "walk.gif is for moving pictures: "),
        (["interpolate", "plain.keras", "--walk", "--out", "w.jpg"], "written as .gif or .png"),
        (["interpolate", "plain.keras", "--steps", 1], "steps must be at least 2"),
        (["interpolate", "plain.keras", "--condition", 1], "not conditional"),
        (["interpolate", "vectors.keras"], "takes a vector of 3 numbers for each image: pass"),
        (["directions", "plain.keras", "--prompt", "a hat"], "only a TextGAN takes a prompt"),
        (["directions", "plain.keras", "--k", 7], "k must be from 1 to 6, got 7"),
        (["directions", "classes.keras", "--condition", 1, 2], "got shape (2,)"),
        (["directions", "plain.keras", "--out", "d.xyz"], "unknown file extension '.xyz'"),
        (["invert", "plain.keras", "--image", "none.png"], "none.png"),
        (["invert", "vectors.keras", "--image", "0.png"], "takes a vector of 3 numbers"),
        (["interpolate", "plain"], "the zoo has no preset 'plain'"),
    ],
)
def test_mistakes_are_one_line(arguments, said, here, capsys):
    kgan.data.save_image("0.png", tiny.images(1)[0])
    before = sorted(here.iterdir())
    assert kgan_command(*arguments) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("kgan: ")
    assert said in error
    assert sorted(here.iterdir()) == before
