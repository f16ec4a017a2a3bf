using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class GrpcAnswerTests
{
    [TestMethod]
    [DataRow("application/grpc", true)]
    [DataRow("application/grpc+proto", true)]
    [DataRow("Application/GRPC", true)]
    [DataRow("application/grpc; charset=utf-8", true)]
    [DataRow("application/grpc+json", false)]
    [DataRow("application/grpc-web", false)]
    [DataRow("application/grpcx", false)]
    [DataRow("application/json", false)]
    [DataRow("", false)]
    public void Only_grpc_with_protobuf_is_grpc(string contentType, bool grpc) => Assert.AreEqual(grpc, GrpcAnswer.IsGrpc(contentType));
}
