using System.Text.Json;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Answers that nobody reads stay their tenant's: on its account of tensor memory and among its requests in flight, until they have left. The least rate is so low that none of
/// the deaf callers is cut before a test is over.
/// </summary>
[TestClass]
public sealed class UnreadAnswerTests
{
    private const uint Deaf = 61002;
    private const int Rows = 15_000; // 960 KB of input, 240 KB of answer.
    private const long Bound = 4L << 20;

    private static readonly byte[] Rest = Digits.Infer(
        "bench-mlp",
        System.Text.Encoding.UTF8.GetBytes($$$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32","shape":[{{{Rows}}},16],"parameters":{"binary_data_size":{{{Rows * 64}}}}}]}"""),
        new byte[Rows * 64]);

    private static readonly byte[] Grpc = GrpcMessage.Frame(Proto.Join(Proto.Text(1, "bench-mlp"), Proto.Input("x", "FP32", [Rows, 16]), Proto.Field(7, new byte[Rows * 64])));

    [TestMethod]
    [DataRow("http1")]
    [DataRow("calls")]
    [DataRow("streams")]
    public async Task StayOnTheirTenantsAccount_AndAnotherTenantIsServed(string wire)
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        state.Configure(
            $"[engine]\nlanes = 1\n[limits]\nmin_body_bytes_per_second = 1\nmax_body_bytes = 1048576\nmax_tensor_bytes = 16777216\n[penalty]\nafter = 0\n"
            + Tenant("main", "self", "") + Tenant("deaf", $"unix:{Deaf}", $"max_tensor_bytes = {Bound}"),
            inferenceMode: "0660");
        AsUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection main = daemon.Connect();
        Assert.AreEqual(200, main.Ask(Rest).Status);
        long before = daemon.ResidentBytes;
        List<IDisposable> callers = [];
        try
        {
            // One after the other, so that what is refused is refused for what nobody has read, and not for what is under way: 60 answers would be 14 MB.
            for (int i = 0; i < 60; i++)
            {
                long done = Done(daemon);
                AsUser.Run(Deaf, () => Ask(callers, state, wire));
                await Waiting.UntilAsync(() => Done(daemon) > done);
            }

            JsonElement tenant = TenantOf(daemon, "deaf");
            long requests = tenant.GetProperty("usage").GetProperty("requests_in_flight").GetInt64();
            long bytes = tenant.GetProperty("usage").GetProperty("tensor_bytes").GetInt64();
            long refused = tenant.GetProperty("requests").EnumerateObject().Sum(outcome => outcome.Value.GetInt64()) - tenant.GetProperty("requests").GetProperty("ok").GetInt64();
            Assert.IsTrue(requests is > 5 and <= 17, $"{requests} in flight");
            Assert.IsTrue(bytes is > 1 << 20 and <= Bound, $"{bytes} bytes on the account");
            Assert.IsGreaterThan(30, refused);
            Assert.IsLessThan(32L << 20, daemon.ResidentBytes - before);
            for (int i = 0; i < 10; i++)
            {
                Assert.AreEqual(200, main.Ask(Rest).Status);
            }
        }
        finally
        {
            callers.ForEach(caller => caller.Dispose());
        }

        // And all of it comes back when they go.
        await Waiting.UntilAsync(() => TenantOf(daemon, "deaf").GetProperty("usage") is var usage
            && usage.GetProperty("requests_in_flight").GetInt64() == 0 && usage.GetProperty("tensor_bytes").GetInt64() == 0);
        Assert.AreEqual(200, AsUser.Run(Deaf, () =>
        {
            using HttpConnection reads = daemon.Connect();
            return reads.Ask(Rest).Status;
        }));
    }

    // Over HTTP/2 all calls share a connection, whose window (65,535 bytes) nobody opens.
    private static void Ask(List<IDisposable> callers, StateDirectory state, string wire)
    {
        if (wire == "http1")
        {
            var caller = new HttpConnection(state.InferenceSocket);
            callers.Add(caller);
            caller.Send(Rest);
            return;
        }

        if (callers.Count == 0)
        {
            callers.Add(new Http2Connection(state.InferenceSocket));
        }

        var connection = (Http2Connection)callers[0];
        connection.SendBody(connection.Begin(Http2Connection.Call(wire == "calls" ? GrpcMessage.Infer : GrpcMessage.Stream)), Grpc, end: true);
    }

    private static long Done(Daemon daemon) => TenantOf(daemon, "deaf").GetProperty("requests").EnumerateObject().Sum(outcome => outcome.Value.GetInt64());

    private static JsonElement TenantOf(Daemon daemon, string name)
    {
        using HttpConnection control = daemon.ConnectControl();
        return control.Get("/control/tenants").Json.GetProperty("tenants").EnumerateArray().Single(tenant => tenant.GetProperty("name").GetString() == name);
    }

    private static string Tenant(string name, string caller, string more) => $"""

        [[tenant]]
        name = "{name}"
        callers = ["{caller}"]
        roles = ["infer", "observe"]
        models = ["*"]
        {more}

        """;
}
