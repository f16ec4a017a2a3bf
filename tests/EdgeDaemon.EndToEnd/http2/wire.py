"""HTTP/2 frames by hand over a Unix socket, header blocks by python3-hpack: what conformance.py says its cases with."""
import socket
import struct
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIES = 1, 1, 4, 8, 32
CODES = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM",
         "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"]
GET = [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), (":authority", "edged")]
POST = [(":method", "POST"), (":scheme", "http"), (":path", "/v2/models/digits/infer"), (":authority", "edged"), ("inference-header-content-length", "0")]


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return b"".join(struct.pack(">HI", key, value) for key, value in pairs)


def block(headers):
    """A header block that leaves no trace in a dynamic table."""
    def text(value):
        value = value if isinstance(value, bytes) else value.encode()
        length = len(value)
        if length < 127:
            return bytes([length]) + value
        head, length = [127], length - 127
        while length >= 128:
            head.append(length & 127 | 128)
            length >>= 7
        return bytes(head + [length]) + value
    return b"".join(b"\0" + text(name) + text(value) for name, value in headers)


class Peer:
    """One connection. The daemon's settings are acknowledged when it begins; windows are not opened unless a case does."""

    def __init__(self, path, begin=True, own=()):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.decoder = hpack.Decoder()
        self.buffer, self.closed, self.seen = b"", False, []
        if begin:
            self.raw(PREFACE + frame(SETTINGS, 0, 0, settings(*own)))
            self.until(lambda kind, flags, stream, payload: kind == SETTINGS and flags & ACK)

    def raw(self, data):
        try:
            self.socket.settimeout(5)
            self.socket.sendall(data)
        except OSError:
            pass  # Closed already: what came before it tells.

    def send(self, kind, flags, stream, payload=b""):
        self.raw(frame(kind, flags, stream, payload))

    def headers(self, stream, headers=GET, flags=END_STREAM | END_HEADERS):
        self.send(HEADERS, flags, stream, block(headers))

    def next(self, patience=3.0):
        """(kind, flags, stream, payload), or None: closed, or silent for so long."""
        end = time.monotonic() + patience
        while True:
            if len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + length:
                    kind, flags, stream = self.buffer[3], self.buffer[4], int.from_bytes(self.buffer[5:9], "big") & 0x7fffffff
                    payload, self.buffer = self.buffer[9:9 + length], self.buffer[9 + length:]
                    if kind == SETTINGS and not flags & ACK:
                        self.send(SETTINGS, ACK, 0)
                    self.seen.append((kind, flags, stream, payload))
                    return self.seen[-1]
            left = end - time.monotonic()
            if self.closed or left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                piece = self.socket.recv(65536)
                self.closed = not piece
                self.buffer += piece
            except socket.timeout:
                return None
            except OSError:
                self.closed = True

    def until(self, enough, patience=3.0):
        while (one := self.next(patience)) is not None:
            if enough(*one):
                return one
        return None

    def status(self, payload):
        return dict((str(name), str(value)) for name, value in self.decoder.decode(payload)).get(":status", "?")

    def outcome(self, stream=1, patience=3.0):
        """What the daemon does: GOAWAY:code, RST:code, ANSWER:status (to its end), CLOSE, or SILENCE. A GOAWAY must be followed by the end."""
        status = None
        while (one := self.next(patience)) is not None:
            kind, flags, on, payload = one
            if kind == GOAWAY:
                while self.next(patience) is not None:
                    pass
                code = CODES[int.from_bytes(payload[4:8], "big")]
                return "GOAWAY:" + code if self.closed else "GOAWAY:" + code + ", but open"
            if kind == RST_STREAM and on == stream:
                return "RST:" + CODES[int.from_bytes(payload, "big")]
            if kind == HEADERS:
                status = self.status(payload) if on == stream else status
            if kind in (HEADERS, DATA) and on == stream and flags & END_STREAM:
                return "ANSWER:" + status
        return "CLOSE" if self.closed else "SILENCE"

    def serves(self, stream):
        """A good request on this connection is answered; where a stream alone may be ended, the others must go on."""
        self.headers(stream)
        return self.outcome(stream)

    def window(self, stream, increment):
        self.send(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))

    def close(self):
        self.socket.close()
