"""Judges what the audit log's readers read, by src/EdgeDaemon.Core/Audit/README.md and C2SP's specifications; its field table is read from that README.

Protocol: a little-endian length and a case on standard input, one line of verdict on standard output.
"""

import base64
import os
import re
import struct
import sys

README = os.path.join(os.path.dirname(__file__), "..", "..", "..", "src", "EdgeDaemon.Core", "Audit", "README.md")
NUMBER, TEXT, BYTES, CUT, REDACTED = range(5)
FIELDS = {}
for line in open(README, encoding="utf-8"):
    row = re.match(r"\| (\d+) \| `\w+` \| ([ntb])(\*?)( \(i\))? \| ?(\d*) ?\|", line)
    if row:
        FIELDS[int(row[1])] = ("ntb".index(row[2]), bool(row[3]), bool(row[4]), int(row[5] or 0))


class Reject(Exception):
    pass


def need(holds):
    if not holds:
        raise Reject


def utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Reject


def decode64(text):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, UnicodeEncodeError):
        raise Reject
    need(base64.b64encode(data).decode() == text)
    return data


def record(data):
    need(data and 1 <= data[0] <= 127)
    at, seen, parts = 1, set(), []

    def varint():
        nonlocal at
        end = at
        while True:
            need(end < len(data) and end - at < 10)
            end += 1
            if data[end - 1] < 0x80:
                break
        value = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(data[at:end]))
        need(value < 1 << 64 and (data[end - 1] or end - at == 1))
        at = end
        return value

    while at < len(data):
        tag = varint()
        number, form = tag >> 3, tag & 7
        need(1 <= number <= 127 and form <= REDACTED)
        if form == NUMBER:
            value = varint()
            shown = str(value)
        else:
            length = varint()
            need(length <= len(data) - at)
            value = data[at : at + length]
            at += length
            shown = value.hex()
        if form in (TEXT, CUT):
            utf8(value)
        need(form != REDACTED or len(value) == 36)
        if number in FIELDS:
            known, is_list, identifying, bound = FIELDS[number]
            need((TEXT if form in (CUT, REDACTED) else form) == known and (form != REDACTED or identifying))
            need(form in (NUMBER, REDACTED) or 1 <= len(value) <= bound)
            need(is_list or number not in seen)
            seen.add(number)
        parts.append(f" {number}/{form}={shown}")
    return f"accept record {data[0]}{''.join(parts)}"


# .NET's and Unicode's white space: a key's name has none of it.
SPACES = set("\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(code) for code in range(0x2000, 0x200B)}


def note(data):
    need(len(data) <= 65536)
    text = utf8(data)
    need(not any(letter < " " and letter != "\n" for letter in text) and text.endswith("\n") and "\n\n" in text)
    at = text.rindex("\n\n")
    lines = text[at + 2 :].split("\n")[:-1]
    need(1 <= len(lines) <= 100)
    shown = []
    for line in lines:
        need(line.startswith("\u2014 "))
        name, space, blob = line[2:].partition(" ")
        need(space and name and not set(name) & SPACES and "+" not in name)
        blob = decode64(blob)
        need(len(blob) > 4)
        shown.append(f"{name.encode().hex()}/{blob[:4].hex()}/{blob[4:].hex()}")
    return f"accept note {text[: at + 1].encode().hex()} {','.join(shown)}"


def number(text, limit=1 << 64):
    need(re.fullmatch("0|[1-9][0-9]{0,19}", text, re.ASCII))
    need(int(text) < limit)
    return int(text)


def time(text):
    return number(text, 253402300800000000)


def hash32(text):
    data = decode64(text)
    need(len(data) == 32)
    return data.hex()


def origin(text):
    need(re.fullmatch("[!-*,-~]{1,128}", text) and text != "edgedaemon-epoch/v1")
    return text


def lines_of(data):
    text = data.decode("latin-1")
    need(text.endswith("\n"))
    return text[:-1].split("\n")


def named(line, name):
    need(line.startswith(name + " "))
    return line[len(name) + 1 :]


def checkpoint(data):
    lines = lines_of(data)
    need(len(lines) in (6, 7))
    place = named(lines[4], "place").split(" ")
    need(len(place) == 2)
    parts = [origin(lines[0]), number(lines[1]), hash32(lines[2]), number(named(lines[3], "epoch")), number(place[0]), number(place[1]), time(named(lines[5], "time"))]
    parts.append(hash32(named(lines[6], "header")) if len(lines) == 7 else "")
    return "accept checkpoint " + " ".join(map(str, parts))


def epoch(data):
    lines = lines_of(data)
    need(len(lines) == 8 and lines[0] == "edgedaemon-epoch/v1")
    parts = [origin(named(lines[1], "origin")), number(named(lines[2], "epoch")), number(named(lines[3], "size")), hash32(named(lines[4], "root")), time(named(lines[5], "closed")), time(named(lines[6], "start"))]
    parts.append(decode64(named(lines[7], "key")).hex())
    return "accept epoch " + " ".join(map(str, parts))


def proof(data):
    need(len(data) <= 262144)
    head, empty, rest = data.partition(b"\n\n")
    need(empty)
    lines = lines_of(head + b"\n")
    need(lines and lines.pop(0) == "c2sp.org/tlog-proof@v1")
    extra = decode64(named(lines.pop(0), "extra")).hex() if lines and lines[0].startswith("extra ") else ""
    need(lines)
    index = number(named(lines.pop(0), "index"))
    need(len(lines) <= 64)
    return f"accept proof {index} {extra} {','.join(map(hash32, lines))} {note(rest)}"


def frame(data):
    need(len(data) >= 8)
    length, check, zero = struct.unpack_from("<HBB", data, 4)
    need(1 <= length <= 65504 and check == (length & 255 ^ length >> 8 ^ 0xA5) and zero == 0)
    return f"accept frame {length}"


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout
    while len(head := stdin.read(4)) == 4:
        case = stdin.read(struct.unpack("<I", head)[0])
        try:
            need(case)
            verdict = (record, note, checkpoint, epoch, proof, frame)[case[0] % 6](case[1:])
        except Reject:
            verdict = "reject"
        print(verdict, flush=False)
        stdout.flush()


main()
