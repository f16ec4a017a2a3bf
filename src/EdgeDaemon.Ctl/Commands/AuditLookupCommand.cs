using System.CommandLine;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit lookup</c>: the records of somebody whose name stands in them as an HMAC.</summary>
internal static class AuditLookupCommand
{
    public static Command Create()
    {
        var value = new Argument<string>("value") { Description = "The text as the daemon knows it, whole: unix:1000, cert:spiffe://plant.example/camera-7." };
        Option<string> spool = AuditSpoolOption.Create();
        Option<string?> salt = AuditSaltFile.Option("What the values were redacted with.");
        salt.Required = true;
        var json = new Option<bool>("--json") { Description = "Print the records as JSON Lines." };
        var command = new CtlCommand(
            "lookup",
            "Find the records in which a known value stands redacted, and how often.",
            "edgectl audit lookup unix:1000 --salt redaction.salt",
            "edgectl audit lookup cert:spiffe://plant.example/camera-7 --salt redaction.salt --json")
        {
            value, spool, salt, json,
        };
        command.Details =
            """
            With 'redaction_salt' of [audit] in edged.toml, callers and addresses stand in records as
            HMAC-SHA-256 with a salt. Nobody can read one back, but who has the salt can ask
            for a value that he knows. Keep the salt as you would keep the names: with it the
            few thousand callers of a plant are quickly tried.
            """;
        command.SetAction(parsed => ClosedPipe.Bear(() =>
        {
            byte[] text = Encoding.UTF8.GetBytes(parsed.GetRequiredValue(value));
            Redaction redaction = AuditSaltFile.Read(parsed.GetRequiredValue(salt)!);
            using SpoolReader reader = AuditSpoolOption.Open(parsed, spool);
            TextWriter output = parsed.InvocationConfiguration.Output;
            bool asJson = parsed.GetValue(json);
            if (!asJson)
            {
                WriteForms(redaction, text, output);
            }

            using var printer = new RecordPrinter(output, asJson);
            printer.Begin();
            long found = 0;
            long otherSalts = 0;
            while (reader.Read())
            {
                if (Holds(reader.Record, redaction, text, ref otherSalts))
                {
                    printer.Write((ulong)reader.Sequence, reader.Time, reader.Record);
                    found++;
                }
            }

            printer.Flush();
            if (!asJson)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{found} records"));
            }

            if (otherSalts > 0)
            {
                FailureReport.Warn($"{otherSalts} redacted values were made with another salt than {Convert.ToHexStringLower(redaction.SaltId)}, which this file holds: ask with that one, too", parsed.InvocationConfiguration.Error);
            }

            return (int)ExitCode.Ok;
        }));
        return command;
    }

    private static void WriteForms(Redaction redaction, byte[] text, TextWriter output)
    {
        Span<byte> redacted = stackalloc byte[Redaction.Length];
        for (int field = 0; field < FieldRule.Numbers; field++)
        {
            if (FieldRule.Of((RecordField)field) is { IsIdentifying: true } rule)
            {
                redaction.Apply((RecordField)field, text, redacted);
                output.WriteLine($"as {rule.Name.Value,-9} hmac:{Convert.ToHexStringLower(redaction.SaltId)}:{Convert.ToHexStringLower(redacted[Redaction.SaltIdBytes..])}");
            }
        }
    }

    // Bytes that are no record hold nothing; 'verify' speaks of them.
    private static bool Holds(ReadOnlySpan<byte> record, Redaction redaction, byte[] text, ref long otherSalts)
    {
        try
        {
            return HasValue(record, redaction, text, ref otherSalts);
        }
        catch (AuditFormatException)
        {
            return false;
        }
    }

    private static bool HasValue(ReadOnlySpan<byte> record, Redaction redaction, byte[] text, ref long otherSalts)
    {
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            if (reader.Form != FieldForm.Redacted)
            {
                // Before redaction was switched on the value stood there itself.
                if (FieldRule.Of(reader.Field) is { IsIdentifying: true } && reader.Bytes.SequenceEqual(text))
                {
                    return true;
                }
            }
            else if (!reader.Bytes.StartsWith(redaction.SaltId))
            {
                otherSalts++;
            }
            else if (redaction.Matches(reader.Field, text, reader.Bytes))
            {
                return true;
            }
        }

        return false;
    }
}
