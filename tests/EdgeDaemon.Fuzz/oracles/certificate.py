#!/usr/bin/python3
"""Judges robustness certificates, written from Core/Smoothing/Certificates/README.md.

Shares no code with the product: JSON by the standard library, products by fractions. Protocol: u32 little-endian length and that many bytes
per case on stdin, one verdict line per case on stdout.
"""
import json
import math
import re
import struct
import sys
import unicodedata
from fractions import Fraction

MOST_SAMPLES = 100_000_000
TYPES = "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 BF16 FP32 FP64 BYTES".split()


class Reject(Exception):
    pass


class Written(str):
    """A number as it was written."""


def need(condition):
    if not condition:
        raise Reject


def unique(pairs):
    found = dict(pairs)
    need(len(found) == len(pairs))
    return found


def constant(_):
    raise Reject


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def is_text(value):
    return isinstance(value, str) and not isinstance(value, Written)


def texts(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif is_text(value):
        yield value


def part(value, *keys, also=()):
    need(isinstance(value, dict) and set(keys) <= set(value) <= set(keys) | set(also))
    return value


def word(value, longest):
    need(is_text(value) and 1 <= len(value.encode("utf-16-le")) // 2 <= longest and not any(unicodedata.category(c) == "Cc" for c in value))
    return value


def hexed(value):
    return value.encode("utf-8").hex()


def digest(value):
    need(is_text(value) and re.fullmatch("[0-9a-f]{64}", value) and value.isascii())
    return value


def choice(value, *words):
    need(is_text(value) and value in words)
    return value


def whole(value, least, most):
    need(isinstance(value, Written) and re.fullmatch("-?[0-9]+", value) and value != "-0" and len(value) < 40 and least <= int(value) <= most)
    return int(value)


def number(value, least, most):
    need(isinstance(value, Written))
    found = float(value)
    need(math.isfinite(found) and least <= found <= most)
    return found + 0.0


def positive(value, most=sys.float_info.max):
    return number(value, 5e-324, most)


def array(value, least, most):
    need(isinstance(value, list) and least <= len(value) <= most)
    return value


def bits(value):
    return "%016x" % struct.unpack("<Q", struct.pack("<d", value))


def tally(value, classes):
    part(value, "samples", "failed", "counts")
    samples, failed = whole(value["samples"], 0, MOST_SAMPLES), whole(value["failed"], 0, MOST_SAMPLES)
    counts = []
    for pair in array(value["counts"], 0, 1_000_000):
        array(pair, 2, 2)
        counts.append((whole(pair[0], 0, classes - 1), whole(pair[1], 1, 2**31 - 1)))
    need(all(left[0] < right[0] for left, right in zip(counts, counts[1:])))
    need(failed + sum(count for _, count in counts) == samples)
    return samples, failed, counts


def shown(found):
    return "%d/%d/%s" % (found[0], found[1], ",".join("%d:%d" % pair for pair in found[2]))


def scaled(radius, scale):
    exact = Fraction(radius) * Fraction(scale)
    try:
        product = float(exact)
    except OverflowError:
        return sys.float_info.max
    if product > exact:
        product = math.nextafter(product, 0)
    # The rule is about the product as a double rounds it.
    return 0.0 if radius * scale < 1e-290 else product


def judge(case):
    need(len(case) <= 1 << 20)
    try:
        root = json.loads(case.decode("utf-8"), object_pairs_hook=unique, parse_constant=constant, parse_int=Written, parse_float=Written)
    except (ValueError, RecursionError):
        raise Reject from None
    need(depth(root) <= 4)
    for text in texts(root):
        need(not any(0xD800 <= ord(c) <= 0xDFFF for c in text))
    part(root, "format", "model", "engine", "input", "noise", "rule", "selection", "certification", "ladder", "result", "seal")
    whole(root["format"], 1, 1)

    model = part(root["model"], "name", "version", "release", "members", "rule", "weights", "consensus", "output")
    members = [part(member, "name", "sha256") for member in array(model["members"], 1, 64)]
    members = [(word(member["name"], 64), digest(member["sha256"])) for member in members]
    weights = [positive(weight) for weight in array(model["weights"], len(members), len(members))]
    rule_word, consensus = choice(model["rule"], "mean", "probabilities", "majority"), whole(model["consensus"], 0, len(members))
    need(len(members) > 1 or (rule_word == "mean" and consensus == 0))
    engine = part(root["engine"], "library", "processor", "rows", "classes")
    classes = whole(engine["classes"], 2, 1_000_000)
    line = [hexed(word(model["name"], 64)), hexed(word(model["version"], 19)), digest(model["release"]), ",".join(hexed(name) + sha for name, sha in members), rule_word,
            ",".join(map(bits, weights)), consensus, hexed(word(model["output"], 256)), digest(engine["library"]), hexed(word(engine["processor"], 200)), whole(engine["rows"], 1, 4096), classes]

    value = part(root["input"], "name", "datatype", "shape", "sha256")
    shape = [whole(dimension, 1, 2**31 - 1) for dimension in array(value["shape"], 1, 16)]
    need(shape[0] == 1)
    line += [hexed(word(value["name"], 256)), choice(value["datatype"], *TYPES), ",".join(map(str, shape)), digest(value["sha256"])]

    noise = part(root["noise"], "kind", "sampler", "sigma", "norm", "scale", "commitment", "row", "first", "count", also=["seed"])
    choice(noise["norm"], "l2")
    scale, count = positive(noise["scale"]), whole(noise["count"], 0, 2 * MOST_SAMPLES)
    line += [choice(noise["kind"], "grid", "float"), hexed(word(noise["sampler"], 200)), bits(positive(noise["sigma"])), bits(scale), digest(noise["commitment"]), whole(noise["row"], 0, 2**31 - 1),
             whole(noise["first"], 0, 2**63 - 1 - MOST_SAMPLES), count, digest(noise["seed"]) if "seed" in noise else "-"]

    rule = root["rule"]
    need(isinstance(rule, dict))
    sequential = choice(rule.get("method"), "sequential", "clopper_pearson") == "sequential"
    part(rule, "method", "alpha", "selection", "max_samples", *(["beta", "look", "table_samples"] if sequential else []))
    chooses, most = whole(rule["selection"], 1, MOST_SAMPLES), whole(rule["max_samples"], 1, MOST_SAMPLES)
    schedule, look, table = "-", 0, 0
    if sequential:
        look, table = whole(rule["look"], 1, MOST_SAMPLES), whole(rule["table_samples"], 1, MOST_SAMPLES)
        schedule = "%s,%d,%d" % (bits(positive(rule["beta"], 0.5)), look, table)
        need(most <= table)
    line += [rule["method"], bits(positive(rule["alpha"], 0.5)), chooses, most, schedule]

    selection, certification = tally(root["selection"], classes), tally(root["certification"], classes)
    need(selection[0] <= chooses and (selection[0] == chooses or certification[0] == 0))
    need(certification[0] <= most and count == selection[0] + certification[0])
    ladder = [part(step, "radius", "table") for step in array(root["ladder"], 0, 64)]
    ladder = [(positive(step["radius"]), digest(step["table"])) for step in ladder]
    need(sequential == bool(ladder) and all(left[0] < right[0] for left, right in zip(ladder, ladder[1:])))
    line += [shown(selection), shown(certification), ",".join(bits(radius) + sha for radius, sha in ladder)]

    result = part(root["result"], "class", "abstained", "radius", "input_radius", "samples", "agreements", "stopped")
    chosen, abstained = whole(result["class"], -1, classes - 1), result["abstained"]
    need(isinstance(abstained, bool))
    radius, input_radius = number(result["radius"], 0, sys.float_info.max), number(result["input_radius"], 0, sys.float_info.max)
    samples, agreements = whole(result["samples"], 0, MOST_SAMPLES), whole(result["agreements"], 0, MOST_SAMPLES)
    stopped = choice(result["stopped"], "completed", "certified", "futile", "samples", "deadline")
    need(chosen == max(selection[2], key=lambda pair: (pair[1], -pair[0]), default=(-1, 0))[0])
    need(not abstained or radius == input_radius == samples == agreements == 0)
    need(abstained or (radius > 0 and chosen >= 0))
    need(input_radius == scaled(radius, scale))
    full = certification[0] == most
    whole_choice = selection[0] == chooses
    if whole_choice and chosen == -1:
        need(stopped == "samples" and certification[0] == 0)
    elif stopped == "deadline":
        need(not full)
    else:
        ended = certification[0] > 0 and sequential and (certification[0] % look == 0 or certification[0] == table)
        need(whole_choice and {"completed": not sequential and full, "samples": sequential and full, "certified": ended and not abstained, "futile": ended and abstained}[stopped])
    if not abstained:
        of_class = dict(certification[2]).get(chosen, 0)
        need(agreements <= samples <= certification[0] and agreements <= of_class and of_class - agreements <= certification[0] - samples)
        if sequential:
            need((samples % look == 0 or samples == table) and radius in [step for step, _ in ladder])
        else:
            need(samples == certification[0])
    line += [chosen, abstained, bits(radius), bits(input_radius), samples, agreements, stopped, digest(root["seal"])]
    return "accept " + " ".join(map(str, line))


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
