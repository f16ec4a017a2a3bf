"""Judges a ModelInferRequest by the rules of src/EdgeDaemon.Core/Protocol/GRPC.md.

Shares no code with the daemon: the whole message is taken apart at once, recursively, into lists of fields.
Where Python's protobuf is installed, what is accepted must also be read by it, to the same tensors.
Reads cases from stdin (u32 little-endian length, bytes), writes one verdict line for each.
"""
import math
import struct
import sys

MAX_FIELDS = 16384
MAX_TENSORS = 64
MAX_PARAMETERS = 64
MAX_HEAD = 64 << 20
SIZES = {"BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8,
         "FP16": 2, "BF16": 2, "FP32": 4, "FP64": 8, "BYTES": 0}
FIELDS = {"BOOL": 1, "INT8": 2, "INT16": 2, "INT32": 2, "INT64": 3, "UINT8": 4, "UINT16": 4, "UINT32": 4, "UINT64": 5, "FP32": 6, "FP64": 7, "BYTES": 8}
RANGES = {"BOOL": (0, 1), "INT8": (-2**7, 2**7 - 1), "INT16": (-2**15, 2**15 - 1), "INT32": (-2**31, 2**31 - 1), "INT64": (-2**63, 2**63 - 1),
          "UINT8": (0, 2**8 - 1), "UINT16": (0, 2**16 - 1), "UINT32": (0, 2**32 - 1), "UINT64": (0, 2**64 - 1)}
# What a field can hold whatever the datatype.
WIDTHS = {1: (0, 1), 2: (-2**31, 2**31 - 1), 3: (-2**63, 2**63 - 1), 4: (0, 2**32 - 1), 5: (0, 2**64 - 1)}


class Reject(Exception):
    pass


def need(condition):
    if not condition:
        raise Reject


def varint(data, at):
    value = 0
    for i in range(10):
        need(at + i < len(data))
        value |= (data[at + i] & 0x7F) << (7 * i)
        if data[at + i] < 0x80:
            need(value < 1 << 64)
            return value, at + i + 1
    raise Reject


def fields(data):
    """[(number, wire type, value)]: an int, or bytes for the other three."""
    found, at = [], 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        need(0 < number < 1 << 29)
        if wire == 0:
            value, at = varint(data, at)
        else:
            need(wire in (1, 2, 5))
            if wire == 2:
                length, at = varint(data, at)
            else:
                length = 8 if wire == 1 else 4
            need(length <= len(data) - at)
            value = data[at:at + length]
            at += length
        found.append((number, wire, value))
    return found


def text(value, most):
    need(len(value) <= most)
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        raise Reject from None
    return value


def signed(value):
    return value - (1 << 64) if value >= 1 << 63 else value


def entry(data):
    """Key and value of a parameter; the value is None, or kind and content."""
    need(len(data) <= 16384)
    key, value = b"", None
    for number, wire, content in fields(data):
        if (number, wire) == (1, 2):
            key = text(content, 1 << 20)
        elif (number, wire) == (2, 2):
            for kind, kind_wire, inner in fields(content):
                if (kind, kind_wire) == (1, 0):
                    value = ("b", "true" if inner else "false")
                elif (kind, kind_wire) == (2, 0):
                    value = ("i", signed(inner))
                elif (kind, kind_wire) == (3, 2):
                    value = ("s", text(inner, 1 << 20))
                elif (kind, kind_wire) == (4, 1):
                    value = ("r", inner)
                elif (kind, kind_wire) == (5, 0):
                    value = ("i", inner)
    need(value is None or value[0] != "r" or not math.isnan(struct.unpack("<d", value[1])[0]))
    return key, value


def name(value):
    need(0 < len(value) <= 256)
    need(all(b >= 0x20 and b != 0x7F for b in value))
    return value


def contents(data, into, counted):
    """Appends (field, element) for each element."""
    for number, wire, value in fields(data):
        if not 1 <= number <= 8:
            counted.append(number)
        if 1 <= number <= 5 and wire == 0:
            into.append((number, value))
        elif 1 <= number <= 5 and wire == 2:
            at = 0
            while at < len(value):
                element, at = varint(value, at)
                into.append((number, element))
        elif number in (6, 7) and wire in (2, 5 if number == 6 else 1):
            size = 4 if number == 6 else 8
            need(len(value) % size == 0)
            into.extend((number, value[i:i + size]) for i in range(0, len(value), size))
        elif number == 8 and wire == 2:
            into.append((number, value))


