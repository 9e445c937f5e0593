"""The scorecard: its numbers are those of the metrics, and its page says it all."""

import base64
import hashlib
import html.parser
import io
import json

import keras
import numpy as np
import PIL.Image
import pytest
import tiny

import kgan
from kgan import evaluation, latents, metrics

N = 40


class Quarters:
    """Features that need no network: the mean pixel of each quarter of an image."""

    digest = name = "quarters"

    def __init__(self):
        self.images = 0

    def __call__(self, images):
        self.images += len(images)
        quarters = np.asarray(images, "float64").reshape(len(images), 2, 4, 2, 4)
        return quarters.mean(axis=(2, 4)).reshape(len(images), 4)


def classifier(classes=tiny.CLASSES):
    keras.utils.set_random_seed(3)
    layers = [
        keras.layers.Rescaling(1 / 25),
        keras.layers.Flatten(),
        keras.layers.Dense(classes, activation="softmax"),
    ]
    return keras.Sequential([keras.Input(tiny.SHAPE), *layers], name="tiny_classifier")


def model(kind, **kwargs):
    gan = kind(*tiny.networks(**kwargs.pop("networks", {})), **kwargs)
    gan.compile()
    return gan


def real():
    return tiny.images(N, seed=1), tiny.labels(N)


def evaluate(gan, out=None, **kwargs):
    arguments = {
        "n": 50,
        "extractor": Quarters(),
        "classifier": classifier(),
        "train": tiny.images(60, seed=2),
        "cache": False,
        "metrics": [name for name in evaluation.run.METRICS if name != "speed"],
        **kwargs,
    }
    return evaluation.evaluate(gan, real(), out=out, **arguments)


