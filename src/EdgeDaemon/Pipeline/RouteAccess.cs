using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Pipeline;

/// <summary>What each route of the protocol asks of its caller, for both wires. What is not named here is nobody's.</summary>
internal static class RouteAccess
{
    public static Access Of(RestRouteKind route) => route switch
    {
        RestRouteKind.ServerLive or RestRouteKind.ServerReady => Access.Public,
        RestRouteKind.ModelInfer => Access.Infer,
        RestRouteKind.ServerMetadata or RestRouteKind.ModelReady or RestRouteKind.ModelMetadata or RestRouteKind.ModelConfig or RestRouteKind.ModelStatistics
            or RestRouteKind.AllStatistics or RestRouteKind.RepositoryIndex => Access.Describe,
        _ => Access.None,
    };

    public static Access Of(GrpcMethod method) => method switch
    {
        GrpcMethod.ServerLive or GrpcMethod.ServerReady or GrpcMethod.HealthCheck or GrpcMethod.HealthWatch => Access.Public,
        GrpcMethod.ModelInfer or GrpcMethod.ModelStreamInfer => Access.Infer,
        GrpcMethod.ServerMetadata or GrpcMethod.ModelReady or GrpcMethod.ModelMetadata or GrpcMethod.ModelConfig or GrpcMethod.ModelStatistics
            or GrpcMethod.RepositoryIndex => Access.Describe,
        _ => Access.None,
    };
}
