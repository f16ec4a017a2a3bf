"""Judges ONNX files by the rules of src/EdgeDaemon.Core/Bundles/Onnx/README.md, as far as they concern encoding, fields and tensor data.

Written from onnx.proto3 alone; no protobuf library, no onnx.
"""
import struct
import sys

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


def numbers(wire, value, into, most):
    if wire == V:
        if len(into) < most:
            into.append(signed(value))
        return
    at = 0
    while len(into) < most and at < len(value):
        number, length = 0, 0
        while True:
            require(at < len(value) and length < 10, "malformed: packed")
            part = value[at]
            at += 1
            number |= (part & 127) << (7 * length)
            length += 1
            if part < 128:
                break
        into.append(signed(number & ((1 << 64) - 1)))


def packed_count(value):
    count, run = 0, 0
    for part in value:
        run += 1
        if part < 128:
            count, run = count + 1, 0
        else:
            require(run < 10, "malformed: packed")
    require(run == 0, "malformed: packed")
    return count


def tensor(data):
    dims, kind, present, values, size = [], 0, set(), 0, 0
    for number, wire, value in fields(data, "Tensor"):
        if number == 1:
            numbers(wire, value, dims, 17)
        elif number == 2:
            kind = value
        elif number in (3, 13):
            raise Reject("segment or external")
        elif number == 14:
            require(value == 0, "external")
        elif number == 16:
            entry(value)
        elif number in (4, 5, 6, 7, 9, 10, 11):
            present.add(number)
            size += len(value) if wire == D else 0
            if number == 9:
                continue
            if number == 6 or wire != D:
                values += 1
            elif number in (4, 10):
                unit = 4 if number == 4 else 8
                require(len(value) % unit == 0, "malformed: packed values")
                values += len(value) // unit
            else:
                values += packed_count(value)
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
    return elements, size


def entry(data):
    for _ in fields(data, "Entry"):
        pass


def sparse(data):
    result = (0, 0)
    for number, wire, value in fields(data, "Sparse"):
        if number == 3:
            numbers(wire, value, [], 17)
        elif number == 1:
            result = tensor(value)
        else:
            tensor(value)
    return result


def kind_of(data, depth=0):
    require(depth <= 8, "deep type")
    for number, _, value in fields(data, "Type"):
        if number in (1, 8):
            for inner, _, part in fields(value, "TensorType"):
                if inner == 1:
                    require(part in BITS, "type")
                else:
                    shape(part)
        elif number in (4, 9):
            for inner, _, part in fields(value, "ElementOf"):
                kind_of(part, depth + 1)
        elif number == 5:
            for inner, _, part in fields(value, "Map"):
                if inner == 2:
                    kind_of(part, depth + 1)


def shape(data):
    rank, elements = 0, 1
    for _, _, value in fields(data, "Shape"):
        require(rank < 16, "rank")
        size = -1
        for number, _, part in fields(value, "Dimension"):
            if number == 1:
                size = signed(part)
        rank += 1
        elements *= max(size, 1)
        require(elements <= 1 << 31, "too large")


def value_info(data):
    for number, _, value in fields(data, "ValueInfo"):
        if number == 2:
            kind_of(value)
        elif number == 4:
            entry(value)


class Totals:
    nodes = parameters = size = 0


def attribute(data, totals, depth):
    values = []
    for number, wire, value in fields(data, "Attribute"):
        if number in (5, 10):
            tensor(value)
        elif number in (6, 11):
            graph(value, totals, depth + 1)
        elif number == 8:
            numbers(wire, value, values, 65)
        elif number == 3:
            values.append(value)
        elif number in (14, 15):
            kind_of(value)
        elif number in (22, 23):
            sparse(value)


def node(data, totals, depth):
    totals.nodes += 1
    inputs = outputs = attributes = 0
    for number, _, value in fields(data, "Node"):
        inputs += number == 1
        outputs += number == 2
        attributes += number == 5
        require(inputs <= 4096 and outputs <= 4096 and attributes <= 256, "too many")
        if number == 5:
            attribute(value, totals, depth)
        elif number == 9:
            entry(value)


def graph(data, totals, depth):
    require(depth <= 16, "deep")
    for number, _, value in fields(data, "Graph"):
        if number == 1:
            node(value, totals, depth)
        elif number in (5, 15):
            elements, size = tensor(value) if number == 5 else sparse(value)
            totals.parameters += elements
            totals.size += size
        elif number in (11, 12, 13):
            value_info(value)
        elif number == 14:
            for inner, _, part in fields(value, "Annotation"):
                if inner == 2:
                    entry(part)
        elif number == 16:
            entry(value)


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
    graph(main, totals, 0)
    return f"accept {totals.nodes} nodes {totals.parameters} parameters {totals.size} bytes"


if __name__ == "__main__":
    source = sys.stdin.buffer
    while len(head := source.read(4)) == 4:
        case = source.read(struct.unpack("<I", head)[0])
        try:
            line = judge(case)
        except Reject:
            line = "reject"
        print(line, flush=True)
