"""Does a text-conditional GAN draw what the caption says? Judged by a classifier of attributes.

A network learns on real images to tell the attributes that their captions name: hair and its
colour, glasses, mouth, clothes, background and so on. Then it judges what the GAN makes of the
test set's captions, but for those that tell of the same attributes as some training image: every
one is a combination that the GAN has not seen. Its accuracy is shown beside that on the real test
images, which is the most that can be reached, and beside chance, which is always guessing the
commonest.

    python examples/text_attributes.py text_gan_avatars --data avatars --out text_attributes

The data is a folder with `train` and `test`, in each a `metadata.jsonl` whose lines have
`file_name`, `caption` and `attributes`. Writes `results.json`, `samples.png` (real images, and
below what was made of their captions) and the classifier, which is used again if it is there.
"""

import argparse
import json
import pathlib

import keras
import numpy as np
from keras import layers

import kgan

# What captions tell, and not what only the images show.
TOLD = (
    "hair", "hair_color", "hat", "hat_color", "accessory", "accessory_color", "facial_hair",
    "eyes", "mouth", "clothing", "clothing_color", "graphic", "background",
)  # fmt: skip
# Sentences that are no caption, with the values of which each attribute is to have one.
GLASSES = ("prescription01", "prescription02", "round")
SUNGLASSES = ("sunglasses", "wayfarers", "kurt")
BEARDS = ("beardLight", "beardMedium", "beardMajestic")
SMILES = ("smile", "twinkle")
PROMPTS = {
    "a smiling person with long red hair and glasses": {
        "hair_color": ("red",),
        "accessory": GLASSES,
        "mouth": SMILES,
    },
    "somebody with a black beard and sunglasses in front of a pink wall": {
        "facial_hair": BEARDS,
        "accessory": SUNGLASSES,
        "background": ("pink",),
    },
    "a blonde person in a red hoodie, background green": {
        "hair_color": ("blonde",),
        "clothing": ("hoodie",),
        "clothing_color": ("red",),
        "background": ("green",),
    },
    "a picture of someone with a yellow hat who looks sad, on blue": {
        "hat_color": ("yellow",),
        "mouth": ("sad",),
        "background": ("blue",),
    },
}
NONE = "none"


def read(folder, split, image_size):
    """Images uint8 `(n, size, size, 3)`, captions, and the attributes told, by name."""
    path = pathlib.Path(folder) / split / "metadata.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    by_name = {record["file_name"]: record for record in records}
    found = kgan.data.load(folder, split, image_size=image_size, shuffle=False, cache=False)
    records = [by_name[file.name] for file in found.images.paths]
    told = {
        name: np.array([record["attributes"][name] or NONE for record in records]) for name in TOLD
    }
    return found.images, [record["caption"] for record in records], told


def combinations(told):
    """All combinations of attributes that occur."""
    return set(zip(*told.values()))


def build(image_size, values):
    """A convolutional network with one softmax an attribute."""
    inputs = keras.Input((image_size, image_size, 3))
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    for width in (32, 64, 128, 128):
        x = layers.Conv2D(width, 3, 2, "same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dense(384, activation="relu")(x)
    heads = {
        name: layers.Dense(len(known), activation="softmax", name=name)(x)
        for name, known in values.items()
    }
    return keras.Model(inputs, heads)


def train(images, told, epochs):
    """A classifier of every attribute, and the values that each can have."""
    values = {name: sorted(set(column)) for name, column in told.items()}
    labels = {name: np.searchsorted(values[name], column) for name, column in told.items()}
    network = build(images.shape[1], values)
    steps = epochs * (len(images) // 128)
    network.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        dict.fromkeys(values, "sparse_categorical_crossentropy"),
    )
    network.fit(images, labels, batch_size=128, epochs=epochs, verbose=2)
    return network, values


def judge(network, values, images):
    """The value of each attribute that the classifier sees in images: arrays of names."""
    seen = network.predict(images, batch_size=256, verbose=0)
    return {name: np.array(values[name])[seen[name].argmax(axis=1)] for name in values}


def compare(told, on_real, on_fake):
    """For each attribute: accuracy on samples and on real images, and that of guessing."""
    table = {}
    for name, column in told.items():
        commonest = max(np.mean(column == value) for value in set(column))
        table[name] = {
            "samples": float(np.mean(on_fake[name] == column)),
            "real": float(np.mean(on_real[name] == column)),
            "chance": float(commonest),
        }
    return table


def judge_prompts(gan, network, values, n):
    """How often images of each prompt show what it says, by attribute and all at once."""
    results = {}
    for prompt, wanted in PROMPTS.items():
        seen = judge(network, values, gan.sample(n, seed=0, prompt=prompt))
        shown = {name: np.isin(seen[name], allowed) for name, allowed in wanted.items()}
        results[prompt] = {name: float(hits.mean()) for name, hits in shown.items()}
        results[prompt]["all"] = float(np.all(list(shown.values()), axis=0).mean())
    return results


def load_gan(name):
    """A preset's model, or that of a `.keras` file."""
    is_file = name.endswith(".keras")
    return keras.models.load_model(name) if is_file else kgan.zoo.load(name, weights="pretrained")


def main():
    """Trains the classifier if need be, judges, and writes what it found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="a preset, or a .keras file")
    parser.add_argument("--data", required=True, help="folder with train and test")
    parser.add_argument("--out", default="text_attributes")
    parser.add_argument("--n", type=int, default=4000, help="captions of the test set, at most")
    parser.add_argument("--epochs", type=int, default=10, help="of the classifier")
    args = parser.parse_args()
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(0)

    gan = load_gan(args.name)
    size = gan.image_shape[0]
    file = out / f"classifier-{size}.keras"
    images, captions, told = read(args.data, "train", size)
    if file.is_file():
        network = keras.models.load_model(file)
        values = {name: sorted(set(column)) for name, column in told.items()}
    else:
        network, values = train(images[:], told, args.epochs)
        network.save(file)
    trained_on = combinations(told)

    images, captions, told = read(args.data, "test", size)
    new = [i for i, one in enumerate(zip(*told.values())) if one not in trained_on][: args.n]
    real, told = images[np.array(new)], {name: column[new] for name, column in told.items()}
    captions = [captions[i] for i in new]
    fake = gan.sample(len(new), seed=0, condition=gan.encode(captions))
    table = compare(told, judge(network, values, real), judge(network, values, fake))
    results = {
        "model": args.name,
        "captions": len(new),
        "attributes": table,
        "prompts": judge_prompts(gan, network, values, 64),
    }
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    shown = np.concatenate([real[:10], fake[:10], real[10:20], fake[10:20]])
    kgan.data.save_image(out / "samples.png", kgan.data.grid(shown, columns=10))

    print(f"{'attribute':16} samples    real  chance   ({len(new)} new combinations)")
    for name, row in table.items():
        print(f"{name:16} {row['samples']:7.1%} {row['real']:7.1%} {row['chance']:7.1%}")
    for prompt, row in results["prompts"].items():
        print(f"\n{prompt}\n  " + ", ".join(f"{name} {rate:.0%}" for name, rate in row.items()))
    print(f"\nwrote {out / 'results.json'} and {out / 'samples.png'}")


if __name__ == "__main__":
    main()
