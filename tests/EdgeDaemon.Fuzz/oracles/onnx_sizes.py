"""How much a graph makes, by computing it: shapes, lengths of texts and small values of the operators below, with Python's own integers.

"heavy" where constants make over 2^27 elements in a node, over 256 MiB of text, or over 1 GiB in all; where a request makes over 2^26 of what goes in,
or more than 1 GiB at the same time, unless its inputs or the weights are large themselves. "light" where none of it does, "?" where that takes an operator
that is not here. A dimension of 0 counts as 1, and so does an open one, as the README says. Written from the operators' specification, not from the walk.
"""
MOST = 1 << 26
MOST_OF_CONSTANTS = 1 << 27
BYTES = 1 << 30
KEPT = 64
PICTURE = 1 << 32
TEXT = 1 << 28
TEXT_OF_REQUEST = 1 << 20
EACH_TEXT = 32
STRING = 8

# Bytes of an element; 4 for those that are not here, which is near enough.
WIDTH = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8}


class Unsure(Exception):
    pass


class Heavy(Exception):
    pass


class Weight:
    def __init__(self, name, kind, dims, elements, size, known, letters):
        self.name, self.kind, self.shape, self.elements, self.size, self.known, self.letters = name, kind, dims, elements, size, known, letters


class Sparse:
    def __init__(self, values, dims):
        self.values, self.shape = values, dims
        self.name = values.name if values else b""
        self.kind = values.kind if values else 0
        self.known = None
        self.letters = values.letters if values else 0


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
        self.depth, self.nodes, self.weights, self.sizes = depth, [], [], []
        self.inputs, self.outputs, self.declared = [], [], {}


class Value:
    def __init__(self, shape, known=None, kind=0, letters=0, quotes=0):
        self.shape, self.known, self.kind, self.letters, self.quotes = list(shape), known, kind, letters, quotes
        self.volume = volume(self.shape)
        self.constant = False
        self.quoted = 0

    def text(self):
        return self.volume * (EACH_TEXT + self.letters)

    def held(self):
        return self.text() + self.quoted * TEXT_OF_REQUEST


def volume(shape):
    product = 1
    for size in shape:
        product *= max(size, 1)
    return product


def need(condition):
    if not condition:
        raise Unsure


# Numbers in the file say how much these make, whatever goes in.
BY_NUMBER = {b"ConstantOfShape", b"Expand", b"Tile", b"Range", b"HannWindow", b"HammingWindow", b"BlackmanWindow", b"RandomNormal", b"RandomUniform"}


def integers(value, rank=1):
    need(value is not None and value.constant and value.known is not None and value.kind in (6, 7) and len(value.shape) == rank)
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


