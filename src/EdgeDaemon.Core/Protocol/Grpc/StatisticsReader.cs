using System.Collections.Immutable;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>ModelStatisticsResponse, read: the client's side of <see cref="GrpcMessages.ModelStatistics"/>.</summary>
public static class StatisticsReader
{
    /// <exception cref="RefusedException">The encoding is broken.</exception>
    public static ImmutableArray<ModelStatistics> Read(ReadOnlySpan<byte> message)
    {
        var models = ImmutableArray.CreateBuilder<ModelStatistics>();
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            if (fields.Is(1, WireType.Delimited))
            {
                models.Add(Model(fields.Content));
            }
        }

        return models.ToImmutable();
    }

    private static ModelStatistics Model(ReadOnlySpan<byte> message)
    {
        var model = new ModelStatistics("", "");
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            model = (fields.Field, fields.Wire) switch
            {
                (1, WireType.Delimited) => model with { Name = GrpcAnswers.Text(fields.Content) },
                (2, WireType.Delimited) => model with { Version = GrpcAnswers.Text(fields.Content) },
                (3, WireType.Varint) => model with { LastInference = fields.Number },
                (4, WireType.Varint) => model with { InferenceCount = fields.Number },
                (5, WireType.Varint) => model with { ExecutionCount = fields.Number },
                (6, WireType.Delimited) => Durations(model, fields.Content),
                (7, WireType.Delimited) => model with { Batches = model.Batches.Add(Batch(fields.Content)) },
                _ => model,
            };
        }

        return model;
    }

    private static ModelStatistics Durations(ModelStatistics model, ReadOnlySpan<byte> message)
    {
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            if (fields.Wire != WireType.Delimited)
            {
                continue;
            }

            StatisticDuration duration = Duration(fields.Content);
            model = fields.Field switch
            {
                1 => model with { Success = duration },
                2 => model with { Fail = duration },
                3 => model with { Queue = duration },
                4 => model with { ComputeInput = duration },
                5 => model with { ComputeInfer = duration },
                6 => model with { ComputeOutput = duration },
                _ => model,
            };
        }

        return model;
    }

    private static BatchStatistics Batch(ReadOnlySpan<byte> message)
    {
        BatchStatistics batch = default;
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            batch = (fields.Field, fields.Wire) switch
            {
                (1, WireType.Varint) => batch with { Size = fields.Number },
                (2, WireType.Delimited) => batch with { ComputeInput = Duration(fields.Content) },
                (3, WireType.Delimited) => batch with { ComputeInfer = Duration(fields.Content) },
                (4, WireType.Delimited) => batch with { ComputeOutput = Duration(fields.Content) },
                _ => batch,
            };
        }

        return batch;
    }

    private static StatisticDuration Duration(ReadOnlySpan<byte> message)
    {
        ulong count = 0, nanoseconds = 0;
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            count = fields.Is(1, WireType.Varint) ? fields.Number : count;
            nanoseconds = fields.Is(2, WireType.Varint) ? fields.Number : nanoseconds;
        }

        return new StatisticDuration(count, nanoseconds);
    }
}
