"""Judges the JSON head of an inference request and its tensors by the rules of src/EdgeDaemon.Core/Protocol/README.md.

Shares no code with the daemon: Python's json module finds the structure, exact rationals do the rounding.
Reads cases from stdin (u32 little-endian length, bytes), writes one verdict line for each.
"""
import json
import re
import struct
import sys
from fractions import Fraction

sys.set_int_max_str_digits(0)

MAX_DEPTH = 32
MAX_TENSORS = 64
MAX_PARAMETERS = 64
MAX_NAME = 256
MAX_ID = 256
MAX_TEXT = 4096
MAX_RANK = 16
MAX_LONG = 2**63 - 1
SIZES = {"BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8,
         "FP16": 2, "BF16": 2, "FP32": 4, "FP64": 8, "BYTES": 0}
# Fraction bits, exponent of the smallest normal, largest exponent, bytes.
FLOATS = {"FP16": (10, -14, 15, 2), "BF16": (7, -126, 127, 2), "FP32": (23, -126, 127, 4), "FP64": (52, -1022, 1023, 8)}
NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?\Z")


class Reject(Exception):
    pass


class Number:
    def __init__(self, text):
        self.text = text
        sign, whole, fraction, exponent = NUMBER.match(text).groups()
        self.negative = sign == "-"
        self.integer = fraction is None and exponent is None
        self.digits = (whole + (fraction or "")).lstrip("0")
        self.exponent = int(exponent or "0") - len(fraction or "")

    def as_int(self):
        value = int(self.digits or "0")
        return -value if self.negative else value

    def to_bits(self, kind):
        """Bits in the format, or None for an infinity."""
        fraction_bits, min_exponent, max_exponent, size = FLOATS[kind]
        sign = (1 << (8 * size - 1)) if self.negative else 0
        if not self.digits:
            return sign
        magnitude = len(self.digits) + self.exponent
        if magnitude > 400:
            return None
        if magnitude < -400:
            return sign
        value = Fraction(int(self.digits)) * Fraction(10) ** self.exponent
        # The exponent e with 2^e <= value < 2^(e+1).
        e = value.numerator.bit_length() - value.denominator.bit_length()
        if value < Fraction(2) ** e:
            e -= 1
        e = max(e, min_exponent)
        quantum = Fraction(2) ** (e - fraction_bits)
        steps = round(value / quantum)  # ties to even
        if steps >= 1 << (fraction_bits + 1):
            steps >>= 1
            e += 1
        if e > max_exponent:
            return None
        if steps < 1 << fraction_bits:
            return sign | steps
        return sign | ((e - min_exponent + 1) << fraction_bits) | (steps - (1 << fraction_bits))


class Members(list):
    """An object as its pairs, so that repeated names are seen."""

    def known(self, *names):
        found = {}
        for name, value in self:
            if name in names:
                if name in found:
                    raise Reject("duplicate " + name)
                found[name] = value
        return found


def refuse_constant(_):
    raise Reject("NaN or Infinity")


def parse(raw):
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as e:
        raise Reject(str(e)) from e
    check_depth(value, 0)
    return value


def check_depth(value, depth):
    if isinstance(value, list):
        if depth >= MAX_DEPTH:
            raise Reject("depth")
        for item in value:
            check_depth(item[1] if isinstance(value, Members) else item, depth + 1)


def utf8(text, limit):
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError:
        raise Reject("surrogate") from None
    if len(raw) > limit:
        raise Reject("too long")
    return raw


def is_array(value):
    return isinstance(value, list) and not isinstance(value, Members)


def require(condition, why):
    if not condition:
        raise Reject(why)


def boolean(value):
    require(value is None or isinstance(value, bool), "boolean")
    return {None: "none", True: "true", False: "false"}[value]


def tensor_name(found):
    require("name" in found and isinstance(found["name"], str), "name")
    raw = utf8(found["name"], MAX_NAME)
    require(raw and not any(c < 0x20 or c == 0x7F for c in raw), "name text")
    return raw


def no_shared_memory(members):
    for name, _ in members:
        require(name not in ("shared_memory_region", "shared_memory_byte_size", "shared_memory_offset"), "shared memory")


def parameter_members(value):
    if value is None:
        return Members()
    require(isinstance(value, Members), "parameters")
    return value


def read_shape(value):
    require(is_array(value) and len(value) <= MAX_RANK, "shape")
    shape = []
    for item in value:
        require(isinstance(item, Number) and item.integer, "dimension")
        dimension = item.as_int()
        require(0 <= dimension <= MAX_LONG, "dimension range")
        shape.append(dimension)
    return shape


def product(shape):
    count = 1
    for dimension in shape:
        count *= dimension
    return count


def flatten(data, shape):
    """The elements of flat or exactly nested data."""
    if len(shape) >= 2 and data and is_array(data[0]):
        return nested(data, shape)
    require(len(data) == product(shape), "count")
    return data


def nested(data, shape):
    require(is_array(data) and len(data) == shape[0], "nesting")
    if len(shape) == 1:
        return data
    flat = []
    for item in data:
        flat += nested(item, shape[1:])
    return flat


