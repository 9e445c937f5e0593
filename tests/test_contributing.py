"""CONTRIBUTING walks through adding a GAN: this does what it says, in a copy of the project."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import kgan
import kgan_cli

ROOT = pathlib.Path(__file__).parent.parent
BLOCK = re.compile(r"^`([\w/.]+)`(?: (\(at its end\)))?\n```\w+\n(.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The package, its zoo and the tests' helpers, with the files that CONTRIBUTING gives."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(pathlib.Path(kgan.__file__).parent, root / "kgan")
    shutil.copy(kgan_cli.__file__, root)
    shutil.copytree(ROOT / "tests", root / "tests", ignore=lambda _, names: ["__pycache__"])
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert len(blocks) == 5
    # In an installed package the zoo is inside it.
    zoo = root / "kgan/_zoo" if (root / "kgan/_zoo").is_dir() else root / "zoo"
    for path, at_end, text in blocks:
        target = root / path if not path.startswith("zoo/") else zoo / path.removeprefix("zoo/")
        target.parent.mkdir(parents=True, exist_ok=True)
        before = target.read_text() if at_end else ""
        target.write_text(before + text)
    return root


def run(project, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_algorithm_is_one_short_file(project):
    assert len((project / "kgan/models/lsgan.py").read_text().splitlines()) < 100


def test_its_test_passes(project):
    output = run(project, "-m", "pytest", "-q", "tests/test_lsgan.py")
    assert re.search(r"\d+ passed", output)
    assert "skipped" not in output


def test_its_preset_is_listed_and_trains(project):
    assert "lsgan_mnist" in run(project, "-m", "kgan_cli", "list")
    arguments = ["--data", "embedded", "--rounds", "2", "--out", "run"]
    output = run(project, "-m", "kgan_cli", "train", "lsgan_mnist", *arguments)
    assert "trained 2 rounds" in output
