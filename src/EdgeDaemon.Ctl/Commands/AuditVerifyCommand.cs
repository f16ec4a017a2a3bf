using System.CommandLine;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit verify</c>: the judgement over a log, from its first key on.</summary>
internal static class AuditVerifyCommand
{
    public static Command Create()
    {
        Option<string> spool = AuditSpoolOption.Create();
        Option<string> key = AuditKeyOption.Create();
        var since = new Option<string?>("--since") { Description = "A checkpoint of this log that was kept elsewhere: 'edgectl audit checkpoint' printed it, or one exported line of kind checkpoint.", HelpName = "file" };
        var removed = new Option<bool>("--allow-removed") { Description = "The oldest segments may be missing, as retention removes them; the epochs' certificates stand for them." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand(
            "verify",
            "Compute the whole log anew from its first public key, and name the first place that does not hold.",
            "edgectl audit verify --key first.vkey",
            "edgectl audit verify --spool evidence/audit --key first.vkey --since checkpoint-2026-03-01 --allow-removed --json")
        {
            spool, key, since, removed, json,
        };
        command.Details =
            """
            Checked: every byte of every segment, sequences, times, the tree, each
            checkpoint's signature, place and root, and that each epoch's key was certified
            by the one before. That finds every change of what is sealed, also by who
            computes all checksums anew, and by who holds the device's present key.

            Not provable without a checkpoint that was kept elsewhere: that the newest
            records were not cut off, and that who holds the present key did not write the
            open epoch anew. The answer says so each time. With --since both are proven up
            to that checkpoint.

            Beside a running daemon: a batch that is half written is waited for. The folder
            is only read; on a device that is under suspicion, copy it and verify elsewhere.
            It keeps every processor busy that it may use: 'taskset -c 0' gives it one.
            """;
        command.ExitNote = "Here 0 means that all that is there holds, 1 that something does not, or could not be read.";
        command.SetAction((parsed, cancellation) =>
        {
            using NoteVerifier first = VkeyFile.Read(parsed.GetRequiredValue(key));
            var folder = new SpoolFolder(parsed.GetRequiredValue(spool));
            SpoolVerdict verdict = Verify(
                new SpoolVerification(folder, first)
                {
                    Since = parsed.GetValue(since) is { } file ? NoteFile.Read(file) : null,
                    AllowsRemoved = parsed.GetValue(removed),
                },
                parsed.InvocationConfiguration.Error,
                cancellation);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(VerdictText.Json(verdict));
            }

            if (verdict.Fault is { } fault)
            {
                WarnOfOtherKey(folder, first, fault, parsed.InvocationConfiguration.Error);
                throw new CtlException(VerdictText.Fault(verdict));
            }

            if (!parsed.GetValue(json))
            {
                output.WriteLine(verdict.ConsistentSince is { } size ? FormattableString.Invariant($"good, and consistent with the checkpoint of {size} records that was kept elsewhere") : "good");
                VerdictText.Write(verdict, output);
            }

            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    private static SpoolVerdict Verify(SpoolVerification verification, TextWriter error, CancellationToken cancellation)
    {
        using var progress = ProgressLine.On(error);
        return verification.Verify(progress, cancellation);
    }

    // The commonest slip: the key of another device.
    private static void WarnOfOtherKey(SpoolFolder folder, NoteVerifier first, SpoolFault fault, TextWriter error)
    {
        if (fault.Kind is not (SpoolFaultKind.Signature or SpoolFaultKind.Origin) || fault.Sequence > 0)
        {
            return;
        }

        try
        {
            using NoteVerifier stated = folder.FirstKey();
            if (stated.ToString() != first.ToString())
            {
                FailureReport.Warn($"the folder's own first key is another one ({stated.Name}+{stated.KeyId:x8}): is this the log of the device whose key you gave?", error);
            }
        }
        catch (Exception missing) when (missing is IOException or CtlException)
        {
            // Only a hint.
        }
    }
}
