using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl model status NAME</c>.</summary>
internal static class ModelStatusCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "The model's name, or its bundle's folder (a refused bundle has only that)." };
        DaemonOptions daemon = DaemonOptions.Control();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("status", "Show one model: state, release, who signed it, its files, and why it is refused when it is.",
            "edgectl model status digits", "edgectl model status digits --json")
        {
            name, json,
        };
        command.ExitNote = "Here 0 means that the model is READY, 1 that it is not or does not exist.";
        daemon.AddTo(command);
        command.SetAction((parsed, cancellation) => daemon.WithAsync(parsed, async (address, token) =>
        {
            using var control = new ControlClient(address, new EdgeClientOptions { BearerToken = token });
            ModelStatus model = await FindAsync(control, parsed.GetRequiredValue(name), cancellation);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(ControlClient.ToJson(model));
            }
            else
            {
                Write(model, output);
            }

            return (int)(model.State == "READY" ? ExitCode.Ok : ExitCode.Failed);
        }, cancellation));
        return command;
    }

    private static async Task<ModelStatus> FindAsync(ControlClient control, string name, CancellationToken cancellation)
    {
        try
        {
            return await ControlRefusal.ExplainAsync("observe", () => control.ModelAsync(name, cancellation));
        }
        catch (EdgeClientException error) when (error.Status == HttpStatusCode.NotFound)
        {
            throw new CtlException($"the daemon has no model and no bundle folder '{name}'; 'edgectl model list' shows what it has", error);
        }
    }

    private static void Write(ModelStatus model, TextWriter output)
    {
        void Line(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                output.WriteLine($"{key,-11}{Printable.Of(value, 1000)}");
            }
        }

        Line("state", model.State);
        Line("reason", model.Reason);
        Line("model", model.Name);
        Line("version", model.Version);
        Line("sequence", model.Sequence?.ToString(CultureInfo.InvariantCulture));
        Line("release", model.ReleaseDigest);
        Line("signed by", string.Join(", ", model.SignedBy ?? []));
        Line("expired", model.Expired == true ? "yes; it goes on because it was in service before" : null);
        Line("folder", model.Folder);
        Line("loaded", model.LoadedAt?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        Line("inferences", model.InferenceCount?.ToString(CultureInfo.InvariantCulture));
        foreach (MemberStatus member in model.Members ?? [])
        {
            Line("member", $"{member.Name}  {member.File}  sha256 {member.Sha256}");
            Line("", member.LastFailureAt is { } last ? StatusCommand.Failures(member.Failed, member.Late, last) : null);
        }

        if (model.Engine is { } engine)
        {
            Line("lanes", $"{engine.Lanes} of {engine.IntraOpThreads} threads, {(engine.SessionPerLane ? "a session each" : "one session")}: {engine.Reason}");
            Line("lost", engine.LanesLost > 0 ? $"{engine.LanesLost} lanes: their runs did not end when told to" : null);
            Line("session", $"optimisation {engine.Optimisation}{(engine.Deterministic ? ", deterministic" : "")}{(engine.DenormalAsZero ? ", denormals as zero" : "")}{(engine.MemoryPattern ? ", memory pattern" : "")}");
        }

        if (model.Probe is { } probe)
        {
            string Figures(double seconds, long bytes) => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.###} ms, {bytes / 1048576.0:0.0} MiB");
            Line("probe", $"load {Figures(probe.LoadSeconds, probe.LoadPeakBytes)}; {probe.SelfTests} self-tests passed");
            foreach (ProbedBatchStatus batch in probe.Batches ?? [])
            {
                Line("probe", $"batch {batch.Size}: {Figures(batch.Seconds, batch.PeakBytes)}");
            }

            Line("probe", probe.Unmeasured);
        }

        if (model.Lineage is { ValueKind: JsonValueKind.Object } lineage)
        {
            foreach (JsonProperty property in lineage.EnumerateObject().Where(property => property.Value.ValueKind != JsonValueKind.Null))
            {
                Line("lineage", $"{property.Name} = {property.Value}");
            }
        }
    }
}
