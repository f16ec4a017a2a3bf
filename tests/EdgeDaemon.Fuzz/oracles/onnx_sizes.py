"""How much a graph makes of constants, by computing it: shapes and small values of the operators below, with Python's own integers.

"heavy" where a node makes over 2^26 elements (or all of them over 1 GiB), "light" where none does, "?" where that takes an operator that is not
here. A dimension of 0 counts as 1, as the README says. Written from the operators' specification, not from the walk.
"""
MOST = 1 << 26
BYTES = 1 << 30
KEPT = 64


class Unsure(Exception):
    pass


class Heavy(Exception):
    pass


class Weight:
    def __init__(self, name, kind, dims, elements, size, known):
        self.name, self.kind, self.shape, self.elements, self.size, self.known = name, kind, dims, elements, size, known


class Sparse:
    def __init__(self, values, dims):
        self.values, self.shape = values, dims
        self.name = values.name if values else b""
        self.kind = values.kind if values else 0
        self.known = None


class Attribute:
    def __init__(self):
        self.name, self.text, self.values, self.tensor, self.sparse, self.graph, self.type = b"", b"", [], None, None, False, 0


class Node:
    def __init__(self):
        self.inputs, self.outputs, self.operator, self.domain, self.attributes = [], [], b"", b"", {}
        self.odd = False

    def add(self, attribute):
        self.odd |= attribute.name in self.attributes
        self.attributes[attribute.name] = attribute


class Graph:
    def __init__(self, depth):
        self.depth, self.nodes, self.weights, self.sizes, self.declared = depth, [], [], [], set()


class Value:
    def __init__(self, shape, known=None, kind=0):
        self.shape, self.known, self.kind = list(shape), known, kind
        self.volume = volume(self.shape)


def volume(shape):
    product = 1
    for size in shape:
        product *= max(size, 1)
    return product


def need(condition):
    if not condition:
        raise Unsure


# Operators whose results are no larger than a request makes them, and that no constant goes through here.
PLAIN = {b"Relu", b"Gemm", b"Conv", b"Softmax", b"BatchNormalization", b"Sigmoid", b"Tanh", b"Add", b"Sub", b"Mul", b"Div", b"MatMul", b"Identity", b"Neg", b"Cast", b"Transpose",
         b"Concat", b"Flatten", b"Reshape"}


def integers(value, rank=1):
    need(value is not None and value.known is not None and value.kind in (6, 7) and len(value.shape) == rank)
    return value.known


def stretch(left, right):
    left, right = [1] * (len(right) - len(left)) + left, [1] * (len(left) - len(right)) + right
    need(all(a == b or 1 in (a, b) for a, b in zip(left, right)))
    return [b if a == 1 else a for a, b in zip(left, right)]


def elementwise(name, a, b):
    shape = stretch(a.shape, b.shape)
    known = None
    if a.known is not None and b.known is not None and a.kind == b.kind == 7 and len(shape) <= 1 and volume(shape) <= KEPT:
        count = shape[0] if shape else 1
        pick = lambda value, i: value.known[i if len(value.known) > 1 else 0]
        if len(a.known) in (1, count) and len(b.known) in (1, count):
            known = [{b"Add": lambda x, y: x + y, b"Sub": lambda x, y: x - y, b"Mul": lambda x, y: x * y}[name](pick(a, i), pick(b, i)) for i in range(count)]
            need(all(-(1 << 63) <= number < 1 << 63 for number in known))
    return Value(shape, known, a.kind)


