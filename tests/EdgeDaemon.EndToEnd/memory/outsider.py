"""What is left of a tenant in the daemon's memory, as an outsider would find out: canaries through every door and every way to fail, then a search of the process.

  outsider.py EDGED EDGECTL LIBRARY MODELS SCRATCH [--keep] [--always] [--only TEXT]

MODELS is tests/models of the checkout, SCRATCH an empty folder with a short path. Prints one line of JSON: what was sent (name and what came of it) and what was
found of it at each stage (counts by mapping). --keep turns the daemon's clearing off: everything must be found then. Needs root (pages of another process,
other users), setpriv, python3-onnx, -numpy, -grpcio and -hpack.
"""
import ctypes
import faulthandler
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

import grpc
import numpy
import onnx
from onnx import TensorProto, helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "http2"))
import asks
import wire

EDGED, EDGECTL, LIBRARY, MODELS, SCRATCH = sys.argv[1:6]
KEEP, ALWAYS = "--keep" in sys.argv, "--always" in sys.argv
ONLY = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
OTHER, CLUMSY, POOR = 5002, 5003, 5004
ROWS = 600
random = numpy.random.default_rng()


def at(name):
    return os.path.join(SCRATCH, name)


# --- Models ---------------------------------------------------------------------------------------------------------

