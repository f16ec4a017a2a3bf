"""What tritonclient.grpc, its C++ sibling and perf_analyzer send over gRPC, and every access to the answers that they do unchecked:
triton_grpc.py SOCKET GENERATED, where GENERATED is where protoc put the messages. The model is that of triton_http.py.
"""
import struct
import sys

path, generated = sys.argv[1:]
sys.path.insert(0, generated)

import grpc  # noqa: E402
import inference_pb2 as pb  # noqa: E402

MOST = 2**31 - 1
# InferenceServerClient.__init__: these options, and no call.
channel = grpc.insecure_channel("unix:" + path, options=[
    ("grpc.max_send_message_length", MOST), ("grpc.max_receive_message_length", MOST), ("grpc.keepalive_time_ms", MOST), ("grpc.keepalive_timeout_ms", 20000),
    ("grpc.keepalive_permit_without_calls", False), ("grpc.http2.max_pings_without_data", 2)])
A, B = list(range(16)), [1] * 16
SUM, DIFFERENCE = [a + b for a, b in zip(A, B)], [a - b for a, b in zip(A, B)]


def call(name, request):
    answer = getattr(pb, name + "Response")
    method = channel.unary_unary("/inference.GRPCInferenceService/" + name, request_serializer=type(request).SerializeToString, response_deserializer=answer.FromString)
    return method(request=request, metadata=(), timeout=20, compression=grpc.Compression.NoCompression)


def infer(outputs=(), **parameters):
    request = pb.ModelInferRequest(model_name="simple", model_version="")
    for name in ("INPUT0", "INPUT1"):
        request.inputs.add(name=name, datatype="INT32", shape=[1, 16])
    request.raw_input_contents.extend([struct.pack("<16i", *A), struct.pack("<16i", *B)])
    for name in outputs:
        request.outputs.add(name=name)
    for name, (kind, value) in parameters.items():
        setattr(request.parameters[name], kind, value)
    return call("ModelInfer", request)


def check(answer, names):
    """as_numpy and InferResultGrpc: raw_output_contents[index] of every output, in order, with nothing in contents."""
    assert [one.name for one in answer.outputs] == list(names) and len(answer.raw_output_contents) == len(answer.outputs), answer
    for index, one in enumerate(answer.outputs):
        assert one.datatype == "INT32" and list(one.shape) == [1, 16] and not one.HasField("contents") and not one.parameters, one
        expected = {"OUTPUT0": SUM, "OUTPUT1": DIFFERENCE}[one.name]
        assert list(struct.unpack("<16i", answer.raw_output_contents[index])) == expected, one.name


# perf_analyzer's order.
metadata = call("ModelMetadata", pb.ModelMetadataRequest(name="simple", version=""))
config = call("ModelConfig", pb.ModelConfigRequest(name="simple", version="")).config
assert config.name == "simple" and config.platform and config.max_batch_size == 0, config
for described, configured in ((metadata.inputs, config.input), (metadata.outputs, config.output)):
    known = {one.name: one for one in described}
    for one in configured:
        assert pb.DataType.Name(one.data_type) == "TYPE_" + known[one.name].datatype and list(one.dims) == list(known[one.name].shape), one
# How it runs: nothing shares a run of this one, and no step of an ensemble is promised that could be asked for.
assert [one.kind for one in config.instance_group] == [pb.ModelInstanceGroup.KIND_CPU] and config.instance_group[0].count >= 1 and not config.HasField("dynamic_batching"), config
assert {"intra_op_thread_count", "enable_mem_arena"} <= set(config.parameters) and config.parameters["enable_mem_arena"].string_value == "0", config
assert "statistics" in call("ServerMetadata", pb.ServerMetadataRequest()).extensions
before = call("ModelStatistics", pb.ModelStatisticsRequest(name="simple", version="")).model_stats[0]
for _ in range(10):
    check(infer(("OUTPUT0", "OUTPUT1"), triton_enable_empty_final_response=("bool_param", False)), ("OUTPUT0", "OUTPUT1"))  # C++ sends it always.
after = call("ModelStatistics", pb.ModelStatisticsRequest(name="simple", version="")).model_stats[0]
assert int(after.version) > 0 and after.inference_count - before.inference_count == 10 and after.execution_count - before.execution_count == 10, after
counts = [getattr(after.inference_stats, one).count - getattr(before.inference_stats, one).count for one in ("compute_input", "compute_infer", "compute_output", "success", "queue")]
assert counts == [10] * 5, counts
assert all(after.inference_stats.HasField(one) for one in ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss")), after

# Python's.
assert call("ServerLive", pb.ServerLiveRequest()).live and call("ServerReady", pb.ServerReadyRequest()).ready
assert call("ModelReady", pb.ModelReadyRequest(name="simple", version="")).ready
check(infer(), ("OUTPUT0", "OUTPUT1"))
check(infer(("OUTPUT1", "OUTPUT0")), [one.name for one in infer(("OUTPUT1", "OUTPUT0")).outputs])
check(infer(timeout=("int64_param", 1000000), priority=("uint64_param", 1), sequence_id=("int64_param", 0)), ("OUTPUT0", "OUTPUT1"))
assert infer().id == ""
print("all right")
