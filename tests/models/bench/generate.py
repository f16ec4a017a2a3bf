#!/usr/bin/python3
"""The models that costs are measured on: fixed graphs with generated weights, the same bytes on every run.

    generate.py                    rewrite the committed bundles bench-mlp, bench-cnn and bench-wide
    generate.py --check            fail when the committed files are not what this script makes
    generate.py --resnet50 PATH    write a ResNet-50 graph (about 100 MB, not committed)

Weights come from numpy's RandomState, whose streams numpy promises never to change.
"""

import argparse
import pathlib
import sys
import tempfile

import numpy as np
from onnx import helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from bundling import BATCH, save_onnx, write_manifest  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


class Net:
    """A chain of nodes. Each method appends one operator and its weights and returns the name of its output."""

    def __init__(self, seed):
        self.random = np.random.RandomState(seed)
        self.nodes = []
        self.weights = {}

    def add(self, kind, inputs, output=None, **attributes):
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def draw(self, shape, fan_in, gain=1.0):
        """He's scale, so that activations stay near 1 through any depth."""
        name = f"w{len(self.weights)}"
        self.weights[name] = (self.random.standard_normal(shape) * (gain * np.sqrt(2.0 / fan_in))).astype(np.float32)
        return name

    def conv(self, x, before, after, kernel, stride=1, gain=1.0):
        weights = self.draw((after, before, kernel, kernel), before * kernel * kernel, gain)
        bias = self.draw((after,), 200)
        pad = kernel // 2
        return self.add("Conv", [x, weights, bias], kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[pad] * 4)

    def relu(self, x):
        return self.add("Relu", [x])

    def pool(self, x, kernel=2, stride=2, pad=0):
        return self.add("MaxPool", [x], kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[pad] * 4)

    def gemm(self, x, before, after, output=None):
        return self.add("Gemm", [x, self.draw((after, before), before), self.draw((after,), 200)], output, transB=1)

    def head(self, x, before, after, output):
        """Mean over the image, then one linear layer."""
        return self.gemm(self.add("Flatten", [self.add("GlobalAveragePool", [x])], axis=1), before, after, output)


def mlp(path):
    net = Net(1)
    net.gemm(net.relu(net.gemm("x", 16, 32)), 32, 4, "y")
    save_onnx(path, "mlp", net.nodes, net.weights, {"x": [BATCH, 16]}, {"y": [BATCH, 4]})


def cnn(path):
    """Eight million multiplications, about 100 us at batch 1 on one core of a 2026 server."""
    net = Net(2)
    x = net.relu(net.conv("x", 3, 16, 3))
    x = net.pool(net.relu(net.conv(x, 16, 24, 3)))
    x = net.pool(net.relu(net.conv(x, 24, 48, 3)))
    x = net.relu(net.conv(x, 48, 48, 3))
    net.head(x, 48, 10, "logits")
    save_onnx(path, "cnn", net.nodes, net.weights, {"x": [BATCH, 3, 32, 32]}, {"logits": [BATCH, 10]})


def wide(path):
    """600 KB in and almost no work: every sixteenth pixel of every sixteenth row, then one linear layer."""
    net = Net(4)
    x = net.add("Flatten", [net.pool("x", 1, 16)], axis=1)
    net.gemm(x, 3 * 14 * 14, 10, "y")
    save_onnx(path, "wide", net.nodes, net.weights, {"x": [BATCH, 3, 224, 224]}, {"y": [BATCH, 10]})


def resnet50(path):
    """ResNet-50 as it is served: batch normalisation already folded into the convolutions."""
    net = Net(3)
    x = net.pool(net.relu(net.conv("x", 3, 64, 7, 2)), 3, 2, 1)
    before = 64
    for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        after = 4 * width
        for block in range(blocks):
            step = stride if block == 0 else 1
            y = net.relu(net.conv(x, before, width, 1))
            y = net.relu(net.conv(y, width, width, 3, step))
            y = net.conv(y, width, after, 1, gain=0.25)  # a small branch keeps the sum of sixteen blocks near 1
            short = x if block else net.conv(x, before, after, 1, step)
            x = net.relu(net.add("Add", [y, short]))
            before = after
    net.head(x, 2048, 1000, "logits")
    save_onnx(path, "resnet50", net.nodes, net.weights, {"x": [BATCH, 3, 224, 224]}, {"logits": [BATCH, 1000]})


def bundle(content, name, build, description, inputs, outputs):
    build(content / f"{name}.onnx")
    port = lambda key, shape: [
        ("name", f'"{key}"'), ("datatype", '"FP32"'), ("shape", str([-1] + shape).replace(" ", "")), ("tensor", f'"{key}"')]
    write_manifest(
        content, f"bench-{name}", description, {name: f"{name}.onnx"}, [port(*p) for p in inputs], [port(*p) for p in outputs],
        [("code", "tests/models/bench/generate.py"), ("data", "none: generated weights"), ("environment", "numpy RandomState")])


def bundles(root):
    bundle(root / "bench-mlp/content", "mlp", mlp, "Benchmark: MLP 16-32-4, generated weights", [("x", [16])], [("y", [4])])
    bundle(root / "bench-cnn/content", "cnn", cnn, "Benchmark: CNN on 3x32x32, 10 classes, generated weights",
           [("x", [3, 32, 32])], [("logits", [10])])
    bundle(root / "bench-wide/content", "wide", wide, "Benchmark: 3x224x224 in, almost no work, generated weights",
           [("x", [3, 224, 224])], [("y", [10])])


def files(root):
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.glob("bench-*/content/**/*")) if p.is_file()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--resnet50", metavar="PATH")
    arguments = parser.parse_args()
    if arguments.resnet50:
        resnet50(arguments.resnet50)
    elif arguments.check:
        with tempfile.TemporaryDirectory() as scratch:
            bundles(pathlib.Path(scratch))
            if files(pathlib.Path(scratch)) != files(HERE):
                sys.exit("the committed bench models differ from what this script makes")
        print("the committed bench models are what this script makes")
    else:
        bundles(HERE)


if __name__ == "__main__":
    main()
