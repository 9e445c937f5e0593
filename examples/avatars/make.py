"""The avatars dataset: what is drawn, its captions, rendering, and packing.

35,000 different cartoon faces in the `avataaars` style (art by Pablo Stanley,
drawn by DiceBear), 128x128 RGB, each with a caption and attributes. Every
choice (hair, colours, clothes, ...) is made here from a seed per image, and the
drawing itself is done by `render.mjs`, with node 18 or newer and npm:

    python examples/avatars/make.py DATA_DIR
    kgan train wgan_gp_avatars --data_dir DATA_DIR

Captions and attributes only tell what can be seen. The tables below follow the
style's code: a top is drawn either in the hair colour or in the hat colour, so
no hair is drawn under a hat; some tops and all accessories hide the eyebrows;
dark glasses hide the eyes; long locks and the hijab hide the clothes. What
would be hidden stays at the style's plain default and is left out (None in the
attributes).

DATA_DIR/avatars is a folder as `kgan.data.load` takes it: `train` and `test` with
a `metadata.jsonl` each, and LICENSE.txt, which is to go with copies.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

SIZE = 128
SPLITS = {"train": 30_000, "test": 5_000}
NODE_DIR = Path(__file__).resolve().parent

# sha256 of all the choices made, and of all the pixels drawn, in order.
SPECS_SHA256 = "fb2fa17ea3175e5127a82360111daf2062c25e0ef438978669c46d4cffa0773d"
PIXELS_SHA256 = "da6e3fe5a6c8d9a6990dc67c408b97c559b80101f9f7750f5a91c11e89e3d051"

# --- Colours: caption name -> the hexadecimal value the style takes. ----------

BACKGROUNDS = {
    "blue": "b6e3f4",
    "purple": "c0aede",
    "pink": "ffd5dc",
    "peach": "ffdfbf",
    "green": "c1e7c4",
}
SKINS = {
    "pale": "ffdbb4",
    "light": "edb98a",
    "tan": "d08b5b",
    "brown": "ae5d29",
    "dark": "614335",
}
HAIRS = {
    "black": "2c1b18",
    "brown": "724133",
    "auburn": "a55728",
    "blonde": "d6b370",
    "platinum": "ecdcbf",
    "red": "c93305",
    "silver": "e8e1e1",
    "pink": "f59797",
}
FABRICS = {  # hats and clothes
    "black": "262e33",
    "navy": "25557c",
    "blue": "5199e4",
    "gray": "929598",
    "white": "ffffff",
    "mint": "a7ffc4",
    "yellow": "ffffb1",
    "pink": "ff488e",
    "red": "ff5c5c",
}
FRAMES = {  # glasses
    "black": "262e33",
    "blue": "5199e4",
    "red": "ff5c5c",
    "white": "ffffff",
}

# --- Parts: the style's own name -> (weight, phrase; {c} is its colour). -------

HAIR = {
    "bob": (3, "a {c} bob"),
    "bun": (3, "{c} hair in a bun"),
    "curly": (3, "big curly {c} hair"),
    "curvy": (3, "long wavy {c} hair"),
    "dreads": (3, "long {c} dreadlocks"),
    "frida": (2, "{c} hair with flowers"),
    "fro": (3, "a {c} afro"),
    "froBand": (2, "a {c} afro with a blue headband"),
    "longButNotTooLong": (3, "shoulder-length {c} hair"),
    "miaWallace": (3, "a {c} bob with bangs"),
    "shavedSides": (2, "long {c} hair with shaved sides"),
    "straight01": (3, "long side-swept {c} hair"),
    "straight02": (3, "long straight {c} hair"),
    "straightAndStrand": (3, "long {c} hair with bangs"),
    "bigHair": (3, "long voluminous {c} hair"),
    "dreads01": (2, "short {c} dreadlocks"),
    "dreads02": (2, "frizzy {c} hair"),
    "frizzle": (2, "a {c} quiff"),
    "shaggy": (2, "shaggy {c} hair"),
    "shaggyMullet": (2, "a {c} mullet"),
    "shortCurly": (3, "short curly {c} hair"),
    "shortFlat": (3, "short {c} hair"),
    "shortRound": (3, "short rounded {c} hair"),
    "shortWaved": (3, "short wavy {c} hair"),
    "sides": (2, "a bald head with {c} hair on the sides"),
    "theCaesar": (2, "close-cropped {c} hair"),
    "theCaesarAndSidePart": (2, "close-cropped {c} hair with a side part"),
}
HAT = {
    "hat": (3, "a {c} wide-brimmed hat"),
    "hijab": (3, "a {c} hijab"),
    "turban": (3, "a {c} turban"),
    "winterHat1": (2, "a {c} winter hat with ear flaps"),
    "winterHat02": (3, "a {c} knitted hat with tassels"),
    "winterHat03": (2, "a {c} bobble hat"),
    "winterHat04": (2, "a {c} hat with cat ears"),
}
ACCESSORIES = {
    "prescription01": (3, "{c} glasses"),
    "prescription02": (3, "{c} glasses"),
    "round": (4, "round {c} glasses"),
    "sunglasses": (2, "{c} sunglasses"),
    "wayfarers": (2, "{c} sunglasses"),
    "kurt": (2, "oversized {c} sunglasses"),
    "eyepatch": (1, "an eyepatch"),
}
FACIAL_HAIR = {
    "beardLight": (3, "a short {c} beard"),
    "beardMedium": (3, "a {c} beard"),
    "beardMajestic": (3, "a big {c} beard"),
    "moustacheFancy": (2, "a thin {c} moustache"),
    "moustacheMagnum": (2, "a {c} moustache"),
}
EYEBROWS = {
    "default": (10, None),
    "angry": (2, "angry eyebrows"),
    "raisedExcited": (2, "raised eyebrows"),
    "sadConcerned": (2, "worried eyebrows"),
    "flatNatural": (2, "thick flat eyebrows"),
}
# Things one has come after "with"; things one does follow on their own.
EYES = {
    "default": (14, None),
    "closed": (2, "closed eyes"),
    "happy": (3, "happy closed eyes"),
    "hearts": (2, "heart-shaped eyes"),
    "squint": (2, "narrowed eyes"),
    "surprised": (2, "wide open eyes"),
    "xDizzy": (1, "x-shaped eyes"),
    "cry": (1, "a tear on the cheek"),
    "side": (2, "looking sideways"),
    "eyeRoll": (1, "rolling the eyes"),
    "wink": (2, "winking"),
    "winkWacky": (1, "winking with one wide eye"),
}
MOUTH = {
    "smile": (6, "smiling"),
    "twinkle": (5, "a slight smile"),
    "default": (4, "an open mouth"),
    "serious": (4, "a neutral expression"),
    "sad": (3, "frowning"),
    "grimace": (2, "gritted teeth"),
    "tongue": (2, "sticking out the tongue"),
    "disbelief": (2, "looking dismayed"),
    "concerned": (1, "looking concerned"),
    "screamOpen": (1, "screaming"),
}
DOING = {
    "side",
    "eyeRoll",
    "wink",
    "winkWacky",
    "smile",
    "sad",
    "tongue",
    "disbelief",
    "concerned",
    "screamOpen",
}
CLOTHING = {
    "blazerAndShirt": (2, "a {c} blazer over a t-shirt"),
    "blazerAndSweater": (2, "a {c} blazer over a collared sweater"),
    "collarAndSweater": (3, "a {c} sweater with a collar"),
    "graphicShirt": (4, "a {c} t-shirt with {g}"),
    "hoodie": (4, "a {c} hoodie"),
    "overall": (2, "{c} overalls"),
    "shirtCrewNeck": (3, "a {c} crew-neck t-shirt"),
    "shirtScoopNeck": (2, "a {c} scoop-neck t-shirt"),
    "shirtVNeck": (3, "a {c} v-neck t-shirt"),
}
GRAPHIC = {
    "bat": (1, "a bat"),
    "bear": (1, "a bear"),
    "cumbia": (1, "the word cumbia"),
    "deer": (1, "a deer"),
    "diamond": (1, "a diamond"),
    "hola": (1, "a hola speech bubble"),
    "pizza": (1, "a pizza slice"),
    "resist": (1, "the word resist"),
    "skull": (1, "a skull"),
    "skullOutline": (1, "an outlined skull"),
}

# --- What hides what (measured on renders of every pair of parts). ------------

HIDES_EYEBROWS = {
    "bob",
    "longButNotTooLong",
    "miaWallace",
    "straightAndStrand",
    "bigHair",
    "shaggy",
    "shaggyMullet",
    "winterHat1",
    "winterHat03",
    "winterHat04",
}
HIDES_EYES = {"sunglasses", "wayfarers", "kurt"}
HIDES_ONE_EYE = {"eyepatch"}
HIDES_CHEST = {"dreads", "curvy"}  # locks over the shirt's print, the hood

P_BALD, P_HAT, P_ACCESSORY, P_FACIAL_HAIR = 0.03, 0.2, 0.35, 0.25
MIN_DISTANCE = 45.0  # between RGB colours that touch, so that shapes show


def _distance(a, b):
    pairs = zip(bytes.fromhex(a), bytes.fromhex(b))
    return sum((x - y) ** 2 for x, y in pairs) ** 0.5


def draw_attributes(seed):
    """The attributes of one avatar (None: not seen), or None if colours clash.

    Uses `random.Random.random` only, the one method whose sequence Python keeps
    the same from version to version.
    """
    rng = random.Random(seed)

    def chance(p):
        return rng.random() < p

    def pick(table):
        """A key of `table`: by weight for parts, evenly for colours."""
        weights = [v[0] if isinstance(v, tuple) else 1 for v in table.values()]
        left = rng.random() * sum(weights)
        for key, weight in zip(table, weights):
            left -= weight
            if left < 0:
                return key
        return key

    background, skin = pick(BACKGROUNDS), pick(SKINS)

    # The top: bald, a hat or hair.
    hair = hair_color = hat = hat_color = None
    if not chance(P_BALD):
        if chance(P_HAT):
            hat, hat_color = pick(HAT), pick(FABRICS)
        else:
            hair, hair_color = pick(HAIR), pick(HAIRS)

    # Facial hair, of the hair's colour where there is hair. As in the style's
    # own code, not with a hijab.
    facial_hair = facial_hair_color = None
    if chance(P_FACIAL_HAIR) and hat != "hijab":
        facial_hair, facial_hair_color = pick(FACIAL_HAIR), hair_color or pick(HAIRS)

    # Accessories; the eyepatch is always black.
    accessory = accessory_color = None
    if chance(P_ACCESSORY):
        accessory = pick(ACCESSORIES)
        accessory_color = "black" if accessory == "eyepatch" else pick(FRAMES)

    mouth, eyes, eyebrows = pick(MOUTH), pick(EYES), pick(EYEBROWS)
    if accessory in HIDES_EYES:
        eyes = None
    elif accessory in HIDES_ONE_EYE or (accessory and eyes == "cry"):
        eyes = "default"
    if accessory or hair in HIDES_EYEBROWS or hat in HIDES_EYEBROWS:
        eyebrows = None

    clothing, clothing_color = pick(CLOTHING), pick(FABRICS)
    if hat == "hijab":
        clothing = None  # some shirt: only a plain part of it shows
    elif hair in HIDES_CHEST and clothing in ("graphicShirt", "hoodie"):
        clothing = "shirtCrewNeck"
    graphic = pick(GRAPHIC) if clothing == "graphicShirt" else None

    # Pairs of colours that touch have to be told apart.
    back, face = BACKGROUNDS[background], SKINS[skin]
    touching = [(face, back), (FABRICS[clothing_color], back), (FABRICS[clothing_color], face)]
    if hair:
        touching += [(HAIRS[hair_color], face), (HAIRS[hair_color], back)]
    if hat:
        touching += [(FABRICS[hat_color], face), (FABRICS[hat_color], back)]
    if facial_hair:
        touching += [(HAIRS[facial_hair_color], face)]
    if accessory:
        touching += [(FRAMES[accessory_color], face)]
    if any(_distance(a, b) < MIN_DISTANCE for a, b in touching):
        return None
    # Prints and collars are white.
    needed = {"graphicShirt": 150, "collarAndSweater": MIN_DISTANCE}.get(clothing, 0)
    if _distance(FABRICS[clothing_color], "ffffff") < needed:
        return None

    return {
        "hair": hair,
        "hair_color": hair_color,
        "hat": hat,
        "hat_color": hat_color,
        "accessory": accessory,
        "accessory_color": accessory_color,
        "facial_hair": facial_hair,
        "facial_hair_color": facial_hair_color,
        "eyebrows": eyebrows,
        "eyes": eyes,
        "mouth": mouth,
        "clothing": clothing,
        "clothing_color": clothing_color,
        "graphic": graphic,
        "skin_color": skin,
        "background": background,
    }


def caption(a):
    """The caption that tells the attributes `a`."""

    def phrase(table, key, color=None, graphic=""):
        text = table[key][1].format(c=color, g=graphic)
        return text.replace("a auburn", "an auburn")

    have, do, wear = [], [], []
    if a["hair"]:
        have.append(phrase(HAIR, a["hair"], a["hair_color"]))
    elif not a["hat"]:
        have.append("a bald head")
    if a["accessory"]:
        have.append(phrase(ACCESSORIES, a["accessory"], a["accessory_color"]))
    if a["facial_hair"]:
        have.append(phrase(FACIAL_HAIR, a["facial_hair"], a["facial_hair_color"]))
    for table, key in ((EYEBROWS, a["eyebrows"]), (EYES, a["eyes"]), (MOUTH, a["mouth"])):
        if key and table[key][1]:
            (do if key in DOING else have).append(table[key][1])
    if a["hat"]:
        wear.append(phrase(HAT, a["hat"], a["hat_color"]))
    if a["clothing"]:
        wear.append(
            phrase(
                CLOTHING,
                a["clothing"],
                a["clothing_color"],
                GRAPHIC[a["graphic"]][1] if a["graphic"] else "",
            )
        )
    else:
        wear.append(f"a {a['clothing_color']} shirt")

    parts = ["with " + ", ".join(have)] if have else []
    parts += do + ["wearing " + " and ".join(wear), f"on a {a['background']} background"]
    return "a person " + ", ".join(parts)


def style_options(a):
    """The options of the avataaars style that draw the attributes `a`."""
    options = {
        "seed": "kgan",
        "backgroundColor": [BACKGROUNDS[a["background"]]],
        "skinColor": [SKINS[a["skin_color"]]],
        "top": [a["hair"] or a["hat"] or "hat"],
        "topProbability": 100 if a["hair"] or a["hat"] else 0,
        "eyebrows": [a["eyebrows"] or "default"],
        "eyes": [a["eyes"] or "default"],
        "mouth": [a["mouth"]],
        "clothing": [a["clothing"] or "shirtCrewNeck"],
        "clothesColor": [FABRICS[a["clothing_color"]]],
        "facialHairProbability": 100 if a["facial_hair"] else 0,
        "accessoriesProbability": 100 if a["accessory"] else 0,
    }
    if a["hair"]:
        options["hairColor"] = [HAIRS[a["hair_color"]]]
    if a["hat"]:
        options["hatColor"] = [FABRICS[a["hat_color"]]]
    if a["facial_hair"]:
        options["facialHair"] = [a["facial_hair"]]
        options["facialHairColor"] = [HAIRS[a["facial_hair_color"]]]
    if a["accessory"]:
        options["accessories"] = [a["accessory"]]
        options["accessoriesColor"] = [FRAMES[a["accessory_color"]]]
    if a["graphic"]:
        options["clothingGraphic"] = [a["graphic"]]
    return options


def all_attributes():
    """The attributes of all images, train then test, no two the same."""
    seen, result = set(), []
    for index in range(sum(SPLITS.values())):
        for attempt in range(10_000):
            a = draw_attributes(f"kgan-avatars-{index}-{attempt}")
            key = a and tuple(a.values())
            if key and key not in seen:
                break
        else:
            raise RuntimeError(f"no new avatar found for image {index}")
        seen.add(key)
        result.append(a)
    return result


# --- Rendering ----------------------------------------------------------------


def install_renderer(folder, log=print):
    """Installs the locked npm packages in `folder` (once) and returns it.

    `package-lock.json` pins each package by its sha512; npm checks it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "render.mjs"):
        shutil.copy(NODE_DIR / name, folder / name)
    locked = json.loads((NODE_DIR / "package.json").read_text())["dependencies"]
    try:
        installed = all(
            json.loads((folder / "node_modules" / name / "package.json").read_text())["version"]
            == version
            for name, version in locked.items()
        )
    except FileNotFoundError:
        installed = False
    if not installed:
        log("installing " + ", ".join(f"{n}@{v}" for n, v in locked.items()))
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"npm ci failed:\n{done.stderr.strip()}")
    return folder


