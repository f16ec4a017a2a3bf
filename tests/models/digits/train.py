#!/usr/bin/python3
"""Train the six digit nets and write the two bundles, the held-out images and what was measured.

    train.py                 everything, into the folders beside this script (about 15 minutes on one core)
    train.py --only s25-a    one member again, to look at (writes nothing)
    train.py --manifests     only labels.txt, heldout.pgm and model.toml again (after an edit of their text)

Deterministic for one set of versions and one kind of processor: fixed seeds, one thread, deterministic algorithms.
"""

import argparse
import math
import pathlib
import platform
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from bundling import BATCH, save_onnx, write_manifest, write_vector  # noqa: E402
from digits import NAMES, held_out_mask, load, write_pgm  # noqa: E402
from onnx import helper  # noqa: E402
from verify_models import forward, read_onnx  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
EPOCHS, BATCH_SIZE, DRAWS, RATE, DECAY = 1000, 128, 2, 3e-3, 1e-4
BUNDLES = {"s25": ("digits", 0.25), "s50": ("digits-s50", 0.5)}
SEEDS = {"a": 101, "b": 202, "c": 303}


def conv(before, after, kernel, stride=1):
    return [nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()]


def build(member):
    """Three shapes that differ in kernel, depth and pooling, so that their errors differ. Input [N,1,8,8], output logits [N,10]."""
    if member == "a":  # three small kernels, max pooling, a hidden layer
        return nn.Sequential(*conv(1, 16, 3), *conv(16, 32, 3), nn.MaxPool2d(2), *conv(32, 32, 3),
                             nn.Flatten(), nn.Linear(512, 48), nn.ReLU(), nn.Linear(48, 10))
    if member == "b":  # one large kernel, mean pooling, shallow
        return nn.Sequential(*conv(1, 24, 5), nn.AvgPool2d(2), *conv(24, 40, 3),
                             nn.Flatten(), nn.Linear(640, 32), nn.ReLU(), nn.Linear(32, 10))
    # four small kernels, a strided convolution in place of pooling, no hidden layer
    return nn.Sequential(*conv(1, 24, 3), *conv(24, 24, 3), *conv(24, 40, 3, 2), *conv(40, 40, 3),
                         nn.Flatten(), nn.Linear(640, 10))


def jitter(images, random):
    """Small turns (6 degrees), scalings (5%) and shifts (0.3 pixel): 1260 images are few."""
    n = len(images)
    uniform = lambda *shape: torch.rand(n, *shape, generator=random) * 2 - 1
    angle, scale = 0.105 * uniform(), 1 + 0.05 * uniform()
    move = torch.zeros(n, 2, 3)
    move[:, 0, 0] = move[:, 1, 1] = torch.cos(angle) * scale
    move[:, 1, 0] = torch.sin(angle) * scale
    move[:, 0, 1] = -move[:, 1, 0]
    move[:, :, 2] = 0.075 * uniform(2)
    return F.grid_sample(images, F.affine_grid(move, images.shape, align_corners=False), align_corners=False)


def train(member, sigma, images, labels):
    """Cross entropy under fresh Gaussian noise of sigma (in units of the [0,1] pixel) at every step, AdamW, one cosine cycle."""
    torch.manual_seed(SEEDS[member])
    random = torch.Generator().manual_seed(SEEDS[member] + round(1000 * sigma))
    net = build(member)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    steps = EPOCHS * math.ceil(len(images) / BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.05)
    for _ in range(EPOCHS):
        for index in torch.randperm(len(images), generator=random).split(BATCH_SIZE):
            x = jitter(images[index], random).repeat(DRAWS, 1, 1, 1)
            x = x + sigma * torch.randn(x.shape, generator=random)
            loss = F.cross_entropy(net(x), labels[index].repeat(DRAWS))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def folded(net):
    """The same function without batch normalisation: its scale and shift go into the convolution before it (in double)."""
    layers = list(net)
    result = []
    for index, layer in enumerate(layers):
        if isinstance(layer, nn.BatchNorm2d):
            continue
        if isinstance(layer, nn.Conv2d):
            norm = layers[index + 1]
            scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
            fused = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
            with torch.no_grad():
                fused.weight.copy_(layer.weight.double() * scale[:, None, None, None])
                fused.bias.copy_(norm.bias.double() - norm.running_mean.double() * scale)
            layer = fused
        result.append(layer)
    return nn.Sequential(*result).eval()


