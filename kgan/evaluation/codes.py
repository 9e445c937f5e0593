"""What an InfoGAN's codes have learned."""

import keras
import numpy as np

from kgan import metrics
from kgan.evaluation.criteria import Score, Unmeasured
from kgan.latents import Categorical
from kgan.latents.codes import slices

ATTRIBUTES = {"slant": metrics.stroke_slant, "thickness": metrics.stroke_thickness}


def codes(subject):
    """Accuracy, purity and information of each code, and what continuous ones go with."""
    if not subject.codes:
        # A conditional model has no codes either, but other scores under the same criterion.
        reasons = () if subject.gan.conditional else ("no codes: latents have no names",)
        raise Unmeasured(*reasons)
    _, places = slices(subject.codes, subject.gan.latent_dim)
    drawn = {code.name: subject.latents[:, places[code.name]] for code in subject.codes}
    scores = []
    for code in subject.codes:
        judge = categorical if isinstance(code, Categorical) else continuous
        scores += judge(subject, code, drawn[code.name])
    # A conditional Q reads codes of the image and what it was asked for: that is not judged.
    if "discriminator" in subject.model.players and not subject.gan.conditional:
        scores += information(subject, drawn)
        scores += real_accuracy(subject)
    return scores


def categorical(subject, code, drawn):
    """Does each category stand for one class, by a classifier's judgement of the samples?"""
    if subject.classifier is None:
        return []
    category, by = drawn.argmax(axis=1), subject.classifier.name
    accuracy = metrics.code_accuracy(category, subject.seen_classes)
    purity = metrics.code_purity(category, subject.seen_classes)
    return [
        Score("code_accuracy", accuracy, by, code.name),
        Score("code_purity", purity, by, code.name),
    ]


def continuous(subject, code, drawn):
    """With what does each number go? Measured on grey images, as bright strokes on the dark."""
    if subject.fake.shape[-1] != 1:
        return []
    scores = []
    for attribute, measure in ATTRIBUTES.items():
        measured = measure(subject.fake)
        if np.unique(measured[np.isfinite(measured)]).size < 2:
            continue
        for entry in range(code.size):
            correlation = metrics.code_correlation(drawn[:, entry], measured)
            scores.append(
                Score("code_correlation", correlation, of=f"{code.name} {entry}, {attribute}")
            )
    return scores


def real_accuracy(subject):
    """Does Q know the classes of real images (arXiv:1606.03657, Sec. 7.2)?"""
    if subject.labels is None:
        return []
    read = subject.gan.predict_codes(subject.real)
    return [
        Score(
            "code_accuracy_real",
            metrics.code_accuracy(read[code.name].argmax(axis=1), subject.labels),
            "Q",
            code.name,
        )
        for code in subject.codes
        if isinstance(code, Categorical)
    ]


def information(subject, drawn):
    """The bound of Eq. 5 for each code, beside the most that there is to know: H(c)."""
    gan = subject.gan
    network = keras.Model(gan.discriminator.inputs, gan.discriminator.outputs[1])
    pixels = subject.fake.astype("float32") / 127.5 - 1.0
    parameters = network.predict(pixels, batch_size=256, verbose=0).astype("float32")
    scores = []
    for code, q in zip(subject.codes, gan.split(parameters, [c.parameters for c in subject.codes])):
        likelihoods = code.log_likelihood(
            keras.ops.convert_to_tensor(q), keras.ops.convert_to_tensor(drawn[code.name])
        )
        found = metrics.information_bound(likelihoods, code.entropy)
        entropy = f"{code.name}, H(c) = {np.round(code.entropy, 3)}"
        scores.append(Score("information", found["bound"], "Q", entropy))
    return scores
