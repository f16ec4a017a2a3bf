"""Judges a whole request body with its head length by the rules of src/EdgeDaemon.Core/Protocol/README.md.

A case: one byte chooses the contract of a raw request, one gives the length of the header's text, that text, the body.
"""
import re
import struct

from oip_json import MAX_LONG, SIZES, read_request, require, serve, verdict_line

CONTRACTS = [("FP32", [-1, 4]), ("BYTES", [1]), ("UINT8", [2, 3]), ("INT64", [-1, -1]), ("FP16", [-1, 0]), ("BYTES", [-1, 2]), ("BOOL", [3, -1]), ("FP64", [])]


def check_bool(raw):
    require(set(raw) <= {0, 1}, "bool")


def check_bytes(raw, shape):
    count, at = 0, 0
    while at < len(raw):
        require(at + 4 <= len(raw), "length")
        at += 4 + struct.unpack_from("<I", raw, at)[0]
        require(at <= len(raw), "element")
        count += 1
    product = 1
    for dimension in shape:
        product *= dimension
    require(count == product, "count")


def raw_request(kind, contract, body):
    require(contract.count(-1) <= 1, "ambiguous")
    fixed = 1
    for dimension in contract:
        fixed *= 1 if dimension == -1 else dimension
    if kind == "BYTES":
        require(fixed == 1, "one element")
        shape = [1 if d == -1 else d for d in contract]
        return shape, len(body) + 4
    unit = fixed * SIZES[kind]
    if -1 in contract:
        require(unit > 0, "zero beside variable")
        require(len(body) % unit == 0, "size")
        shape = [len(body) // unit if d == -1 else d for d in contract]
    else:
        require(len(body) == unit, "size")
        shape = contract
    if kind == "BOOL":
        check_bool(body)
    return shape, len(body)


def judge(case):
    require(len(case) >= 2 and case[1] <= len(case) - 2, "framing")
    kind, contract = CONTRACTS[case[0] % len(CONTRACTS)]
    header, body = case[2:2 + case[1]], case[2 + case[1]:]
    require(re.fullmatch(rb"[0-9]{1,19}", header) and int(header) <= MAX_LONG, "header")
    head = int(header)
    if head == 0:
        shape, size = raw_request(kind, contract, body)
        return f"accept raw [{','.join(map(str, shape))}] {size}"
    require(head <= len(body), "beyond")
    request = read_request(body[:head])
    planned = head
    for _, element, shape, size, _ in request[3]:
        if size is None:
            continue
        product = 1
        for dimension in shape:
            product *= dimension
        require(size == product * SIZES[element] if element != "BYTES" else size >= 4 * product, "size")
        planned += size
        require(planned <= MAX_LONG, "size")
    require(planned <= len(body), "truncated")
    require(planned == len(body), "trailing")
    at = head
    tensors = {}
    for index, (_, element, shape, size, _) in enumerate(request[3]):
        if size is None:
            continue
        raw = body[at:at + size]
        at += size
        if element == "BOOL":
            check_bool(raw)
        elif element == "BYTES":
            check_bytes(raw, shape)
        tensors[index] = raw.hex()
    return verdict_line(request, lambda index: tensors[index])


if __name__ == "__main__":
    serve(judge, ("header", "beyond", "size", "truncated", "trailing"))