def tensor(data, counted):
    result = {"name": b"", "type": b"", "shape": [], "contents": None}
    for number, wire, value in fields(data):
        counted.append(number)
        if (number, wire) == (1, 2):
            result["name"] = text(value, 256)
        elif (number, wire) == (2, 2):
            result["type"] = text(value, 16)
        elif number == 3 and wire in (0, 2):
            if wire == 0:
                result["shape"].append(value)
            else:
                need(len(value) <= 160)
                at = 0
                while at < len(value):
                    dimension, at = varint(value, at)
                    result["shape"].append(dimension)
        elif (number, wire) == (4, 2):
            need(entry(value)[0] not in (b"shared_memory_region", b"shared_memory_byte_size", b"shared_memory_offset"))
        elif (number, wire) == (5, 2):
            if result["contents"] is None:
                result["contents"] = []
            contents(value, result["contents"], counted)
    name(result["name"])
    result["type"] = result["type"].decode("ascii", "replace")
    need(result["type"] in SIZES)
    need(len(result["shape"]) <= 16 and all(d < 1 << 63 for d in result["shape"]))
    return result


def output(data):
    need(len(data) <= 16384)
    given, classified = b"", None
    for number, wire, value in fields(data):
        if (number, wire) == (1, 2):
            given = text(value, 1 << 20)
        elif (number, wire) == (2, 2):
            key, setting = entry(value)
            need(key not in (b"shared_memory_region", b"shared_memory_byte_size", b"shared_memory_offset"))
            if key == b"classification":
                classified = setting
    need(classified in (None, ("i", 0)))
    return name(given)


def count_of(shape):
    count = 1
    for dimension in shape:
        count *= dimension
    return count


def element(kind, field, value):
    if field in (6, 7):
        return value
    if field == 8:
        return struct.pack("<I", len(value)) + value
    number = signed(value) if field in (2, 3) else value
    low, high = RANGES[kind]
    need(low <= number <= high)
    return number.to_bytes(SIZES[kind], "little", signed=low < 0)


def typed(given):
    elements = given["contents"]
    count = count_of(given["shape"])
    need(elements is not None or count == 0)
    elements = elements or []
    for field, value in elements:
        need(field == FIELDS.get(given["type"]))
    need(len(elements) == count)
    return b"".join(element(given["type"], field, value) for field, value in elements)


def check_raw(kind, shape, data):
    count = count_of(shape)
    if kind != "BYTES":
        need(len(data) == count * SIZES[kind])
        need(kind != "BOOL" or all(b <= 1 for b in data))
        return
    found, at = 0, 0
    while at < len(data):
        need(at + 4 <= len(data))
        at += 4 + struct.unpack_from("<I", data, at)[0]
        need(at <= len(data))
        found += 1
    need(found == count)


def judge(data):
    counted = []
    model = version = b""
    request_id = None
    parameters, inputs, outputs, raw = {}, [], [], []
    for number, wire, value in fields(data):
        counted.append(number)
        if wire != 2:
            continue
        if number == 1:
            model = text(value, 256)
        elif number == 2:
            version = text(value, 256)
        elif number == 3:
            request_id = text(value, 256)
        elif number == 4:
            key, setting = entry(value)
            need(setting is None or setting[0] != "s" or len(setting[1]) <= 4096)
            if 0 < len(key) <= 256 and key != b"binary_data_output":
                if setting is None:
                    parameters.pop(key, None)
                else:
                    parameters[key] = setting
                need(len(parameters) <= MAX_PARAMETERS)
        elif number == 5:
            need(len(inputs) < MAX_TENSORS)
            inputs.append(tensor(value, counted))
            need(all(other["name"] != inputs[-1]["name"] for other in inputs[:-1]))
            # Elements are held against their field's width as they come, whatever becomes of them.
            for field, item in inputs[-1]["contents"] or []:
                if field <= 5:
                    low, high = WIDTHS[field]
                    need(low <= (signed(item) if field in (2, 3) else item) <= high)
            need(len({field for field, _ in inputs[-1]["contents"] or []}) <= 1)
        elif number == 6:
            need(len(outputs) < MAX_TENSORS)
            outputs.append(output(value))
            need(outputs.count(outputs[-1]) == 1)
        elif number == 7:
            need(len(raw) < MAX_TENSORS)
            raw.append(value)
    need(len(counted) <= MAX_FIELDS)
    need(len(raw) <= len(inputs))
    tensors = []
    for i, given in enumerate(inputs):
        count = count_of(given["shape"])
        need(count * (SIZES[given["type"]] or 4) < 1 << 63)
        if raw:
            need(given["contents"] is None and i < len(raw))
            tensors.append(raw[i])
        else:
            tensors.append(typed(given))
        check_raw(given["type"], given["shape"], tensors[-1])
    cross_check(data, model, request_id, inputs, tensors, bool(raw))

    def value_text(setting):
        kind, value = setting
        return kind + (value.hex() if kind == "s" else value[::-1].hex() if kind == "r" else str(value))

    return ("accept id=%s bdo=none params=%s inputs=%s outputs=%s model=%s version=%s" % (
        "none" if request_id is None else request_id.hex(),
        "".join("%s:%s;" % (key.hex(), value_text(setting)) for key, setting in parameters.items()),
        "".join("%s:%s:[%s]:%s;" % (given["name"].hex(), given["type"], ",".join(map(str, given["shape"])), data.hex()) for given, data in zip(inputs, tensors)),
        "".join("%s:none;" % asked.hex() for asked in outputs), model.hex(), version.hex()))


