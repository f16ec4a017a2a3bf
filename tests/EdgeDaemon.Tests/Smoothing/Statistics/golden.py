#!/usr/bin/env python3
"""Writes golden.csv: what exact arithmetic says about the bounds that the daemon rounds outward.

python3 golden.py > golden.csv     needs mpmath (pip install mpmath); about a minute.

Every function is computed with 60 digits by definitions that share nothing with the daemon's: Phi by mpmath's erfc, its inverse by bisection, a
binomial tail as a plain sum of terms (through log gamma), a Clopper-Pearson bound by bisection of that sum. Then the largest double that is not above
the exact value and the smallest that is not below it are printed (repr, which C# reads back exactly). Arguments are doubles themselves.

columns: function, arguments joined by ';', largest double <= exact, smallest double >= exact
"""

import math
import random
import sys

from mpmath import mp, mpf, erfc, exp, log, loggamma, sqrt

mp.dps = 60


def around(exact):
    near = float(exact)
    low = near if mpf(near) <= exact else math.nextafter(near, -math.inf)
    high = near if mpf(near) >= exact else math.nextafter(near, math.inf)
    assert mpf(low) <= exact <= mpf(high)
    return low, high


def row(function, arguments, exact):
    low, high = around(exact)
    print(function, ";".join(repr(a) for a in arguments), repr(low), repr(high), sep=",")


def phi(z):
    return erfc(-mpf(z) / sqrt(mpf(2))) / 2


def phi_inverse(p):
    low, high = mpf(-45), mpf(45)
    for _ in range(210):
        middle = (low + high) / 2
        if phi(middle) <= p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def tail(k, n, p):
    """P[X >= k]"""
    if k <= 0:
        return mpf(1)
    if k > n:
        return mpf(0)
    if k < n * p:
        return 1 - tail(n - k + 1, n, 1 - p)
    term = exp(loggamma(n + 1) - loggamma(k + 1) - loggamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p) if k < n else n * log(p))
    total = mpf(0)
    odds = p / (1 - p)
    while k <= n and term > total * mpf(10) ** -58:
        total += term
        term = term * (n - k) / (k + 1) * odds
        k += 1
    return total


def lower(k, n, alpha):
    if k == 0:
        return mpf(0)
    if k == n:
        return exp(log(alpha) / n)
    # ln tail is concave and rising: secant steps inside a bracket, to 45 digits.
    low, high = mpf(0), mpf(k) / n
    f_low, f_high = None, log(tail(k, n, high)) - log(alpha)
    x = high * (1 - min(mpf("0.5"), 4 / sqrt(mpf(n))))
    for i in range(400):
        f = log(tail(k, n, x)) - log(alpha)
        if f <= 0:
            low, f_low = x, f
        else:
            high, f_high = x, f
        if high - low < high * mpf(10) ** -45 or f == 0:
            break
        if f_low is None or i % 3 == 2:
            x = (low + high) / 2
        else:
            x = low + (high - low) * (-f_low) / (f_high - f_low)
            margin = (high - low) / 2**20
            x = min(max(x, low + margin), high - margin)
    else:
        raise ArithmeticError("no convergence")
    return (low + high) / 2


def main():
    draw = random.Random(20261121)
    print("# made by golden.py: function,arguments,largest double not above the exact value,smallest not below it")
    for z in [0.0, 0.5, 1.0, 1.5, 1.9999999999999998, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5, 8.0, 12.0, 20.0, 30.0, 37.5] + [
            draw.uniform(0, 2) for _ in range(60)] + [draw.uniform(2, 9) for _ in range(60)] + [draw.uniform(9, 36) for _ in range(10)]:
        for signed in {z, -z}:
            row("phi", [signed], phi(signed))

    shares = [0.5, 0.5000000000000001, 0.50001, 0.75, 0.8413447461, 0.9, 0.99, 0.999, 0.9999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1 - 2**-50, 1 - 2**-53]
    shares += [draw.uniform(0.5, 1) for _ in range(80)] + [1 - 10 ** -draw.uniform(1, 13) for _ in range(80)] + [0.5 + 10 ** -draw.uniform(2, 14) for _ in range(20)]
    shares += [1e-12, 1e-9, 1e-6, 0.001, 0.01, 0.1, 0.25, 0.4999999999999999] + [10 ** -draw.uniform(0.4, 12) for _ in range(40)]
    for p in shares:
        row("quantile", [p], phi_inverse(mpf(p)))

    alphas = [0.5, 0.1, 0.05, 0.01, 0.001, 0.0001, 1e-6, 1e-9]
    cases = [(n, n, a) for n in (1, 2, 10, 100, 1000, 10000, 100000, 1000000) for a in alphas]
    cases += [(k, n, draw.choice(alphas)) for n in (1, 2, 3, 7, 10) for k in range(0, n)]
    for n in (20, 100, 1000, 10000, 100000):
        cases += [(k, n, a) for k in (1, n // 2, n // 2 + 1, n - 1, n - 2) for a in (0.05, 0.001)]
        cases += [(draw.randint(0, n), n, draw.choice(alphas)) for _ in range(12)]
        cases += [(n - int(n ** draw.uniform(0, 0.95)), n, draw.choice(alphas)) for _ in range(25)]
    for k, n, alpha in cases:
        p = lower(k, n, mpf(alpha))
        row("lower", [k, n, alpha], p)
        row("upper", [n - k, n, alpha], 1 - p)
        if p > 0.5:
            # The radius for sigma = 0.5, which is a double: sigma * PhiInv(the exact bound).
            row("radius", [k, n, alpha], phi_inverse(p) / 2)

    for _ in range(120):
        n = draw.choice((5, 30, 100, 1000, 10000, 100000))
        p = draw.choice((0.5, draw.random(), 1 - 10 ** -draw.uniform(1, 6)))
        k = max(0, min(n, round(n * p + draw.uniform(-6, 8) * math.sqrt(n * p * (1 - p)) + draw.choice((0, 1)))))
        row("tail", [k, n, p], tail(k, n, mpf(p)))

    for _ in range(60):
        n = draw.choice((1, 5, 30, 100, 1000, 10000))
        first = draw.randint((n + 1) // 2, min(n, (n + 1) // 2 + 4 * int(math.sqrt(n)) + 1))
        second = n - first
        if second <= first:
            row("doubt", [first, second], mpf(1) if first == second else min(mpf(1), 2 * tail(first, n, mpf("0.5"))))


main()
sys.stdout.flush()
