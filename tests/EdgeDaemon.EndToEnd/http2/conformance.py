"""HTTP/2 as RFC 9113 and RFC 7541 demand it of a server, case by case in the order of their sections (as h2spec does).

conformance.py SOCKET prints a line for each case: name, "right", "wrong" or "departs", and what was seen, parted by tabs.
A case names what the RFC allows. A departure names what the server does instead: it, too, must be seen exactly.
"""
import struct
import sys

from wire import (ACK, CODES, CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, GOAWAY, HEADERS, PADDED, PING, POST, PREFACE, PRIORITIES, PRIORITY,
                  PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, Peer, block, frame, settings)

CASES = []
LATER = POST + [("content-length", "64")]  # Its body is still to come: the stream stays open.
WATCH = [(":method", "POST"), (":scheme", "http"), (":path", "/grpc.health.v1.Health/Watch"), (":authority", "edged"), ("te", "trailers"),
         ("content-type", "application/grpc")]
STREAM = [(name, "/inference.GRPCInferenceService/ModelStreamInfer" if name == ":path" else value) for name, value in WATCH]


def case(name, *allowed, departs=None, begin=True, own=()):
    """Allowed: outcomes of which one must be seen; a code alone is a connection error (GOAWAY, then the end), a leading "stream " a stream error or that."""
    outcomes = set()
    for one in allowed:
        if one.startswith("stream "):
            outcomes |= {"RST:" + one[7:], "GOAWAY:" + one[7:]}
        elif one in CODES:
            outcomes.add("GOAWAY:" + one)
        else:
            outcomes.add(one)

    def add(work):
        CASES.append((name, outcomes, departs, begin, own, work))
        return work
    return add


def judge(path, outcomes, departs, begin, own, work):
    peer = Peer(path, begin, own)
    try:
        seen = work(peer)
        seen = peer.outcome() if seen is None else seen
        if seen.startswith("RST:") and peer.serves(1001) != "ANSWER:200":
            return "wrong", seen + ", and the connection serves no more"
        if departs is not None:
            return ("departs" if seen == departs else "wrong"), seen
        return ("right" if seen in outcomes else "wrong"), seen
    finally:
        peer.close()


def then(peer, stream):
    """What was sent must have had no effect."""
    return peer.serves(stream)


# --- 3.4 preface ------------------------------------------------------------------------------------------------------
@case("3.4/1 the server's first frame is SETTINGS", "SETTINGS", begin=False)
def _(p):
    p.raw(PREFACE + frame(SETTINGS, 0, 0))
    first = p.next()
    return "SETTINGS" if first and first[0] == SETTINGS and not first[1] & ACK else str(first)


@case("3.4/2 an invalid preface ends the connection", "PROTOCOL_ERROR", "GOAWAY:HTTP_1_1_REQUIRED", "CLOSE", begin=False)
def _(p):
    p.raw(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + frame(SETTINGS, 0, 0))


@case("3.4/3 a preface without SETTINGS ends the connection", "PROTOCOL_ERROR", departs="ANSWER:200", begin=False)
def _(p):
    p.raw(PREFACE)
    p.headers(1)


# --- 4 frames ---------------------------------------------------------------------------------------------------------
@case("4.1/1 a frame of unknown type is ignored", "ANSWER:200")
def _(p):
    p.send(0x16, 0, 0, bytes(8))
    p.send(0x20, 0xff, 1, bytes(100))
    return then(p, 1)


@case("4.1/2 undefined flags are ignored", "ANSWER:200")
def _(p):
    p.send(PING, 0x16, 0, bytes(8))
    p.send(HEADERS, END_STREAM | END_HEADERS | 0x80 | 0x40, 1, block(GET))


@case("4.1/3 the reserved bit is ignored", "ANSWER:200")
def _(p):
    p.send(PING, 0, 1 << 31, bytes(8))
    p.send(HEADERS, END_STREAM | END_HEADERS, 1 << 31 | 1, block(GET))


@case("4.2/1 a DATA frame of 2^14 bytes is taken", "ANSWER:200")
def _(p):
    p.headers(1, POST + [("content-length", str(1 << 14))], END_HEADERS)
    p.send(DATA, END_STREAM, 1, bytes(1 << 14))


