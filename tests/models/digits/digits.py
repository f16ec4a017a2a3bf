"""The data set as every script here sees it: pixels, split, the held-out file. Only numpy (and scikit-learn for the source)."""

import numpy as np

HELD_OUT_REMAINDERS = (2, 5, 8)
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def load():
    """All 1797 images as UINT8 [n,8,8] (round(255*v/16) of the 17 grey levels) with their labels [n]."""
    from sklearn.datasets import load_digits
    data = load_digits()
    return np.round(255 * data.images / 16).astype(np.uint8), data.target.astype(np.int64)


def held_out_mask(labels):
    """Within each class, in the order of the data set, the images at positions 2, 5 and 8 of every ten are held out."""
    position = np.zeros(len(labels), np.int64)
    for label in range(10):
        of_class = labels == label
        position[of_class] = np.arange(of_class.sum())
    return np.isin(position % 10, HELD_OUT_REMAINDERS), position


def write_pgm(path, images, labels):
    """One binary PGM after another in one file, the truth as a comment in each header."""
    with open(path, "wb") as out:
        for image, label in zip(images, labels):
            out.write(b"P5\n# label %d\n8 8\n255\n" % label + image.tobytes())


def read_pgm(path):
    """The images UINT8 [n,8,8] and labels [n] of such a file; anything else in it is an error."""
    data, at, images, labels = open(path, "rb").read(), 0, [], []
    while at < len(data):
        head = data[at:at + 20].split(b"\n")
        if head[0] != b"P5" or not head[1].startswith(b"# label ") or head[2:4] != [b"8 8", b"255"]:
            raise ValueError(f"{path}: no image of the expected form at byte {at}")
        at += len(b"\n".join(head[:4])) + 1
        images.append(np.frombuffer(data, np.uint8, 64, at).reshape(8, 8))
        labels.append(int(head[1][8:]))
        at += 64
    return np.stack(images), np.array(labels)
