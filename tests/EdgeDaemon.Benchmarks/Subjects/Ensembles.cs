using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// An ensemble of three equal members against the members alone: what they cost together when every core is busy, and how close one request comes to the
/// best schedule when none is.
/// </summary>
internal static class Ensembles
{
    private const int Members = 3;
    private const int Clients = 8;
    private const double LongSlice = 4;

    /// <param name="held">Members large enough that the wire is nothing beside them; else the figures are only shown.</param>
    public static void Measure(Options options, Workload member, string scratch, ReportFiles report, bool held)
    {
        Options longer = options with { Slice = options.Slice * LongSlice };
        Workload ensemble = member.Times(Members);
        string answer = Path.Combine(scratch, $"{member.Name}.answer");
        int cores = Environment.ProcessorCount;

        // Members take the cores in rounds; the last round may leave some of them idle, and its members are the faster for it.
        int rounds = (Members + cores - 1) / cores;
        int last = Members - ((rounds - 1) * cores);
        using ServerProcess edged = EdgedServer.Start(options, ensemble, scratch, EdgedServer.Prepare(options, ensemble, scratch));
        LoadClient.Raw(longer, member, 1, answer);
        Dictionary<string, List<Slice>> slices = Rounds.Run(
            options.Pairs,
            [
                ("raw, all cores", () => LoadClient.Raw(longer, member, cores, answer)),
                ("raw, last round", () => LoadClient.Raw(longer, member, last, answer)),
                ("edged, 8 clients", () => LoadClient.Served(longer, ensemble, edged, RequestMode.OipRaw, Clients, answer)),
                ("edged, 1 client", () => LoadClient.Served(longer, ensemble, edged, RequestMode.OipRaw, 1, answer)),
            ],
            (name, pair, slice) => report.Add("ensemble", ensemble, name.EndsWith("8 clients", StringComparison.Ordinal) ? Clients : 1, name, pair, slice));
        double[] Of(string name, Func<Slice, double> value) => [.. slices[name].Select(value)];

        double[] raw = Of("raw, all cores", slice => slice.Rate), served = Of("edged, 8 clients", slice => slice.Rate);
        report.Add(new Finding(
            $"ensemble of {Members}, {member.Name}, {Clients} clients", "members/s", Interval.MedianOf(raw), null, Members * Interval.MedianOf(served), "edged / raw",
            Interval.Of([.. served.Zip(raw, (own, alone) => Members * own / alone)]), held ? 0.95 : Finding.NoTarget, AtMost: false));

        // The same as processor time: that of the members alone, of all that a request takes, wire included. A busy machine moves it less.
        double[] cost = Of("raw, all cores", slice => slice.CpuMicroseconds), spent = Of("edged, 8 clients", slice => slice.CpuMicroseconds);
        report.Add(new Finding(
            $"ensemble of {Members}, {member.Name}, {Clients} clients, processor time", "us a request", Members * Interval.MedianOf(cost), null, Interval.MedianOf(spent), "members / edged",
            Interval.Of([.. spent.Zip(cost, (own, alone) => Members * alone / own)]), held ? 0.95 : Finding.NoTarget, AtMost: false));

        double[] best = [.. Of("raw, all cores", slice => slice.P50Microseconds).Zip(Of("raw, last round", slice => slice.P50Microseconds), (full, rest) => ((rounds - 1) * full) + rest)];
        double[] one = Of("edged, 1 client", slice => slice.P50Microseconds);
        report.Add(new Finding(
            $"ensemble of {Members}, {member.Name}, 1 client", "us", Interval.MedianOf(best), null, Interval.MedianOf(one), "edged / best schedule",
            Interval.Of([.. one.Zip(best, (own, schedule) => own / schedule)]), held ? 1.1 : Finding.NoTarget, AtMost: true));
    }
}
