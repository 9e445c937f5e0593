"""Trains a preset at a precision and measures its samples; see `reporting.py`.

The task: `preset`, `precision`, `seed`, `rounds`, `n` samples and real images, `data_dir`.
"""

import json
import time

import keras
import reporting

import kgan


def main():
    """Trains, measures, reports."""
    task = reporting.task()
    preset = kgan.zoo.info(task["preset"])
    source, shape = preset["data"]["source"], preset["networks"]["arguments"]["image_shape"]
    known = kgan.metrics.classifiers.shipped_classifier(source, shape)
    if not known:
        reporting.unavailable(f"kgan ships no classifier of {source} at {shape}")
    keras.utils.set_random_seed(task["seed"])
    keras.config.set_dtype_policy(task["precision"])
    dataset = kgan.zoo.load_data(preset, data_dir=task["data_dir"])
    gan = kgan.zoo.build(preset)
    stop = kgan.callbacks.StopAtRounds(task["rounds"])
    begun = time.perf_counter()
    gan.fit(dataset, epochs=10**6, callbacks=[stop], verbose=0)
    seconds = time.perf_counter() - begun
    # Measured alike, whatever the networks computed in.
    keras.config.set_dtype_policy("float32")
    metric = kgan.metrics.FrechetInceptionDistance(kgan.metrics.classifier_features(known))
    fixed = dict(batch_size=1, shuffle=False, augment=None, cache=True, limit=task["n"])
    real = kgan.zoo.load_data(preset, split="test", data_dir=task["data_dir"], **fixed)
    metric.adapt(real)
    metric.update_state(gan.sample(task["n"], seed=0))
    found = {
        "frechet": float(metric.result()),
        "features": f"{known}_classifier",
        "real_images": real.num_images,
        "round_seconds": seconds / task["rounds"],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
