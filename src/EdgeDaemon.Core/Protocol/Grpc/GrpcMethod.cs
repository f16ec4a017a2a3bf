namespace EdgeDaemon.Core.Protocol.Grpc;

public enum GrpcMethod
{
    None = 0,
    ServerLive,
    ServerReady,
    ServerMetadata,
    ModelReady,
    ModelMetadata,
    ModelConfig,
    ModelStatistics,
    ModelInfer,
    ModelStreamInfer,
    RepositoryIndex,
    HealthCheck,
    HealthWatch,
}

/// <summary>The paths of the calls that are answered.</summary>
public static class GrpcMethods
{
    public const string InferenceService = "inference.GRPCInferenceService";

    /// <summary>None for every other path, also of services that others have under these names.</summary>
    public static GrpcMethod Of(string path) => path switch
    {
        "/inference.GRPCInferenceService/ModelInfer" => GrpcMethod.ModelInfer,
        "/inference.GRPCInferenceService/ModelStreamInfer" => GrpcMethod.ModelStreamInfer,
        "/inference.GRPCInferenceService/ServerLive" => GrpcMethod.ServerLive,
        "/inference.GRPCInferenceService/ServerReady" => GrpcMethod.ServerReady,
        "/inference.GRPCInferenceService/ServerMetadata" => GrpcMethod.ServerMetadata,
        "/inference.GRPCInferenceService/ModelReady" => GrpcMethod.ModelReady,
        "/inference.GRPCInferenceService/ModelMetadata" => GrpcMethod.ModelMetadata,
        "/inference.GRPCInferenceService/ModelConfig" => GrpcMethod.ModelConfig,
        "/inference.GRPCInferenceService/ModelStatistics" => GrpcMethod.ModelStatistics,
        "/inference.GRPCInferenceService/RepositoryIndex" => GrpcMethod.RepositoryIndex,
        "/grpc.health.v1.Health/Check" => GrpcMethod.HealthCheck,
        "/grpc.health.v1.Health/Watch" => GrpcMethod.HealthWatch,
        _ => GrpcMethod.None,
    };

    /// <summary>The path that a client asks: <see cref="Of"/> the other way round.</summary>
    /// <param name="method">Any but None.</param>
    public static string PathOf(GrpcMethod method) => method switch
    {
        GrpcMethod.HealthCheck => "/grpc.health.v1.Health/Check",
        GrpcMethod.HealthWatch => "/grpc.health.v1.Health/Watch",
        GrpcMethod.None => throw new ArgumentOutOfRangeException(nameof(method)),
        _ => $"/{InferenceService}/{method}",
    };
}
