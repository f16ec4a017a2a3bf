"""Judges ONNX files by the rules of src/EdgeDaemon.Core/Bundles/Onnx/README.md, as far as they concern encoding, fields, tensor data and folding.

Written from onnx.proto3 alone; no protobuf library, no onnx. How much is folded is judged in onnx_sizes.py.
"""
import struct
import sys

import onnx_sizes

V, D, F, Q = 0, 2, 5, 1  # wire types: varint, length-delimited, 32 bits, 64 bits
SINGLE, MANY = False, True


class Reject(Exception):
    pass


def require(condition, why):
    if not condition:
        raise Reject(why)


# message: {field: (wire types, repeated)}
SCHEMA = {
    "Model": {1: ({V}, SINGLE), 2: ({D}, SINGLE), 3: ({D}, SINGLE), 4: ({D}, SINGLE), 5: ({V}, SINGLE), 6: ({D}, SINGLE), 7: ({D}, SINGLE), 8: ({D}, MANY), 14: ({D}, MANY),
              20: ({D}, MANY), 25: ({D}, MANY), 26: ({D}, MANY)},
    "OperatorSet": {1: ({D}, SINGLE), 2: ({V}, SINGLE)},
    "Entry": {1: ({D}, SINGLE), 2: ({D}, SINGLE)},
    "Graph": {1: ({D}, MANY), 2: ({D}, SINGLE), 5: ({D}, MANY), 10: ({D}, SINGLE), 11: ({D}, MANY), 12: ({D}, MANY), 13: ({D}, MANY), 14: ({D}, MANY), 15: ({D}, MANY), 16: ({D}, MANY)},
    "Node": {1: ({D}, MANY), 2: ({D}, MANY), 3: ({D}, SINGLE), 4: ({D}, SINGLE), 5: ({D}, MANY), 6: ({D}, SINGLE), 7: ({D}, SINGLE), 8: ({D}, SINGLE), 9: ({D}, MANY), 10: ({D}, MANY)},
    "Attribute": {1: ({D}, SINGLE), 2: ({F}, SINGLE), 3: ({V}, SINGLE), 4: ({D}, SINGLE), 5: ({D}, SINGLE), 6: ({D}, SINGLE), 7: ({F, D}, MANY), 8: ({V, D}, MANY), 9: ({D}, MANY),
                  10: ({D}, MANY), 11: ({D}, MANY), 13: ({D}, SINGLE), 14: ({D}, SINGLE), 15: ({D}, MANY), 20: ({V}, SINGLE), 21: ({D}, SINGLE), 22: ({D}, SINGLE), 23: ({D}, MANY)},
    "Tensor": {1: ({V, D}, MANY), 2: ({V}, SINGLE), 3: ({D}, SINGLE), 4: ({F, D}, MANY), 5: ({V, D}, MANY), 6: ({D}, MANY), 7: ({V, D}, MANY), 8: ({D}, SINGLE), 9: ({D}, SINGLE),
               10: ({Q, D}, MANY), 11: ({V, D}, MANY), 12: ({D}, SINGLE), 13: ({D}, MANY), 14: ({V}, SINGLE), 16: ({D}, MANY)},
    "Sparse": {1: ({D}, SINGLE), 2: ({D}, SINGLE), 3: ({V, D}, MANY)},
    "ValueInfo": {1: ({D}, SINGLE), 2: ({D}, SINGLE), 3: ({D}, SINGLE), 4: ({D}, MANY)},
    "Type": {1: ({D}, SINGLE), 4: ({D}, SINGLE), 5: ({D}, SINGLE), 6: ({D}, SINGLE), 8: ({D}, SINGLE), 9: ({D}, SINGLE)},
    "TensorType": {1: ({V}, SINGLE), 2: ({D}, SINGLE)},
    "ElementOf": {1: ({D}, SINGLE)},
    "Map": {1: ({V}, SINGLE), 2: ({D}, SINGLE)},
    "Shape": {1: ({D}, MANY)},
    "Dimension": {1: ({V}, SINGLE), 2: ({D}, SINGLE), 3: ({D}, SINGLE)},
    "Annotation": {1: ({D}, SINGLE), 2: ({D}, MANY)},
}

BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 8: None, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8,
        25: 2, 26: 2}
HOME = {1: 4, 14: 4, 8: 6, 7: 7, 11: 10, 15: 10, 12: 11, 13: 11}


