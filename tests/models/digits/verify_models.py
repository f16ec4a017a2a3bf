#!/usr/bin/python3
"""Recompute the accuracies of the README from the committed files: numpy, and nothing else that knows ONNX or the data.

    verify_models.py            print the table
    verify_models.py --check    also fail when a figure differs from accuracy.json by more than 0.002, or a file from its manifest
    verify_models.py --write    write accuracy.json

An independent reader: a few lines of protobuf and of arithmetic that share no code with torch, onnx or the daemon.
"""

import argparse
import json
import pathlib
import sys
import tomllib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from digits import read_pgm  # noqa: E402

BUNDLES = {"digits-s25": 0.25, "digits-s50": 0.5}
MEMBERS = ("a", "b", "c")
NOISE_DRAWS = 20


def fields(data):
    """(number, value) of each field of a protobuf message: an int for a varint, bytes for anything longer."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(key & 7) or varint()
        yield key >> 3, data[at:at + size]
        at += size


def repeated(number, message):
    """Repeated integers, packed or not."""
    for key, value in fields(message):
        if key == number:
            yield from [value] if isinstance(value, int) else (v for _, v in unpack(value))


def unpack(data):
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield None, value
            value = shift = 0


def read_onnx(path):
    """The graph of a file as (nodes, weights): node = (kind, inputs, output, {attribute: integers})."""
    graph = next(value for key, value in fields(pathlib.Path(path).read_bytes()) if key == 7)
    nodes, weights = [], {}
    for key, value in fields(graph):
        if key == 1:
            parts = list(fields(value))
            text = lambda number: [v.decode() for k, v in parts if k == number]
            attributes = {}
            for attribute in (v for k, v in parts if k == 5):
                name = next(v for k, v in fields(attribute) if k == 1).decode()
                attributes[name] = list(repeated(3, attribute)) or list(repeated(8, attribute))
            nodes.append((text(4)[0], text(1), text(2)[0], attributes))
        elif key == 5:
            parts = dict(fields(value))
            if parts[2] != 1:
                raise ValueError(f"{path}: a weight is not FP32")
            weights[parts[8].decode()] = np.frombuffer(parts[9], "<f4").reshape(list(repeated(1, value)))
    return nodes, weights


def windows(x, size, stride, pad=0):
    """[N,C,H,W] -> [N,C,h,w,size,size]."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]


def forward(model, x):
    """Logits [N,10] for images FP32 [N,1,8,8]."""
    nodes, weights = model
    values = dict(weights, x=x.astype(np.float32))
    for kind, inputs, output, attributes in nodes:
        first = values[inputs[0]]
        if kind == "Conv":
            weight, bias = values[inputs[1]], values[inputs[2]]
            view = windows(first, weight.shape[2], attributes["strides"][0], attributes["pads"][0])
            n, _, height, width = view.shape[:4]
            rows = view.transpose(0, 2, 3, 1, 4, 5).reshape(n * height * width, -1)
            result = (rows @ weight.reshape(len(weight), -1).T + bias).reshape(n, height, width, -1).transpose(0, 3, 1, 2)
        elif kind == "Relu":
            result = np.maximum(first, 0)
        elif kind == "MaxPool":
            result = windows(first, 2, 2).max((4, 5))
        elif kind == "AveragePool":
            result = windows(first, 2, 2).mean((4, 5))
        elif kind == "Flatten":
            result = first.reshape(len(first), -1)
        elif kind == "Gemm" and attributes["transB"] == [1]:
            result = first @ values[inputs[1]].T + values[inputs[2]]
        else:
            raise ValueError(f"operator {kind} is not one that train.py writes")
        values[output] = result
    return values["logits"]


def measure(content, images, labels):
    """Share of right answers of each member and of the mean of their logits: clean, and under noise of .25 and .5.

    The same noise for every member: the ensemble sees each noisy image once.
    """
    models = {member: read_onnx(content / f"member-{member}.onnx") for member in MEMBERS}
    right = {}

    def judge(x):
        logits = {member: forward(model, x) for member, model in models.items()}
        logits["mean"] = sum(logits.values()) / len(models)
        return {name: (value.argmax(1) == labels).mean() for name, value in logits.items()}

    x = (images / np.float32(255))[:, None]
    right["clean"] = judge(x)
    for sigma in (0.25, 0.5):
        random = np.random.RandomState(round(1000 * sigma))
        draws = [judge(x + np.float32(sigma) * random.standard_normal(x.shape).astype(np.float32)) for _ in range(NOISE_DRAWS)]
        right[f"{sigma}"] = {name: np.mean([draw[name] for draw in draws]) for name in draws[0]}
    return {name: {column: round(float(right[column][name]), 4) for column in right} for name in (*MEMBERS, "mean")}


def manifest_faults(content):
    """What a model.toml says about its files, against the files."""
    manifest = tomllib.loads((content / "model.toml").read_text())
    told = {entry["path"]: entry["size"] for entry in manifest["file"]}
    found = {p.relative_to(content).as_posix(): p.stat().st_size for p in content.rglob("*") if p.is_file() and p.name != "model.toml"}
    return [] if told == found else [f"{content}: model.toml lists {told}, the folder holds {found}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()

    images, labels = read_pgm(HERE / "heldout.pgm")
    measured, faults = {}, []
    print(f"{len(images)} held-out images, {NOISE_DRAWS} noise draws\n\n| bundle | net | clean | noise .25 | noise .50 |\n|---|---|---|---|---|")
    for bundle in BUNDLES:
        content = HERE / bundle / "content"
        faults += manifest_faults(content)
        measured[bundle] = measure(content, images, labels)
        for name, row in measured[bundle].items():
            print(f"| {bundle} | {name} | {row['clean']:.4f} | {row['0.25']:.4f} | {row['0.5']:.4f} |", flush=True)

    record = HERE / "accuracy.json"
    if arguments.write:
        record.write_text(json.dumps(measured, indent=2) + "\n")
    if arguments.check:
        told = json.loads(record.read_text())
        faults += [
            f"{bundle} {name} {column}: measured {value}, recorded {told[bundle][name][column]}"
            for bundle, rows in measured.items() for name, row in rows.items() for column, value in row.items()
            if abs(value - told[bundle][name][column]) > 0.002]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
