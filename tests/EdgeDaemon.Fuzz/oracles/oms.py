#!/usr/bin/python3
"""Judges OMS statements and signature files, written from the specification and the rules in Bundles/Oms/README.md.

Shares no code with the product: JSON by the standard library, P-256 by hand. Protocol: u32 little-endian length and that
many bytes per case on stdin, one verdict line per case on stdout. The first byte of a case chooses: odd = a statement,
taken as verified and its root digest put right, against the fixed tree; even = a whole signature file against the fixed key
and the fixed root.
"""
import hashlib
import json
import re
import struct
import sys
import unicodedata

TREE = {"a.txt": b"2", "a/b": b"1", "f": b"0123456789", "empty": b"", "z\uff5e": b"bmp", "z\U0001f600": b"astral",
        "c:1:2": b"c", "cache/x": b"x", ".git/HEAD": b"g"}
GIT = (".git", ".gitattributes", ".github", ".gitignore")
TYPE = b"application/vnd.in-toto+json"


class Reject(Exception):
    pass


class Rootless(Exception):
    """Everything holds but the root digest: (claimed, right)."""


def need(condition):
    if not condition:
        raise Reject


# ---------------------------------------------------------------------------------------------------------------- JSON
class Number(str):
    """The text of a number: what it means is decided where it is used."""


def strict(data):
    def once(pairs):
        names = [name for name, _ in pairs]
        need(len(set(names)) == len(names))
        return dict(pairs)

    def constant(_):
        raise Reject

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_int=Number, parse_float=Number, parse_constant=constant)
    except (ValueError, RecursionError):
        raise Reject
    walk(value, 0)
    return value


def walk(value, depth):
    if isinstance(value, str):
        need(not any(0xD800 <= ord(c) <= 0xDFFF for c in value))
    elif isinstance(value, (dict, list)):
        need(depth < 32)
        for item in value:
            walk(item, depth + 1)
        if isinstance(value, dict):
            for item in value.values():
                walk(item, depth + 1)


def text(value):
    need(isinstance(value, str) and not isinstance(value, Number))
    return value


def member(value, name, kind):
    need(isinstance(value, dict) and name in value and isinstance(value[name], kind))
    return text(value[name]) if kind is str else value[name]


def optional(value, name):
    return None if value.get(name) is None else text(value[name])


# ----------------------------------------------------------------------------------------------------------- statement
def safe(name):
    raw = name.encode("utf-8")
    return (0 < len(raw) <= 4096 and "\ufffd" not in name and "\\" not in name
            and not any(unicodedata.category(c) == "Cc" for c in name)
            and all(0 < len(part.encode("utf-8")) <= 255 and part not in (".", "..") for part in name.split("/")))


def hex32(value):
    need(re.fullmatch("[0-9a-f]{64}", text(value), re.A))
    return bytes.fromhex(value)