def compute(node, given):
    name = node.operator
    numbers = lambda key: node.attributes[key].values if key in node.attributes else None
    if name == b"Constant":
        need(len(node.attributes) == 1)
        (key, held), = node.attributes.items()
        need(key == b"value" and held.tensor is not None)
        return Value(held.tensor.shape, held.tensor.known, held.tensor.kind)
    if name in (b"Add", b"Sub", b"Mul"):
        need(len(given) == 2)
        return elementwise(name, *given)
    if name in (b"Relu", b"Sigmoid", b"Tanh", b"Neg"):
        need(len(given) == 1)
        return Value(given[0].shape, None, given[0].kind)
    if name == b"Identity":
        need(len(given) == 1)
        return Value(given[0].shape, given[0].known, given[0].kind)
    if name == b"Cast":
        need(len(given) == 1 and numbers(b"to") and len(numbers(b"to")) == 1)
        to = numbers(b"to")[0]
        return Value(given[0].shape, given[0].known if to == 7 and given[0].kind in (6, 7) else None, to)
    if name == b"Transpose":
        need(len(given) == 1 and b"perm" not in node.attributes)
        return Value(given[0].shape[::-1], given[0].known if len(given[0].shape) == 1 else None, given[0].kind)
    if name == b"MatMul":
        need(len(given) == 2 and len(given[0].shape) == len(given[1].shape) == 2 and not node.attributes)
        return Value([given[0].shape[0], given[1].shape[1]], None, given[0].kind)
    if name == b"Concat":
        need(given and numbers(b"axis") == [0] and all(len(one.shape) == len(given[0].shape) > 0 and one.kind == given[0].kind for one in given))
        known = sum((one.known for one in given), []) if all(one.known is not None for one in given) else None
        result = [sum(one.shape[0] for one in given)] + given[0].shape[1:]
        return Value(result, known if volume(result) <= KEPT else None, given[0].kind)
    if name == b"ConstantOfShape":
        need(len(given) == 1 and not node.attributes)
        return Value([max(size, 0) for size in integers(given[0])], None, 1)
    if name == b"Expand":
        need(len(given) == 2)
        return Value(stretch(given[0].shape, [max(size, 0) for size in integers(given[1])]), None, given[0].kind)
    if name == b"Tile":
        need(len(given) == 2)
        repeats = integers(given[1])
        need(len(repeats) == len(given[0].shape))
        return Value([size * max(often, 0) for size, often in zip(given[0].shape, repeats)], None, given[0].kind)
    if name == b"Range":
        need(len(given) == 3 and all(one.kind == 7 for one in given))
        start, limit, delta = (integers(one, 0)[0] for one in given)
        need(delta != 0 and abs(limit - start) < 1 << 31)
        return Value([max(0, -((start - limit) // delta))], None, 7)
    if name in (b"HannWindow", b"HammingWindow", b"BlackmanWindow"):
        need(len(given) == 1 and not node.attributes)
        return Value([max(integers(given[0], 0)[0], 0)], None, 1)
    if name in (b"RandomNormal", b"RandomUniform"):
        need(not given and list(node.attributes) == [b"shape"] and len(numbers(b"shape")) <= 64 and all(isinstance(size, int) for size in numbers(b"shape")))
        return Value([max(size, 0) for size in numbers(b"shape")], None, 1)
    if name == b"Pad":
        need(len(given) == 2 and not node.attributes)
        pads = integers(given[1])
        rank = len(given[0].shape)
        need(len(pads) == 2 * rank)
        return Value([max(size + pads[i] + pads[i + rank], 0) for i, size in enumerate(given[0].shape)], None, given[0].kind)
    raise Unsure


def judge(graph):
    """The verdict over a whole model's graph."""
    try:
        walk(graph)
        return "light"
    except Heavy:
        return "heavy"
    except Unsure:
        return "?"


def walk(graph):
    need(not any(attribute.graph for node in graph.nodes for attribute in node.attributes.values()))
    names = [name for node in graph.nodes for name in node.inputs + node.outputs + [node.operator, node.domain, *node.attributes]] + [one.name for one in graph.weights]
    need(all(len(name) <= 1000 and all(0x20 <= part < 0x7F for part in name) for name in names))
    need(not any(node.odd for node in graph.nodes))
    need(not graph.declared & {name for node in graph.nodes for name in node.inputs})
    made = [name for node in graph.nodes for name in node.outputs if name] + [one.name for one in graph.weights]
    need(len(made) == len(set(made)))
    values, total, heavy = {}, 0, any(isinstance(one, Sparse) and volume(one.shape) > MOST for one in graph.weights + graph.sizes)
    for one in graph.weights:
        values[one.name] = Value(one.shape, one.known, one.kind)
    for node in graph.nodes:
        attributes = node.attributes.values()
        for attribute in attributes:
            need(attribute.sparse is None and attribute.type in (0, 1, 2, 3, 4, 6, 7))
            need(attribute.values or attribute.type not in (1, 2))
        given = [values.get(name) for name in node.inputs]
        need(b"" not in node.inputs)
        need(node.domain in (b"", b"ai.onnx") or all(one is None for one in given) and given)
        if node.inputs and None in given:
            # What a request brings: only operators are known here that make no more of it.
            need(node.operator in PLAIN and not node.attributes.keys() & {b"pads", b"strides", b"dilations"})
            continue
        need(len(node.outputs) == 1)
        result = compute(node, given)
        need(len(result.shape) <= 64)
        if node.outputs[0]:
            values[node.outputs[0]] = result
            if result.volume > MOST:
                heavy = True
            elif node.operator != b"Constant":
                total += result.volume
    if heavy:
        raise Heavy
    need(total * 16 <= BYTES or total > BYTES * 2)
    if total > BYTES * 2:
        raise Heavy
