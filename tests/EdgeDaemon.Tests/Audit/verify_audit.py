#!/usr/bin/env python3
"""Verifies an EdgeDaemon audit log, independently: written from src/EdgeDaemon.Core/Audit/README.md alone, Python's standard library only.

    verify_audit.py VKEY [--chain FILE] [--since NOTE] [--openssl] SEGMENT...
    verify_audit.py -                    the same arguments from standard input, a log a line, separated by tabs

Prints one line: "sound ..." with the numbers of the log, or "broken SEGMENT OFFSET SEQUENCE: why" for the first place that does not hold, and exits 0 or 1.
Signatures are verified with arithmetic written out here, or with the openssl command.
"""

import base64
import hashlib
import re
import struct
import subprocess
import sys
import tempfile

# --- ECDSA over P-256 (SEC 1, FIPS 186-4) ---------------------------------------------------------------------------------------------------------------

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296, 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


def add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    result = None
    while k:
        if k & 1:
            result = add(result, point)
        point = add(point, point)
        k >>= 1
    return result


def point_of(spki):
    if len(spki) != 91 or not spki.startswith(SPKI):
        raise ValueError("no P-256 key")
    x, y = int.from_bytes(spki[27:59], "big"), int.from_bytes(spki[59:], "big")
    if x >= P or y >= P or (y * y - x * x * x + 3 * x - B) % P:
        raise ValueError("a point off the curve")
    return x, y


def der_integers(der):
    def item(tag, data):
        if len(data) < 2 or data[0] != tag or data[1] >= 0x80 or len(data) < 2 + data[1]:
            raise ValueError("no DER")
        return data[2 : 2 + data[1]], data[2 + data[1] :]

    body, rest = item(0x30, der)
    r, body = item(2, body)
    s, body = item(2, body)
    for value in (r, s):
        if not value or value[0] & 0x80 or (len(value) > 1 and value[0] == 0 and not value[1] & 0x80):
            raise ValueError("no positive integer in DER")
    if rest or body:
        raise ValueError("something behind the signature")
    return int.from_bytes(r, "big"), int.from_bytes(s, "big")


def ecdsa_by_hand(spki, text, der):
    try:
        r, s = der_integers(der)
    except ValueError:
        return False
    if not (0 < r < N and 0 < s < N):
        return False
    e = int.from_bytes(hashlib.sha256(text).digest(), "big")
    w = pow(s, -1, N)
    point = add(times(e * w % N, G), times(r * w % N, point_of(spki)))
    return point is not None and point[0] % N == r


def ecdsa_by_openssl(spki, text, der):
    with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as signature:
        key.write(b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki) + b"-----END PUBLIC KEY-----\n")
        key.flush()
        signature.write(der)
        signature.flush()
        run = subprocess.run(["openssl", "dgst", "-sha256", "-verify", key.name, "-signature", signature.name], input=text, capture_output=True)
        return run.returncode == 0


# --- CRC-32C, RFC 6962, base64 --------------------------------------------------------------------------------------------------------------------------

TABLE = []
for value in range(256):
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    TABLE.append(value)


