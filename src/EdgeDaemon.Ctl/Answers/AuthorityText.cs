using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Pki;

namespace EdgeDaemon.Ctl.Answers;

/// <summary>An authority and its certificates for people and, as JSON, for programs.</summary>
internal static class AuthorityText
{
    public static void Write(AuthorityFolder authority, DateTimeOffset now, TextWriter output)
    {
        DateTimeOffset until = authority.Root.NotAfter;
        output.WriteLine($"authority  {Printable.Of(authority.Root.Subject)}, until {Day(until)}{(until < now ? "  EXPIRED" : "")}");
        output.WriteLine($"lists      {(authority.Index.CrlNumber == 0 ? "none yet" : $"number {authority.Index.CrlNumber} was the last")}");
        if (authority.Index.Certificates.IsEmpty)
        {
            output.WriteLine("issued     nothing yet");
            return;
        }

        var table = new TextTable("SERIAL", "USE", "NAME", "UNTIL", "STATE", "NAMES");
        foreach (IssuedCertificate issued in authority.Index.Certificates)
        {
            string state = issued.State(now) + (issued.Revocation is { } revocation ? $" {Day(revocation.Time)} ({revocation.Word})" : "");
            table.Add(issued.Serial, issued.Use.Word(), issued.Name, Day(issued.NotAfter), state, string.Join(' ', issued.AlternativeNames));
        }

        table.Write(output);
    }

    public static string Json(AuthorityFolder authority, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("authority", authority.Root.Subject);
            json.WriteString("not_after", (DateTimeOffset)authority.Root.NotAfter.ToUniversalTime());
            json.WriteNumber("crl_number", authority.Index.CrlNumber);
            json.WriteStartArray("certificates");
            foreach (IssuedCertificate issued in authority.Index.Certificates)
            {
                json.WriteStartObject();
                json.WriteString("serial", issued.Serial);
                json.WriteString("use", issued.Use.Word());
                json.WriteString("name", issued.Name);
                json.WriteStartArray("names");
                foreach (string name in issued.AlternativeNames)
                {
                    json.WriteStringValue(name);
                }

                json.WriteEndArray();
                json.WriteString("not_before", issued.NotBefore);
                json.WriteString("not_after", issued.NotAfter);
                json.WriteString("key_digest", issued.SpkiDigest);
                json.WriteString("state", issued.State(now));
                if (issued.Revocation is { } revocation)
                {
                    json.WriteString("revoked", revocation.Time);
                    json.WriteString("reason", revocation.Word);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