def render_all(renderer, specs, out, workers, log=print):
    """Draws `specs` to PNG files under `out`; returns the sha256 of the pixels.

    `workers` node processes each draw a run of images; a thread apiece encodes
    what they draw. Fails unless every image is different from all the others.
    """
    counts = list(SPLITS.items())
    paths = [out / split / f"{i:05d}.png" for split, n in counts for i in range(n)]
    for split, _ in counts:
        (out / split).mkdir(parents=True)
    specs_file = out / "specs.jsonl"
    specs_file.write_text("".join(spec + "\n" for spec in specs))
    total, block = len(specs), 1000
    digests = [b""] * total

    def render_block(start):
        stop = min(start + block, total)
        process = subprocess.Popen(
            ["node", "render.mjs", specs_file.resolve(), str(start), str(stop), str(SIZE)],
            cwd=renderer,
            stdout=subprocess.PIPE,
        )
        with process:
            for index in range(start, stop):
                pixels = process.stdout.read(SIZE * SIZE * 3)
                if len(pixels) != SIZE * SIZE * 3:
                    raise RuntimeError(f"the renderer stopped at image {index}")
                digests[index] = hashlib.sha256(pixels).digest()
                image = Image.frombytes("RGB", (SIZE, SIZE), pixels)
                image.save(paths[index], compress_level=9)
        if process.returncode:
            raise RuntimeError(f"the renderer failed (exit status {process.returncode})")
        return stop - start

    done = 0
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for n in pool.map(render_block, range(0, total, block)):
            done += n
            if done % 5000 == 0 or done == total:
                log(f"drew {done} of {total} avatars")
    specs_file.unlink()
    if len(set(digests)) != total:
        raise RuntimeError(f"{total - len(set(digests))} avatars are drawn twice")
    return hashlib.sha256(b"".join(digests)).hexdigest()