def crc32c(crc, data):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Subtrees as (leaves, hash), from the left."""

    def __init__(self, size=0, hashes=()):
        self.parts = []
        sizes = [1 << bit for bit in range(63, -1, -1) if size >> bit & 1]
        if len(sizes) != len(hashes):
            raise ValueError("an edge of another size")
        self.parts = list(zip(sizes, hashes))

    @property
    def size(self):
        return sum(part[0] for part in self.parts)

    def append(self, data):
        self.parts.append((1, hashlib.sha256(b"\x00" + data).digest()))
        while len(self.parts) > 1 and self.parts[-1][0] == self.parts[-2][0]:
            (count, right), (_, left) = self.parts.pop(), self.parts.pop()
            self.parts.append((2 * count, node(left, right)))

    def root(self):
        if not self.parts:
            return hashlib.sha256(b"").digest()
        root = self.parts[-1][1]
        for _, left in self.parts[-2::-1]:
            root = node(left, root)
        return root


def base64_strict(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 in another form")
    return data


# --- notes ----------------------------------------------------------------------------------------------------------------------------------------------

NUMBER = "(0|[1-9][0-9]*)"
HASH = "([A-Za-z0-9+/]{43}=)"


def parse_note(raw):
    text = raw.decode()
    if any(letter < " " and letter != "\n" for letter in text) or not text.endswith("\n"):
        raise ValueError("no note")
    at = text.rindex("\n\n")
    signatures = []
    for line in text[at + 2 :].split("\n")[:-1]:
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        if not match:
            raise ValueError("no signature line")
        blob = base64_strict(match[2])
        if len(blob) < 5:
            raise ValueError("a signature without a key's id")
        signatures.append((match[1], blob[:4], blob[4:]))
    if not signatures:
        raise ValueError("no signature")
    return text[: at + 1], signatures


def is_number(*texts):
    return all(int(text) < 2**64 for text in texts)


class Key:
    def __init__(self, origin, spki):
        point_of(spki)
        self.origin, self.spki, self.id = origin, spki, hashlib.sha256(spki).digest()[:4]

    def verifies(self, note, ecdsa):
        text, signatures = note
        mine = [signature for name, key, signature in signatures if name == self.origin and key == self.id]
        return bool(mine) and all(ecdsa(self.spki, text.encode(), signature) for signature in mine)


def key_of_vkey(vkey):
    name, digits, data = vkey.split("+", 2)
    typed = base64_strict(data)
    key = Key(name, typed[1:])
    if typed[0] != 2 or key.id.hex() != digits:
        raise ValueError("no vkey of type 2, or another id")
    return key


CHECKPOINT = re.compile(f"([!-*,-~]{{1,128}})\n{NUMBER}\n{HASH}\nepoch {NUMBER}\nplace {NUMBER} {NUMBER}\ntime {NUMBER}\n(?:header {HASH}\n)?")
EPOCH = re.compile(f"edgedaemon-epoch/v1\norigin ([!-*,-~]{{1,128}})\nepoch {NUMBER}\nsize {NUMBER}\nroot {HASH}\nclosed {NUMBER}\nstart {NUMBER}\nkey ([A-Za-z0-9+/=]+)\n")


def parse_epoch(text):
    match = EPOCH.fullmatch(text)
    if not match or not is_number(match[2], match[3], match[5], match[6]):
        raise ValueError("no certificate of an epoch")
    return match[1], int(match[2]), int(match[3]), base64_strict(match[4]), int(match[5]), int(match[6]), base64_strict(match[7])


def note_of(record):
    """The one field of a checkpoint or an epoch: number 60, form 1."""
    tag = bytes([(60 * 8 + 1) & 0x7F | 0x80, (60 * 8 + 1) >> 7])
    if record[1:3] != tag:
        raise ValueError("a checkpoint's record has one field, its note")
    length, at, shift = 0, 3, 0
    while True:
        length |= (record[at] & 0x7F) << shift
        shift += 7
        at += 1
        if record[at - 1] < 0x80:
            break
    if at > 4 and record[at - 1] == 0 or length != len(record) - at or not 0 < length <= 4096:
        raise ValueError("a note of another length than the record's")
    return record[at:]


# --- the log --------------------------------------------------------------------------------------------------------------------------------------------

LAST_TIME = 253_402_300_799_999_999


class Broken(Exception):
    def __init__(self, name, offset, sequence, why):
        super().__init__(f"broken {name} {offset} {sequence}: {why}")


class Header:
    def __init__(self, name, data, sequence):
        def require(holds, why):
            if not holds:
                raise Broken(name, 0, sequence, why)

        require(len(data) >= 4096 and data[:8] == b"EDGEAUD1", "no segment")
        head = data[:4096]
        self.crc, self.reason, self.segment, self.first, self.time = struct.unpack_from("<IIQQq", head, 8)
        require(self.crc == crc32c(0, head[12:]), "the header's checksum")
        origin, hashes, zero = struct.unpack_from("<HHI", head, 72)
        require(0 < origin <= 128 and hashes <= 64 and zero == 0 and self.reason <= 3 and 0 <= self.time <= LAST_TIME, "the header's parts")
        self.origin = head[80 : 80 + origin].decode("latin-1")
        at = 80 + origin
        try:
            self.tree = Tree(self.first, [head[at + 32 * number : at + 32 * number + 32] for number in range(hashes)])
        except ValueError:
            require(False, "the header's edge")
        require(self.tree.root() == head[40:72] and not any(head[at + 32 * hashes :]), "the header's root, or what must be zero")
        self.digest = hashlib.sha256(head).digest()


def check_byte(length):
    return (length & 0xFF) ^ (length >> 8) ^ 0xA5


def is_torn(data, offset, extent):
    if extent > 1 << 20:
        return False
    sector = offset // 512 * 512
    if not any(data[offset : sector + 512]):
        return True
    length, check, zero = struct.unpack_from("<HBB", data.ljust(offset + 8, b"\0"), offset + 4)
    if not 0 < length <= 65504 or check != check_byte(length) or zero:
        return False
    end = offset + (24 + length + 7) // 8 * 8
    return any(start < len(data) and not any(data[start : start + 512]) for start in range(sector + 512, end, 512))


class Log:
    def __init__(self, first, ecdsa, chain, since):
        self.key, self.ecdsa, self.since = first, ecdsa, since
        self.keys = {0: first}
        self.chain = [None]
        for note in chain or []:
            parsed = parse_epoch(note[0])
            number = len(self.chain)
            if parsed[0] != first.origin or parsed[1] != number or not self.known(number - 1).verifies(note, ecdsa):
                raise Broken("chain", 0, 0, f"the certificate of epoch {number}")
            self.chain.append(parsed)
        self.has_chain = chain is not None
        self.origin, self.epoch, self.epoch_start, self.time = first.origin, 0, 0, 0
        self.tree, self.segment, self.checkpoints, self.sealed, self.torn = None, None, 0, 0, 0
        self.met = False

    def known(self, epoch):
        if epoch in self.keys:
            return self.keys[epoch]
        return Key(self.key.origin, self.chain[epoch][6]) if epoch < len(self.chain) else None

    def meet(self):
        if self.since and not self.met and self.tree.size == self.since[1]:
            if self.tree.root() != self.since[2]:
                raise Broken("-", 0, self.tree.size, "the kept checkpoint saw another log")
            self.met = True

    def begin(self, name, header):
        def require(holds, why):
            if not holds:
                raise Broken(name, 0, self.tree.size if self.tree else header.first, why)

        require(header.origin == self.origin, "another log's segment")
        if self.tree is None:
            require(self.has_chain or header.segment == header.first == 0, "the beginning is missing")
            require((header.segment == 0) == (header.first == 0) == (header.reason == 0), "a segment that cannot be the first")
            self.tree, self.sealed = Tree(), header.first
            if self.since and self.since[1] < header.first:
                raise Broken("-", 0, header.first, "the kept checkpoint is too old")
        else:
            require(header.segment == self.segment + 1, "a segment's number")
            require(header.tree.parts == self.tree.parts, "the tree before a segment")
        self.tree.parts = list(header.tree.parts)
        self.segment, self.opening = header.segment, True

    def frame(self, name, offset, header, sequence, time, record):
        def require(holds, why):
            if not holds:
                raise Broken(name, offset, sequence, why)

        kind = record[0]
        require(not self.opening or kind == 14, "a segment begins with its checkpoint")
        try:
            if kind in (13, 14):
                note = parse_note(note_of(record))
            if kind == 14:
                match = CHECKPOINT.fullmatch(note[0])
                require(match and is_number(*match.group(2, 4, 5, 6, 7)), "no checkpoint")
                size, epoch, segment, place, at = (int(match[number]) for number in (2, 4, 5, 6, 7))
                if self.opening and self.has_chain and self.checkpoints == 0:
                    self.enter_first(require, 0 if segment == 0 else epoch, sequence)
                require(time >= self.time, "time goes back")
                require(self.key.verifies(note, self.ecdsa), "a checkpoint's signature")
                require(match[1] == self.origin and epoch == self.epoch and (segment, place, at) == (self.segment, offset, time), "a checkpoint's origin, epoch, place or time")
                require((base64_strict(match[8]) if match[8] else None) == (header.digest if self.opening else None), "a checkpoint's header")
                require(size == sequence and base64_strict(match[3]) == self.tree.root(), "a checkpoint's root")
                self.checkpoints += 1
                self.sealed = sequence + 1
            elif kind == 13:
                origin, epoch, size, root, closed, start, key = parse_epoch(note[0])
                require(self.key.verifies(note, self.ecdsa), "a certificate's signature")
                require(origin == self.origin and epoch == self.epoch + 1 and closed == self.time and start == time, "a certificate's origin, epoch or times")
                require(size == sequence and root == self.tree.root(), "a certificate's root")
                require(not self.has_chain or epoch >= len(self.chain) or self.chain[epoch][6] == key, "another key in the chain")
                self.epoch, self.epoch_start, self.key = epoch, start, Key(origin, key)
                self.keys[epoch] = self.key
                self.sealed = sequence + 1
            else:
                require(time >= self.time, "time goes back")
        except (ValueError, IndexError) as error:
            require(False, str(error))
        self.time = time
        self.opening = False

    def enter_first(self, require, epoch, sequence):
        require(epoch < len(self.chain), "an epoch that the chain does not have")
        require(epoch == 0 or self.chain[epoch][2] < sequence, "an epoch before its certificate")
        require(epoch + 1 >= len(self.chain) or self.chain[epoch + 1][2] >= sequence, "an epoch after its end")
        self.epoch, self.key = epoch, self.known(epoch)
        self.keys[epoch] = self.key
        self.epoch_start = self.time = self.chain[epoch][5] if epoch else 0

    def walk(self, name, data, header, following, is_last):
        offset, crc, sequence = 4096, header.crc, header.first
        limit = following.first if following else None
        bad = None
        while limit is None or sequence < limit:
            if offset + 24 > len(data):
                break
            checksum, length, check, zero, number, time = struct.unpack_from("<IHBBQq", data, offset)
            if length == 0:
                break
            total = (24 + length + 7) // 8 * 8
            if length > 65504 or check != check_byte(length) or zero or offset + total > len(data):
                bad = "a frame's length"
                break
            frame = data[offset : offset + total]
            after = crc32c(crc, frame[4:])
            if after != checksum:
                bad = "a frame's checksum"
                break
            if number != sequence or any(frame[24 + length :]) or not 0 <= time <= LAST_TIME:
                raise Broken(name, offset, sequence, "a frame's sequence, padding or time")
            self.frame(name, offset, header, sequence, time, frame[24 : 24 + length])
            self.meet()
            self.tree.append(frame[8 : 24 + length])
            crc, offset, sequence = after, offset + total, sequence + 1
        extent = len(data[offset:].rstrip(b"\0"))
        if limit is not None and sequence >= limit:
            if extent and following.reason not in (2, 3):
                raise Broken(name, offset, sequence, "something behind the last record")
        elif bad or extent:
            if not (is_last and is_torn(data, offset, extent)):
                raise Broken(name, offset, sequence, bad or "something behind the last record")
            self.torn = extent
        elif limit is not None:
            raise Broken(name, offset, sequence, "records are missing before the next segment")

    def finish(self, note):
        size = self.tree.size
        if not self.checkpoints:
            raise Broken("-", 0, size, "no checkpoint")
        if self.has_chain and len(self.chain) - 1 > self.epoch:
            raise Broken("-", 0, size, "the chain has later epochs")
        if self.since:
            self.meet()
            key = self.known(self.since[3])
            if self.since[0] != self.origin or key is None or not key.verifies(note, self.ecdsa) or not self.met:
                raise Broken("-", 0, size, "the kept checkpoint is not of this log, or the log was cut")


def verify(vkey, segments, ecdsa=ecdsa_by_hand, chain=None, since=None):
    """segments: (name, bytes). Gives the line of the verdict."""
    note = parse_note(since) if since else None
    kept = None
    if note:
        match = CHECKPOINT.fullmatch(note[0])
        kept = (match[1], int(match[2]), base64_strict(match[3]), int(match[4]))
    notes = None
    if chain is not None:
        text = chain.decode()
        notes = [parse_note(("edgedaemon-epoch/v1\n" + part).encode()) for part in re.split("(?:^|(?<=\n))edgedaemon-epoch/v1\n", text)[1:]]
    log = Log(key_of_vkey(vkey), ecdsa, notes, kept)
    if not segments:
        raise Broken("-", 0, 0, "no segment")
    for number, (name, data) in enumerate(segments):
        header = Header(name, data, log.tree.size if log.tree else 0)
        following = None
        if number + 1 < len(segments):
            try:
                following = Header(*segments[number + 1], 0)
            except Broken:
                pass
            if following and not (following.segment == header.segment + 1 and following.first > header.first):
                following = None
        log.begin(name, header)
        log.walk(name, data, header, following, number + 1 == len(segments))
    log.finish(note)
    return f"sound size {log.tree.size} root {log.tree.root().hex()} epoch {log.epoch} checkpoints {log.checkpoints} unsealed {log.tree.size - log.sealed} torn {log.torn}"


def main(arguments):
    if arguments == ["-"]:
        for line in sys.stdin:
            main(line.rstrip("\n").split("\t"))
            sys.stdout.flush()
        return 0
    options = {}
    files = []
    ecdsa = ecdsa_by_hand
    while arguments:
        argument = arguments.pop(0)
        if argument in ("--chain", "--since"):
            with open(arguments.pop(0), "rb") as file:
                options[argument[2:]] = file.read()
        elif argument == "--openssl":
            ecdsa = ecdsa_by_openssl
        else:
            files.append(argument)
    if not files:
        print(__doc__, file=sys.stderr)
        return 2
    segments = []
    for name in files[1:]:
        with open(name, "rb") as file:
            segments.append((name, file.read()))
    try:
        print(verify(files[0], segments, ecdsa, **options))
        return 0
    except (Broken, ValueError) as broken:
        print(broken if isinstance(broken, Broken) else f"broken - 0 0: {broken}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
