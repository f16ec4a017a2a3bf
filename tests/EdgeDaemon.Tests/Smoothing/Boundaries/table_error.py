#!/usr/bin/env python3
"""Computes the exact error of a table of boundaries from its integers. Shares no code, and no method, with the daemon.

python3 table_error.py TABLE    the file that the daemon caches; standard library only. Prints a JSON object.

A distribution over counts is one large integer: 320 bits for each count, in units of 2^-160. A look's step is then one multiplication of large integers
(Kronecker substitution) by the binomial probabilities of the step, which Decimal makes with 70 digits. Every division rounds down, so the sums are
lower bounds; what they can have lost altogether is below 1e-28. The table's probability is the double itself, as a fraction.

The file: "EDGEBND1", p0, alpha, beta (little-endian doubles), looks (int32), then for each look its samples, up, down (int32; 2147483647 = never),
then the SHA-256 of all that.
"""

import hashlib
import json
import math
import struct
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 70
getcontext().Emin, getcontext().Emax = -10**9, 10**9
NEVER = 2**31 - 1
UNIT = 160
SLOT = 40  # bytes


def read(path):
    data = open(path, "rb").read()
    body, digest = data[:-32], data[-32:]
    if body[:8] != b"EDGEBND1" or hashlib.sha256(body).digest() != digest:
        raise SystemExit("no table, or a damaged one")
    p0, alpha, beta, count = struct.unpack_from("<dddi", body, 8)
    entries = struct.unpack_from(f"<{3 * count}i", body, 36)
    if len(body) != 36 + 12 * count:
        raise SystemExit("no table: its length is another")
    return p0, alpha, beta, entries[0::3], entries[1::3], entries[2::3], digest.hex()


def pmf(m, p):
    """First count and probabilities in units of 2^-160, without those below one unit; and the sum of what that drops."""
    p, q = Decimal(p.numerator) / Decimal(p.denominator), Decimal((1 - p).numerator) / Decimal((1 - p).denominator)
    mode = min(m, int(m * p))
    at_mode = Decimal(math.comb(m, mode)) * p**mode * q ** (m - mode)
    scale = Decimal(2**UNIT)
    up, k, term = [], mode, at_mode
    while k <= m and term * scale >= 1:
        up.append(int(term * scale))
        term = term * (m - k) / (k + 1) * p / q
        k += 1
    down, k, term = [], mode, at_mode
    while True:
        term = term * k / (m - k + 1) * q / p
        k -= 1
        if k < 0 or term * scale < 1:
            break
        down.append(int(term * scale))
    return mode - len(down), down[::-1] + up


def pack(values):
    return int.from_bytes(b"".join(v.to_bytes(SLOT, "little") for v in values), "little")


def unpack(number, count):
    data = number.to_bytes(SLOT * count, "little")
    return [int.from_bytes(data[i : i + SLOT], "little") >> UNIT for i in range(0, SLOT * count, SLOT)]


def reached(p, looks, bounds):
    kernels, first, now, before, hit = {}, 0, [2**UNIT], 0, 0
    cut = 2**UNIT // 10**34
    for look, bound in zip(looks, bounds):
        step = look - before
        if step not in kernels:
            start, weights = pmf(step, p)
            kernels[step] = start, pack(weights), len(weights)
        start, kernel, width = kernels[step]
        now = unpack(pack(now) * kernel, len(now) + width - 1)
        first, before = first + start, look
        if bound != NEVER:
            keep = max(0, min(len(now), bound - first))
            hit += sum(now[keep:])
            del now[keep:]
        while now and now[-1] < cut:
            hit += now.pop()  # counted as reached: on the safe side
        skip = 0
        while skip < len(now) and now[skip] < cut:
            skip += 1
        now, first = now[skip:], first + skip
    return float(Fraction(hit, 2**UNIT))


def main():
    p0, alpha, beta, looks, up, down, digest = read(sys.argv[1])
    exact = Fraction(p0)
    print(json.dumps({
        "p0": p0, "alpha": alpha, "beta": beta, "looks": len(looks), "samples": looks[-1], "digest": digest,
        "certify_error": reached(exact, looks, up), "futility_error": reached(1 - exact, looks, down)}))


main()