def element(value, kind):
    if kind == "BYTES":
        require(isinstance(value, str), "not a string")
        raw = utf8(value, 2**32 - 1)
        return struct.pack("<I", len(raw)) + raw
    if kind == "BOOL":
        if isinstance(value, Number):
            require(value.text in ("0", "1"), "bool number")
            return bytes([int(value.text)])
        require(isinstance(value, bool), "bool")
        return bytes([value])
    require(isinstance(value, Number), "not a number")
    if kind in FLOATS:
        bits = value.to_bits(kind)
        require(bits is not None, "range")
        return bits.to_bytes(FLOATS[kind][3], "little")
    require(value.integer, "not whole")
    number = value.as_int()
    size = SIZES[kind]
    try:
        return number.to_bytes(size, "little", signed=not kind.startswith("U"))
    except OverflowError:
        raise Reject("range") from None


def read_input(value):
    require(isinstance(value, Members), "input")
    found = value.known("name", "shape", "datatype", "parameters", "data")
    name = tensor_name(found)
    require("shape" in found and "datatype" in found, "missing")
    kind = found["datatype"]
    require(isinstance(kind, str) and kind in SIZES, "datatype")
    shape = read_shape(found["shape"])
    require(product(shape) * (SIZES[kind] or 4) <= MAX_LONG, "overflow")
    parameters = parameter_members(found.get("parameters"))
    no_shared_memory(parameters)
    size = parameters.known("binary_data_size").get("binary_data_size")
    data = found.get("data")
    require(data is None or is_array(data), "data")
    require((data is None) != (size is None), "data and binary_data_size")
    if size is None:
        tensor = b"".join(element(item, kind) for item in flatten(data, shape))
        return name, kind, shape, None, tensor
    require(isinstance(size, Number) and size.integer and 0 <= size.as_int() <= MAX_LONG, "binary_data_size")
    return name, kind, shape, size.as_int(), None


def read_output(value):
    require(isinstance(value, Members), "output")
    found = value.known("name", "parameters")
    name = tensor_name(found)
    parameters = parameter_members(found.get("parameters"))
    no_shared_memory(parameters)
    known = parameters.known("binary_data", "classification")
    classification = known.get("classification")
    if classification is not None:
        require(isinstance(classification, Number) and classification.integer and classification.as_int() == 0, "classification")
    return name, boolean(known.get("binary_data"))


def read_parameters(value):
    members = parameter_members(value)
    default = boolean(members.known("binary_data_output").get("binary_data_output"))
    kept = {}
    for name, item in members:
        if name == "binary_data_output" or item is None or isinstance(item, list):
            continue
        try:
            raw = utf8(name, MAX_NAME)
        except Reject:
            continue
        if not raw:
            continue
        require(raw not in kept, "duplicate parameter")
        kept[raw] = parameter_value(item)
    require(len(kept) <= MAX_PARAMETERS, "parameters")
    return default, "".join(name.hex() + ":" + text + ";" for name, text in kept.items())


def parameter_value(item):
    if isinstance(item, bool):
        return "b" + boolean(item)
    if isinstance(item, str):
        return "s" + utf8(item, MAX_TEXT).hex()
    if item.integer and -(2**63) <= item.as_int() < 2**64:
        return "i" + str(item.as_int())
    bits = item.to_bits("FP64")
    if bits is None:
        bits = 0xFFF0000000000000 if item.negative else 0x7FF0000000000000
    return "r%016x" % bits


def read_request(raw):
    """(line without the inputs' tensors filled in, inputs): the caller supplies binary tensors."""
    document = parse(raw)
    require(isinstance(document, Members), "not an object")
    found = document.known("id", "parameters", "inputs", "outputs")
    identity = found.get("id")
    require(identity is None or isinstance(identity, str), "id")
    identity = "none" if identity is None else utf8(identity, MAX_ID).hex()
    default, parameters = read_parameters(found.get("parameters"))
    require("inputs" in found and is_array(found["inputs"]) and len(found["inputs"]) <= MAX_TENSORS, "inputs")
    inputs = [read_input(item) for item in found["inputs"]]
    require(len({item[0] for item in inputs}) == len(inputs), "duplicate input")
    outputs = found.get("outputs")
    require(outputs is None or (is_array(outputs) and len(outputs) <= MAX_TENSORS), "outputs")
    outputs = [read_output(item) for item in outputs or []]
    require(len({item[0] for item in outputs}) == len(outputs), "duplicate output")
    return identity, default, parameters, inputs, outputs


def verdict_line(request, binary):
    identity, default, parameters, inputs, outputs = request
    line = f"accept id={identity} bdo={default} params={parameters} inputs="
    for index, (name, kind, shape, size, tensor) in enumerate(inputs):
        text = tensor.hex() if size is None else binary(index)
        line += f"{name.hex()}:{kind}:[{','.join(map(str, shape))}]:{text};"
    return line + " outputs=" + "".join(f"{name.hex()}:{wanted};" for name, wanted in outputs)


def judge(raw):
    request = read_request(raw)
    return verdict_line(request, lambda index: "b%d" % request[3][index][3])


def serve(judge_one, told_apart=()):
    source = sys.stdin.buffer
    while True:
        head = source.read(4)
        if len(head) < 4:
            return
        case = source.read(struct.unpack("<I", head)[0])
        try:
            line = judge_one(case)
        except Reject as reason:
            line = f"reject {reason}" if str(reason) in told_apart else "reject"
        print(line, flush=True)


if __name__ == "__main__":
    serve(judge)
