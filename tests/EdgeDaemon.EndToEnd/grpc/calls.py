"""Calls every RPC of the daemon with Python's grpcio, as tritonclient does: calls.py SOCKET IMAGES GENERATED.

IMAGES holds 64-byte digits; GENERATED is where protoc put the messages. Ends with "all right" or an exception.
"""
import struct
import sys

socket, images_file, generated = sys.argv[1:]
sys.path.insert(0, generated)

import grpc  # noqa: E402
import health_pb2 as health  # noqa: E402
import inference_pb2 as pb  # noqa: E402

channel = grpc.insecure_channel("unix:" + socket)
images = open(images_file, "rb").read()


def unary(name, request, answer, path="/inference.GRPCInferenceService/", **options):
    call = channel.unary_unary(path + name, request_serializer=type(request).SerializeToString, response_deserializer=answer.FromString)
    return call(request, timeout=20, **options)


def refused(code, name, request, answer, path="/inference.GRPCInferenceService/", **options):
    try:
        unary(name, request, answer, path, **options)
    except grpc.RpcError as error:
        assert error.code() == code, (name, error.code(), error.details())
        return error.details()
    raise AssertionError(name + " was answered")


def raw(count, **fields):
    request = pb.ModelInferRequest(model_name="digits", raw_input_contents=[images[:64 * count]], **fields)
    request.inputs.add(name="image", datatype="UINT8", shape=[count, 1, 8, 8])
    return request


def typed(count):
    request = pb.ModelInferRequest(model_name="digits", id="typed")
    request.inputs.add(name="image", datatype="UINT8", shape=[count, 1, 8, 8]).contents.uint_contents.extend(images[:64 * count])
    return request


def infer(request):
    return unary("ModelInfer", request, pb.ModelInferResponse)


assert unary("ServerLive", pb.ServerLiveRequest(), pb.ServerLiveResponse).live
assert unary("ServerReady", pb.ServerReadyRequest(), pb.ServerReadyResponse).ready
assert unary("ModelReady", pb.ModelReadyRequest(name="digits"), pb.ModelReadyResponse).ready
server = unary("ServerMetadata", pb.ServerMetadataRequest(), pb.ServerMetadataResponse)
assert server.name == "edged" and "statistics" in server.extensions and "model_configuration" in server.extensions, server
metadata = unary("ModelMetadata", pb.ModelMetadataRequest(name="digits"), pb.ModelMetadataResponse)
assert metadata.name == "digits" and metadata.platform == "onnxruntime_onnx", metadata
assert list(metadata.inputs[0].shape) == [-1, 1, 8, 8] and metadata.inputs[0].datatype == "UINT8", metadata
version = metadata.versions[0]
config = unary("ModelConfig", pb.ModelConfigRequest(name="digits", version=version), pb.ModelConfigResponse).config
assert config.input[0].data_type == pb.TYPE_UINT8 and list(config.input[0].dims) == [-1, 1, 8, 8], config
assert config.output[0].data_type == pb.TYPE_FP32 and config.backend == "onnxruntime" and config.parameters["labels"].string_value, config
index = unary("RepositoryIndex", pb.RepositoryIndexRequest(), pb.RepositoryIndexResponse)
assert [(model.name, model.version, model.state) for model in index.models] == [("digits", version, "READY")], index