def message_class():
    """ModelInferRequest for protobuf, from a descriptor made here; None where the library is missing."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        return None
    file = descriptor_pb2.FileDescriptorProto(name="oracle.proto", package="oracle", syntax="proto3")
    F = descriptor_pb2.FieldDescriptorProto

    def message(title, *members):
        made = file.message_type.add(name=title)
        for number, member, kind, repeated in members:
            field = made.field.add(name=member, number=number, label=F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL)
            if isinstance(kind, str):
                field.type, field.type_name = F.TYPE_MESSAGE, ".oracle." + kind
            else:
                field.type = kind

    message("Contents", (1, "f1", F.TYPE_BOOL, 1), (2, "f2", F.TYPE_INT32, 1), (3, "f3", F.TYPE_INT64, 1), (4, "f4", F.TYPE_UINT32, 1),
            (5, "f5", F.TYPE_UINT64, 1), (6, "f6", F.TYPE_FLOAT, 1), (7, "f7", F.TYPE_DOUBLE, 1), (8, "f8", F.TYPE_BYTES, 1))
    message("Tensor", (1, "name", F.TYPE_STRING, 0), (2, "datatype", F.TYPE_STRING, 0), (3, "shape", F.TYPE_INT64, 1), (5, "contents", "Contents", 0))
    message("Output", (1, "name", F.TYPE_STRING, 0))
    message("Request", (1, "model_name", F.TYPE_STRING, 0), (3, "id", F.TYPE_STRING, 0), (5, "inputs", "Tensor", 1), (6, "outputs", "Output", 1), (7, "raw", F.TYPE_BYTES, 1))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName("oracle.Request")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


REQUEST = message_class()
CODES = {"BOOL": "?", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "FP32": "f", "FP64": "d"}


def cross_check(data, model, request_id, inputs, tensors, raw):
    if REQUEST is None:
        return
    read = REQUEST.FromString(data)
    assert read.model_name.encode() == model and read.id.encode() == (request_id or b"")
    assert len(read.inputs) == len(inputs)
    for i, (theirs, ours, tensor_bytes) in enumerate(zip(read.inputs, inputs, tensors)):
        assert theirs.name.encode() == ours["name"] and theirs.datatype == ours["type"] and list(theirs.shape) == ours["shape"]
        if raw:
            assert read.raw[i] == tensor_bytes
        elif ours["type"] == "BYTES":
            assert b"".join(struct.pack("<I", len(v)) + v for v in theirs.contents.f8) == tensor_bytes
        elif ours["type"] in CODES:
            values = getattr(theirs.contents, "f%d" % FIELDS[ours["type"]])
            again = struct.pack("<%d%s" % (len(values), CODES[ours["type"]]), *values)
            if ours["type"] in ("FP32", "FP64"):
                # A signalling NaN may become a quiet one on its way through Python.
                same = all(a == b or (a != a and b != b) for a, b in zip(values, struct.unpack("<%d%s" % (len(values), CODES[ours["type"]]), tensor_bytes)))
                assert same and len(again) == len(tensor_bytes)
            else:
                assert again == tensor_bytes


def main():
    source, sink = sys.stdin.buffer, sys.stdout
    while True:
        header = source.read(4)
        if len(header) < 4:
            return
        case = source.read(struct.unpack("<I", header)[0])
        try:
            sink.write(judge(case) + "\n")
        except Reject:
            sink.write("reject\n")
        sink.flush()


if __name__ == "__main__":
    main()