def value(results, name, of=None):
    (found,) = [
        score["value"]
        for score in results["scores"]
        if score["name"] == name and (of is None or score["of"].startswith(of))
    ]
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A model in a run folder, its results, and where they were written."""
    run = tmp_path_factory.mktemp("run")
    gan = model(kgan.GAN)
    gan.save(run / "model.keras")
    (run / "history.csv").write_text("epoch,d_loss,g_loss\n0,1.5,0.5\n1,1.25,nan\n2,1.0,0.75\n")
    results = evaluate(run / "model.keras", run / "page", metrics=evaluation.run.DEFAULT, seed=5)
    return gan, results, run / "page"


def test_scores_are_those_of_the_metrics(plain):
    gan, results, _ = plain
    (images, _), fake, quarters = real(), gan.sample(50, seed=5), Quarters()
    features = quarters(images), quarters(fake)
    assert value(results, "fid") == pytest.approx(metrics.frechet_distance(*features))
    kid = metrics.kernel_distance_subsets(*features, 100, 20)
    assert value(results, "kid") == pytest.approx(kid[0])
    for name, expected in metrics.prdc(*features, k=5).items():
        assert value(results, name) == expected
    probabilities = classifier().predict(fake, verbose=0)
    expected = metrics.inception_score(probabilities)[0]
    assert value(results, "inception_score") == pytest.approx(expected, rel=1e-4)
    assert value(results, "images_per_second") > 0
    assert value(results, "latency") > 0


def test_path_length_is_that_of_the_generator(plain):
    gan, results, _ = plain
    first, second = (gan.random_latents(50, seed) for seed in (5, 6))
    expected = metrics.perceptual_path_length(
        lambda z: gan.predict(z, verbose=0), first, second, Quarters()
    )
    assert value(results, "path_length") == pytest.approx(expected, rel=1e-2)


def test_memorisation_is_the_distance_to_the_nearest_training_image(plain):
    gan, results, _ = plain
    train = tiny.images(60, seed=2).reshape(60, -1) / 255
    for name, images in (
        ("nearest_train", gan.sample(50, seed=5)),
        ("nearest_train_test", real()[0]),
    ):
        points = images.reshape(len(images), 1, -1) / 255
        expected = np.sqrt(((points - train) ** 2).sum(axis=2)).min(axis=1).mean()
        assert value(results, name) == pytest.approx(expected)
    ratio = value(results, "nearest_train") / value(results, "nearest_train_test")
    assert value(results, "nearest_train_ratio") == pytest.approx(ratio)


def test_what_a_model_cannot_have_is_said(plain):
    _, results, _ = plain
    assert results["remarks"] == {
        "coverage": ["no MS-SSIM: it needs images of 11 pixels a side"],
        "disentangled latent space": ["no codes: latents have no names"],
        "likelihood": ["none: a GAN defines how to sample, and no density"],
    }
    table = evaluation.table(results)
    for criterion in evaluation.criteria.CRITERIA:
        assert sum(line.startswith(criterion) for line in table.splitlines()) == 1


def test_results_say_how_they_were_made(plain):
    _, results, out = plain
    assert json.loads((out / "results.json").read_text()) == results
    protocol = results["protocol"]
    assert protocol["weights_sha256"] == {
        "model.keras": hashlib.sha256((out.parent / "model.keras").read_bytes()).hexdigest()
    }
    assert (protocol["n_real"], protocol["n_fake"], protocol["seed"]) == (N, 50, 5)
    assert protocol["extractors"]["quarters"]["digest"] == "quarters"
    assert protocol["versions"]["keras"] == keras.__version__
    assert set(results["seconds"]) >= {"speed", "fid, quarters", "memorisation"}


class Page(html.parser.HTMLParser):
    """Fails at a tag that is not closed; collects images, addresses and text."""

    VOID = {"meta", "img"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.images, self.addresses, self.text = [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.addresses += [attributes[key] for key in ("src", "href") if key in attributes]
        if tag == "img":
            kind, data = attributes["src"].split(",")
            assert kind == "data:image/png;base64" and attributes["alt"]
            self.images.append(PIL.Image.open(io.BytesIO(base64.b64decode(data))))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_whole_and_needs_nothing_else(plain):
    gan, results, out = plain
    page = Page((out / "index.html").read_text())
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert all(address.startswith("data:") for address in page.addresses)
    text = " ".join(page.text)
    for score in evaluation.criteria.scores_of(results):
        assert score.title in text and str(score) in text
    # Samples, interpolation, neighbours; and a curve for each column with numbers.
    samples, strip, _ = page.images
    expected = kgan.data.grid(gan.sample(50, seed=5), columns=8)[:, :, 0]
    np.testing.assert_array_equal(np.asarray(samples), expected)
    assert strip.size == (12 * 10 + 2, 6 * 10 + 2)
    assert page.tags.count("polyline") == 2


def test_a_conditional_model_is_asked_for_what_the_real_images_show(tmp_path):
    gan = model(kgan.ConditionalGAN, networks={"classes": 3}, classes=3)
    judge = classifier()
    results = evaluate(gan, tmp_path, classifier=judge)
    asked = np.resize(tiny.labels(N), 50)
    fake = gan.sample(50, condition=asked, seed=0)
    seen = judge.predict(fake, verbose=0).argmax(axis=1)
    assert value(results, "class_accuracy") == (seen == asked).mean()
    quarters = Quarters()
    distances = metrics.intra_class_frechet(
        quarters(real()[0]), tiny.labels(N), quarters(fake), asked
    )
    assert value(results, "intra_fid") == pytest.approx(np.mean(list(distances.values())))
    assert "disentangled latent space" not in results["remarks"]
    # Samples, a column a class, interpolation, neighbours.
    images = Page((tmp_path / "index.html").read_text()).images
    assert len(images) == 4 and images[1].size == (3 * 10 + 2, 8 * 10 + 2)


def test_data_sorted_by_class_are_not_cut_after_the_first_classes():
    gan = model(kgan.ConditionalGAN, networks={"classes": 3}, classes=3)
    images, labels = real()
    order = np.argsort(labels, kind="stable")
    results = evaluation.evaluate(
        gan,
        (images[order], labels[order]),
        n=20,
        metrics=["fid"],
        extractor=Quarters(),
        classifier=None,
        cache=False,
    )
    assert results["protocol"]["n_real"] == 20
    assert results["protocol"]["data"]["chosen"] == "20, drawn by a fixed permutation from the 40"
    opened = evaluation.opening.open_model(gan)
    data = evaluation.opening.open_data((images[order], labels[order]), opened)
    subject = evaluation.subject.Subject(opened, data, 20)
    assert set(subject.labels) == {0, 1, 2}
    # Each image still has its own label.
    pairs = {(image.tobytes(), label) for image, label in zip(images, labels, strict=True)}
    taken = zip(subject.real, subject.labels, strict=True)
    assert all((image.tobytes(), label) in pairs for image, label in taken)


def test_a_model_of_texts_is_asked_for_what_the_real_captions_say(tmp_path):
    gan = kgan.TextGAN(*tiny.networks(condition_dim=5))
    images = real()[0]
    vectors = np.random.default_rng(0).normal(size=(len(images), 5)).astype("float32")
    results = evaluation.evaluate(
        gan, (images, vectors), n=40, extractor=Quarters(), out=tmp_path, cache=False
    )
    asked = vectors[np.arange(40) % len(images)]
    fake = Quarters()(gan.sample(40, condition=asked, seed=0))
    expected = kgan.metrics.frechet_distance(Quarters()(images[:40]), fake)
    assert value(results, "fid") == pytest.approx(expected, rel=1e-4)
    assert results["protocol"]["condition"] == "the vectors of the real images, in turn"
    assert (tmp_path / "index.html").is_file()


def test_labels_are_those_that_the_model_was_trained_with(tmp_path):
    for split, tags in (("train", "abc"), ("test", "ac")):
        (tmp_path / "faces" / split).mkdir(parents=True)
        lines = []
        for name, tag in zip("012", tags):
            pixels = np.full(tiny.SHAPE[:2], int(name), "uint8")
            PIL.Image.fromarray(pixels).save(tmp_path / "faces" / split / f"{name}.png")
            lines.append(json.dumps({"file_name": f"{name}.png", "tags": {"kind": tag}}))
        (tmp_path / "faces" / split / "metadata.jsonl").write_text("\n".join(lines))
    model(kgan.ConditionalGAN, networks={"classes": 3}, classes=3).save(tmp_path / "model.keras")
    about = {"data": {"source": str(tmp_path / "faces"), "labels": "tags/kind"}}
    (tmp_path / "config.json").write_text(json.dumps(about))
    opened = evaluation.opening.open_model(tmp_path / "model.keras")
    found = evaluation.opening.open_data(None, opened)
    assert found.real.labels.tolist() == [0, 2] and found.train().labels is None


def test_the_codes_of_an_infogan_are_judged(tmp_path):
    codes = [latents.Categorical(3), latents.Continuous(1)]
    gan = model(kgan.InfoGAN, networks={"code_parameters": 5}, codes=codes)
    judge = classifier()
    results = evaluate(gan, tmp_path, classifier=judge)
    drawn, fake = gan.random_latents(50, 0), gan.sample(50, seed=0)
    category = drawn[:, 2:5].argmax(axis=1)
    seen = judge.predict(fake, verbose=0).argmax(axis=1)
    assert value(results, "code_accuracy") == metrics.code_accuracy(category, seen)
    assert value(results, "code_purity") == metrics.code_purity(category, seen)
    read = gan.predict_codes(real()[0])["category"].argmax(axis=1)
    expected = metrics.code_accuracy(read, tiny.labels(N))
    assert value(results, "code_accuracy_real") == expected
    # Eq. 5 by hand: ln 3 and the mean log-probability that Q gives the category drawn.
    told = gan.predict_codes(fake)["category"][np.arange(50), category]
    bound = value(results, "information", "category")
    assert bound == pytest.approx(np.log(3) + np.log(told).mean(), rel=1e-4)
    correlation = metrics.code_correlation(drawn[:, 5], metrics.stroke_slant(fake))
    assert value(results, "code_correlation", "continuous 0, slant") == correlation
    # Samples, a sweep of each code, interpolation, neighbours.
    assert len(Page((tmp_path / "index.html").read_text()).images) == 5


def test_codes_of_a_conditional_infogan_are_judged_by_the_classifier_alone(tmp_path):
    networks = {"code_parameters": 3, "classes": tiny.CLASSES}
    gan = model(kgan.InfoGAN, networks=networks, codes=[latents.Categorical(3)])
    results = evaluate(gan, classifier=classifier(), metrics=["codes"])
    names = [score["name"] for score in results["scores"]]
    assert names == ["code_accuracy", "code_purity"]


def test_a_plain_function_may_compute_the_features():
    def features(pixels):
        return pixels.reshape(len(pixels), -1)[:, :5].astype("float32")

    results = evaluate(
        model(kgan.GAN), extractor=features, classifier=classifier(), metrics=["fid"], cache=False
    )
    assert results["protocol"]["extractors"]["function"]["digest"] is None
    assert value(results, "fid") > 0


def test_features_are_computed_once(tmp_path):
    gan, counted = model(kgan.GAN), []
    for _ in range(2):
        extractor = Quarters()
        names = ["fid", "kid", "prdc"]
        evaluate(gan, extractor=extractor, metrics=names, cache=tmp_path / "cache")
        counted.append(extractor.images)
    assert counted == [N + 50, 0]


def test_half_precision_hides_what_a_path_length_measures():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = model(kgan.GAN)
    finally:
        keras.config.set_dtype_policy("float32")
    results = evaluate(gan, metrics=["path_length"])
    assert "half precision" in results["remarks"]["well-behaved latent space"][0]


def test_parzen_is_measured_where_it_is_asked_for():
    results = evaluate(model(kgan.GAN), metrics=["parzen"])
    assert np.isfinite(value(results, "parzen"))
    assert "likelihood" not in results["remarks"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"metrics": ["fdi"]}, "metrics are speed, fid, .*got fdi"),
        ({"metrics": []}, "got none of them"),
        ({"n": 0}, "n must be at least 1"),
        ({"extractor": "classifier"}, "needs a classifier of these images"),
        ({"extractor": "resnet"}, "must be inception, classifier, both or a .keras file"),
    ],
)
def test_mistakes_are_explained(arguments, said):
    with pytest.raises(ValueError, match=said):
        evaluate(kgan.GAN(*tiny.networks()), **arguments)


def test_models_and_data_must_fit(tmp_path):
    gan = kgan.GAN(*tiny.networks())
    with pytest.raises(ValueError, match=r"not known what .* was trained on: pass data"):
        evaluation.evaluate(gan)
    with pytest.raises(ValueError, match=r"makes images \(8, 8, 1\), and the data are \(9, 9, 1\)"):
        evaluation.evaluate(gan, np.zeros((20, 9, 9, 1), "uint8"), extractor=Quarters())
    conditional = kgan.ConditionalGAN(*tiny.networks(classes=3), classes=3)
    with pytest.raises(ValueError, match="these data have no labels and no captions"):
        evaluation.evaluate(conditional, real()[0], extractor=Quarters())
    with pytest.raises(FileNotFoundError, match="there is no file"):
        evaluation.evaluate(tmp_path / "nothing.keras")
    with pytest.raises(ValueError, match="this model makes"):
        evaluation.evaluate(kgan.GAN(*tiny.line()))


@pytest.mark.parametrize(
    ("split", "other", "apart"),
    [
        ("test", "train", True),
        ("test", "train[:90%]", True),
        ("train[90%:]", "train[:90%]", True),
        ("train[1000:2000]", "train[2000:]", True),
        ("train", "train[:90%]", False),
        ("train[:50%]", "train[:90%]", False),
        ("train[:100]", "train", False),
        ("train[5000:]", "train[:50%]", False),
    ],
)
def test_splits_are_apart_only_if_that_is_certain(split, other, apart):
    assert evaluation.opening.apart(split, other) is apart


def test_inception_score_of_a_conditional_model_does_not_depend_on_the_datas_order():
    """A generator and a classifier that are right about three classes, of images sorted by them."""
    latents, condition = keras.Input((2,)), keras.Input((), dtype="int32")
    shade = keras.layers.Embedding(3, 64)(condition)
    shade = keras.layers.Add()([shade, keras.layers.Dense(64, kernel_initializer="zeros")(latents)])
    generator = keras.Model([latents, condition], keras.layers.Reshape((8, 8, 1))(shade))
    generator.get_layer(index=2).set_weights([np.repeat([[-1.0], [0.0], [1.0]], 64, axis=1)])
    images = keras.Input((8, 8, 1))
    labels = keras.Input((), dtype="int32")
    both = [keras.layers.Flatten()(images), keras.layers.Embedding(3, 4)(labels)]
    logits = keras.layers.Dense(1)(keras.layers.Concatenate()(both))
    gan = kgan.ConditionalGAN(generator, keras.Model([images, labels], logits), classes=3)
    mean = keras.layers.GlobalAveragePooling2D()(images)
    judge = keras.Model(images, keras.layers.Dense(3, activation="softmax", name="j")(mean))
    # -(mean - level)^2, but for what all classes have in common.
    levels = np.array([0.0, 127.5, 255.0])
    judge.get_layer("j").set_weights([2 * levels[None], -(levels**2)])
    sorted_labels = np.repeat(np.arange(3, dtype="int32"), 100)
    data = (np.zeros((300, 8, 8, 1), "uint8"), sorted_labels)
    for n in (300, 200):
        results = kgan.evaluation.evaluate(
            gan, data, n=n, metrics=["inception_score"], classifier=judge
        )
        assert value(results, "inception_score") == pytest.approx(3, rel=0.05)
