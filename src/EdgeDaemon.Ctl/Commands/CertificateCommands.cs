using System.CommandLine;
using System.Globalization;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Ctl.Certification.Replay;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl certificate</c>: robustness certificates read, replayed, and their tables written down.</summary>
internal static class CertificateCommands
{
    private const int Readable = 0b110_100_100;

    private const string VerifyDetails =
        """
        Draws the noise of the certificate again from its seed, runs the bundle's graphs
        over every sample, and compares each count, the deciding look and the radius
        exactly; makes the boundary tables again and proves their error; and holds the
        seal, which the seed makes, against every word. The seed comes from the
        certificate, where it is revealed, or from --seed. Whoever knows it can seal
        anew: what nobody but the daemon can have written is in its audit log.

        The bundle must be the very release that the certificate names. Its signatures
        are not looked at ('edgectl bundle verify' does that): load no bundle that you
        do not trust. --input is the raw elements as they were sent (row-major, little-
        endian), or a picture as 'edgectl infer' takes it.

        The library must be the one that the certificate names: another may round
        otherwise in the last bits, and so may another processor, which is told when
        counts differ. Samples whose runs had failed count against the class; that they
        do not fail again is no difference.
        """;

    public static Command CreateShow()
    {
        Argument<string> file = Certificate();
        var json = new Option<bool>("--json") { Description = "Print the canonical bytes that the digest is over." };
        var command = new CtlCommand("show", "Show what a robustness certificate says, after holding it against itself. Proves nothing; 'certificate verify' does.",
            "edgectl certificate show seven.json")
        {
            file, json,
        };
        command.SetAction(parsed =>
        {
            RobustnessCertificate certificate = Read(parsed.GetRequiredValue(file));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(System.Text.Encoding.UTF8.GetString(certificate.ToCanonicalBytes()));
                return (int)ExitCode.Ok;
            }

            Show(certificate, output);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateVerify()
    {
        Argument<string> file = Certificate();
        var bundle = new Option<string>("--bundle") { Description = "The bundle: a folder with content/ in it.", HelpName = "dir", Required = true };
        var input = new Option<string>("--input") { Description = "The input as it was sent: raw elements, or a picture.", HelpName = "file", Required = true };
        Option<int> index = NumberOption.Create("--index", "Which picture of the file, from 0.", "n", 0, int.MaxValue, 0);
        var seed = new Option<string?>("--seed") { Description = "The noise's seed, 64 hex digits, when the certificate does not reveal it.", HelpName = "hex" };
        var tables = new Option<string?>("--tables") { Description = "A folder of boundary tables ('certificate tables' writes one): making them takes seconds each.", HelpName = "dir" };
        var library = new Option<string>("--library")
        {
            Description = "ONNX Runtime, an absolute path.", HelpName = "file", DefaultValueFactory = _ => RuntimeSettings.DefaultLibrary,
        };
        var pin = new Option<string>("--library-sha256") { Description = "Its digest, when it is not the one that belongs to this edgectl.", HelpName = "hex", DefaultValueFactory = _ => OnnxLibraryPins.Current };
        var command = new CtlCommand(
            "verify", "Draw a certificate's noise and run its model again, and compare everything that it says.",
            "edgectl certificate verify seven.json --bundle digits --input seven.png",
            "edgectl certificate verify seven.json --bundle digits --input heldout.pgm --index 12 --seed 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
        {
            file, bundle, input, index, seed, tables, library, pin,
        };
        command.Details = VerifyDetails;
        command.ExitNote = "Here 0 means that the certificate is true and 1 that something of it is not, which the line on stderr names.";
        command.Validators.Add(result =>
        {
            foreach (Option<string?> option in (Option<string?>[])[seed, pin!])
            {
                if (result.GetValue(option) is { } hex && Sha256Hex.Fault(hex) is { } fault)
                {
                    result.AddError($"{option.Name} {fault}.");
                }
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            RobustnessCertificate certificate = Read(parsed.GetRequiredValue(file));
            using NoiseSeed revealed = CertificateReplay.Seed(certificate, parsed.GetValue(seed));
            using ReplayBundle opened = ReplayBundle.Open(parsed.GetRequiredValue(bundle), certificate);
            byte[] elements = ReplayInput.Read(parsed.GetRequiredValue(input), parsed.GetValue(index), opened.Manifest, certificate.Input);
            string pinned = parsed.GetRequiredValue(pin);
            if (certificate.Engine.Library != pinned)
            {
                throw new CtlException($"engine.library is {certificate.Engine.Library}; here it is {pinned}. Give that library with --library and --library-sha256, if you trust it");
            }

            RadiusLadder? ladder = certificate.Rule.Schedule is null ? null : ReplayTables.Of(certificate, opened.Rules, parsed.GetValue(tables), cancellation);
            using OnnxRuntime runtime = OnnxRuntime.Load(Path.GetFullPath(parsed.GetRequiredValue(library)), pinned, _ => { });
            using var model = new ReplayModel(runtime, opened, certificate);
            string? elsewhere = certificate.Engine.Processor == ProcessorKind.Text
                ? null
                : $"it was made on a processor with '{Printable.Of(certificate.Engine.Processor)}' and this one has '{ProcessorKind.Text}'";
            var replay = new CertificateReplay(certificate, ladder, elsewhere);
            replay.Run(model, revealed, elements, cancellation);
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"true       {certificate.Noise.Count} samples drawn and run again, {(replay.HadFailures ? "no count above what comes out; samples that had failed stand against the class" : "every count the same")}");
            Show(certificate, output);
            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    public static Command CreateTables()
    {
        Argument<string> file = Certificate();
        var folder = new Option<string>("--out") { Description = "A folder, which is made if need be.", HelpName = "dir", Required = true };
        var command = new CtlCommand(
            "tables", "Make a certificate's boundary tables again and write each as DIGEST.bnd, for whoever wants to compute their error independently.",
            "edgectl certificate tables seven.json --out tables")
        {
            file, folder,
        };
        command.SetAction((parsed, cancellation) =>
        {
            RobustnessCertificate certificate = Read(parsed.GetRequiredValue(file));
            if (certificate.Rule.Schedule is null)
            {
                throw new CtlException("the certificate rests on a Clopper-Pearson bound, which has no tables");
            }

            RadiusLadder ladder = ReplayTables.Of(certificate, rules: null, folder: null, cancellation);
            string place = parsed.GetRequiredValue(folder);
            Directory.CreateDirectory(place);
            for (int i = 0; i < ladder.Count; i++)
            {
                string path = Path.Combine(place, $"{ReplayTables.Digest(ladder[i])}.bnd");
                DurableFile.Write(path, ladder[i].ToFile(), Readable);
                parsed.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"radius {ladder.Radii[i]:R}  error {ladder[i].CertifyError:g6}  {path}"));
            }

            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    private static Argument<string> Certificate() => new("certificate") { Description = "The certificate, a JSON file." };

    private static RobustnessCertificate Read(string file) => RobustnessCertificate.Parse(SafeFileRead.Read(file, RobustnessCertificate.MaxBytes), file);

    private static void Show(RobustnessCertificate certificate, TextWriter output)
    {
        CertificateResult result = certificate.Result;
        CertificateNoise noise = certificate.Noise;
        output.WriteLine($"digest     {certificate.Digest()}");
        output.WriteLine($"model      {Printable.Of(certificate.Model.Name)} version {Printable.Of(certificate.Model.Version)}, release {certificate.Model.Release}");
        output.WriteLine($"input      {Printable.Of(certificate.Input.Name)} {certificate.Input.Type.WireName()} [{string.Join(',', certificate.Input.Shape)}], {certificate.Input.Sha256}");
        output.WriteLine(result.Abstained
            ? $"result     abstained ({CertificateWords.Of(result.Stopped)}); nothing is certified"
            : string.Create(CultureInfo.InvariantCulture, $"result     class {result.Class}, against every change below {result.Radius:R} in l2 ({result.InputRadius:R} in units of the input)"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wrong      with a probability of at most {certificate.Rule.Alpha:R}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"noise      {Printable.Of(noise.Sampler)}, {CertificateWords.Of(noise.Kind)}, sigma {noise.Sigma:R}; seed {(noise.Seed is null ? "not revealed" : "revealed")}"));
        output.WriteLine($"samples    {certificate.Selection.Samples} chose, {certificate.Certification.Samples} certify, {certificate.Certification.Of(result.Class)} of them for the class"
            + (result.Class == Votes.None || result.Abstained ? "" : $"; decided after {result.Samples} with {result.Agreements}"));
        foreach (LadderStep step in certificate.Ladder)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"asked      radius {step.Radius:R}, table {step.Table}"));
        }
    }
}
