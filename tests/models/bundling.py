"""Write an ONNX file and the content folder of a bundle, byte for byte the same on every run.

Shared by digits/train.py and bench/generate.py. A file holds operator set 17, IR version 8, a dynamic batch
dimension "N", every weight inside as raw bytes, and no text that is not needed (no documentation strings, no
metadata, no producer).
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper

BATCH = "N"


def tensor(name, array):
    """A weight as raw little-endian bytes. Shape and element type come from the array."""
    array = np.ascontiguousarray(array)
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}
    return helper.make_tensor(name, kinds[array.dtype], array.shape, array.tobytes(), raw=True)


def save_onnx(path, name, nodes, weights, inputs, outputs):
    """weights: {name: array}; inputs, outputs: {name: shape}, all FP32. The checker's full run is part of saving."""
    value = lambda pair: helper.make_tensor_value_info(pair[0], TensorProto.FLOAT, pair[1])
    graph = helper.make_graph(
        nodes, name, [value(p) for p in inputs.items()], [value(p) for p in outputs.items()],
        [tensor(n, a) for n, a in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table(pairs):
    return "\n".join(f"{key} = {value}" for key, value in pairs)


def write_vector(content, test, tensor, array):
    """A tensor of a self-test as a file of the bundle, and its entry in the manifest."""
    array = np.ascontiguousarray(array)
    file = f"self-test.{test}.{tensor}.bin"
    (pathlib.Path(content) / file).write_bytes(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return f"{{ name = {quoted(tensor)}, file = {quoted(file)}, shape = [{', '.join(map(str, array.shape))}] }}"


def write_manifest(content, name, description, members, inputs, outputs, lineage, rule=None, self_tests=(), smoothing=()):
    """Write content/model.toml. members: {member name: file}; inputs, outputs, self_tests: lists of (key, TOML value) lists; smoothing: one such list.

    Every other file of the folder is listed with its exact size, so this comes last.
    """
    content = pathlib.Path(content)
    parts = [table([
        ("format", "1"), ("name", quoted(name)), ("version", quoted("1")), ("sequence", "1"), ("security_floor", "0"),
        ("created", "2026-11-21T00:00:00Z"), ("expires", "2036-11-21T00:00:00Z"), ("description", quoted(description))])]
    files = sorted(p for p in content.rglob("*") if p.is_file() and p.name != "model.toml")
    for file in files:
        path = file.relative_to(content).as_posix()
        parts.append("[[file]]\n" + table([("path", quoted(path)), ("size", str(file.stat().st_size))]))
    for member, file in members.items():
        parts.append("[[member]]\n" + table([("name", quoted(member)), ("file", quoted(file))]))
    if rule is not None:
        parts.append("[ensemble]\n" + table([("rule", quoted(rule))]))
    parts += ["[[input]]\n" + table(pairs) for pairs in inputs]
    parts += ["[[output]]\n" + table(pairs) for pairs in outputs]
    parts += ["[[self_test]]\n" + table(pairs) for pairs in self_tests]
    if smoothing:
        parts.append("[smoothing]\n" + table(smoothing))
    parts.append("[lineage]\n" + table([(key, quoted(value)) for key, value in lineage]))
    (content / "model.toml").write_text("\n\n".join(parts) + "\n", encoding="utf-8", newline="\n")
