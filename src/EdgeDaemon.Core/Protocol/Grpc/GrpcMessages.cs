using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>The answers that are no inference, field for field as Triton's protobuf numbers them.</summary>
public static class GrpcMessages
{
    private const long KindCpu = 2; // ModelInstanceGroup.Kind

    /// <summary>ServerLiveResponse, ServerReadyResponse and ModelReadyResponse alike.</summary>
    public static void Flag(ProtobufWriter output, bool value) => output.Bool(1, value);

    public static void ServerMetadata(ProtobufWriter output, string name, string version, ReadOnlySpan<string> extensions)
    {
        output.Text(1, name);
        output.Text(2, version);
        foreach (string extension in extensions)
        {
            output.Element(3, extension);
        }
    }

    public static void ModelMetadata(ProtobufWriter output, ModelDescription model)
    {
        output.Text(1, model.Name);
        output.Element(2, model.Version);
        output.Text(3, model.Platform);
        Tensors(output, 4, model.Inputs);
        Tensors(output, 5, model.Outputs);
    }

    /// <summary>ModelConfigResponse. max_batch_size is 0 and so left out: shapes name every dimension.</summary>
    public static void ModelConfig(ProtobufWriter output, ModelDescription model)
    {
        int config = output.Begin(1);
        output.Text(1, model.Name);
        output.Text(2, model.Platform);
        foreach (TensorDescription input in model.Inputs)
        {
            int start = output.Begin(5);
            output.Text(1, input.Contract.Name);
            output.Number(2, ConfigType(input.Contract.Type));
            output.Number(3, input.Format switch { "FORMAT_NHWC" => 1L, "FORMAT_NCHW" => 2L, _ => 0L });
            output.Packed(4, input.Contract.Shape.AsSpan());
            output.End(start);
        }

        foreach (TensorDescription produced in model.Outputs)
        {
            int start = output.Begin(6);
            output.Text(1, produced.Contract.Name);
            output.Number(2, ConfigType(produced.Contract.Type));
            output.Packed(3, produced.Contract.Shape.AsSpan());
            output.Text(4, produced.LabelFilename ?? "");
            output.End(start);
        }

        if (model.Instances > 0)
        {
            int group = output.Begin(7);
            output.Text(1, model.Name);
            output.Number(2, model.Instances);
            output.Number(4, KindCpu);
            output.End(group);
        }

        if (model.Batching is { } batching)
        {
            int shared = output.Begin(11);
            output.Packed(1, [.. batching.Preferred]);
            output.Number(2, batching.MaxDelayMicroseconds);
            output.End(shared);
        }

        if (model.GraphLevel != 0)
        {
            int optimisation = output.Begin(12);
            int graph = output.Begin(1);
            output.Number(1, model.GraphLevel);
            output.End(graph);
            output.End(optimisation);
        }

        foreach ((string name, string value) in model.Parameters)
        {
            int entry = output.Begin(14);
            output.Text(1, name);
            int parameter = output.Begin(2);
            output.Text(1, value);
            output.End(parameter);
            output.End(entry);
        }

        output.Text(17, model.Backend);
        output.End(config);
    }

    public static void ModelStatistics(ProtobufWriter output, ReadOnlySpan<ModelStatistics> models)
    {
        foreach (ModelStatistics model in models)
        {
            int start = output.Begin(1);
            output.Text(1, model.Name);
            output.Text(2, model.Version);
            output.Number(3, model.LastInference);
            output.Number(4, model.InferenceCount);
            output.Number(5, model.ExecutionCount);
            int durations = output.Begin(6);
            Duration(output, 1, model.Success);
            Duration(output, 2, model.Fail);
            Duration(output, 3, model.Queue);
            Duration(output, 4, model.ComputeInput);
            Duration(output, 5, model.ComputeInfer);
            Duration(output, 6, model.ComputeOutput);
            Duration(output, 7, default);
            Duration(output, 8, default);
            output.End(durations);
            foreach (BatchStatistics batch in model.Batches)
            {
                int size = output.Begin(7);
                output.Number(1, batch.Size);
                Duration(output, 2, batch.ComputeInput);
                Duration(output, 3, batch.ComputeInfer);
                Duration(output, 4, batch.ComputeOutput);
                output.End(size);
            }

            output.End(start);
        }
    }

    public static void RepositoryIndex(ProtobufWriter output, ReadOnlySpan<ModelIndexEntry> models)
    {
        foreach (ModelIndexEntry model in models)
        {
            int start = output.Begin(1);
            output.Text(1, model.Name);
            output.Text(2, model.Version);
            output.Text(3, model.State);
            output.Text(4, model.Reason);
            output.End(start);
        }
    }

    /// <summary>HealthCheckResponse.</summary>
    public static void Health(ProtobufWriter output, HealthStatus status) => output.Number(1, (long)status);

    private static void Tensors(ProtobufWriter output, int field, ImmutableArray<TensorDescription> tensors)
    {
        foreach (TensorDescription tensor in tensors)
        {
            int start = output.Begin(field);
            output.Text(1, tensor.Contract.Name);
            output.Text(2, tensor.Contract.Type.WireName());
            output.Packed(3, tensor.Contract.Shape.AsSpan());
            output.End(start);
        }
    }

    private static void Duration(ProtobufWriter output, int field, StatisticDuration duration)
    {
        int start = output.Begin(field);
        output.Number(1, duration.Count);
        output.Number(2, duration.Nanoseconds);
        output.End(start);
    }

    /// <summary>The number of ModelConfig's DataType.</summary>
    private static long ConfigType(ElementType type) => type switch
    {
        ElementType.Bool => 1,
        ElementType.UInt8 => 2,
        ElementType.UInt16 => 3,
        ElementType.UInt32 => 4,
        ElementType.UInt64 => 5,
        ElementType.Int8 => 6,
        ElementType.Int16 => 7,
        ElementType.Int32 => 8,
        ElementType.Int64 => 9,
        ElementType.Float16 => 10,
        ElementType.Float32 => 11,
        ElementType.Float64 => 12,
        ElementType.Bytes => 13,
        ElementType.BFloat16 => 14,
        _ => 0,
    };
}

/// <summary>The states of <c>grpc.health.v1</c>.</summary>
public enum HealthStatus
{
    Unknown = 0,
    Serving = 1,
    NotServing = 2,
    ServiceUnknown = 3,
}