def floats(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def constant(name, values, kind=TensorProto.FLOAT):
    return helper.make_tensor(name, kind, [len(values)], values)


def scalar(name, value, kind):
    return helper.make_tensor(name, kind, [], [value])


def model(nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(constants))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


def mirror():
    """y = (x + 1) + 2."""
    return model([helper.make_node("Add", ["x", "a"], ["t"]), helper.make_node("Add", ["t", "b"], ["y"])],
                 [floats("x", "n", 16)], [floats("y", "n", 16)], [constant("a", [1.0]), constant("b", [2.0])])


def slow():
    """y = (x + 1) after n[0] turns of a loop: ended by its deadline, or not at all."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Mul", ["before", "zero"], ["after"])], "body",
        [helper.make_tensor_value_info("turn", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []), floats("before", 1)],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []), floats("after", 1)])
    return model(
        [helper.make_node("Add", ["x", "one"], ["t"]), helper.make_node("Cast", ["n"], ["times_"], to=TensorProto.INT64), helper.make_node("Squeeze", ["times_"], ["times"]),
         helper.make_node("Loop", ["times", "", "zero"], ["nothing"], body=body), helper.make_node("Add", ["t", "nothing"], ["y"])],
        [floats("x", "n_", 16), floats("n", 1)], [floats("y", "n_", 16)], [constant("one", [1.0]), constant("zero", [0.0])])


def picky(factor=1.0):
    """y = (x + 1) * factor, and an error when n[0] is 4 or more."""
    return model(
        [helper.make_node("Add", ["x", "one"], ["t"]), helper.make_node("Cast", ["n"], ["i"], to=TensorProto.INT64), helper.make_node("Gather", ["table", "i"], ["found"]),
         helper.make_node("Mul", ["t", "factor"], ["u"]), helper.make_node("Add", ["u", "found"], ["y"])],
        [floats("x", "n_", 16), floats("n", 1)], [floats("y", "n_", 16)], [constant("one", [1.0]), constant("factor", [factor]), constant("table", [0.0] * 4)])


def patient(factor):
    return model(
        [helper.make_node("Add", ["x", "one"], ["t"]), helper.make_node("Mul", ["n", "zero"], ["z"]), helper.make_node("Mul", ["t", "factor"], ["u"]), helper.make_node("Add", ["u", "z"], ["y"])],
        [floats("x", "n_", 16), floats("n", 1)], [floats("y", "n_", 16)], [constant("one", [1.0]), constant("factor", [factor]), constant("zero", [0.0])])


def swelling():
    """y = x + 1 + the sum of n[0] zeros that are made on the way: wants what the caller says."""
    return model(
        [helper.make_node("Add", ["x", "one"], ["t"]), helper.make_node("Cast", ["n"], ["size"], to=TensorProto.INT64), helper.make_node("Expand", ["zero", "size"], ["many"]),
         helper.make_node("ReduceSum", ["many"], ["sum"], keepdims=0), helper.make_node("Add", ["t", "sum"], ["y"])],
        [floats("x", "n_", 16), floats("n", 1)], [floats("y", "n_", 16)], [constant("one", [1.0]), constant("zero", [0.0])])


def words():
    text = lambda name: helper.make_tensor_value_info(name, TensorProto.STRING, ["n"])
    return model([helper.make_node("Identity", ["x"], ["y"])], [text("x")], [text("y")])


def bundle(name, graphs, inputs, outputs, more="", head=""):
    content = pathlib.Path(at(f"models/{name}/content"))
    content.mkdir(parents=True)
    names = [chr(ord("a") + i) for i in range(len(graphs))]
    for file, graph in zip(names, graphs):
        (content / f"{file}.onnx").write_bytes(graph)
    port = lambda ports: ", ".join(f'{{ name = "{n}", datatype = "{t}", shape = {s} }}' for n, t, s in ports)
    (content / "model.toml").write_text(f"""format = 1
name = "{name}"
version = "1"
sequence = 1
security_floor = 0
created = 2026-11-21T00:00:00Z
inspection.control_flow = true
{head}
file = [{", ".join(f'{{ path = "{n}.onnx", size = {len(g)} }}' for n, g in zip(names, graphs))}]
member = [{", ".join(f'{{ name = "{n}", file = "{n}.onnx" }}' for n in names)}]
input = [{port(inputs)}]
output = [{port(outputs)}]
{more}
""")
    run(EDGECTL, "bundle", "sign", at(f"models/{name}"), "--key", at("K"))


def run(*line):
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{line}: {done.stdout}{done.stderr}")


# --- The daemon -----------------------------------------------------------------------------------------------------

def prepare():
    os.makedirs(at("models"))
    run(EDGECTL, "keygen", "--out", at("K"), "--trust", at("trust.toml"), "--name", "test", "--models", "*")
    both = [("x", "FP32", "[-1, 16]"), ("n", "FP32", "[1]")]
    y = [("y", "FP32", "[-1, 16]")]
    bundle("mirror", [mirror()], both[:1], y)
    bundle("slow", [slow()], both, y)
    bundle("picky", [picky()], both, y)
    bundle("swelling", [swelling()], both, y)
    bundle("strict", [picky(1.0), patient(2.0), patient(3.0)], both, y, '[ensemble]\nrule = "mean"')
    bundle("lenient", [picky(1.0), patient(2.0), patient(3.0)], both, y, '[ensemble]\nrule = "mean"\non_failure = "quorum"\nquorum = 2')
    bundle("words", [words()], [("x", "BYTES", "[-1]")], [("y", "BYTES", "[-1]")])
    os.makedirs(at("models/digits"))
    subprocess.run(["cp", "-r", os.path.join(MODELS, "digits/digits-s25/content"), at("models/digits/content")], check=True)
    run(EDGECTL, "bundle", "sign", at("models/digits"), "--key", at("K"))
    run(EDGECTL, "pki", "init", at("ca"), "--name", "ca")
    run(EDGECTL, "pki", "issue", at("ca"), "--use", "server", "--name", "edge", "--out", at("edge"), "--san", "dns:localhost", "--san", "ip:127.0.0.1")
    run(EDGECTL, "pki", "issue", at("ca"), "--use", "client", "--name", "camera", "--out", at("camera"), "--san", "uri:spiffe://example.com/camera")
    configure()
    run(EDGED, "init", "--config", at("edged.toml"))
    os.chmod(SCRATCH, 0o751)


def configure(removed=False, idle=3600):
    tenant = lambda name, caller, more="": f'[[tenant]]\nname = "{name}"\ncallers = ["{caller}"]\nroles = ["infer", "observe"]\nmodels = ["*"]\n{more}\n'
    with open(at("edged.toml"), "w") as file:
        file.write(f"""format = 1
state_dir = "{SCRATCH}"
trust = "{at('trust.toml')}"
[penalty]
after = 30
[runtime]
library = "{LIBRARY}"
[[listen]]
name = "local"
unix = "{at('i.sock')}"
mode = "0660"
exposes = ["inference"]
[[listen]]
name = "control"
unix = "{at('c.sock')}"
mode = "0600"
exposes = ["control"]
[[listen]]
name = "remote"
tcp = "127.0.0.1:{PORT}"
certificate = "{at('edge.pem')}"
key = "{at('edge.key')}"
client_roots = "{at('ca/root.pem')}"
exposes = ["inference"]
[engine]
lanes = 1
[memory]
clear = "{'always' if ALWAYS else 'switch'}"
idle_seconds = {idle}
[limits]
max_body_bytes = 4194304
min_body_bytes_per_second = 1024
[audit]
segment_bytes = 1048576
min_free_bytes = 0
""")
        file.write(tenant("main", "self") + tenant("other", f"unix:{OTHER}") + tenant("clumsy", f"unix:{CLUMSY}") + tenant("poor", f"unix:{POOR}", "bytes_per_second = 1\nburst_bytes = 1"))
        if not removed:
            file.write(tenant("cameras", "cert:spiffe://example.com/camera"))
    os.chmod(at("edged.toml"), 0o644)


def start():
    environment = dict(os.environ, **({"EDGED_UNSAFE_KEEP_MEMORY": "1"} if KEEP else {}))
    log = open(at("log"), "ab")
    daemon = subprocess.Popen([EDGED, "run", "--config", at("edged.toml")], stderr=log, stdout=log, env=environment)
    for _ in range(600):
        try:
            if door().ask(b"GET /v2/health/ready HTTP/1.1\r\nHost: e\r\n\r\n")[0] == 200:
                return daemon
        except OSError:
            pass
        if daemon.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit("edged did not start: " + open(at("log")).read())


# --- Asking ---------------------------------------------------------------------------------------------------------

def door(tls=False):
    """One HTTP/1.1 connection, over the Unix socket or TLS."""
    if not tls:
        return asks.unix(at("i.sock"))
    context = ssl.create_default_context(cafile=at("ca/root.pem"))
    context.load_cert_chain(at("camera.pem"), at("camera.key"))
    return asks.Connection(context.wrap_socket(socket.create_connection(("127.0.0.1", PORT), 30), server_hostname="localhost"))


def post(name, json_part, tail=b"", more="", length=None):
    head = f"Inference-Header-Content-Length: {len(json_part)}\r\n" if tail else ""
    return f"POST /v2/models/{name}/infer HTTP/1.1\r\nHost: e\r\n{head}{more}Content-Length: {length or len(json_part) + len(tail)}\r\n\r\n".encode() + json_part + tail


def head(size, n=None, rows=ROWS, parameters="", name="x", kind="FP32", binary=True):
    second = "" if n is None else f',{{"name":"n","datatype":"FP32","shape":[1],"data":[{n}]}}'
    wants = '"binary_data_output":true' if binary else ""
    both = ",".join(part for part in (wants, parameters) if part)
    return (f'{{"parameters":{{{both}}},"inputs":[{{"name":"{name}","datatype":"{kind}","shape":[{rows},16],"parameters":{{"binary_data_size":{size}}}}}{second}]}}').encode()


def text(canary, n=None, rows=ROWS, parameters="", end="]}"):
    second = "" if n is None else f',{{"name":"n","datatype":"FP32","shape":[1],"data":[{n}]}}'
    data = ",".join(canary.digits * (rows * 4))
    return (f'{{{parameters}"inputs":[{{"name":"x","datatype":"FP32","shape":[{rows},16],"data":[{data}]}}{second}' + end).encode()


def varint(value):
    out = b""
    while value >= 128:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def message(name, canary, n=None, typed=False, parameters=b"", end=b"", rows=ROWS):
    shape = field(3, varint(rows) + varint(16))
    data = canary.bytes(rows)
    tensor = lambda name, dims, contents=b"": field(5, field(1, name) + field(2, b"FP32") + dims + contents)
    out = field(1, name.encode()) + parameters + tensor(b"x", shape, field(5, field(6, data)) if typed else b"")
    one = b"" if n is None else struct.pack("<f", n)
    if n is not None:
        out += tensor(b"n", field(3, varint(1)), field(5, field(6, one)) if typed else b"")
    if not typed:
        out += field(7, data) + (field(7, one) if n is not None else b"")
    return out + end


def framed(content, flag=0):
    return struct.pack(">BI", flag, len(content)) + content


INFER, STREAM = "/inference.GRPCInferenceService/ModelInfer", "/inference.GRPCInferenceService/ModelStreamInfer"


def channel(tls=False):
    options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    if not tls:
        return grpc.insecure_channel("unix:" + at("i.sock"), options)
    read = lambda name: open(at(name), "rb").read()
    return grpc.secure_channel(f"localhost:{PORT}", grpc.ssl_channel_credentials(read("ca/root.pem"), read("camera.key"), read("camera.pem")), options)


def call(on, content, path=INFER, **more):
    try:
        return 0, on.unary_unary(path)(content, timeout=more.pop("timeout", 30), **more)
    except grpc.RpcError as failure:
        return failure.code().value[0], b""


CALL = [(":method", "POST"), (":scheme", "http"), (":path", INFER), (":authority", "edged"), ("content-type", "application/grpc"), ("te", "trailers")]


def pushed(peer, stream, content, end=True, headers=CALL):
    """A call by hand: frames of 16 KiB within the first window, so that what is not read stays where it is."""
    peer.headers(stream, headers, wire.END_HEADERS)
    for from_ in range(0, len(content), 16000):
        last = end and from_ + 16000 >= len(content)
        peer.send(wire.DATA, wire.END_STREAM if last else 0, stream, content[from_:from_ + 16000])


# --- Canaries -------------------------------------------------------------------------------------------------------

class Canary:
    """Four numbers over and over; whole ones below 2^24, which are the same in FP32 and in decimal text."""

    def __init__(self, name):
        look()
        self.name, self.numbers = name, [int(v) for v in random.integers(2_000_001, 16_000_000, 4)]
        self.digits = [str(v) for v in self.numbers]
        self.texts, self.outcome, self.raw = [], None, None
        sent.append(self)

    def bytes(self, rows=ROWS):
        return numpy.tile(numpy.array(self.numbers, "<f4"), rows * 4).tobytes()

    def needles(self):
        if self.raw is not None:
            return [("text", self.raw)] + [("text as UTF-16", self.raw.decode("latin-1").encode("utf-16-le"))]
        out = []
        for added in range(0, 4):
            made = numpy.array(self.numbers, "<f4") + numpy.float32(added)
            out.append((f"x + {added}", made.tobytes()))
            digits = [str(v + added) for v in self.numbers]
            for joined in (f"{digits[0]},{digits[1]},{digits[2]}", f"{digits[0]}.0,{digits[1]}.0,{digits[2]}"):
                out.append((f"x + {added}, digits", joined.encode()))
                out.append((f"x + {added}, digits as UTF-16", joined.encode("utf-16-le")))
        return out


def look(patience=0.1):
    """With clearing off each is looked for before the next is sent, whose bytes may lie over it: what is not found then, nobody would find cleared either."""
    if KEEP and daemon is not None and daemon.poll() is None:
        time.sleep(patience)
        late = [one for one in sent[-4:] if one.name not in seen]
        seen.update(search(daemon.pid, only=late)["found"] if late else {})


def maps(pid):
    with open(f"/proc/{pid}/maps") as file:
        for line in file:
            ends, mode, rest = line.split(" ", 2)
            if mode[0] == "r" and not line.rstrip().endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                first, last = (int(end, 16) for end in ends.split("-"))
                yield first, last, f"{mode} {rest.split()[-1] if len(rest.split()) > 3 else 'anonymous'}"


def search(pid, stopped=True, only=None):
    """{canary: {what in which mapping: count}} over every page that is there; 'bytes' tells how much that was."""
    by_four, first_two, next_two = {}, numpy.zeros(65536, bool), numpy.zeros(65536, bool)
    for one in sent if only is None else only:
        for what, needle in one.needles():
            by_four.setdefault(needle[:4], []).append((one.name, what, needle))
            first_two[int.from_bytes(needle[:2], "little")] = next_two[int.from_bytes(needle[2:4], "little")] = True
    if stopped:
        os.kill(pid, signal.SIGSTOP)
    found, looked = {}, 0
    try:
        with open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"/proc/{pid}/pagemap", "rb", 0) as pages:
            for first, last, mapping in maps(pid):
                if only is not None and mapping[1] != "w":
                    continue
                there = []
                for from_ in range(first, last, 4096 * 65536):
                    until = min(last, from_ + 4096 * 65536)
                    pages.seek(from_ // 4096 * 8)
                    entries = numpy.frombuffer(pages.read((until - from_) // 4096 * 8), "<u8")
                    for index in numpy.flatnonzero(entries >> numpy.uint64(62)):
                        page = from_ + int(index) * 4096
                        if there and there[-1][1] == page and page - there[-1][0] < 16 << 20:
                            there[-1][1] += 4096
                        else:
                            there.append([page, page + 4096])
                previous = b""
                for begin, end in there:
                    memory.seek(begin)
                    try:
                        block = previous + memory.read(end - begin)
                    except OSError:
                        previous = b""
                        continue
                    looked += end - begin
                    for parity in (0, 1):
                        pairs = numpy.frombuffer(block, "<u2", (len(block) - parity) // 2, parity)
                        for index in numpy.flatnonzero(first_two[pairs[:-1]] & next_two[pairs[1:]]):
                            at_ = parity + 2 * int(index)
                            for name, what, needle in by_four.get(block[at_:at_ + 4], ()):
                                if block.startswith(needle, at_):
                                    counts = found.setdefault(name, {})
                                    counts[f"{what} in {mapping}"] = counts.get(f"{what} in {mapping}", 0) + 1
                    previous = block[-128:]
    finally:
        if stopped:
            os.kill(pid, signal.SIGCONT)
    return {"bytes": looked, "found": found}


# --- The ways in ----------------------------------------------------------------------------------------------------

def through_the_doors(tls):
    """Good requests; the connections are given back open."""
    over = "TLS" if tls else "Unix"
    rest, on = door(tls), channel(tls)
    c = Canary(f"{over}: REST JSON")
    status, body = rest.ask(post("mirror", text(c)))
    c.outcome = [status, len(body)]
    c = Canary(f"{over}: REST binary")
    status, body = rest.ask(post("mirror", head(len(c.bytes())), c.bytes()))
    c.outcome = [status, len(body)]
    c = Canary(f"{over}: REST, chunked")
    json_part = text(c)
    status, body = rest.ask(b"POST /v2/models/mirror/infer HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n" + f"{len(json_part):x}\r\n".encode() + json_part + b"\r\n0\r\n\r\n")
    c.outcome = [status, len(body)]
    rest = door(tls) if status != 200 else rest
    one, two = Canary(f"{over}: REST, first of two at once"), Canary(f"{over}: REST, second of two at once")
    rest.send(post("mirror", head(len(one.bytes())), one.bytes()) + post("mirror", head(len(two.bytes())), two.bytes()))
    one.outcome, two.outcome = [rest.read()[0]], [rest.read()[0]]
    for typed in (False, True):
        c = Canary(f"{over}: gRPC, {'fp32_contents' if typed else 'raw contents'}")
        status, body = call(on, message("mirror", c, typed=typed))
        c.outcome = [status, len(body)]
    c = Canary(f"{over}: gRPC stream")
    status, body = "open", b""
    stream = on.stream_stream(STREAM)(iter([message("mirror", c), message("mirror", c)]), timeout=30)
    c.outcome = [0, sum(len(answer) for answer in stream)]
    c = Canary(f"{over}: ensemble with votes, REST")
    c.outcome = [rest.ask(post("lenient", head(len(c.bytes()), 1, parameters='"votes":true'), c.bytes()))[0]]
    c = Canary(f"{over}: large, REST binary")
    c.outcome = [rest.ask(post("mirror", head(len(c.bytes(30000)), rows=30000), c.bytes(30000)))[0]]
    return rest, on


def through_failures(tls):
    over = "TLS" if tls else "Unix"
    kept = []

    def rest(name, wanted, request, then=None):
        c = Canary(f"{over}: {name}")
        connection = door(tls)
        data = request(c)
        if then is None:
            c.outcome = [connection.ask(data)[0]]
            kept.append(connection)
        else:
            connection.send(data)
            then(connection)
            c.outcome = ["gone"]
        if wanted is not None and c.outcome[0] not in wanted:
            c.outcome.append(f"expected {wanted}")

    size = ROWS * 64
    rest("JSON that ends wrong", (400,), lambda c: post("mirror", text(c, end="}")))
    rest("a shape too small", (400,), lambda c: post("mirror", text(c).replace(b"[600,16]", b"[599,16]")))
    rest("a word among the numbers", (400,), lambda c: post("mirror", text(c).replace(b"]}]}", b',"no"]}]}')))
    rest("another type", (400,), lambda c: post("mirror", head(size, kind="INT32"), c.bytes()))
    rest("another input", (400,), lambda c: post("mirror", head(size, name="z"), c.bytes()))
    rest("an output that is none", (400,), lambda c: post("mirror", text(c, end='],"outputs":[{"name":"none"}]}')))
    rest("a parameter that is none", (200,), lambda c: post("mirror", head(size, parameters='"none":1'), c.bytes()))
    rest("bytes too many", (400,), lambda c: post("mirror", head(size), c.bytes() + b"1234"))
    rest("no such model", (404,), lambda c: post("absent", text(c)))
    rest("content encoding", None, lambda c: post("mirror", text(c), more="Content-Encoding: gzip\r\n"))
    rest("a body too large", (413,), lambda c: post("mirror", text(c), length=64 << 20)[: 1 << 18])
    rest("body cut, closed", None, lambda c: post("mirror", head(size), c.bytes())[:-1000], lambda s: (time.sleep(0.2), s.close()))
    rest("JSON body cut, reset", None, lambda c: post("mirror", text(c))[:-1000], lambda s: (time.sleep(0.2), s.reset()))
    rest("chunked body cut", None, lambda c: b"POST /v2/models/mirror/infer HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n" + text(c)[:40000], lambda s: (time.sleep(0.2), s.close()))
    rest("deadline in its run", (504,), lambda c: post("slow", head(size, 1e9, parameters='"timeout":300000'), c.bytes()))
    rest("deadline, JSON", (504,), lambda c: post("slow", text(c, 1e9, parameters='"parameters":{"timeout":300000},')))
    rest("gone during its run", None, lambda c: post("slow", head(size, 1e9, parameters='"timeout":5000000'), c.bytes()), lambda s: (time.sleep(0.3), s.close()))
    rest("the model fails", (500,), lambda c: post("picky", head(size, 5), c.bytes()))
    rest("the model fails, JSON", (500,), lambda c: post("picky", text(c, 5)))
    rest("a member fails", (500,), lambda c: post("strict", head(size, 5), c.bytes()))
    rest("a member fails, others answer", (200,), lambda c: post("lenient", head(size, 5), c.bytes()))
    rest("a member fails, others answer in JSON", (200,), lambda c: post("lenient", text(c, 5)))
    rest("more memory than ever", (500, 503, 413), lambda c: post("swelling", head(size, 4e8), c.bytes()))
    rest("an answer that nobody reads", None, lambda c: post("mirror", head(len(c.bytes(30000)), rows=30000), c.bytes(30000)), lambda s: (time.sleep(0.5), s.reset()))
    rest("two bodies, the second cut", None, lambda c: post("mirror", head(size), c.bytes()) + post("mirror", head(size), c.bytes())[:20000], lambda s: (time.sleep(0.2), s.reset()))

    # One lane: this one waits, and its time is over before its turn.
    busy, c = door(tls), Canary(f"{over}: deadline while it waits")
    busy.send(post("slow", head(size, 1e9, parameters='"timeout":1500000'), Canary(f"{over}: keeps the lane").bytes()))
    sent[-1].outcome = ["kept it"]
    time.sleep(0.3)
    waits = door(tls)
    c.outcome = [waits.ask(post("slow", head(size, 1, parameters='"timeout":300000'), c.bytes()))[0]]
    left, leaves = Canary(f"{over}: gone while it waits"), door(tls)
    leaves.send(post("slow", head(size, 1, parameters='"timeout":5000000'), left.bytes()))
    time.sleep(0.2)
    leaves.close()
    left.outcome = ["gone"]
    busy.read()
    kept += [busy, waits]

    def one(name, wanted, **how):
        c = Canary(f"{over}: {name}")
        on = channel(tls)
        model_, content = how.pop("model"), how.pop("content", {})
        c.outcome = [call(on, message(model_, c, **content), **how)[0]]
        if wanted is not None and c.outcome[0] not in wanted:
            c.outcome.append(f"expected {wanted}")
        kept.append(on)

    one("gRPC, a message that ends wrong", (3,), model="mirror", content={"end": b"\xff"})
    one("gRPC, contents twice", (3,), model="mirror", content={"end": field(7, b"1234")})
    one("gRPC, deadline", (4,), model="slow", content={"n": 1e9}, timeout=0.4)
    one("gRPC, the model fails", (13,), model="picky", content={"n": 5.0})
    one("gRPC, typed, the model fails", (13,), model="picky", content={"n": 5.0, "typed": True})
    one("gRPC, no such model", (5,), model="absent")
    one("gRPC, compressed", None, model="mirror", compression=grpc.Compression.Gzip)
    c, on = Canary(f"{over}: gRPC, cancelled in its run"), channel(tls)
    future = on.unary_unary(INFER).future(message("slow", c, 1e9), timeout=20)
    time.sleep(0.5)
    future.cancel()
    c.outcome = ["cancelled"]
    c, on = Canary(f"{over}: gRPC stream, cancelled"), channel(tls)
    stream = on.stream_stream(STREAM)(iter([message("mirror", c), message("slow", c, 1e9)]), timeout=20)
    next(stream)
    time.sleep(0.3)
    stream.cancel()
    c.outcome = ["cancelled"]
    on.close()
    return kept


def by_hand():
    """HTTP/2 frames that end before they should, and what is wrong after the data."""
    kept = []

    def one(name, act, path=None):
        c = Canary(f"HTTP/2: {name}")
        peer = wire.Peer(at("i.sock"), own=((4, 1 << 20),))
        peer.window(0, 1 << 20)
        act(peer, c)
        c.outcome = ["gone" if peer.socket.fileno() < 0 else peer.outcome(patience=1.0)]
        kept.append(peer)

    content = lambda c: framed(message("mirror", c))
    one("reset in its message", lambda p, c: (pushed(p, 1, content(c)[:30000], end=False), p.send(wire.RST_STREAM, 0, 1, struct.pack(">I", 8))))
    one("ended in its message", lambda p, c: pushed(p, 1, content(c)[:30000]))
    one("data behind a message", lambda p, c: pushed(p, 1, content(c) + b"more"))
    one("closed in its message", lambda p, c: (pushed(p, 1, content(c)[:30000], end=False), p.close()))
    one("a wrong frame after the data", lambda p, c: (pushed(p, 1, content(c)[:30000], end=False), p.send(wire.SETTINGS, 0, 1, b"12345")))
    one("GOAWAY after the data", lambda p, c: (pushed(p, 1, content(c)[:30000], end=False), p.send(wire.GOAWAY, 0, 0, struct.pack(">II", 0, 0)), p.close()))
    one("a message over the limit", lambda p, c: pushed(p, 1, struct.pack(">BI", 0, 1 << 28) + message("mirror", c)))
    one("data before the model's name, reset", lambda p, c: (pushed(p, 1, framed(field(7, c.bytes()))[:30000], end=False), p.send(wire.RST_STREAM, 0, 1, struct.pack(">I", 8))))
    json_ = [(":method", "POST"), (":scheme", "http"), (":path", "/v2/models/mirror/infer"), (":authority", "edged")]
    one("REST over it", lambda p, c: pushed(p, 1, text(c), headers=json_))
    one("REST over it, reset", lambda p, c: (pushed(p, 1, text(c)[:30000], end=False, headers=json_), p.send(wire.RST_STREAM, 0, 1, struct.pack(">I", 8))))
    one("REST over it, reset in its run", lambda p, c: (pushed(p, 1, text(c, 1e9, parameters='"parameters":{"timeout":3000000},'), headers=[(n, v.replace("mirror", "slow")) for n, v in json_]), time.sleep(0.3), p.send(wire.RST_STREAM, 0, 1, struct.pack(">I", 8))))
    return kept


def as_other(user, requests):
    """Their statuses, asked by a process that is that user to the kernel. Another program, and not a copy of this one: with calls of gRPC open a fork may wait for ever."""
    source = pathlib.Path(asks.__file__).read_text()
    line = ["setpriv", f"--reuid={user}", "--clear-groups", sys.executable, "-c", source, at("i.sock")]
    done = subprocess.run(line, input=b"".join(struct.pack("<Q", len(one)) + one for one in requests), capture_output=True, cwd="/")
    if done.returncode:
        raise SystemExit(f"user {user}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def clumsy():
    """Refused until he is outside: what he sent last lies in a connection that is cut."""
    ones = [Canary(f"penalised: {i}") for i in range(40)]
    for c, outcome in zip(ones, as_other(CLUMSY, [post("mirror", text(c, end="}")) for c in ones])):
        c.outcome = [outcome]
    poor = Canary("a tenant over its rate")
    poor.outcome = as_other(POOR, [post("mirror", head(len(poor.bytes(40000)), rows=40000), poor.bytes(40000))] * 3)


def texts():
    rest, on, count = door(), channel(), 300
    for name, send in {
        "JSON": lambda w: rest.ask(post("words", f'{{"inputs":[{{"name":"x","datatype":"BYTES","shape":[{count}],"data":[{",".join([json.dumps(w)] * count)}]}}]}}'.encode()))[0],
        "JSON with escapes": lambda w: rest.ask(post("words", f'{{"inputs":[{{"name":"x","datatype":"BYTES","shape":[{count}],"data":[{",".join([json.dumps(w + chr(10))] * count)}]}}]}}'.encode()))[0],
        "JSON cut": lambda w: door().ask(post("words", f'{{"inputs":[{{"name":"x","datatype":"BYTES","shape":[{count}],"data":[{",".join([json.dumps(w)] * count)}'.encode()))[0],
        "raw": lambda w: call(on, field(1, b"words") + field(5, field(1, b"x") + field(2, b"BYTES") + field(3, varint(count))) + field(7, (struct.pack("<I", len(w)) + w.encode()) * count))[0],
        "raw, cut": lambda w: call(on, field(1, b"words") + field(5, field(1, b"x") + field(2, b"BYTES") + field(3, varint(count))) + field(7, (struct.pack("<I", len(w)) + w.encode()) * count + b"\1\0\0\0"))[0],
        "bytes_contents": lambda w: call(on, field(1, b"words") + field(5, field(1, b"x") + field(2, b"BYTES") + field(3, varint(count)) + field(5, field(8, w.encode()) * count)))[0],
    }.items():
        c = Canary(f"texts: {name}")
        word = os.urandom(20).hex().upper()
        c.raw = word[20:].encode()  # malloc writes over the beginning of what is freed
        c.outcome = [send(word)]
    return rest, on


def certified():
    c = Canary("certification")
    pixels = random.integers(1, 255, 16, "u1").tobytes()
    c.raw = pixels
    body = (f'{{"parameters":{{"certify":true}},"inputs":[{{"name":"image","datatype":"UINT8","shape":[1,1,8,8],"parameters":{{"binary_data_size":64}}}}]}}').encode()
    status, answer = door().ask(post("digits", body, pixels * 4))
    c.outcome = [status, answer[:80].decode("latin-1")]
    c = Canary("digits")
    c.raw = random.integers(1, 255, 16, "u1").tobytes()
    c.outcome = [door().ask(post("digits", body.replace(b'"certify":true', b""), c.raw * 4))[0]]


def another():
    """The one request of another tenant."""
    body = b'{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,8,8],"parameters":{"binary_data_size":64}}]}'
    status = as_other(OTHER, [post("digits", body, bytes(64))])[0]
    if status != 200:
        raise SystemExit(f"another tenant: {status}")


def calm():
    for _ in range(100):
        control = socket.socket(socket.AF_UNIX)
        control.settimeout(30)
        control.connect(at("c.sock"))
        control.sendall(b"GET /control/status HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n")
        data = b""
        while piece := control.recv(65536):
            data += piece
        if re.search(rb'"requests_in_flight":0\b', data):
            return
        time.sleep(0.1)
    raise SystemExit("requests stay in flight: " + data.decode("latin-1")[-300:])


# --- Stages ---------------------------------------------------------------------------------------------------------

def at_its_end(daemon):
    """The process as it is when it has stopped serving and is about to exit: its memory is still there then (ptrace(2), PTRACE_EVENT_EXIT)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    seize, cont, exits = 0x4206, 7, 0x40
    if libc.ptrace(seize, daemon.pid, None, exits) != 0:
        raise SystemExit("ptrace: " + os.strerror(ctypes.get_errno()))
    os.kill(daemon.pid, signal.SIGTERM)
    while True:
        _, status = os.waitpid(daemon.pid, 0)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            raise SystemExit("gone before it could be looked at")
        if status >> 8 == signal.SIGTRAP | 6 << 8:
            found = search(daemon.pid, stopped=False)
            libc.ptrace(cont, daemon.pid, None, None)
            os.waitpid(daemon.pid, 0)
            daemon.returncode = 0
            return found
        libc.ptrace(cont, daemon.pid, None, os.WSTOPSIG(status) if os.WSTOPSIG(status) != signal.SIGTRAP else None)


def reload_(daemon, **how):
    before = open(at("log")).read().count("configuration reloaded")
    configure(**how)
    os.kill(daemon.pid, signal.SIGHUP)
    for _ in range(200):
        if open(at("log")).read().count("configuration reloaded") > before:
            return
        time.sleep(0.1)
    raise SystemExit("not reloaded: " + open(at("log")).read()[-2000:])


def report(stages, name, result):
    look()
    stages[name] = {"canaries": {c.name: c.outcome for c in sent}, "bytes": result["bytes"], "found": {**seen, **result["found"]}}
    sent.clear()
    seen.clear()


def main():
    global daemon
    prepare()
    stages = {}
    daemon = start()
    try:
        wanted = lambda name: not ONLY or ONLY in name
        if wanted("unix"):
            kept = [through_the_doors(False), through_failures(False), by_hand(), texts(), certified()]
            clumsy()
            calm()
            another()
            report(stages, "unix, connections open", search(daemon.pid))
            del kept
        if wanted("tls"):
            kept = [through_the_doors(True), through_failures(True)]
            calm()
            another()
            result = search(daemon.pid)
            stages["tls, connections open"] = {"canaries": {c.name: c.outcome for c in sent}, "bytes": result["bytes"], "found": {**seen, **result["found"]}}
            for one in kept[0] + tuple(kept[1]):
                one.close()
            time.sleep(1)
            calm()
            another()
            report(stages, "tls, connections closed", search(daemon.pid))
        if wanted("idle") :
            rest = door(True)
            c = Canary("idle expiry")
            c.outcome = [rest.ask(post("mirror", head(len(c.bytes())), c.bytes()))[0]]
            calm()
            stages["at once, nobody else has asked"] = {"canaries": {c.name: c.outcome}, **search(daemon.pid)}
            reload_(daemon, removed=True)
            time.sleep(1)
            report(stages, "its tenant removed", search(daemon.pid))
        if wanted("end"):
            c = Canary("shutdown")
            c.outcome = [door().ask(post("mirror", head(len(c.bytes())), c.bytes()))[0]]
            calm()
            report(stages, "at its end", at_its_end(daemon))
        if wanted("expiry"):
            if daemon.poll() is None:
                daemon.terminate()
                daemon.wait()
            configure(idle=1)
            daemon = start()
            c = Canary("idle expiry")
            c.outcome = [door().ask(post("mirror", head(len(c.bytes())), c.bytes()))[0]]
            time.sleep(4)
            report(stages, "idle for longer than idle_seconds", search(daemon.pid))
    finally:
        if daemon.poll() is None:
            daemon.terminate()
            daemon.wait()
    print(json.dumps(stages))


def stuck(*_):
    faulthandler.dump_traceback()
    said = open(at("log")).read()[-3000:] if os.path.exists(at("log")) else "none"
    print("it waits for what does not come; the daemon's last words:", said, file=sys.stderr, flush=True)
    if daemon is not None:
        daemon.kill()  # It may be what does not answer.
    os._exit(1)


# A wait that never ends must say which one it was, before the test that waits for this gives up.
signal.signal(signal.SIGALRM, stuck)
signal.alarm(540 if KEEP else 340)
faulthandler.dump_traceback_later(570 if KEEP else 370, exit=True)
sent, seen, daemon = [], {}, None
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    PORT = probe.getsockname()[1]
main()