@case("4.2/2 a DATA frame over SETTINGS_MAX_FRAME_SIZE", "stream FRAME_SIZE_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.send(DATA, END_STREAM, 1, bytes((1 << 16) + 1))


@case("4.2/3 a HEADERS frame over SETTINGS_MAX_FRAME_SIZE", "FRAME_SIZE_ERROR")
def _(p):
    p.send(HEADERS, END_STREAM | END_HEADERS, 1, block(GET + [("x", "y" * (1 << 16))]))


@case("4.3/1 a header block that is none", "COMPRESSION_ERROR")
def _(p):
    p.send(HEADERS, END_STREAM | END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")


@case("4.3/2 PRIORITY between HEADERS and CONTINUATION", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, GET, END_STREAM)
    p.send(PRIORITY, 0, 1, bytes([0, 0, 0, 0, 255]))
    p.send(CONTINUATION, END_HEADERS, 1, block([("x", "y")]))


@case("4.3/3 HEADERS of another stream between HEADERS and CONTINUATION", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, GET, END_STREAM)
    p.headers(3)


# --- 5.1 stream states ------------------------------------------------------------------------------------------------
@case("5.1/1 idle: DATA", "PROTOCOL_ERROR", "GOAWAY:STREAM_CLOSED")
def _(p):
    p.send(DATA, END_STREAM, 1, b"x")


@case("5.1/2 idle: RST_STREAM", "PROTOCOL_ERROR")
def _(p):
    p.send(RST_STREAM, 0, 1, struct.pack(">I", 8))


@case("5.1/3 idle: WINDOW_UPDATE", "PROTOCOL_ERROR")
def _(p):
    p.window(1, 100)


@case("5.1/4 idle: CONTINUATION", "PROTOCOL_ERROR")
def _(p):
    p.send(CONTINUATION, END_HEADERS, 1, block(GET))


@case("5.1/5 half closed (remote): DATA", "stream STREAM_CLOSED")
def _(p):
    watch(p)
    p.send(DATA, END_STREAM, 1, b"x")


@case("5.1/6 half closed (remote): HEADERS", "stream STREAM_CLOSED")
def _(p):
    watch(p)
    p.send(HEADERS, END_STREAM | END_HEADERS, 1, block([("x", "y")]))


@case("5.1/7 half closed (remote): CONTINUATION", "stream STREAM_CLOSED", "PROTOCOL_ERROR")
def _(p):
    watch(p)
    p.send(CONTINUATION, END_HEADERS, 1, block([("x", "y")]))


@case("5.1/8 closed by RST_STREAM: DATA", "stream STREAM_CLOSED")
def _(p):
    reset(p)
    p.send(DATA, END_STREAM, 1, b"x")


@case("5.1/9 closed by RST_STREAM: HEADERS", "stream STREAM_CLOSED")
def _(p):
    reset(p)
    p.send(HEADERS, END_STREAM | END_HEADERS, 1, block(POST))


@case("5.1/10 closed by RST_STREAM: CONTINUATION", "stream STREAM_CLOSED", "PROTOCOL_ERROR")
def _(p):
    reset(p)
    p.send(CONTINUATION, END_HEADERS, 1, block([("x", "y")]))


@case("5.1/11 closed by END_STREAM: DATA", "stream STREAM_CLOSED")
def _(p):
    answered(p)
    p.send(DATA, END_STREAM, 1, b"x")


@case("5.1/12 closed by END_STREAM: HEADERS", "STREAM_CLOSED", "PROTOCOL_ERROR")
def _(p):
    answered(p)
    p.headers(1)


@case("5.1/13 closed by END_STREAM: CONTINUATION", "STREAM_CLOSED", "PROTOCOL_ERROR")
def _(p):
    answered(p)
    p.send(CONTINUATION, END_HEADERS, 1, block(GET))


@case("5.1/14 closed by END_STREAM: WINDOW_UPDATE, RST_STREAM and PRIORITY are ignored", "ANSWER:200")
def _(p):
    answered(p)
    p.window(1, 100)
    p.send(RST_STREAM, 0, 1, struct.pack(">I", 8))
    p.send(PRIORITY, 0, 1, bytes([0, 0, 0, 0, 255]))
    return then(p, 3)


@case("5.1/15 PRIORITY of an idle stream is allowed", "ANSWER:200")
def _(p):
    p.send(PRIORITY, 0, 7, bytes([0, 0, 0, 0, 255]))
    return then(p, 1)


def watch(p):
    """Stream 1 is half closed (remote) and goes on: a health watch."""
    p.headers(1, WATCH, END_HEADERS)
    p.send(DATA, END_STREAM, 1, bytes(5))
    p.until(lambda kind, flags, stream, payload: kind == DATA)


def reset(p):
    p.headers(1, LATER, END_HEADERS)
    p.send(RST_STREAM, 0, 1, struct.pack(">I", 8))


def answered(p):
    assert p.serves(1) == "ANSWER:200"


# --- 5.1.1, 5.1.2 identifiers, concurrency ----------------------------------------------------------------------------
@case("5.1.1/1 an even stream identifier", "PROTOCOL_ERROR")
def _(p):
    p.headers(2)
    return p.outcome(2)


@case("5.1.1/2 a stream identifier below the last", "PROTOCOL_ERROR", "GOAWAY:STREAM_CLOSED")
def _(p):
    assert p.serves(5) == "ANSWER:200"
    p.headers(3)
    return p.outcome(3)


@case("5.1.2/1 more streams than SETTINGS_MAX_CONCURRENT_STREAMS", "stream PROTOCOL_ERROR", "RST:REFUSED_STREAM")
def _(p):
    for stream in range(1, 203, 2):
        p.headers(stream, LATER, END_HEADERS)
    seen = p.outcome(201)
    p.send(RST_STREAM, 0, 1, struct.pack(">I", 8))
    p.headers(203)
    return seen if p.outcome(203) == "ANSWER:200" else seen + ", then no more"


@case("5.3/1 HEADERS that depend on themselves", "stream PROTOCOL_ERROR", "ANSWER:200")
def _(p):
    p.send(HEADERS, END_STREAM | END_HEADERS | PRIORITIES, 1, struct.pack(">IB", 1, 255) + block(GET))


@case("5.3/2 PRIORITY that depends on itself", "stream PROTOCOL_ERROR", "ANSWER:200")
def _(p):
    p.send(PRIORITY, 0, 1, struct.pack(">IB", 1, 255))
    p.headers(1)


@case("5.5/1 an unknown frame between HEADERS and CONTINUATION", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, GET, END_STREAM)
    p.send(0xff, 0, 0, bytes(8))


# --- 6.1 DATA, 6.2 HEADERS, 6.3 PRIORITY, 6.4 RST_STREAM --------------------------------------------------------------
@case("6.1/1 DATA on stream 0", "PROTOCOL_ERROR")
def _(p):
    p.send(DATA, 0, 0, b"x")


@case("6.1/2 DATA with padding longer than the frame", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.send(DATA, END_STREAM | PADDED, 1, b"\x06xxxxx")


@case("6.1/3 DATA that is padding alone", "ANSWER:200")
def _(p):
    p.headers(1, POST + [("content-length", "64")], END_HEADERS)
    p.send(DATA, PADDED, 1, b"\xff" + bytes(255))
    p.send(DATA, END_STREAM, 1, bytes(64))


@case("6.2/1 HEADERS on stream 0", "PROTOCOL_ERROR")
def _(p):
    p.headers(0)


@case("6.2/2 HEADERS with padding longer than the frame", "PROTOCOL_ERROR")
def _(p):
    fields = block(GET)
    p.send(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, bytes([len(fields) + 1]) + fields)


@case("6.2/3 HEADERS padded and with priority", "ANSWER:200")
def _(p):
    p.send(HEADERS, END_STREAM | END_HEADERS | PADDED | PRIORITIES, 1, b"\x05" + struct.pack(">IB", 0, 9) + block(GET) + bytes(5))


@case("6.2/4 HEADERS with priority shorter than it", "FRAME_SIZE_ERROR", "PROTOCOL_ERROR")
def _(p):
    p.send(HEADERS, END_STREAM | END_HEADERS | PRIORITIES, 1, bytes(3))


@case("6.3/1 PRIORITY on stream 0", "PROTOCOL_ERROR")
def _(p):
    p.send(PRIORITY, 0, 0, bytes(5))


@case("6.3/2 PRIORITY of another length than 5", "stream FRAME_SIZE_ERROR")
def _(p):
    p.send(PRIORITY, 0, 1, bytes(4))


@case("6.4/1 RST_STREAM on stream 0", "PROTOCOL_ERROR")
def _(p):
    p.send(RST_STREAM, 0, 0, bytes(4))


@case("6.4/2 RST_STREAM of another length than 4", "FRAME_SIZE_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.send(RST_STREAM, 0, 1, bytes(3))


@case("6.4/3 RST_STREAM cancels one stream alone", "ANSWER:200")
def _(p):
    reset(p)
    return then(p, 3)


# --- 6.5 SETTINGS -----------------------------------------------------------------------------------------------------
@case("6.5/1 an acknowledgement with content", "FRAME_SIZE_ERROR")
def _(p):
    p.send(SETTINGS, ACK, 0, bytes(6))


@case("6.5/2 SETTINGS on a stream", "PROTOCOL_ERROR")
def _(p):
    p.send(SETTINGS, 0, 1, bytes(6))


@case("6.5/3 a length that is no multiple of 6", "FRAME_SIZE_ERROR")
def _(p):
    p.send(SETTINGS, 0, 0, bytes(5))


@case("6.5.2/1 ENABLE_PUSH neither 0 nor 1", "PROTOCOL_ERROR")
def _(p):
    p.send(SETTINGS, 0, 0, settings((2, 2)))


@case("6.5.2/2 INITIAL_WINDOW_SIZE over 2^31-1", "FLOW_CONTROL_ERROR")
def _(p):
    p.send(SETTINGS, 0, 0, settings((4, 1 << 31)))


@case("6.5.2/3 MAX_FRAME_SIZE below 2^14", "PROTOCOL_ERROR")
def _(p):
    p.send(SETTINGS, 0, 0, settings((5, (1 << 14) - 1)))


@case("6.5.2/4 MAX_FRAME_SIZE over 2^24-1", "PROTOCOL_ERROR")
def _(p):
    p.send(SETTINGS, 0, 0, settings((5, 1 << 24)))


@case("6.5.2/5 an unknown setting is ignored", "ANSWER:200")
def _(p):
    p.send(SETTINGS, 0, 0, settings((0xff, 1), (0, 7)))
    return then(p, 1)


@case("6.5.3/1 SETTINGS are acknowledged", "ACK")
def _(p):
    p.send(SETTINGS, 0, 0, settings((3, 100)))
    return "ACK" if p.until(lambda kind, flags, stream, payload: kind == SETTINGS and flags & ACK and not payload) else "none"


@case("6.5.3/2 the last of several values counts", "DATA:1")
def _(p):
    p.send(SETTINGS, 0, 0, settings((4, 100), (4, 1)))
    p.headers(1)
    return first_data(p)


@case("6.5.3/3 an acknowledgement of nothing is ignored", "ANSWER:200")
def _(p):
    p.send(SETTINGS, ACK, 0)
    return then(p, 1)


def first_data(p):
    one = p.until(lambda kind, flags, stream, payload: kind == DATA)
    return "DATA:%d" % len(one[3]) if one else "none"


# --- 6.7 PING, 6.8 GOAWAY ---------------------------------------------------------------------------------------------
@case("6.7/1 PING is answered with its bytes", "ACK")
def _(p):
    p.send(PING, 0, 0, b"12345678")
    return "ACK" if p.until(lambda kind, flags, stream, payload: kind == PING and flags & ACK and payload == b"12345678") else "none"


@case("6.7/2 PING with ACK is not answered", "none")
def _(p):
    p.send(PING, ACK, 0, b"87654321")
    p.send(PING, 0, 0, b"12345678")
    one = p.until(lambda kind, flags, stream, payload: kind == PING)
    return "none" if one and one[3] == b"12345678" else str(one)


@case("6.7/3 PING on a stream", "PROTOCOL_ERROR")
def _(p):
    p.send(PING, 0, 1, bytes(8))


@case("6.7/4 PING of another length than 8", "FRAME_SIZE_ERROR")
def _(p):
    p.send(PING, 0, 0, bytes(6))


@case("6.8/1 GOAWAY on a stream", "PROTOCOL_ERROR")
def _(p):
    p.send(GOAWAY, 0, 1, bytes(8))


@case("6.8/2 behind the caller's GOAWAY what runs is answered", "ANSWER:200")
def _(p):
    p.headers(1, POST + [("content-length", "64")], END_HEADERS)
    p.send(GOAWAY, 0, 0, struct.pack(">II", 0, 0))
    p.send(DATA, END_STREAM, 1, bytes(64))


# --- 6.9 WINDOW_UPDATE ------------------------------------------------------------------------------------------------
@case("6.9/1 an increment of 0 for the connection", "PROTOCOL_ERROR")
def _(p):
    p.window(0, 0)


@case("6.9/2 an increment of 0 for a stream", "stream PROTOCOL_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.window(1, 0)


@case("6.9/3 WINDOW_UPDATE of another length than 4", "FRAME_SIZE_ERROR")
def _(p):
    p.send(WINDOW_UPDATE, 0, 0, bytes(3))


@case("6.9.1/1 no more is sent than the window lets", "DATA:1", own=((4, 1),))
def _(p):
    p.headers(1)
    seen = first_data(p)
    more = p.until(lambda kind, flags, stream, payload: kind == DATA, patience=0.5)
    return seen if more is None else seen + ", then more"


@case("6.9.1/2 the connection's window over 2^31-1", "FLOW_CONTROL_ERROR")
def _(p):
    p.window(0, 0x7fffffff)
    p.window(0, 0x7fffffff)


@case("6.9.1/3 a stream's window over 2^31-1", "stream FLOW_CONTROL_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.window(1, 0x7fffffff)
    p.window(1, 0x7fffffff)


@case("6.9.1/4 more DATA than a stream's window", "stream FLOW_CONTROL_ERROR")
def _(p):
    # A stream of inferences is read one message at a time, as it is answered: what comes behind them lies in the window.
    p.headers(1, STREAM, END_HEADERS)
    p.raw(b"".join(frame(DATA, 0, 1, message[at:at + (1 << 14)]) for message in [images(8000)] * 20 for at in range(0, len(message), 1 << 14)))


def images(count):
    """A ModelInferRequest about so many blank digits, in its gRPC frame."""
    def field(number, data):
        length, size = len(data), b""
        while length >= 128:
            size, length = size + bytes([length & 127 | 128]), length >> 7
        return bytes([number << 3 | 2]) + size + bytes([length]) + data
    shape = field(3, bytes([count & 127 | 128, count >> 7]) + b"\1\x08\x08")
    message = field(1, b"digits") + field(5, field(1, b"image") + field(2, b"UINT8") + shape) + field(7, bytes(64 * count))
    return struct.pack(">BI", 0, len(message)) + message


@case("6.9.2/1 SETTINGS change the window of open streams", "DATA:1, DATA:2", own=((4, 0),))
def _(p):
    p.headers(1)
    p.until(lambda kind, flags, stream, payload: kind == HEADERS)
    p.send(SETTINGS, 0, 0, settings((4, 1)))
    one = first_data(p)
    p.send(SETTINGS, 0, 0, settings((4, 3)))
    return one + ", " + first_data(p)


@case("6.9.2/2 a window may be negative", "DATA:3, DATA:1", own=((4, 3),))
def _(p):
    p.headers(1)
    one = first_data(p)
    p.send(SETTINGS, 0, 0, settings((4, 2)))
    p.until(lambda kind, flags, stream, payload: kind == SETTINGS and flags & ACK)
    p.window(1, 2)
    return one + ", " + first_data(p)


@case("6.9.2/3 SETTINGS that take an open stream's window over 2^31-1", "FLOW_CONTROL_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.window(1, 0x7fffffff - 65535)
    p.send(SETTINGS, 0, 0, settings((4, 0x7fffffff)))


# --- 6.10 CONTINUATION ------------------------------------------------------------------------------------------------
@case("6.10/1 several CONTINUATION frames, empty ones among them", "ANSWER:200")
def _(p):
    fields = block(GET)
    p.send(HEADERS, END_STREAM, 1, fields[:10])
    p.send(CONTINUATION, 0, 1, fields[10:20])
    p.send(CONTINUATION, 0, 1)
    p.send(CONTINUATION, END_HEADERS, 1, fields[20:])


@case("6.10/2 CONTINUATION followed by another frame", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, GET, END_STREAM)
    p.send(CONTINUATION, 0, 1, block([("x", "y")]))
    p.send(DATA, END_STREAM, 1, b"x")


@case("6.10/3 CONTINUATION on stream 0", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, GET, END_STREAM)
    p.send(CONTINUATION, END_HEADERS, 0, block([("x", "y")]))


@case("6.10/4 CONTINUATION behind HEADERS with END_HEADERS", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.send(CONTINUATION, END_HEADERS, 1, block([("x", "y")]))


@case("6.10/5 CONTINUATION behind CONTINUATION with END_HEADERS", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, LATER, 0)
    p.send(CONTINUATION, END_HEADERS, 1, block([("x", "y")]))
    p.send(CONTINUATION, END_HEADERS, 1, block([("x", "y")]))


@case("6.10/6 CONTINUATION behind DATA", "PROTOCOL_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.send(DATA, 0, 1, b"x")
    p.send(CONTINUATION, END_HEADERS, 1, block([("x", "y")]))


# --- 8 HTTP -----------------------------------------------------------------------------------------------------------
def malformed(name, headers, departs=None):
    case(name, "stream PROTOCOL_ERROR", "ANSWER:400", departs=departs)(lambda p: p.headers(1, headers))


@case("8.1/1 a second HEADERS frame without END_STREAM", "stream PROTOCOL_ERROR")
def _(p):
    p.headers(1, LATER, END_HEADERS)
    p.send(HEADERS, END_HEADERS, 1, block([("x", "y")]))


@case("8.1/2 trailers are taken", "ANSWER:200")
def _(p):
    p.headers(1, POST + [("content-length", "64")], END_HEADERS)
    p.send(DATA, 0, 1, bytes(64))
    p.send(HEADERS, END_STREAM | END_HEADERS, 1, block([("x-trailer", "y")]))


@case("8.1/3 a pseudo-header in trailers", "stream PROTOCOL_ERROR")
def _(p):
    p.headers(1, POST, END_HEADERS)  # Of no stated length: with all of one there the answer may come before the trailers are looked at.
    p.send(DATA, 0, 1, bytes(64))
    p.send(HEADERS, END_STREAM | END_HEADERS, 1, block([(":method", "GET")]))


@case("8.1.1/1 less DATA than content-length", "stream PROTOCOL_ERROR", "ANSWER:400")
def _(p):
    p.headers(1, POST + [("content-length", "128")], END_HEADERS)
    p.send(DATA, END_STREAM, 1, bytes(64))


@case("8.1.1/2 more DATA than content-length", "stream PROTOCOL_ERROR", "ANSWER:400")
def _(p):
    p.headers(1, POST + [("content-length", "64")], END_HEADERS)
    p.send(DATA, END_STREAM, 1, bytes(65))


@case("8.1.1/3 more DATA than content-length, in several frames", "stream PROTOCOL_ERROR", "ANSWER:400")
def _(p):
    p.headers(1, POST + [("content-length", "64")], END_HEADERS)
    p.send(DATA, 0, 1, bytes(63))
    p.send(DATA, END_STREAM, 1, bytes(63))


@case("8.1.1/4 no DATA, but a content-length", "stream PROTOCOL_ERROR", "ANSWER:400")
def _(p):
    p.headers(1, POST + [("content-length", "64")])


@case("8.1.1/5 two content-lengths", "stream PROTOCOL_ERROR", "ANSWER:400")
def _(p):
    p.headers(1, POST + [("content-length", "64"), ("content-length", "65")], END_HEADERS)
    p.send(DATA, END_STREAM, 1, bytes(64))


@case("8.1.1/6 a content-length that is no number", "stream PROTOCOL_ERROR", "ANSWER:400")
def _(p):
    p.headers(1, POST + [("content-length", "x")], END_HEADERS)
    p.send(DATA, END_STREAM, 1, bytes(64))


malformed("8.2/1 a name in capitals", GET + [("X-Test", "y")])
malformed("8.2.1/1 a line break in a value", GET + [("x", "a\r\nb: c")])
malformed("8.2.1/2 a NUL in a value", GET + [("x", "a\0b")])
malformed("8.2.1/3 a space in a name", GET + [("x y", "z")], "ANSWER:200")
malformed("8.2.1/4 a colon in a name", GET + [("x:y", "z")], "ANSWER:200")
malformed("8.2.1/5 an empty name", GET + [("", "z")], "GOAWAY:COMPRESSION_ERROR")
malformed("8.2.1/6 a value that begins with a space", GET + [("x", " y")], "ANSWER:200")
malformed("8.2.2/1 connection", GET + [("connection", "keep-alive")])
malformed("8.2.2/2 te other than trailers", GET + [("te", "trailers, deflate")])
malformed("8.2.2/3 transfer-encoding", GET + [("transfer-encoding", "chunked")], "ANSWER:200")
malformed("8.2.2/4 keep-alive", GET + [("keep-alive", "timeout=5")], "ANSWER:200")
malformed("8.2.2/5 upgrade", GET + [("upgrade", "h2c")], "ANSWER:200")
malformed("8.2.2/6 proxy-connection", GET + [("proxy-connection", "keep-alive")], "ANSWER:200")
malformed("8.3/1 an unknown pseudo-header", GET + [(":test", "y")])
malformed("8.3/2 a pseudo-header of answers", GET + [(":status", "200")])
malformed("8.3/3 a pseudo-header behind a field", GET[:3] + [("x", "y")] + GET[3:])
malformed("8.3.1/1 an empty :path", [GET[0], GET[1], (":path", ""), GET[3]])
malformed("8.3.1/2 no :method", GET[1:])
malformed("8.3.1/3 no :scheme", [GET[0], GET[2], GET[3]])
malformed("8.3.1/4 no :path", [GET[0], GET[1], GET[3]])
malformed("8.3.1/5 two :method", [GET[0]] + GET)
malformed("8.3.1/6 two :scheme", [GET[1]] + GET)
malformed("8.3.1/7 two :path", [GET[2]] + GET)
malformed("8.3.1/8 two :authority", [GET[3]] + GET)
malformed("8.3.1/9 :authority and another host", GET + [("host", "other")], "ANSWER:200")
malformed("8.3.1/10 a :path without its slash", [GET[0], GET[1], (":path", "v2"), GET[3]])


@case("8.4/1 PUSH_PROMISE from a client", "PROTOCOL_ERROR")
def _(p):
    p.send(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + block(GET))


@case("8.5/1 CONNECT is not served", "stream PROTOCOL_ERROR", "ANSWER:400", "ANSWER:404", "ANSWER:405", "ANSWER:501")
def _(p):
    p.headers(1, [(":method", "CONNECT"), (":authority", "edged:80")])


# --- RFC 7541, header compression -------------------------------------------------------------------------------------
def compression(name, fields, departs=None):
    case(name, "COMPRESSION_ERROR", departs=departs)(lambda p: p.send(HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + fields))


compression("hpack 2.3.3/1 an index beyond both tables", b"\xc6")
compression("hpack 2.3.3/2 a name's index beyond both tables", b"\x7f\x46\x01y")
compression("hpack 4.2/1 a change of the table's size at the end of a block", b"\x20")
compression("hpack 5.1/1 an integer without end", b"\x00\x7f" + b"\xff" * 20)
compression("hpack 5.2/1 Huffman padding of more than 7 bits", b"\x00\x01x\x82\x1f\xff")
compression("hpack 5.2/2 Huffman padding of zeros", b"\x00\x01x\x81\x18")
compression("hpack 5.2/3 the Huffman code of the end of a string", b"\x00\x01x\x84\xff\xff\xff\xff")
compression("hpack 5.2/4 a string longer than the block", b"\x00\x01x\x10y")
compression("hpack 6.1/1 index 0", b"\x80", "GOAWAY:INTERNAL_ERROR")


@case("hpack 6.3/1 a table's size over SETTINGS_HEADER_TABLE_SIZE", "COMPRESSION_ERROR")
def _(p):
    p.send(HEADERS, END_STREAM | END_HEADERS, 1, b"\x3f\xe2\x1f" + block(GET))


@case("hpack 6.3/2 a table's size within it, at the beginning", "ANSWER:200")
def _(p):
    p.send(HEADERS, END_STREAM | END_HEADERS, 1, b"\x20\x3f\xe1\x1f" + block(GET))


def main(path):
    for name, outcomes, departs, begin, own, work in CASES:
        verdict, seen = judge(path, outcomes, departs, begin, own, work)
        print(name, verdict, seen, "allowed: " + ", ".join(sorted(outcomes)), sep="\t", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
