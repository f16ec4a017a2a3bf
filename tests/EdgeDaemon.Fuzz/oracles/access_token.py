#!/usr/bin/python3
"""Judges access tokens, written from RFC 7515, RFC 7519 and the rules in Core/Tokens/README.md.

Shares no code with the product: JSON and base64 by the standard library. Protocol: u32 little-endian length and that many bytes
per case on stdin, one verdict line per case on stdout. The first byte of a case chooses: odd = the token's text; even = header
and claims with a line feed between them, to be put into a token.
"""
import base64
import json
import re
import struct
import sys

NOW, LIFE, SKEW = 1767225600, 3600, 30
CERTIFICATE = bytes(range(32))


class Reject(Exception):
    pass


def need(condition):
    if not condition:
        raise Reject


class Number(str):
    """The text of a number."""


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


def strict(data):
    def once(pairs):
        need(len({name for name, _ in pairs}) == len(pairs))
        return dict(pairs)

    def constant(_):
        raise Reject

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_int=Number, parse_float=Number, parse_constant=constant)
    except (ValueError, RecursionError):
        raise Reject
    walk(value, 0)
    need(isinstance(value, dict))
    return value


def decode(text):
    need(re.fullmatch(r"[A-Za-z0-9_-]*", text, re.A) and len(text) % 4 != 1)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(data).decode().rstrip("=") == text)
    return data


def is_text(value):
    return isinstance(value, str) and not isinstance(value, Number)


def text(values, name, required):
    if name not in values:
        need(not required)
        return None
    need(is_text(values[name]))
    return values[name]


def seconds(values, name, required):
    if name not in values:
        need(not required)
        return None
    value = values[name]
    need(isinstance(value, Number) and re.fullmatch("[0-9]{1,18}", value, re.A) and int(value) <= 253402300799)
    return int(value)


def judge(case):
    need(case)
    if case[0] & 1:
        token = case[1:].decode("latin-1")
    else:
        header, _, claims = case[1:].partition(b"\n")
        token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (header, claims, bytes(64)))
    need(len(token) <= 8192 and token.count(".") == 2)
    header, claims, signature = (decode(part) for part in token.split("."))
    need(len(signature) == 64)
    header = strict(header)
    need(set(header) <= {"alg", "kid", "typ"} and text(header, "alg", True) == "ES256" and text(header, "kid", True))
    need(text(header, "typ", False) in (None, "JWT"))
    claims = strict(claims)
    subject, issuer = text(claims, "sub", True), text(claims, "iss", False)
    need("aud" in claims)
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    need(audiences and all(is_text(audience) for audience in audiences))
    issued, expires, begins = seconds(claims, "iat", True), seconds(claims, "exp", True), seconds(claims, "nbf", False)
    bound = b""
    if "cnf" in claims:
        need(isinstance(claims["cnf"], dict))
        digest = text(claims["cnf"], "x5t#S256", False)
        if digest is not None:
            bound = decode(digest)
            need(len(bound) == 32)

    def good(caller, certificate):
        return ("device" in audiences and issuer == "issuer" and 0 < expires - issued <= LIFE and NOW < expires + SKEW
                and max(issued, begins or 0) <= NOW + SKEW and subject == caller and bound == certificate)

    def hexed(value):
        return "-" if value is None else value.encode("utf-8").hex()

    return "accept kid=%s sub=%s aud=%s iss=%s iat=%d exp=%d nbf=%s cnf=%s unix=%s cert=%s" % (
        hexed(header["kid"]), hexed(subject), ",".join(hexed(audience) for audience in audiences), hexed(issuer), issued, expires,
        "-" if begins is None else begins, bound.hex(), "good" if good("unix:1000", b"") else "refused",
        "good" if good("cert:spiffe://a/b", CERTIFICATE) else "refused")


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout
    while len(head := stdin.read(4)) == 4:
        case = stdin.read(struct.unpack("<I", head)[0])
        try:
            verdict = judge(case)
        except Reject:
            verdict = "reject"
        print(verdict, flush=False)
        stdout.flush()


main()
