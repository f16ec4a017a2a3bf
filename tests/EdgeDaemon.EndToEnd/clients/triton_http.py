"""What tritonclient (Python and C++) and perf_analyzer send over HTTP, and every access to the answers that they do unchecked: triton_http.py SOCKET.

The model is Triton's example "simple": INT32 INPUT0 and INPUT1 of [1,16], OUTPUT0 their sum, OUTPUT1 their difference. The clients themselves
speak to a host and a port alone; this says the same over the Unix socket. Ends with "all right" or an exception.
"""
import http.client
import json
import socket
import struct
import sys
from urllib.parse import quote

PATH = sys.argv[1]
A, B = list(range(16)), [1] * 16
STATISTICS = ["success", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"]


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(PATH)


connection = Connection("edged")


def ask(method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def get(path):
    answer, body = ask("GET", path)
    assert answer.status == 200, (path, answer.status, body)
    return json.loads(body)


def tensor(name, values, binary):
    one = {"name": name, "shape": [1, 16], "datatype": "INT32"}
    if binary:
        one["parameters"] = {"binary_data_size": 64}
    else:
        one["data"] = values
    return one


def infer(head, binary, headers=None, tell=None):
    """As both clients: the head's length is told when there is anything binary (Python), or always (C++: tell)."""
    text = json.dumps(head).encode()
    body = text + (struct.pack("<32i", *A, *B) if binary else b"")
    headers = dict(headers or {})
    if binary or tell:
        headers["Inference-Header-Content-Length"] = len(text)
    answer, body = ask("POST", "/v2/models/%s/infer" % quote("simple"), body, headers)
    assert answer.status == 200, (answer.status, body)
    return answer, body


def outputs(answer, body):
    """InferResult of both: the header decides, then a "parameters" must have a binary_data_size, and the bytes lie in order."""
    length = answer.getheader("Inference-Header-Content-Length")
    head = json.loads(body if length is None else body[:int(length)])
    at, found = 0 if length is None else int(length), {}
    for output in head["outputs"]:
        assert output["datatype"] == "INT32" and output["shape"] == [1, 16], output
        if "parameters" in output:
            size = output["parameters"]["binary_data_size"]
            found[output["name"]] = list(struct.unpack("<16i", body[at:at + size]))
            at += size
        else:
            found[output["name"]] = output["data"]
    assert length is None or at == len(body), "bytes that no output names"
    return head, found


SUM, DIFFERENCE = [a + b for a, b in zip(A, B)], [a - b for a, b in zip(A, B)]
BOTH = {"OUTPUT0": SUM, "OUTPUT1": DIFFERENCE}

# tritonclient.http: is_server_live, is_server_ready, is_model_ready look at the status alone.
for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/simple/ready", "/v2/models/simple/versions/1/ready"):
    assert ask("GET", path)[0].status == 200, path
assert ask("GET", "/v2/models/nobody/ready")[0].status != 200
server = get("/v2")
assert isinstance(server["name"], str) and isinstance(server["version"], str) and isinstance(server["extensions"], list), server
answer, body = ask("POST", "/v2/repository/index", "")  # An empty body, not {}.
assert answer.status == 200 and {"name": "simple", "version": "1", "state": "READY", "reason": ""} in json.loads(body), body

# Python's infer: no Content-Type, request_id only when given, and binary_data_output when no output is asked for.
answer, body = infer({"inputs": [tensor("INPUT0", A, True), tensor("INPUT1", B, True)], "parameters": {"binary_data_output": True}}, True)
head, found = outputs(answer, body)
assert found == BOTH and [one["name"] for one in head["outputs"]] == ["OUTPUT0", "OUTPUT1"] and "id" not in head, head
assert all("parameters" in one for one in head["outputs"]), head
asked = [{"name": "OUTPUT1", "parameters": {"binary_data": True}}, {"name": "OUTPUT0", "parameters": {"binary_data": False}}]
answer, body = infer({"id": "7", "inputs": [tensor("INPUT0", A, True), tensor("INPUT1", B, True)], "outputs": asked}, True)
head, found = outputs(answer, body)
assert found == BOTH and head["id"] == "7", head
assert {one["name"]: "parameters" in one for one in head["outputs"]} == {"OUTPUT1": True, "OUTPUT0": False}, head
answer, body = infer({"inputs": [tensor("INPUT0", A, False), tensor("INPUT1", B, False)], "outputs": [{"name": "OUTPUT0", "parameters": {"binary_data": False}}],
                      "parameters": {"priority": 1, "timeout": 1000000, "sequence_id": 0, "sequence_start": False, "sequence_end": False}}, False)
assert answer.getheader("Inference-Header-Content-Length") is None and outputs(answer, body)[1] == {"OUTPUT0": SUM}

# C++'s infer: id always there and perhaps empty, the head's length always told, a content type, no Expect, its user agent.
agent = {"User-Agent": "libcurl-agent/1.0"}
answer, body = infer({"id": "", "inputs": [tensor("INPUT0", A, False), tensor("INPUT1", B, False)],
                      "outputs": [{"name": "OUTPUT0", "parameters": {"binary_data": False}}, {"name": "OUTPUT1", "parameters": {"binary_data": False}}]},
                     False, agent | {"Content-Type": "application/json"}, tell=True)
head, found = outputs(answer, body)
assert found == BOTH and head["id"] == "" and head["model_name"] == "simple" and head["model_version"] == "1", head
assert not any("parameters" in one for one in head["outputs"]), "a parameters object without binary_data_size breaks the C++ client"
answer, body = infer({"id": "", "inputs": [tensor("INPUT0", A, True), tensor("INPUT1", B, True)],
                      "outputs": [{"name": "OUTPUT0", "parameters": {"binary_data": True}}, {"name": "OUTPUT1", "parameters": {"binary_data": True}}],
                      "parameters": {"triton_enable_empty_final_response": False}}, True, agent | {"Content-Type": "application/octet-stream"}, tell=True)
assert outputs(answer, body)[1] == BOTH

# Whatever is no 200 carries JSON with an error; names are quoted, a slash is not.
for name in ("nobody", "a b", "a/b", "ä", "..", "%"):
    answer, body = ask("POST", "/v2/models/%s/infer" % quote(name), "{}")
    assert answer.status == 404 and isinstance(json.loads(body)["error"], str), (name, answer.status, body)
answer, body = ask("POST", "/v2/models/simple/infer", "{}")
assert answer.status == 400 and isinstance(json.loads(body)["error"], str), body

# perf_analyzer: metadata, config, server metadata, statistics before and after, and never health. First of all a fresh connection.
connection.close()
metadata = get("/v2/models/simple")
config = get("/v2/models/simple/config")
assert "ensemble_scheduling" not in config and config["name"] == "simple" and config["platform"], config
for kind in ("input", "output"):
    described = {one["name"]: one for one in metadata[kind + "s"]}
    for one in config[kind]:
        assert one["data_type"] == "TYPE_" + described[one["name"]]["datatype"], one
        assert [int(dimension) for dimension in one["dims"]] == described[one["name"]]["shape"], "max_batch_size is 0: the shapes are the same"
assert int(config["max_batch_size"]) == 0
assert "response_cache" not in config or "enable" in config["response_cache"]
assert "model_transaction_policy" not in config or "decoupled" in config["model_transaction_policy"]
assert "statistics" in get("/v2")["extensions"]


def statistics():
    answer = get("/v2/models/simple/stats")
    for one in answer["model_stats"]:
        assert isinstance(one["name"], str) and isinstance(one["version"], str) and int(one["version"]) > 0, one
        assert type(one["inference_count"]) is int and type(one["execution_count"]) is int, one
        for member in STATISTICS:
            count, ns = one["inference_stats"][member]["count"], one["inference_stats"][member]["ns"]
            assert type(count) is int and type(ns) is int, (member, one)
    return answer["model_stats"][0]


before = statistics()
for _ in range(25):
    infer({"id": "", "inputs": [tensor("INPUT0", A, True), tensor("INPUT1", B, True)]}, True, agent, tell=True)
after = statistics()
gained = {member: after["inference_stats"][member]["count"] - before["inference_stats"][member]["count"] for member in STATISTICS}
assert after["inference_count"] - before["inference_count"] == 25 and after["execution_count"] - before["execution_count"] == 25, (before, after)
assert gained["compute_input"] == gained["compute_infer"] == gained["compute_output"] == gained["success"] == gained["queue"] == 25, gained
assert gained["cache_hit"] == gained["cache_miss"] == 0, gained
print("all right")
