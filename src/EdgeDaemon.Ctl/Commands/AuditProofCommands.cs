using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit prove</c> and <c>edgectl audit check-proof</c>: one record, for somebody who is not to see the others.</summary>
internal static class AuditProofCommands
{
    private const int Readable = 0b110_100_100; // 0644
    private const int MaxEpochsBytes = 512 << 20;
    private const string EpochsSuffix = ".epochs";

    public static Command CreateProve()
    {
        var record = new Argument<long>("sequence") { Description = "The record's, as 'query' and 'export' show it." };
        Option<string> spool = AuditSpoolOption.Create();
        Option<string> key = AuditKeyOption.Create();
        var under = new Option<string?>("--checkpoint") { Description = "Prove it under this checkpoint instead of the newest, for somebody who has kept that one.", HelpName = "file" };
        var outFile = new Option<string?>("--out") { Description = "Where the proof goes. Default: record-N.tlog-proof in the working directory.", HelpName = "file" };
        var command = new CtlCommand(
            "prove",
            "Prove one record to somebody who has the first public key, without showing the others.",
            "edgectl audit prove 1234 --key first.vkey --out incident-7.tlog-proof",
            "edgectl audit check-proof incident-7.tlog-proof --key first.vkey")
        {
            record, spool, key, under, outFile,
        };
        command.Details =
            """
            The file is a C2SP tlog-proof: the record's bytes (sequence, time, fields), the
            hashes that lead from it to the tree's root, and the signed checkpoint with that
            root. FILE.epochs beside it has the certificates that lead from the first key
            to the one that signed; the two go together. The log is verified before.
            """;
        command.SetAction((parsed, cancellation) =>
        {
            long sequence = parsed.GetRequiredValue(record);
            using NoteVerifier first = VkeyFile.Read(parsed.GetRequiredValue(key));
            var folder = new SpoolFolder(parsed.GetRequiredValue(spool));
            SignedNote note = parsed.GetValue(under) is { } kept
                ? NoteFile.Read(kept)
                : Newest(folder, first, sequence, parsed.InvocationConfiguration.Error, cancellation);
            using SpoolReader reader = AuditSpoolOption.Open(parsed, spool, goOn: false);
            TlogProof proof = ProofMaker.Make(reader, sequence, note);
            byte[] epochs = [.. EpochChain.Leading(folder.Epochs(), Checkpoint.Of(note).Epoch + 1)]; // And the one by which that epoch ended.

            // What check-proof would refuse is not handed out.
            ProofCheck.Judge(proof, first, epochs);
            string path = parsed.GetValue(outFile) ?? string.Create(CultureInfo.InvariantCulture, $"record-{sequence}.tlog-proof");
            DurableFile.Write(path, proof.Write(), Readable);
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"proof        {path} (record {sequence} under the checkpoint of {Checkpoint.Of(note).Size} records)"));
            if (epochs.Length > 0)
            {
                DurableFile.Write(path + EpochsSuffix, epochs, Readable);
                output.WriteLine($"epochs       {path}{EpochsSuffix} (goes with it)");
            }

            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    public static Command CreateCheck()
    {
        var file = new Argument<string>("proof") { Description = "The proof's file." };
        Option<string> key = AuditKeyOption.Create();
        var epochs = new Option<string?>("--epochs") { Description = "The epochs' certificates. Default: the proof's name with .epochs behind it, where that is there.", HelpName = "file" };
        var json = new Option<bool>("--json") { Description = "Print the record as JSON." };
        var command = new CtlCommand(
            "check-proof",
            "Check a proof of one record with the first public key alone, anywhere.",
            "edgectl audit check-proof incident-7.tlog-proof --key first.vkey",
            "edgectl audit check-proof incident-7.tlog-proof --key first.vkey --json | jq .model")
        {
            file, key, epochs, json,
        };
        command.ExitNote = "Here 0 means that the record is proven, 1 that it is not.";
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            using NoteVerifier first = VkeyFile.Read(parsed.GetRequiredValue(key));
            string? certificates = parsed.GetValue(epochs) ?? (File.Exists(path + EpochsSuffix) ? path + EpochsSuffix : null);
            var check = ProofCheck.Judge(Read(path), first, certificates is null ? [] : SafeFileRead.Read(certificates, MaxEpochsBytes));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(Json(check, indented: false));
                return (int)ExitCode.Ok;
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"good: record {check.Index} of {check.Checkpoint.Origin} is in the log as it was at {AuditTime.Text(check.Checkpoint.Time)}, {check.Checkpoint.Size} records, epoch {check.Checkpoint.Epoch}"));
            if (check.IsNewestEpoch)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"not proven: that epoch {check.Checkpoint.Epoch} had ended: who holds its key can sign another log of that epoch; compare the checkpoint with one that was kept elsewhere"));
            }

            output.WriteLine(Json(check, indented: true));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static SignedNote Newest(SpoolFolder folder, NoteVerifier first, long sequence, TextWriter error, CancellationToken cancellation)
    {
        using var progress = ProgressLine.On(error);
        SpoolVerdict verdict = new SpoolVerification(folder, first) { AllowsRemoved = true }.Verify(progress, cancellation);
        if (verdict.LastCheckpoint is not { } last || last.Size <= (ulong)sequence)
        {
            throw new CtlException(verdict.Fault is { } fault
                ? $"no checkpoint that holds lies behind record {sequence}: {fault}"
                : $"record {sequence} is not sealed yet: the next checkpoint does it ('checkpoint_seconds' of [audit])");
        }

        if (verdict.Fault is { } behind)
        {
            FailureReport.Warn($"the log is good up to the checkpoint that is used, and not behind it: {behind}", error);
        }

        return SignedNote.Parse(verdict.LastNote.Span);
    }

    private static TlogProof Read(string path)
    {
        try
        {
            return TlogProof.Parse(SafeFileRead.Read(path, TlogProof.Longest));
        }
        catch (AuditFormatException broken)
        {
            throw new CtlException($"{path}: is no tlog-proof: {broken.Message}", broken);
        }
    }

    private static string Json(ProofCheck check, bool indented)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented }))
        {
            RecordJson.Write(json, check.Index, check.Time, check.Record);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
