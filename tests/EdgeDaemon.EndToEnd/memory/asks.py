"""One HTTP/1.1 connection to the daemon; and as a program, for users other than root: asks what comes in, each on a connection of its own.

  asks.py SOCKET    in: requests, each behind its length in eight bytes; out: a JSON list of their statuses, 0 where the connection ended or was silent for 30 seconds, -1 where there was none
"""
import json
import re
import socket
import struct
import sys


class Connection:
    def __init__(self, to):
        self.socket = to
        self.socket.settimeout(30)
        self.kept = b""

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """Status and body; (0, b'') when the connection has ended."""
        try:
            while b"\r\n\r\n" not in self.kept:
                piece = self.socket.recv(65536)
                if not piece:
                    return 0, b""
                self.kept += piece
            head, _, rest = self.kept.partition(b"\r\n\r\n")
            length = int((re.search(rb"(?i)content-length: *(\d+)", head) or [0, 0])[1])
            while len(rest) < length:
                piece = self.socket.recv(65536)
                if not piece:
                    return 0, b""
                rest += piece
            self.kept = rest[length:]
            status = int(head.split()[1])
            return (status, rest[:length]) if status != 100 else self.read()
        except OSError:
            return 0, b""

    def ask(self, data):
        try:
            self.send(data)
        except OSError:
            pass
        return self.read()

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def unix(path):
    to = socket.socket(socket.AF_UNIX)
    to.settimeout(30)
    to.connect(path)
    return Connection(to)


def asks(path):
    statuses = []
    while size := sys.stdin.buffer.read(8):
        request = sys.stdin.buffer.read(struct.unpack("<Q", size)[0])
        try:
            connection = unix(path)
            statuses.append(connection.ask(request)[0])
            connection.close()
        except OSError:
            statuses.append(-1)
    print(json.dumps(statuses))


if __name__ == "__main__":
    asks(sys.argv[1])
