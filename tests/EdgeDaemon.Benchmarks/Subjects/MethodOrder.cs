using System.Globalization;
using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// Writes the order in which edged's functions are laid out when it is published (src/EdgeDaemon/method-order.txt): that of their calls. A request runs through some 600 of 37,000 functions, once each, and
/// between two requests its client and the model have used the caches: much of what it costs is reaching that code. No figure, and part of no run that does not ask for it.
/// </summary>
internal static class MethodOrder
{
    private const int Passes = 3;
    private const int Requests = 200;

    public static void Write(Options options, string scratch)
    {
        Workload workload = Workload.Mlp(options);
        string configuration = EdgedServer.Prepare(options, workload, scratch);
        string certificates = TlsServers.Certificates(options, scratch);
        var order = new List<string>();
        foreach (RequestMode mode in (RequestMode[])[RequestMode.OipRaw, RequestMode.OipBinary, RequestMode.OipJson, RequestMode.Grpc])
        {
            Append(mode.ToString(), () => EdgedServer.Start(options, workload, scratch, configuration), (edged, requests) => LoadClient.Counted(options, workload, edged, mode, 2, requests));
        }

        Append("mutual TLS", () => TlsServers.StartEdged(options, workload, scratch, certificates), (edged, _) =>
            LoadClient.Tls(options with { Slice = 0.5 }, workload, edged.Id, TlsServers.EdgedAddress, RequestMode.OipRaw, 2, certificates, null));
        File.WriteAllText(options.MethodOrder, string.Join('\n', order) + "\n");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.MethodOrder}: {order.Count} functions; './build.sh publish' lays them out"));

        // Each form of a request adds what those before it did not need. What is not called in every pass is a timer's.
        void Append(string form, Func<ServerProcess> start, Action<ServerProcess, int> ask)
        {
            IReadOnlyList<string>[] passes = [.. Enumerable.Range(0, Passes).Select(_ =>
            {
                using ServerProcess edged = start();
                ask(edged, 20 * Requests); // What happens once has happened then.
                return FirstCalls.During(options, edged, () => ask(edged, Requests));
            })];
            string[] always = [.. passes.Skip(1).Aggregate<IReadOnlyList<string>, IEnumerable<string>>(passes[0], (kept, pass) => kept.Intersect(pass))];
            string[] added = [.. always.Except(order)];
            order.AddRange(added);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{form}: {always.Length} functions, {added.Length} added"));
        }
    }
}