def license_text(renderer):
    """The licence of the art and of the code, as the style's package gives it."""
    package = Path(renderer) / "node_modules" / "@dicebear" / "avataaars"
    version = json.loads((package / "package.json").read_text())["version"]
    text = (package / "LICENSE").read_text().strip()
    return (
        "The images in this folder are drawings in the avataaars style, made with\n"
        f"the npm package @dicebear/avataaars {version}.\n\n"
        "Art: Avataaars (https://avataaars.com/) by Pablo Stanley\n"
        "(https://twitter.com/pablostanley), remixed by DiceBear.\n"
        "Licence of the art: Free for personal and commercial use.\n\n"
        "The LICENSE file of the package follows as it is.\n\n"
        f"{'-' * 72}\n\n{text}\n"
    )


def make(out, work_dir, workers, log=print):
    """Makes the dataset in the (new) folder `out`."""
    renderer = install_renderer(Path(work_dir) / "avatars-renderer", log)
    log("choosing attributes")
    attributes = all_attributes()
    specs = [json.dumps(style_options(a), sort_keys=True) for a in attributes]
    digest = hashlib.sha256("\n".join(specs).encode()).hexdigest()
    if digest != SPECS_SHA256:
        raise RuntimeError(f"the avatars chosen are not the published ones (sha256 {digest})")
    pixels = render_all(renderer, specs, out, workers, log)
    if pixels != PIXELS_SHA256:  # harmless: rounding on another processor
        log(f"note: the pixels differ slightly from the published ones (sha256 {pixels})")
    write_metadata(out, attributes)
    (out / "LICENSE.txt").write_text(license_text(renderer))


def write_metadata(out, attributes):
    """Writes each split's metadata.jsonl."""
    rest = iter(attributes)
    for split, n in SPLITS.items():
        with open(out / split / "metadata.jsonl", "w") as f:
            for i in range(n):
                a = next(rest)
                record = {"file_name": f"{i:05d}.png", "caption": caption(a), "attributes": a}
                f.write(json.dumps(record) + "\n")


def main():
    """Makes the data set, all of it or nothing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    target = args.data_dir / "avatars"
    if target.exists():
        parser.error(f"{target} is there already")
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            parser.error(f"{program} is needed to draw the avatars: install node 18 or newer")
    args.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".avatars-", dir=args.data_dir) as work:
        made = Path(work) / "avatars"
        make(made, work, args.workers)
        made.rename(target)
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
