"""Judges TOML by Python's own reader (tomllib, TOML 1.0), which shares no code with ours.

Reads cases from stdin (u32 little-endian length, bytes), writes one verdict line for each. Where tomllib is more lenient
than our rules, or TOML leaves freedom, the difference stands here:
  - integers beyond 64 bits: tomllib has none, TOML 1.0 lets a reader refuse them, ours does;
  - nesting: ours stops at 64, tomllib at Python's own recursion: deep cases are "either";
  - a byte order mark: TOML 1.0 does not mention it: "either";
  - datetimes outside of Python's range (year 0, leap seconds) are refused by both.
"""
import datetime
import struct
import sys
import tomllib


class OutOfRange(Exception):
    pass


def depth(value):
    if isinstance(value, dict):
        return 1 + max((depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(item) for item in value), default=0)
    return 0


def moment(value):
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0")


def dump(value):
    if isinstance(value, dict):
        entries = sorted((key.encode().hex(), item) for key, item in value.items()) if value else []
        return "{" + "".join(f"{key}:{dump(item)};" for key, item in entries) + "}"
    if isinstance(value, list):
        return "[" + "".join(dump(item) + "," for item in value) + "]"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, str):
        return "s" + value.encode().hex()
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise OutOfRange
        return f"i{value}"
    if isinstance(value, float):
        return "fnan" if value != value else "f" + struct.pack(">d", value).hex()
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return "l" + moment(value)
        return f"o{moment(value)}{int(value.utcoffset().total_seconds() // 60):+d}"
    if isinstance(value, datetime.date):
        return "d" + value.isoformat()
    return "t" + value.strftime("%H:%M:%S.%f")


def verdict(data):
    if data.startswith(b"\xef\xbb\xbf"):
        return "either"
    try:
        value = tomllib.loads(data.decode("utf-8"))
        return "either" if depth(value) > 60 else "accept " + dump(value)
    except RecursionError:
        return "either"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OutOfRange, ValueError, OverflowError):
        return "reject"


def main():
    sys.set_int_max_str_digits(0)
    source = sys.stdin.buffer
    while header := source.read(4):
        (length,) = struct.unpack("<I", header)
        sys.stdout.write(verdict(source.read(length)) + "\n")
        sys.stdout.flush()


main()