def varint(data, at):
    value, shift, start = 0, 0, at
    while True:
        require(at < len(data), "malformed: a number is cut off")
        part = data[at]
        at += 1
        require(at - start < 10 or part <= 1, "malformed: over 64 bits")
        value |= (part & 127) << shift
        shift += 7
        if part < 128:
            require(at - start == 1 or part != 0, "not canonical")
            return value, at


def fields(data, message):
    known, seen, at = SCHEMA[message], set(), 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        require(0 < number < 1 << 31, "malformed: field number")
        if wire == V:
            value, at = varint(data, at)
        elif wire == D:
            length, at = varint(data, at)
            require(length <= len(data) - at, "malformed: length")
            value = data[at:at + length]
            at += length
        elif wire in (F, Q):
            size = 4 if wire == F else 8
            require(size <= len(data) - at, "malformed: fixed")
            value = data[at:at + size]
            at += size
        else:
            raise Reject("malformed: wire type")
        require(number in known and wire in known[number][0], "unknown field")
        require(known[number][1] or number not in seen, "twice")
        seen.add(number)
        yield number, wire, value


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def packed(value):
    """Every number of a packed field, signed."""
    at, result = 0, []
    while at < len(value):
        number, at = varint(value, at)
        result.append(signed(number))
    return result


def numbers(wire, value):
    return [signed(value)] if wire == V else packed(value)