def arrange(name, node, given, numbers):
    """What is there in another order, or several times over: for numbers and texts."""
    if name == b"Identity":
        need(len(given) == 1)
        return Value(given[0].shape, given[0].known, given[0].kind)
    if name == b"Reshape":
        need(len(given) == 2 and not node.attributes)
        target, own = integers(given[1]), given[0]
        need(len(target) <= 16 and all(size > 0 or size == -1 for size in target) and target.count(-1) <= 1 and 0 not in own.shape)
        others = volume(size for size in target if size > 0)
        need(own.volume % others == 0 if -1 in target else own.volume == others)
        return Value([own.volume // others if size == -1 else size for size in target], own.known, own.kind)
    if name == b"Flatten":
        need(len(given) == 1 and not node.attributes and given[0].shape and 0 not in given[0].shape)
        return Value([given[0].shape[0], volume(given[0].shape[1:])], given[0].known, given[0].kind)
    if name == b"Transpose":
        need(len(given) == 1 and b"perm" not in node.attributes)
        return Value(given[0].shape[::-1], given[0].known if len(given[0].shape) == 1 else None, given[0].kind)
    if name == b"Concat":
        need(given and numbers(b"axis") is not None and len(numbers(b"axis")) == 1 and isinstance(numbers(b"axis")[0], int))
        axis, rank = numbers(b"axis")[0], len(given[0].shape)
        need(all(len(one.shape) == rank > 0 and one.kind == given[0].kind for one in given) and -rank <= axis < rank)
        axis %= rank
        known = sum((one.known for one in given), []) if axis == 0 and all(one.known is not None for one in given) else None
        result = list(given[0].shape)
        result[axis] = sum(one.shape[axis] for one in given)
        return Value(result, known if volume(result) <= KEPT else None, given[0].kind)
    if name == b"Expand":
        need(len(given) == 2)
        return Value(stretch(given[0].shape, [max(size, 0) for size in integers(given[1])]), None, given[0].kind)
    if name == b"Tile":
        need(len(given) == 2)
        repeats = integers(given[1])
        need(len(repeats) == len(given[0].shape))
        return Value([size * max(often, 0) for size, often in zip(given[0].shape, repeats)], None, given[0].kind)
    raise Unsure


def einsum(node, given):
    """Letters only, with both sides; two inputs, or more whose letters all stand in the result."""
    need(list(node.attributes) == [b"equation"])
    text = node.attributes[b"equation"].text
    need(text.count(b"->") == 1 and all(part in b"abcdefgh,->" for part in text))
    left, right = text.split(b"->")
    terms = left.split(b",")
    need(b"-" not in left and b">" not in left and b"," not in right and b"-" not in right and b">" not in right)
    need(len(terms) == len(given) >= 1 and all(len(term) == len(one.shape) == len(set(term)) for term, one in zip(terms, given)) and len(set(right)) == len(right))
    sizes = {}
    for term, one in zip(terms, given):
        for letter, size in zip(term, one.shape):
            need(sizes.setdefault(letter, size) == size)
    need(set(right) <= set(sizes) and (len(terms) <= 2 or set(right) == set(sizes)))
    return Value([sizes[letter] for letter in right], None, given[0].kind)


def compute(node, given):
    name = node.operator
    numbers = lambda key: node.attributes[key].values if key in node.attributes else None
    if name == b"Constant":
        need(len(node.attributes) == 1)
        (key, held), = node.attributes.items()
        need(key == b"value" and held.tensor is not None)
        return Value(held.tensor.shape, held.tensor.known, held.tensor.kind, held.tensor.letters)
    if name == b"StringConcat":
        need(len(given) == 2 and given[0].kind == given[1].kind == STRING)
        made = Value(stretch(given[0].shape, given[1].shape), None, STRING, given[0].letters + given[1].letters, given[0].quotes + given[1].quotes)
        even = given[0].volume == given[1].volume == made.volume
        made.quoted = given[0].quoted + given[1].quoted if even else made.volume * made.quotes
        return made
    if name in (b"Identity", b"Concat", b"Expand", b"Tile", b"Transpose", b"Reshape", b"Flatten"):
        made = arrange(name, node, given, numbers)
        made.letters, made.quotes = max(one.letters for one in given), max(one.quotes for one in given)
        often = made.volume * made.quotes
        made.quoted = often if name in (b"Expand", b"Tile") else min(often, sum(one.quoted for one in given))
        return made
    need(all(one.kind != STRING for one in given))
    if name in (b"Add", b"Sub", b"Mul"):
        need(len(given) == 2)
        return elementwise(name, *given)
    if name == b"Div":
        need(len(given) == 2)
        return Value(stretch(given[0].shape, given[1].shape), None, given[0].kind)
    if name in (b"Relu", b"Sigmoid", b"Tanh", b"Neg", b"Softmax"):
        need(len(given) == 1)
        return Value(given[0].shape, None, given[0].kind)
    if name == b"BatchNormalization":
        need(len(given) == 5)
        return Value(given[0].shape, None, given[0].kind)
    if name == b"Gemm":
        need(len(given) in (2, 3) and len(given[0].shape) == len(given[1].shape) == 2 and not node.attributes.keys() - {b"transA", b"transB"})
        rows, columns = ((numbers(key) or [0])[0] for key in (b"transA", b"transB"))
        return Value([given[0].shape[1 if rows else 0], given[1].shape[0 if columns else 1]], None, given[0].kind)
    if name == b"Conv":
        need(len(given) in (2, 3) and len(given[0].shape) == len(given[1].shape) > 2 and not node.attributes)
        sides = [max(size - kernel + 1, 0) for size, kernel in zip(given[0].shape[2:], given[1].shape[2:])]
        need(all(kernel > 0 for kernel in given[1].shape[2:]))
        return Value([given[0].shape[0], given[1].shape[0]] + sides, None, given[0].kind)
    if name == b"Einsum":
        return einsum(node, given)
    if name == b"Cast":
        need(len(given) == 1 and numbers(b"to") and len(numbers(b"to")) == 1)
        to = numbers(b"to")[0]
        need(to != STRING and to in range(1, 14))
        return Value(given[0].shape, given[0].known if to == 7 and given[0].kind in (6, 7) else None, to)
    if name == b"MatMul":
        need(len(given) == 2 and len(given[0].shape) == len(given[1].shape) == 2 and not node.attributes)
        return Value([given[0].shape[0], given[1].shape[1]], None, given[0].kind)
    if name == b"ConstantOfShape":
        need(len(given) == 1 and not node.attributes)
        return Value([max(size, 0) for size in integers(given[0])], None, 1)
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
    need(not graph.declared.keys() & {name for node in graph.nodes for name in node.inputs})
    weights = {one.name for one in graph.weights}
    inputs = [(name, kind) for name, kind in graph.inputs if name not in weights]
    made = [name for node in graph.nodes for name in node.outputs if name] + [one.name for one in graph.weights] + [name for name, _ in inputs]
    need(len(made) == len(set(made)))
    need(not graph.declared.keys() & (weights | {name for name, _ in inputs}))
    need(all(kind is None or kind[1] is None or volume(kind[1]) <= 1 << 20 for kind in graph.declared.values()))
    values, heavy = {}, any(isinstance(one, Sparse) and volume(one.shape) > MOST for one in graph.weights + graph.sizes)
    for one in graph.weights:
        values[one.name] = Value(one.shape, one.known, one.kind, one.letters if one.kind == STRING else 0)
        values[one.name].constant = True
    for name, kind in inputs:
        need(kind is not None and kind[1] is not None and kind[0] != 0)
        values[name] = Value([1 if size < 0 else size for size in kind[1]], None, kind[0], 0, 1 if kind[0] == STRING else 0)
        values[name].quoted = values[name].quotes

    brought = sum(values[name].volume for name, _ in inputs)
    held = sum(one.size if isinstance(one, Weight) else one.values.size if one.values else 0 for one in graph.weights)
    most = max(MOST, min(PICTURE, max(64 * brought, 4 * held)))
    text = max(TEXT, 64 * EACH_TEXT * sum(values[name].volume for name, _ in inputs if values[name].kind == STRING))
    total, total_text, lives = 0, 0, {}
    for at, node in enumerate(graph.nodes):
        for attribute in node.attributes.values():
            need(attribute.sparse is None and attribute.type in (0, 1, 2, 3, 4, 6, 7))
            need(attribute.values or attribute.type not in (1, 2))
        need(b"" not in node.inputs and node.domain in (b"", b"ai.onnx") and len(node.outputs) == 1)
        given = [values.get(name) for name in node.inputs]
        need(None not in given)
        result = compute(node, given)
        need(len(result.shape) <= 64)
        result.constant = all(one.constant for one in given)
        for name in node.inputs:
            if name in lives:
                lives[name][1] = at
        if not node.outputs[0]:
            continue
        values[node.outputs[0]] = result
        if not result.constant:
            heavy |= result.volume > (MOST if node.operator in BY_NUMBER else most) or result.kind == STRING and (result.text() > text or result.quoted > TEXT // TEXT_OF_REQUEST)
            lives[node.outputs[0]] = [at, at, result]
        elif result.volume > MOST_OF_CONSTANTS:
            heavy = True
        elif node.operator != b"Constant":
            heavy |= result.kind == STRING and result.text() > TEXT
            total += result.volume * WIDTH.get(result.kind, 4) if result.kind != STRING else 0
            total_text += result.text() if result.kind == STRING else 0
    for name in graph.outputs:
        if name in lives:
            lives[name][1] = len(graph.nodes)
    if heavy:
        raise Heavy
    judge_sum(total, total_text, BYTES, BYTES + 16 * held)
    bound, fullest = 4 * max(4 * most, text), (0, 0)
    for at in range(len(graph.nodes)):
        alive = [value for first, last, value in lives.values() if first <= at <= last]
        numbers = sum(one.volume * WIDTH.get(one.kind, 4) for one in alive if one.kind != STRING)
        fullest = max(fullest, (numbers, sum(one.held() for one in alive if one.kind == STRING)), key=sum)
    judge_sum(*fullest, bound, bound)


def judge_sum(numbers, text, light, heavy):
    """Bytes of numbers are known but for a factor of two, since what they become in between is not; texts take what they take."""
    if numbers // 2 + text > heavy:
        raise Heavy
    need(numbers * 2 + text <= light)
