#!/usr/bin/env python3
"""The law of src/EdgeDaemon.Core/Smoothing/Noise/README.md a second time, from the page alone: python3's standard library, no code shared.

    noise_oracle.py > noise.golden     every figure that the tests hold the daemon against
    noise_oracle.py --rows < LINES     for each line "bytes|floats SIGMA DIVISOR SEED PLACE SAMPLE INPUT" (SEED and INPUT in hex, FP32 little-endian) the SHA-256 of the noisy row
    noise_oracle.py --known FILE       this file's own Philox against Random123's known answers; prints how many there were

Thresholds come from the alternating series of the error function in exact fractions cut to 400 bits, which is not how the daemon computes them.
"""

import bisect
import hashlib
import hmac
import math
import statistics
import struct
import sys
from fractions import Fraction

BITS = 400
ONE = 1 << BITS


def root_of_two_pi():
    """sqrt(2 pi) * 2^BITS, with pi from Gauss's and Legendre's iteration."""
    one = 1 << (BITS + 64)
    a, b, t, p = one, math.isqrt(one * one // 2), one // 4, 1
    for _ in range(12):
        mean = (a + b) // 2
        b = math.isqrt(a * b)
        t -= p * (a - mean) * (a - mean) // one
        a = mean
        p *= 2
    pi = (a + b) * (a + b) // (4 * t)
    return math.isqrt(2 * pi * one) * ONE // one


ROOT = root_of_two_pi()


def phi_scaled(y):
    """floor(2^64 Phi(y)) for a rational y, and a doubt of 2^-BITS times some thousands."""
    square = y * y
    s = square.numerator * ONE // square.denominator
    term = abs(y).numerator * ONE // abs(y).denominator
    total, n = 0, 0
    while term:
        total += (-term if n % 2 else term) // (2 * n + 1)
        n += 1
        term = term * s // (2 * n) >> BITS
    half = total * ONE // ROOT
    value = (ONE >> 1) + (half if y > 0 else -half)
    low, high = (value - (1 << 250)) >> (BITS - 64), (value + (1 << 250)) >> (BITS - 64)
    assert low == high or y == 0, y
    return value >> (BITS - 64)


def upper_thresholds(sigma, most):
    """Entries m = 0, 1, .. of floor(2^64 Phi((m + 1/2) / sigma)), to the first 2^64 - 1 or to `most` entries."""
    found = []
    while len(found) < most:
        found.append(phi_scaled(Fraction(2 * len(found) + 1, 2) / sigma))
        if found[-1] == 2**64 - 1:
            break
    return found


def philox(counter, key, rounds=10):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(rounds):
        x, y = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (y >> 32) ^ c1 ^ k0, y & 0xFFFFFFFF, (x >> 32) ^ c3 ^ k1, x & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def draws(key, sample, elements):
    """The 64-bit draws of one sample."""
    block = None
    for e in range(elements):
        if e % 8 == 0:
            block = struct.pack("<4I", *philox((e // 8, 0, sample & 0xFFFFFFFF, sample >> 32), key))
        high = struct.unpack_from("<H", block, 2 * (e % 8))[0]
        low = philox((e, 1, sample & 0xFFFFFFFF, sample >> 32), key)
        yield high << 48 | (low[1] & 0xFFFF) << 32 | low[0]


def commitment(seed):
    return hashlib.sha256(b"edged noise seed commitment v1\0" + seed).digest()


def key_of(seed, place):
    return struct.unpack("<2I", hmac.new(seed, b"edged noise key v1\0" + struct.pack(">I", place), "sha256").digest()[:8])


def single(value):
    """The nearest FP32 of a rational, as a float; ties to even, no subnormals here."""
    if value == 0:
        return 0.0
    exponent = math.floor(math.log2(abs(value)))
    while abs(value) >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while abs(value) < Fraction(2) ** exponent:
        exponent -= 1
    return float(round(value / Fraction(2) ** (exponent - 23)) * Fraction(2) ** (exponent - 23))


class Bytes:
    """Section 'Bytes' of the law."""

    def __init__(self, sigma, divisor):
        self.divisor = Fraction(divisor)
        self.sigma = Fraction(sigma) * self.divisor
        self.reach = max(1, math.floor(6 * self.sigma / 255))
        self.thresholds = upper_thresholds(self.sigma, 255 * (self.reach + 1))

    def element(self, draw, value):
        upper = draw >= 2**63
        draw |= 2**63
        steps = bisect.bisect_left(self.thresholds, draw)
        sure = steps == len(self.thresholds) or self.thresholds[steps] != draw
        point = min(max(value + (steps if upper else -steps), -255 * self.reach), 255 * (self.reach + 1))
        return single(Fraction(point) / self.divisor), sure


class Floats:
    """Section 'Floats' of the law."""

    def __init__(self, sigma, divisor):
        self.divisor = Fraction(divisor)
        self.sigma = Fraction(sigma) * self.divisor
        exponent = math.floor(math.log2(self.sigma)) - 6
        self.step = Fraction(2) ** exponent
        assert 64 <= self.sigma / self.step < 128
        self.sigma /= self.step
        self.thresholds = upper_thresholds(self.sigma, 10**9)

    def element(self, draw, value):
        place = Fraction(value) / self.step
        sign = 1 if draw >= 2**63 else -1
        draw |= 2**63
        # Where the Gaussian lies, nearly; then the boundaries about it, exactly. All of it mirrored when the sign is negative.
        place *= sign
        near = float(place) - float(self.sigma) * statistics.NormalDist().inv_cdf((2**64 - draw - 0.5) / 2**64)
        point = math.floor(near + 0.5)
        sure = True
        while abs(near - point) > 0.499:  # Else no boundary is near: inv_cdf is right to 1e-12 or so.
            low = (Fraction(2 * point - 1, 2) - place) / self.sigma
            high = (Fraction(2 * point + 1, 2) - place) / self.sigma
            below, above = phi_scaled(low), phi_scaled(high)
            if draw < below:
                point -= 1
            elif draw > above:
                point += 1
            else:
                # 2^64 Phi(0) is an integer: no real of (draw, draw + 1) equals it.
                sure = not (draw == below and low != 0) and not (draw == above and high != 0)
                break
        point *= sign
        return single(Fraction(point) * self.step / self.divisor), sure


def rows_digest(law, key, samples, inputs):
    digest = hashlib.sha256()
    for sample in samples:
        for draw, value in zip(draws(key, sample, len(inputs)), inputs):
            noisy, sure = law.element(draw, value)
            assert sure
            digest.update(struct.pack("<f", noisy))
    return digest.hexdigest()


def rows(lines):
    laws = {}
    for line in lines:
        kind, sigma, divisor, seed, place, sample, data = line.split()
        law = (Bytes if kind == "bytes" else Floats, float(sigma), float(divisor))
        laws[law] = laws.get(law) or law[0](*law[1:])
        data = bytes.fromhex(data)
        inputs = list(data) if kind == "bytes" else struct.unpack(f"<{len(data) // 4}f", data)
        print(rows_digest(laws[law], key_of(bytes.fromhex(seed), int(place)), (int(sample),), inputs))


def known(path):
    seen = 0
    for line in open(path):
        words = line.split()
        if words[:1] == ["philox4x32"]:
            numbers = [int(word, 16) for word in words[2:]]
            assert philox(numbers[:4], numbers[4:6], int(words[1])) == tuple(numbers[6:]), line
            seen += 1
    print(seen)


def main():
    seed = bytes(range(32))
    print("commitment", commitment(seed).hex())
    for place in (0, 1, 2**32 - 1):
        print("key", place, *("%08x" % word for word in key_of(seed, place)))

    key = key_of(seed, 0)
    for sigma in (0.25, 0.5, 1.0, 0.12, 0.1):
        law = Bytes(sigma, 255)
        text = b"".join(struct.pack("<Q", t) for t in law.thresholds)
        print("bytes", sigma, len(law.thresholds), hashlib.sha256(text).hexdigest(), law.thresholds[0], law.thresholds[100])
    for sigma in (0.25, 1.0, 0.3, 50.0):
        law = Floats(sigma, 1)
        text = b"".join(struct.pack("<Q", t) for t in law.thresholds)
        print("floats", sigma, len(law.thresholds), hashlib.sha256(text).hexdigest(), law.thresholds[0], law.thresholds[100])

    # Thresholds between grid points: floor(2^64 Phi((m + 1/2 - rest) / sigma)) for rests that are FP32.
    law = Floats(0.3, 1)
    for m, rest in ((0, 0.499), (0, -0.5), (1, 1e-9), (77, -0.1), (77, 0.1), (300, 0.37), (420, -0.25), (600, 1e-30), (650, 0.5)):
        rest = single(Fraction(rest))
        print("place", m, repr(rest), phi_scaled((Fraction(2 * m + 1, 2) - Fraction(rest)) / law.sigma))

    # 7 i mod 256 for bytes; for floats the same less 100, over 97, as FP32: no point of any grid.
    image = [7 * i % 256 for i in range(1000)]
    tensor = [single(Fraction(7 * i % 256 - 100, 97)) for i in range(1000)]
    samples = (0, 1, 2, 3, 2**32 + 5, 2**64 - 1)
    for sigma in (0.25, 1.0):
        print("bytes_rows", sigma, rows_digest(Bytes(sigma, 255), key, samples, image))
    for sigma, divisor in ((0.25, 1.0), (0.3, 1.0), (0.5, 3.0)):
        print("floats_rows", sigma, divisor, rows_digest(Floats(sigma, divisor), key, samples, tensor))


if __name__ == "__main__":
    if sys.argv[1:] == ["--rows"]:
        rows(sys.stdin)
    elif len(sys.argv) == 3 and sys.argv[1] == "--known":
        known(sys.argv[2])
    else:
        main()
