#!/usr/bin/python3
"""Judges boundary tables, written from Core/Smoothing/Boundaries/README.md and BoundaryTable's layout. A case is a table's body, without its digest.

Shares no code and no method with the product: the error is summed over integers, as fractions of a power of two, sample by sample. Protocol: u32 little-endian length and that many bytes
per case on stdin, one verdict line per case on stdout. "either" where the table is too long to be computed here in time, or its error too near its alpha for the sum to tell.
"""
import struct
import sys
from fractions import Fraction

NEVER = 2**31 - 1
MOST_SAMPLES, MOST_LOOKS = 1_000_000, 20_000
LONGEST = 300  # samples that are computed here
UNIT = 1 << 200


def error(p, looks, bounds):
    """Enclosure of the probability that a bound is ever reached, in units of 1/UNIT."""
    p = Fraction(p)
    scaled = p.numerator * UNIT // p.denominator
    mass, reached, n = [UNIT], 0, 0
    for look, bound in zip(looks, bounds):
        while n < look:
            n += 1
            mass = [(a * scaled + b * (UNIT - scaled)) // UNIT for a, b in zip([0] + mass, mass + [0])]
        if bound <= n:
            reached += sum(mass[bound:])
            mass[bound:] = [0] * len(mass[bound:])
    return reached, reached + 4 * (looks[-1] + 1) ** 2


def judge(case):
    if len(case) < 36 or case[:8] != b"EDGEBND1":
        return "reject"
    p0, alpha, beta, count = struct.unpack_from("<3di", case, 8)
    if not 1 <= count <= MOST_LOOKS or len(case) != 36 + 12 * count:
        return "reject"
    entries = [struct.unpack_from("<3i", case, 36 + 12 * i) for i in range(count)]
    if not (0 < p0 < 1 and 1e-9 <= alpha <= 0.1 and 1e-9 <= beta <= 0.1):
        return "reject"
    last = 0
    for look, up, down in entries:
        if look <= last or look > MOST_SAMPLES or not all(1 <= bound <= look or bound == NEVER for bound in (up, down)):
            return "reject"
        last = look
    if last > LONGEST:
        return "either"
    least, most = error(p0, [entry[0] for entry in entries], [entry[1] for entry in entries])
    limit = Fraction(alpha) * UNIT
    if least > limit:
        return "reject"
    if most * (1 + Fraction(1, 10**8)) > limit:
        return "either"
    bits = [struct.pack(">d", value).hex() for value in (p0, alpha, beta)]
    return "accept " + " ".join(bits + [",".join(map(str, entry)) for entry in entries])


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout
    while len(head := stdin.read(4)) == 4:
        stdout.write(judge(stdin.read(struct.unpack("<I", head)[0])) + "\n")
        stdout.flush()


main()
