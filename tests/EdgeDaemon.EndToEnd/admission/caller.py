"""A caller of its own, to be run as another user: what it is told over HTTP/1.1 on a Unix socket, and one line of JSON about it.

  caller.py ask SOCKET REQUEST                          one request: status and headers, or "cut"
  caller.py load SOCKET REQUEST CONNECTIONS BEGIN END   over and over from BEGIN to END (seconds since 1970): answers by status, and those cut
  caller.py hold SOCKET REQUEST MOST                    opens connections until one is cut or there are MOST, asks once on each, holds them until its input ends
"""

import collections
import json
import socket
import sys
import threading
import time


def connect(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(30)
    connection.connect(path)
    return connection


def ask(connection, request, kept):
    """Status and headers; None when the connection was closed."""
    try:
        connection.sendall(request)
        while b"\r\n\r\n" not in kept:
            piece = connection.recv(65536)
            if not piece:
                return None
            kept += piece
        head, _, rest = bytes(kept).partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(rest) < length:
            piece = connection.recv(65536)
            if not piece:
                return None
            rest += piece
        kept[:] = rest[length:]
        return int(lines[0].split()[1]), headers
    except ConnectionError:
        return None


def load(path, request, connections, begin, end):
    counts = collections.Counter()
    guard = threading.Lock()

    def run():
        mine = collections.Counter()
        connection, kept = None, bytearray()
        time.sleep(max(0.0, begin - time.time()))
        while time.time() < end:
            if connection is None:
                try:
                    connection, kept = connect(path), bytearray()
                except OSError:
                    mine["cut"] += 1
                    time.sleep(0.01)
                    continue
            answer = ask(connection, request, kept)
            if answer is None:
                mine["cut"] += 1
                connection.close()
                connection = None
                time.sleep(0.01)
            elif time.time() < end:
                mine[str(answer[0])] += 1
                if answer[1].get("connection") == "close":
                    connection.close()
                    connection = None
        with guard:
            counts.update(mine)

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(counts)


def hold(path, request, most):
    held, statuses = [], collections.Counter()
    while len(held) < most:
        try:
            connection = connect(path)
        except OSError:
            break
        answer = ask(connection, request, bytearray())
        if answer is None:
            break
        statuses[str(answer[0])] += 1
        held.append(connection)
    print(json.dumps(dict(statuses)), flush=True)
    sys.stdin.read()


def main():
    verb, path, file, *rest = sys.argv[1:]
    with open(file, "rb") as source:
        request = source.read()
    if verb == "ask":
        try:
            answer = ask(connect(path), request, bytearray())
        except OSError:
            answer = None
        print(json.dumps("cut" if answer is None else {"status": answer[0], **answer[1]}))
    elif verb == "load":
        print(json.dumps(load(path, request, int(rest[0]), float(rest[1]), float(rest[2]))))
    else:
        hold(path, request, int(rest[0]))


main()