class Statement:
    def __init__(self, data):
        root = strict(data)
        need(isinstance(root, dict))
        need(member(root, "_type", str) == "https://in-toto.io/Statement/v1")
        need(member(root, "predicateType", str) == "https://model_signing/signature/v1.0")
        subjects = member(root, "subject", list)
        need(len(subjects) == 1)
        self.subject = member(subjects[0], "name", str)
        need(self.subject != "")
        claimed = hex32(member(member(subjects[0], "digest", dict), "sha256", str))
        predicate = member(root, "predicate", dict)
        need(set(predicate) <= {"serialization", "resources"})
        how = member(predicate, "serialization", dict)
        need(set(how) <= {"method", "hash_type", "allow_symlinks", "shard_size", "ignore_paths"})
        method = member(how, "method", str)
        need(method in ("files", "shards") and member(how, "hash_type", str) == "sha256")
        need(how.get("allow_symlinks") is False and ("shard_size" in how) == (method == "shards"))
        self.size = 0
        if method == "shards":
            need(isinstance(how["shard_size"], Number))
            whole = re.fullmatch(r"([0-9]{1,18})(?:\.0*)?", how["shard_size"], re.A)
            need(whole and int(whole[1]) > 0)
            self.size = int(whole[1])
        self.ignored = [] if how.get("ignore_paths") is None else [text(p) for p in member(how, "ignore_paths", list)]
        self.entries, seen = [], set()
        for resource in member(predicate, "resources", list):
            name = member(resource, "name", str)
            need(member(resource, "algorithm", str) in ("sha256", "sha256-sharded-%d" % self.size if self.size else "sha256"))
            digest = hex32(member(resource, "digest", str))
            need(name not in seen)
            seen.add(name)
            path, start, end = (name, 0, 0) if not self.size else self.shard(name)
            need(path == "." or safe(path))
            self.entries.append((path, start, end, digest))
        need(self.entries)
        paths = {entry[0] for entry in self.entries}
        need("." not in paths or len(paths) == 1)
        self.root = hashlib.sha256(b"".join(entry[3] for entry in self.entries)).digest()
        if self.root != claimed:
            raise Rootless(claimed.hex(), self.root.hex())

    def shard(self, name):
        parts = re.fullmatch(r"(.*):(0|[1-9][0-9]{0,17}):(0|[1-9][0-9]{0,17})", name, re.A | re.S)
        need(parts)
        start, end = int(parts[2]), int(parts[3])
        need(start % self.size == 0 and start < end <= start + self.size)
        return parts[1], start, end

    def holds(self, path, content):
        mine = sorted(e for e in self.entries if e[0] == path)
        if not self.size:
            return [hashlib.sha256(content).digest()] == [e[3] for e in mine]
        cuts = [(s, min(s + self.size, len(content))) for s in range(0, len(content), self.size)]
        return [(s, e, hashlib.sha256(content[s:e]).digest()) for s, e in cuts] == [e[1:] for e in mine]

    def tree(self, lax):
        signed = {e[0] for e in self.entries}
        if not all(path in TREE and self.holds(path, TREE[path]) for path in signed):
            return "refused"
        for name, content in TREE.items():
            ignored = any(name == p or name.startswith(p + "/") for p in list(GIT) + [p for p in self.ignored if safe(p)])
            if name not in signed and not (lax or ignored or (self.size and not content)):
                return "refused"
        return "ok:" + ",".join(sorted(name.encode().hex() for name in signed))

    def single(self):
        path = self.entries[0][0]
        return "ok" if path in (".", "f") and {e[0] for e in self.entries} == {path} and self.holds(path, TREE["f"]) else "refused"

    def __str__(self):
        listed = ",".join("%s:%d:%d:%s" % (p.encode().hex(), s, e, d.hex()) for p, s, e, d in self.entries)
        return "statement %d %s %s %s %s tree=%s lax=%s file=%s" % (
            self.size, self.subject.encode().hex(), self.root.hex(), listed,
            ",".join(p.encode().hex() for p in self.ignored) or "-", self.tree(False), self.tree(True), self.single())


# ---------------------------------------------------------------------------------------------------------------- P-256
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
Q = (0x4A598A85274F30FBFC2AD9C9438D1A5C901F805502207583CCB771E99B24CD06,
     0x9AB64454ED8AF4183D4D24E28D40E12CBFF87040416B30CA7265020B3B7E0F31)
HINT = "c2ba39f5efe1800ee19fbe8cd19d0828e712e53d3c2c2b3cf052b0ffdac3f05d"


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    result = None
    while k:
        if k & 1:
            result = add(result, point)
        point, k = add(point, point), k >> 1
    return result


def der_integers(sig):
    """The two integers of a DER SEQUENCE, or None. Anything of this size has one-byte lengths."""
    if len(sig) < 2 or sig[0] != 0x30 or sig[1] != len(sig) - 2 or sig[1] > 127:
        return None
    values, rest = [], sig[2:]
    while rest:
        if len(rest) < 3 or rest[0] != 2 or rest[1] == 0 or rest[1] > len(rest) - 2:
            return None
        body, rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]
        if body[0] & 0x80 or (len(body) > 1 and body[0] == 0 and not body[1] & 0x80):
            return None
        values.append(int.from_bytes(body, "big"))
    return values if len(values) == 2 else None


def verifies(payload, sig, key):
    values = der_integers(sig)
    if values is None or not all(0 < v < N for v in values):
        return False
    r, s = values
    z = int.from_bytes(hashlib.sha256(b"DSSEv1 %d %s %d " % (len(TYPE), TYPE, len(payload)) + payload).digest(), "big")
    w = pow(s, -1, N)
    point = add(times(z * w % N, G), times(r * w % N, key))
    return point is not None and point[0] % N == r