def tensor(data):
    dims, kind, present, values, size, content, raw = [], 0, set(), 0, 0, [], b""
    name, longest = b"", 0
    for number, wire, value in fields(data, "Tensor"):
        if number == 1:
            dims += numbers(wire, value)
        elif number == 2:
            kind = value
        elif number in (3, 13):
            raise Reject("segment or external")
        elif number == 8:
            name = value
        elif number == 14:
            require(value == 0, "external")
        elif number == 16:
            entry(value)
        elif number in (4, 5, 6, 7, 9, 10, 11):
            present.add(number)
            size += len(value) if wire == D else 0
            if number == 9:
                raw = value
            elif number == 6:
                values += 1
                longest = max(longest, len(value))
            elif number in (4, 10):
                unit = 4 if number == 4 else 8
                require(len(value) % unit == 0, "malformed: packed values")
                values += len(value) // unit
                content += struct.unpack(f"<{len(value) // unit}{'f' if number == 4 else 'd'}", value)
            else:
                more = numbers(wire, value)
                values += len(more)
                content += more
    require(len(dims) <= 16 and all(d >= 0 for d in dims), "dimensions")
    elements = 1
    for dim in dims:
        elements *= dim
        require(elements < 1 << 63, "overflow")
    require(kind in BITS, "type")
    require(len(present) <= 1, "several data fields")
    if not present:
        require(elements == 0, "no data")
    elif present == {9}:
        require(BITS[kind] is not None and (elements * BITS[kind] + 7) // 8 == size, "raw size")
    else:
        require(present == {HOME.get(kind, 5)}, "data field")
        expected = elements * 2 if kind in (14, 15) else (elements + 1) // 2 if kind in (21, 22, 23) else (elements + 3) // 4 if kind in (25, 26) else elements
        require(expected == values, "values")
    layout = {1: "f", 6: "i", 7: "q", 9: "?", 11: "d"}.get(kind)
    if present == {9}:
        content = list(struct.unpack(f"<{elements}{layout}", raw)) if layout and elements <= 64 else None
    elif kind == 6:
        content = [(v + (1 << 31)) % (1 << 32) - (1 << 31) for v in content]
    known = content if layout and elements <= 64 else None
    return onnx_sizes.Weight(name, kind, dims, elements, size, known, longest)


def entry(data):
    for _ in fields(data, "Entry"):
        pass


def sparse(data):
    result, dims = None, []
    for number, wire, value in fields(data, "Sparse"):
        if number == 3:
            dims += numbers(wire, value)
        elif number == 1:
            result = tensor(value)
        else:
            tensor(value)
    require(len(dims) <= 16 and all(d >= 0 for d in dims), "sparse dimensions")
    return onnx_sizes.Sparse(result, dims)


def kind_of(data, depth=0):
    """Element type and shape of a tensor type, -1 for an open dimension; None for what is no tensor, or several things."""
    require(depth <= 8, "deep type")
    found, seen = None, 0
    for number, _, value in fields(data, "Type"):
        seen += 1
        if number in (1, 8):
            kind, dims = 0, None
            for inner, _, part in fields(value, "TensorType"):
                if inner == 1:
                    require(part in BITS, "type")
                    kind = part
                else:
                    dims = shape(part)
            found = (kind, dims) if number == 1 else None
        elif number in (4, 9):
            for inner, _, part in fields(value, "ElementOf"):
                kind_of(part, depth + 1)
        elif number == 5:
            for inner, _, part in fields(value, "Map"):
                if inner == 2:
                    kind_of(part, depth + 1)
    return found if seen == 1 else None


def shape(data):
    rank, elements, dims = 0, 1, []
    for _, _, value in fields(data, "Shape"):
        require(rank < 16, "rank")
        size = -1
        for number, _, part in fields(value, "Dimension"):
            if number == 1:
                size = signed(part)
        rank += 1
        dims.append(max(size, -1))
        elements *= max(size, 1)
        require(elements <= 1 << 31, "too large")
    return dims


def value_info(data):
    name, kind = b"", None
    for number, _, value in fields(data, "ValueInfo"):
        if number == 1:
            name = value
        elif number == 2:
            kind = kind_of(value)
        elif number == 4:
            entry(value)
    return name, kind


class Totals:
    nodes = parameters = size = 0


def attribute(data, totals, depth):
    found = onnx_sizes.Attribute()
    for number, wire, value in fields(data, "Attribute"):
        if number == 1:
            found.name = value
        elif number == 2:
            found.values.append(struct.unpack("<f", value)[0])
        elif number == 3:
            found.values.append(signed(value))
        elif number == 4:
            found.text = value
        elif number in (5, 10):
            found.tensor = tensor(value)
        elif number in (6, 11):
            found.graph = True
            graph(value, totals, depth + 1)
        elif number == 7:
            require(len(value) % 4 == 0, "malformed: packed floats")
            found.values += struct.unpack(f"<{len(value) // 4}f", value)
        elif number == 8:
            found.values += numbers(wire, value)
        elif number in (14, 15):
            kind_of(value)
        elif number == 20:
            found.type = value
        elif number in (22, 23):
            found.sparse = sparse(value)
    return found


def node(data, totals, depth):
    totals.nodes += 1
    found, attributes = onnx_sizes.Node(), []
    for number, _, value in fields(data, "Node"):
        if number == 1:
            found.inputs.append(value)
        elif number == 2:
            found.outputs.append(value)
        elif number == 4:
            found.operator = value
        elif number == 5:
            attributes.append(value)
        elif number == 7:
            found.domain = value
        elif number == 9:
            entry(value)
        require(len(found.inputs) <= 4096 and len(found.outputs) <= 4096 and len(attributes) <= 256, "too many")
    for value in attributes:
        found.add(attribute(value, totals, depth))
    return found


def graph(data, totals, depth):
    require(depth <= 16, "deep")
    found = onnx_sizes.Graph(depth)
    for number, _, value in fields(data, "Graph"):
        if number == 1:
            found.nodes.append(node(value, totals, depth))
        elif number in (5, 15):
            one = tensor(value) if number == 5 else sparse(value)
            held = one if number == 5 else one.values
            if held is not None:
                totals.parameters += held.elements
                totals.size += held.size
                found.weights.append(one)
            elif number == 15:
                found.sizes.append(one)
        elif number in (11, 12, 13):
            name, kind = value_info(value)
            if number == 11:
                found.inputs.append((name, kind))
            else:
                found.declared[name] = kind
                if number == 12:
                    found.outputs.append(name)
        elif number == 14:
            for inner, _, part in fields(value, "Annotation"):
                if inner == 2:
                    entry(part)
        elif number == 16:
            entry(value)
    return found


def judge(case):
    totals, main = Totals(), None
    for number, _, value in fields(case, "Model"):
        if number == 7:
            main = value
        elif number == 8:
            for _ in fields(value, "OperatorSet"):
                pass
        elif number == 14:
            entry(value)
    require(main is not None, "no graph")
    weight = onnx_sizes.judge(graph(main, totals, 0))
    return f"accept {totals.nodes} nodes {totals.parameters} parameters {totals.size} bytes {weight}"


if __name__ == "__main__":
    source = sys.stdin.buffer
    while len(head := source.read(4)) == 4:
        case = source.read(struct.unpack("<I", head)[0])
        try:
            line = judge(case)
        except Reject:
            line = "reject"
        print(line, flush=True)