def export(net, path):
    """Write the folded net as ONNX: Conv, Relu, MaxPool or AveragePool, Flatten, Gemm."""
    nodes, weights, x = [], {}, "x"

    def add(kind, inputs, **attributes):
        output = "logits" if index == len(net) - 1 else f"{kind.lower()}{index}"
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def parameters(layer):
        names = [f"layer{index}.weight", f"layer{index}.bias"]
        weights.update(zip(names, (layer.weight.detach().numpy(), layer.bias.detach().numpy())))
        return names

    for index, layer in enumerate(net):
        if isinstance(layer, nn.Conv2d):
            x = add("Conv", [x, *parameters(layer)], kernel_shape=list(layer.kernel_size), strides=list(layer.stride),
                    pads=list(layer.padding) * 2)
        elif isinstance(layer, nn.Linear):
            x = add("Gemm", [x, *parameters(layer)], transB=1)
        elif isinstance(layer, nn.ReLU):
            x = add("Relu", [x])
        elif isinstance(layer, nn.MaxPool2d):
            x = add("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
        elif isinstance(layer, nn.AvgPool2d):
            x = add("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        elif isinstance(layer, nn.Flatten):
            x = add("Flatten", [x], axis=1)
        else:
            raise TypeError(f"no export for {layer}")
    save_onnx(path, "digits", nodes, weights, {"x": [BATCH, 1, 8, 8]}, {"logits": [BATCH, 10]})


def environment():
    import onnx
    import sklearn
    return (f"python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}, "
            f"scikit-learn {sklearn.__version__}, onnx {onnx.__version__}, {platform.machine()}")


def self_test(content, pixels):
    """Four held-out images and what the files answer to them, computed in numpy: another machine's arithmetic may differ in the last bits."""
    image = np.ascontiguousarray(pixels[:4, None], dtype=np.uint8)
    logits = sum(forward(read_onnx(content / f"member-{member}.onnx"), image / np.float32(255)) for member in SEEDS) / np.float32(len(SEEDS))
    return [("name", '"heldout"'), ("absolute_tolerance", "1e-3"),
            ("inputs", f"[{write_vector(content, 'heldout', 'image', image)}]"),
            ("outputs", f"[{write_vector(content, 'heldout', 'logits', logits.astype(np.float32))}]")]


def write_bundle(content, name, sigma, pixels):
    """labels.txt, the self-test and model.toml beside the members that stand there."""
    test = self_test(content, pixels)
    (content / "labels.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8", newline="\n")
    write_manifest(
        content, name,
        f"Handwritten digits 8x8, three small CNNs trained under Gaussian noise of sigma {sigma:.2f} in units of the [0,1] pixel",
        {member: f"member-{member}.onnx" for member in SEEDS},
        [[("name", '"image"'), ("datatype", '"UINT8"'), ("shape", "[-1,1,8,8]"), ("tensor", '"x"'),
          ("preprocess", '{ to = "FP32", divide_by = 255.0 }'), ("image", '{ layout = "NCHW" }')]],
        [[("name", '"logits"'), ("datatype", '"FP32"'), ("shape", "[-1,10]"), ("tensor", '"logits"'), ("labels", '"labels.txt"')]],
        [("code", "tests/models/digits/train.py"), ("data", "UCI Optical Recognition of Handwritten Digits (sklearn load_digits)"),
         ("environment", environment())],
        rule="mean", self_tests=[test],
        # Exact noise on the 256 grey levels, as strong as in training; radii of a half to three sigmas.
        smoothing=[("noise", '"grid"'), ("sigmas", f"[{sigma}]"), ("radii", f"[{', '.join(str(share * sigma) for share in (0.5, 1, 1.5, 2, 3))}]")])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="BUNDLE-MEMBER")
    parser.add_argument("--manifests", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    pixels, labels = load()
    held, _ = held_out_mask(labels)
    tensors = lambda mask: (torch.from_numpy(pixels[mask] / np.float32(255))[:, None], torch.from_numpy(labels[mask]))
    images, truths = tensors(~held)
    unseen, answers = tensors(held)
    print(f"{environment()}\n{len(images)} images to train on, {len(unseen)} held out", flush=True)
    if arguments.only is None:
        write_pgm(HERE / "heldout.pgm", pixels[held], labels[held])

    for key, (name, sigma) in BUNDLES.items():
        content = HERE / f"digits-{key}" / "content"
        for member in SEEDS:
            if arguments.manifests or arguments.only not in (None, f"{key}-{member}"):
                continue
            start = time.monotonic()
            net = train(member, sigma, images, truths)
            plain = folded(net)
            with torch.no_grad():
                accuracy = (plain(unseen).argmax(1) == answers).float().mean().item()
                difference = (plain(unseen) - net(unseen)).abs().max().item()
            print(f"{key}-{member}: held-out clean {accuracy:.4f}, folding changed logits by at most {difference:.1e}, "
                  f"{time.monotonic() - start:.0f} s", flush=True)
            if arguments.only is None:
                file = content / f"member-{member}.onnx"
                export(plain, file)
                with torch.no_grad():
                    difference = np.abs(forward(read_onnx(file), unseen.numpy()) - plain(unseen).numpy()).max()
                print(f"{key}-{member}: the file, computed in numpy, differs from torch by at most {difference:.1e}", flush=True)
        if arguments.only is None:
            write_bundle(content, name, sigma, pixels[held])


if __name__ == "__main__":
    main()
