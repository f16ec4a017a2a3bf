using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Certification;
using EdgeDaemon.Ctl.Certification.Report;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl certify</c>: a data set through the daemon, and a report of what is certified.</summary>
internal static class CertifyCommand
{
    private const string Details =
        """
        Asks the daemon for the smoothed class and the certified radius of every image,
        and writes to the folder of --out, which is made if need be:
          results.csv    a line for each decision, on the disk before the next
          settings.txt   what they are answers to
          report.html    tables and pictures, without scripts or links
          report.svg     the pictures alone
        A run that was stopped or killed goes on where it stood when it is started
        again; with another model or sigma, series are added to the same report. What
        would mix answers to different questions in one series is refused.

        --model may be given several times. NAME stands for all sigmas of --sigma,
        NAME@SIGMA for one. The first series of each sigma is compared with the other
        ones of that sigma, image by image: name the ensemble first, then its members
        as models of their own.

        Labels are one a line, in the order of the images: a class's number or its
        name. Pictures must have the model's size.
        """;

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "A picture file (PGM and PPM may hold several), or a folder of them in the order of their names.", HelpName = "path", Required = true };
        var labels = new Option<string>("--labels") { Description = "The true classes, one a line.", HelpName = "file", Required = true };
        var model = new Option<string[]>("--model") { Description = "A model to certify; may be given several times.", HelpName = "name[@sigma]", Required = true };
        var sigma = new Option<string?>("--sigma") { Description = "Standard deviations of the noise, with commas, for models named without one.", HelpName = "list" };
        var radii = new Option<string>("--radii")
        {
            Description = "Radii to decide, growing, with commas; 'all' that the model offers; 'bound' for one bound over --max-samples samples.", HelpName = "list", DefaultValueFactory = _ => "all",
        };
        Option<double> alpha = NumberOption.Create("--alpha", "The chance of a wrong answer that is taken. Default: the model's.", "p", 0.0, 0.5, 0.0);
        Option<int> maxSamples = NumberOption.Create("--max-samples", "Certification samples of an image, at most. Default: the model's.", "n", 0, int.MaxValue, 0);
        Option<int> timeBudget = NumberOption.Create("--time-budget", "Milliseconds for an image; what is decided by then counts.", "ms", 0, int.MaxValue, 0);
        Option<int> limit = NumberOption.Create("--limit", "Only the first N images.", "n", 1, int.MaxValue, int.MaxValue);
        Option<int> jobs = NumberOption.Create("--jobs", "Images asked for at once.", "n", 1, 64, 2);
        Option<double> timeout = NumberOption.Create("--timeout", "Seconds to wait for an image's answer.", "seconds", 0.001, 86400, 3600);
        var grpc = new Option<bool>("--grpc") { Description = "Speak gRPC instead of REST." };
        var folder = new Option<string>("--out") { Description = "The folder of the report.", HelpName = "dir", Required = true };
        DaemonOptions daemon = DaemonOptions.Inference();
        var command = new CtlCommand(
            "certify", "Certify a data set through the daemon, and report accuracy against radius, samples, abstention and time.",
            "edgectl certify --data heldout.pgm --labels heldout.labels --model digits --sigma 0.25 --out report",
            "edgectl certify --data heldout.pgm --labels heldout.labels --model digits@0.25 --model digits-s50@0.5 --radii 0.1,0.25,0.5 --out report")
        {
            data, labels, model, sigma, radii, alpha, maxSamples, timeBudget, limit, jobs, timeout, grpc, folder,
        };
        daemon.AddTo(command);
        command.Details = Details;
        command.Validators.Add(result => Check(result, model, sigma, radii));
        command.SetAction((parsed, cancellation) => daemon.WithAsync(parsed, async (address, token) =>
        {
            using var client = new EdgeClient(
                address, new EdgeClientOptions { Deadline = TimeSpan.FromSeconds(parsed.GetValue(timeout)), BearerToken = token, Wire = parsed.GetValue(grpc) ? EdgeWire.Grpc : EdgeWire.Rest });
            PictureData pictures = PictureData.Read(parsed.GetRequiredValue(data));
            LabelList truth = LabelList.Read(SafeFileRead.Read(parsed.GetRequiredValue(labels), LabelList.MaxBytes), parsed.GetRequiredValue(labels));
            if (truth.Count != pictures.Count)
            {
                throw new CtlException($"{parsed.GetRequiredValue(labels)} has {truth.Count} labels for {pictures.Count} images; give one a line, in their order");
            }

            ImmutableArray<CertifiedSeries> series = Series(parsed.GetRequiredValue(model), parsed.GetValue(sigma));
            var wish = new Client.Inference.Certification
            {
                EveryRadius = parsed.GetRequiredValue(radii) == "all",
                Radii = parsed.GetRequiredValue(radii) is "all" or "bound" ? [] : Numbers(parsed.GetRequiredValue(radii))!,
                Alpha = parsed.GetValue(alpha) is > 0 and var level ? level : null,
                MaxSamples = parsed.GetValue(maxSamples) is > 0 and var most ? most : null,
                TimeBudget = parsed.GetValue(timeBudget) is > 0 and var budget ? TimeSpan.FromMilliseconds(budget) : null,
            };
            var settings = new RunSettings();
            settings.Set("data.sha256", pictures.Digest);
            settings.Set("data.images", pictures.Count.ToString(CultureInfo.InvariantCulture));
            var models = new Dictionary<string, ModelDescription>();
            foreach (CertifiedSeries one in series)
            {
                // Of each series its own: those that a report has already may have been asked for other radii.
                settings.Set($"{one}.radii", parsed.GetRequiredValue(radii));
                settings.Set($"{one}.alpha", wish.Alpha?.ToString("R", CultureInfo.InvariantCulture) ?? "the model's");
                settings.Set($"{one}.max_samples", wish.MaxSamples?.ToString(CultureInfo.InvariantCulture) ?? "the model's");
                settings.Set($"{one}.time_budget_ms", wish.TimeBudget?.TotalMilliseconds.ToString(CultureInfo.InvariantCulture) ?? "none");
                if (!models.ContainsKey(one.Model))
                {
                    models[one.Model] = await client.DescribeModelAsync(one.Model, cancellation);
                    settings.Set($"{one.Model}.version", models[one.Model].Versions.LastOrDefault() ?? "unknown");
                }
            }

            ImmutableArray<string> names = models[series[0].Model].Labels;
            ImmutableArray<int> classes = truth.Classes(names);
            settings.Set("labels.sha256", LabelDigest(classes));
            string place = parsed.GetRequiredValue(folder);
            MakeFolder(place);
            List<SeriesSummary> summaries;
            using (ResultsFile results = ResultsFile.Open(place))
            {
                settings.Join(place);
                TextWriter error = parsed.InvocationConfiguration.Error;
                var progress = new ProgressBar(error, ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected, TimeProvider.System);
                var run = new CertifyRun(results, (one, image, stop) => AskAsync(client, one, pictures.Input(image, models[one.Model]), wish, image, classes[image], stop), progress);
                await run.RunAsync(series, Math.Min(pictures.Count, parsed.GetValue(limit)), parsed.GetValue(jobs), cancellation);
                summaries = ReportFolder.Write(place, settings, results.Rows, names);
            }

            Print(summaries, place, parsed.InvocationConfiguration.Output);
            return (int)ExitCode.Ok;
        }, cancellation));
        return command;
    }

    private static async Task<CertifiedRow> AskAsync(
        EdgeClient client, CertifiedSeries series, InputTensor input, Client.Inference.Certification wish, int image, int label, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        InferenceAnswer answer = await client.InferAsync(new InferenceRequest(series.Model, [input]) { Certify = wish with { Sigma = series.Sigma } }, cancellation);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        ImmutableArray<CertifiedInput> certified = CertifiedInput.Each(answer);
        return certified is [{ } one] && CertifiedRow.IsWord(one.Stopped)
            ? new CertifiedRow(series, image, label, one.Class ?? -1, one.Radius, one.CertifiedRadius, one.Samples, one.Stopped, milliseconds)
            : throw new CtlException($"the daemon certified {certified.Length} inputs of one, or says in a strange way why it stopped: is it a newer version?");
    }

    private static void Print(List<SeriesSummary> summaries, string place, TextWriter output)
    {
        var table = new TextTable("SERIES", "IMAGES", "CERTIFIED", "WRONG", "ABSTAINED", "RADIUS", "SAMPLES", "MS");
        foreach (SeriesSummary one in summaries)
        {
            table.Add(
                one.Series.ToString(), one.Images.ToString(CultureInfo.InvariantCulture), Share(one.Right), Share(one.Wrong), Share(one.Abstained),
                one.AverageRadius.ToString("0.0000", CultureInfo.InvariantCulture), one.Samples.Average().ToString("0", CultureInfo.InvariantCulture),
                one.Milliseconds.Average().ToString("0.0", CultureInfo.InvariantCulture));

            string Share(int part) => (100.0 * part / one.Images).ToString("0.0", CultureInfo.InvariantCulture) + "%";
        }

        table.Write(output);
        output.WriteLine($"report     {Path.Combine(place, ReportFolder.Page)}");
    }

    private static void MakeFolder(string place)
    {
        try
        {
            Directory.CreateDirectory(place);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CtlException($"the folder {place} cannot be made ({failure.Message}); give another --out", failure);
        }
    }

    private static string LabelDigest(ImmutableArray<int> classes) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(string.Join('\n', classes))));

    private static void Check(CommandResult result, Option<string[]> model, Option<string?> sigma, Option<string> radii)
    {
        if (result.GetValue(sigma) is { } sigmas && Numbers(sigmas) is null)
        {
            result.AddError($"--sigma '{Printable.Of(sigmas)}' is no list of numbers above 0, like 0.25,0.5.");
        }

        if (result.GetValue(radii) is { } list and not ("all" or "bound") && (Numbers(list) is not { } numbers || !numbers.SequenceEqual(numbers.Distinct().Order())))
        {
            result.AddError($"--radii '{Printable.Of(list)}' is no growing list of numbers above 0, like 0.1,0.25,0.5; nor is it 'all' or 'bound'.");
        }

        foreach (string name in result.GetValue(model) ?? [])
        {
            int at = name.LastIndexOf('@');
            if (ModelName.Fault(at < 0 ? name : name[..at]) is { } fault)
            {
                result.AddError($"--model '{Printable.Of(name)}' {fault}.");
            }
            else if (at < 0 ? result.GetValue(sigma) is null : Numbers(name[(at + 1)..]) is not { Length: 1 })
            {
                result.AddError(at < 0 ? $"--model {name} needs a sigma: --sigma 0.25, or --model {name}@0.25." : $"--model '{Printable.Of(name)}' ends with no sigma, like {name[..at]}@0.25.");
            }
        }
    }

    private static ImmutableArray<CertifiedSeries> Series(string[] models, string? sigmas)
    {
        var series = ImmutableArray.CreateBuilder<CertifiedSeries>();
        foreach (string model in models)
        {
            int at = model.LastIndexOf('@');
            foreach (double sigma in Numbers(at < 0 ? sigmas! : model[(at + 1)..])!)
            {
                var one = new CertifiedSeries(at < 0 ? model : model[..at], sigma);
                if (!series.Contains(one))
                {
                    series.Add(one);
                }
            }
        }

        return series.ToImmutable();
    }

    /// <summary>Numbers above 0 with commas between; null for anything else.</summary>
    private static double[]? Numbers(string list)
    {
        string[] parts = list.Split(',');
        double[] numbers = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !(numbers[i] > 0) || !double.IsFinite(numbers[i]))
            {
                return null;
            }
        }

        return numbers;
    }
}
