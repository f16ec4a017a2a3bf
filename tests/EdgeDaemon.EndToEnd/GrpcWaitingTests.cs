using System.Diagnostics;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>Calls that wait for a lane: a reset, a deadline and a full queue each end the waiting, and frames are read meanwhile.</summary>
[TestClass]
public sealed class GrpcWaitingTests
{
    private const int Turns = 300_000; // A second or so.
    private static readonly byte[] Request = GrpcMessage.Frame(Proto.Join(Proto.Text(1, "slow"), Proto.Input("x", "FP32", [1]), Proto.Field(7, BitConverter.GetBytes(1f))));

    [TestMethod]
    public async Task Waiting_EndsWithTheCallersLeaving_ItsDeadline_OrAFullQueue()
    {
        using StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "slow", CraftedModels.Loop(Turns), 1 + Turns);
        state.Configure("[engine]\nlanes = 1\nqueue = 1");
        await using Daemon daemon = await Daemon.StartAsync(state);
        using var connection = new Http2Connection(state.InferenceSocket);
        using var other = new Http2Connection(state.InferenceSocket);

        for (int attempt = 0; attempt < 5; attempt++)
        {
            int running = Begin(connection);
            if (!Until("4")) // The lane is taken: a call with a deadline waits in vain.
            {
                connection.Read(running);
                continue;
            }

            int waiting = Begin(connection);
            bool full = Until("14"); // It waits, and there is no room for another.
            connection.Send(Http2Connection.Frame(Http2Connection.Reset, 0, waiting, [0, 0, 0, 8]));
            bool left = Until("4"); // It waits no more: there is room again.
            bool live = other.Ask(Http2Connection.Call(GrpcMessage.Live), GrpcMessage.Frame([])).Status == "0";
            Assert.AreEqual("0", connection.Read(running).Status);
            if (full && left && live)
            {
                return;
            }
        }

        Assert.Fail("the queue did not show what was expected of it in five rounds");

        // Whatever the model was faster than is no answer to the question.
        bool Until(string status)
        {
            var waited = Stopwatch.StartNew();
            string seen = "";
            while (seen != status && seen != "0" && waited.Elapsed < TimeSpan.FromSeconds(10))
            {
                seen = other.Ask(Http2Connection.Call(GrpcMessage.Infer, ("grpc-timeout", "20m")), Request).Status;
            }

            return seen == status;
        }
    }

    private static int Begin(Http2Connection connection)
    {
        int stream = connection.Begin(Http2Connection.Call(GrpcMessage.Infer));
        connection.SendBody(stream, Request, end: true);
        return stream;
    }
}
