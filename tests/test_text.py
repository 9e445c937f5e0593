"""Sentences to vectors: the real encoder, and captions beside images."""

import json

import numpy as np
import pytest
from PIL import Image

import kgan

CAPTIONS = ["a person with long red hair", "a woman whose hair is red and long", "a green car"]


@pytest.fixture(scope="module")
def encode():
    pytest.importorskip("sentence_transformers")
    return kgan.text.encoder("all-MiniLM-L6-v2")


def test_vectors_are_the_mean_of_the_transformers_tokens(encode):
    """sentence-transformers against the transformer itself: mean over tokens, then length one."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = kgan.text.packaged_folder("all-MiniLM-L6-v2")
    if folder is None:
        pytest.skip("the package with the model is not installed")
    tokens = AutoTokenizer.from_pretrained(folder)(CAPTIONS, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = AutoModel.from_pretrained(folder)(**tokens).last_hidden_state
    mask = tokens["attention_mask"][..., None]
    mean = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    vectors = encode(CAPTIONS)
    assert vectors.shape == (3, encode.dim) and vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, mean, atol=1e-5)


def test_what_means_the_same_is_near(encode):
    alike = encode(CAPTIONS) @ encode(CAPTIONS).T
    assert alike[0, 1] > 0.6 and alike[0, 2] < 0.3
    np.testing.assert_array_equal(encode("a green car"), encode(["a green car"]))


def test_what_is_no_text_is_refused(encode):
    with pytest.raises(ValueError, match="caption 1 must be a text that is not empty, got '  '"):
        encode(["a cat", "  "])
    with pytest.raises(ValueError, match="caption 0 must be a text that is not empty, got 7"):
        encode([7])


def test_a_folder_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere: pass the folder"):
        kgan.text.encoder("./nowhere")


def test_a_folder_without_a_model_is_refused(encode, tmp_path):
    with pytest.raises(ValueError, match=r"cannot load the sentence encoder .*pass 'all-MiniLM"):
        kgan.text.encoder(str(tmp_path))


def test_weights_that_could_run_code_are_not_loaded(encode, tmp_path):
    """A pickle in place of safetensors is refused, whatever is in it."""
    import shutil

    source = kgan.text.packaged_folder("all-MiniLM-L6-v2")
    if source is None:
        pytest.skip("the package with the model is not installed")
    shutil.copytree(source, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    (tmp_path / "model" / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(ValueError, match="cannot load the sentence encoder"):
        kgan.text.encoder(str(tmp_path / "model"))


# -- captions beside images ------------------------------------------------------------------------


@pytest.fixture
def faces(tmp_path):
    """Four images, all of one number each, of which the caption speaks."""
    lines = []
    for i in range(4):
        Image.fromarray(np.full((8, 8, 3), i, "uint8")).save(tmp_path / f"{i}.png")
        lines.append(json.dumps({"file_name": f"{i}.png", "caption": f"face {i}"}))
    # The order of the lines is not that of the files.
    (tmp_path / "metadata.jsonl").write_text("\n".join(reversed(lines)))
    return tmp_path


def number(captions):
    return [[float(caption.split()[1]), 1.0] for caption in captions]


def test_captions_go_with_their_images(faces):
    dataset = kgan.data.load(faces, captions=number, batch_size=4)
    images, vectors = dataset[0]
    np.testing.assert_array_equal(kgan.data.to_uint8(images)[:, 0, 0, 0], vectors[:, 0])
    assert vectors.dtype == np.float32 and vectors.shape == (4, 2)
    assert dataset.captions == [f"face {i}" for i in range(4)]
    assert dataset.classes is None
    assert dataset.digest() != kgan.data.load(faces, batch_size=4).digest()


def test_a_part_of_the_images_keeps_its_captions(faces):
    dataset = kgan.data.load(faces, "train[:50%]", captions=number, batch_size=2)
    shown = dataset.images[:, 0, 0, 0]
    np.testing.assert_array_equal(shown, dataset.labels[:, 0])
    assert dataset.captions == [f"face {i}" for i in shown]


def test_vectors_by_name_are_kept(faces, encode, tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_HOME", str(tmp_path / "home"))
    options = {"captions": "all-MiniLM-L6-v2", "batch_size": 4}
    made = kgan.data.load(faces, **options).labels
    np.testing.assert_array_equal(made, encode([f"face {i}" for i in range(4)]))
    monkeypatch.setattr(kgan.text, "encoder", None)
    np.testing.assert_array_equal(kgan.data.load(faces, **options).labels, made)


def test_a_folder_in_the_data_folder_is_found_by_its_name(faces):
    dataset = kgan.data.load(faces.name, data_dir=faces.parent, batch_size=4)
    assert dataset.num_images == 4


def test_captions_that_are_missing_or_damaged_are_refused(faces):
    file = faces / "metadata.jsonl"
    whole = file.read_text()
    file.write_text("\n".join(whole.splitlines()[1:]))
    with pytest.raises(ValueError, match=r"has no caption of 1 images, the first '3.png'"):
        kgan.data.load(faces, captions=number)
    file.write_text(whole + "\n{")
    with pytest.raises(ValueError, match="line 5: expected a JSON object with file_name"):
        kgan.data.load(faces, captions=number)
    file.unlink()
    with pytest.raises(ValueError, match=r"has no metadata.jsonl: write a line"):
        kgan.data.load(faces, captions=number)


def test_what_does_not_go_together_is_refused(faces):
    with pytest.raises(ValueError, match="pass labels or captions"):
        kgan.data.load(faces, captions=number, labels=True)
    with pytest.raises(ValueError, match="captions come with a folder of images"):
        kgan.data.load("embedded", captions=number)
    with pytest.raises(ValueError, match=r"must return numbers \(4, d\) for 4 captions"):
        kgan.data.load(faces, captions=lambda captions: [1.0, 2.0, 3.0, 4.0])


def test_vectors_are_checked():
    images = np.zeros((3, 8, 8, 1), "uint8")
    with pytest.raises(ValueError, match="got 3 images and 2 vectors"):
        kgan.data.ImageDataset(images, np.zeros((2, 5)), batch_size=1)
    with pytest.raises(ValueError, match="vector 1 contains NaN"):
        kgan.data.ImageDataset(images, np.array([[0.0], [np.nan], [0.0]]), batch_size=1)


def test_captions_may_hold_any_character(faces):
    """Unicode's line separator within a text, a byte order mark, blank lines."""
    lines = [{"file_name": f"{i}.png", "text": f"face {i}\u2028."} for i in range(4)]
    text = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n"
    (faces / "metadata.jsonl").write_text(text, encoding="utf-8-sig")
    dataset = kgan.data.load(faces, captions=number, batch_size=4)
    assert dataset.captions[3] == "face 3\u2028."