# --------------------------------------------------------------------------------------------------------------- bundle
# By SHA-256 of their DER: a root, an intermediate below it, and a leaf below that with its key. A changed certificate is another one.
ROOT = "9ca916f9ed6a7d77b1d758a0e9e06bdd6b26150731021abcd000376dca0e4a29"
INTERMEDIATE = "37b16227b892cd841020f90bfb913d42fbbc5ad7c8aa79d748e65daa018eb0b4"
LEAF = "f0168f41ced78ad48683ebdee86d0833b2dd81232558ea849ad2fb510bf821d3"
LEAF_KEY = (0x2FB90C2EEC075E725DF1C3A0969EABF6D212C82A5824B7CB4D386EBD53B173C0,
            0x9016E596B86B2E6DCB7C158465FABF8A21C9456C4145DA07A9D0092588AC44A0)


def chain(material):
    entries = member(member(material, "x509CertificateChain", dict), "certificates", list)
    need(1 <= len(entries) <= 8)
    return [hashlib.sha256(base64(member(entry, "rawBytes", str))).hexdigest() for entry in entries]


def chained(payload, sig, seen):
    if not set(seen[1:]) <= {ROOT, INTERMEDIATE, LEAF}:
        return None
    return seen[0] == LEAF and INTERMEDIATE in seen and verifies(payload, sig, LEAF_KEY)


def base64(value):
    digits = value
    if len(value) % 4 == 0:
        digits = re.sub("={1,2}$", "", value)
    need(re.fullmatch("[A-Za-z0-9+/_-]*", digits, re.A) and len(digits) % 4 != 1)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bits = "".join(format(alphabet.index(c), "06b") for c in digits.replace("-", "+").replace("_", "/"))
    spare = len(bits) % 8
    need(spare == 0 or set(bits[-spare:]) == {"0"})
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits) - spare, 8))


def bundle(data):
    root = strict(data)
    need(isinstance(root, dict))
    need(member(root, "mediaType", str) == "application/vnd.dev.sigstore.bundle.v0.3+json")
    material = member(root, "verificationMaterial", dict)
    kinds = [k for k in ("publicKey", "x509CertificateChain", "certificate") if material.get(k) is not None]
    need(len(kinds) == 1 and isinstance(material.get("tlogEntries") or [], list))
    need(material.get("tlogEntries") is None or isinstance(material["tlogEntries"], list))
    hint, seen = None, chain(material) if kinds == ["x509CertificateChain"] else None
    if kinds == ["publicKey"]:
        key = member(material, "publicKey", dict)
        hint = optional(key, "hint") or None
        need(hint is not None or optional(key, "rawBytes") is not None)
    need(root.get("messageSignature") is None)
    envelope = member(root, "dsseEnvelope", dict)
    need(member(envelope, "payloadType", str) == TYPE.decode())
    signatures = member(envelope, "signatures", list)
    need(len(signatures) == 1 and isinstance(signatures[0], dict))
    optional(signatures[0], "keyid")
    sig = base64(member(signatures[0], "sig", str))
    payload = base64(member(envelope, "payload", str))
    signed = chained(payload, sig, seen) if seen else kinds == ["publicKey"] and hint in (None, HINT) and verifies(payload, sig, Q)
    try:
        inner = "unjudged" if signed is None else str(Statement(payload)) if signed else "unsigned"
    except (Reject, Rootless):
        inner = "senseless"
    return "bundle %s %s %s %s %s" % (
        kinds[0], hint.encode().hex() if hint else "-", hashlib.sha256(payload).hexdigest(), sig.hex() or "-", inner)


def statement(data):
    """With a wrong root digest put right once: else no mutation of the resources would get past it."""
    try:
        return str(Statement(data))
    except Rootless as wrong:
        claimed, right = (text.encode() for text in wrong.args)
    try:
        return "repaired " + str(Statement(data.replace(claimed, right)))
    except Rootless:
        return "rootless"


def judge(data):
    if not data:
        return "reject"
    try:
        return "accept " + (statement(data[1:]) if data[0] & 1 else bundle(data[1:]))
    except Reject:
        return "reject"


def main():
    stream = sys.stdin.buffer
    while head := stream.read(4):
        print(judge(stream.read(struct.unpack("<I", head)[0])), flush=True)


if __name__ == "__main__":
    main()