one = infer(raw(1, id="one"))
assert one.model_name == "digits" and one.model_version == version and one.id == "one", one
assert one.outputs[0].datatype == "FP32" and len(one.raw_output_contents) == len(one.outputs), one
assert list(one.outputs[0].shape) == [1, 10] and len(one.raw_output_contents[0]) == 40, one
assert not one.outputs[0].HasField("contents")
many = infer(raw(100))
assert list(many.outputs[0].shape) == [100, 10] and many.raw_output_contents[0][:40] == one.raw_output_contents[0]
assert infer(typed(100)).raw_output_contents[0] == many.raw_output_contents[0]
chosen = raw(1, model_version=version)
chosen.outputs.add(name=one.outputs[0].name)
chosen.parameters["triton_enable_empty_final_response"].bool_param = True
chosen.parameters["timeout"].int64_param = 1000000
chosen.parameters["priority"].uint64_param = 1
assert infer(chosen).raw_output_contents == one.raw_output_contents
copies = 30000 * 64 // len(images)  # About 2 MB: more than a call's window, so that both sides must open it.
several = pb.ModelInferRequest(model_name="digits", raw_input_contents=[images * copies])
several.inputs.add(name="image", datatype="UINT8", shape=[copies * len(images) // 64, 1, 8, 8])
answer = infer(several).raw_output_contents[0]
assert len(answer) == copies * len(images) // 64 * 40 and answer == answer[:len(answer) // copies] * copies and answer.startswith(many.raw_output_contents[0])
large = infer(raw(1, id="x" * 256))
assert large.id == "x" * 256

text = refused(grpc.StatusCode.NOT_FOUND, "ModelInfer", pb.ModelInferRequest(model_name="nobody"), pb.ModelInferResponse)
assert text.startswith("model not found (request "), text
refused(grpc.StatusCode.NOT_FOUND, "ModelReady", pb.ModelReadyRequest(name="digits", version="999"), pb.ModelReadyResponse)
refused(grpc.StatusCode.NOT_FOUND, "ModelReady", pb.ModelReadyRequest(name="../digits"), pb.ModelReadyResponse)
short = raw(2)
short.raw_input_contents[0] = short.raw_input_contents[0][:-1]
assert refused(grpc.StatusCode.INVALID_ARGUMENT, "ModelInfer", short, pb.ModelInferResponse).startswith("unexpected size for input")
both = raw(1)
both.inputs[0].contents.uint_contents.append(1)
refused(grpc.StatusCode.INVALID_ARGUMENT, "ModelInfer", both, pb.ModelInferResponse)
refused(grpc.StatusCode.UNIMPLEMENTED, "RepositoryModelLoad", pb.RepositoryModelLoadRequest(model_name="digits"), pb.RepositoryModelLoadResponse)
refused(grpc.StatusCode.UNIMPLEMENTED, "ModelInfer", raw(1), pb.ModelInferResponse, compression=grpc.Compression.Gzip)
too_large = pb.ModelInferRequest(model_name="digits", raw_input_contents=[bytes(5 << 20)])
refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "ModelInfer", too_large, pb.ModelInferResponse)

stream = channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer", request_serializer=pb.ModelInferRequest.SerializeToString,
                               response_deserializer=pb.ModelStreamInferResponse.FromString)
asked = [raw(1, id="a"), pb.ModelInferRequest(model_name="nobody", id="b"), raw(3, id="c"), short, raw(1, id="e")]
answers = list(stream(iter(asked), timeout=20))
assert [answer.infer_response.id for answer in answers] == ["a", "b", "c", "", "e"], answers
assert [bool(answer.error_message) for answer in answers] == [False, True, False, True, False], answers
assert answers[0].infer_response.raw_output_contents == one.raw_output_contents
assert answers[2].infer_response.raw_output_contents[0] == many.raw_output_contents[0][:120]
try:
    list(stream(iter(asked), timeout=20, metadata=[("triton_grpc_error", "true")]))
    raise AssertionError("a refused request did not end the stream")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.NOT_FOUND, error

before = unary("ModelStatistics", pb.ModelStatisticsRequest(name="digits"), pb.ModelStatisticsResponse).model_stats[0]
for _ in range(10):
    infer(raw(1))
after = unary("ModelStatistics", pb.ModelStatisticsRequest(), pb.ModelStatisticsResponse).model_stats[0]
assert after.name == "digits" and after.version == version and int(version) > 0, after
assert after.inference_count - before.inference_count == 10 and after.execution_count - before.execution_count == 10, (before, after)
stats = after.inference_stats
assert stats.success.count == stats.compute_input.count == stats.compute_infer.count == stats.compute_output.count == after.inference_count, after
assert 0 < stats.compute_infer.ns < stats.success.ns and stats.queue.ns + stats.compute_input.ns + stats.compute_infer.ns + stats.compute_output.ns <= stats.success.ns + 6, after
assert stats.HasField("cache_hit") and stats.HasField("cache_miss") and stats.fail.count == before.inference_stats.fail.count

HEALTH = "/grpc.health.v1.Health/"
assert unary("Check", health.HealthCheckRequest(), health.HealthCheckResponse, HEALTH).status == health.HealthCheckResponse.SERVING
known = health.HealthCheckRequest(service="inference.GRPCInferenceService")
assert unary("Check", known, health.HealthCheckResponse, HEALTH).status == health.HealthCheckResponse.SERVING
refused(grpc.StatusCode.NOT_FOUND, "Check", health.HealthCheckRequest(service="x"), health.HealthCheckResponse, HEALTH)
watch = channel.unary_stream(HEALTH + "Watch", request_serializer=health.HealthCheckRequest.SerializeToString,
                             response_deserializer=health.HealthCheckResponse.FromString)
watching = watch(known)
assert next(watching).status == health.HealthCheckResponse.SERVING
watching.cancel()
unknown = watch(health.HealthCheckRequest(service="x"))
assert next(unknown).status == health.HealthCheckResponse.SERVICE_UNKNOWN
unknown.cancel()
print("all right")