@pytest.mark.parametrize("caption", [None, 7, " "])
def test_captions_must_be_texts(faces, caption):
    line = json.dumps({"file_name": "0.png", "caption": caption})
    (faces / "metadata.jsonl").write_text(line)
    with pytest.raises(ValueError, match=r"metadata\.jsonl, line 1: expected .* a text, got"):
        kgan.data.load(faces, captions=number)
    line = json.dumps({"file_name": "0.png", "caption": "a face"})
    (faces / "metadata.jsonl").write_text(f"{line}\n{line}")
    with pytest.raises(ValueError, match=r"line 2: '0\.png' has a caption already"):
        kgan.data.load(faces, captions=number)


def test_a_data_set_of_tfds_is_no_folder_of_images(faces):
    (faces / "1.0.0").mkdir()
    (faces / "1.0.0" / "dataset_info.json").write_text("{}")
    with pytest.raises((ValueError, FileNotFoundError), match=faces.name):
        kgan.data.load(faces.name, data_dir=faces.parent, batch_size=4)


def test_a_models_folder_runs_no_code(encode, tmp_path):
    """A class of the folder's own is not imported, whatever its list of modules says."""
    import shutil

    source = kgan.text.packaged_folder("all-MiniLM-L6-v2")
    if source is None:
        pytest.skip("the package with the model is not installed")
    folder, ran = tmp_path / "model", tmp_path / "ran"
    shutil.copytree(source, folder)
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w')\nclass Own: pass\n")
    modules = json.loads((folder / "modules.json").read_text())
    modules[2]["type"] = "own.Own"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ValueError, match="cannot load the sentence encoder"):
        kgan.text.encoder(str(folder))
    assert not ran.exists()
