using System.CommandLine;
using System.Globalization;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>An option whose value is an instant in ISO 8601; without an offset it is UTC, whatever the machine's own zone is.</summary>
internal static class InstantOption
{
    private static readonly string[] Forms =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyyMMdd'T'HHmmssK",
    ];

    public static Option<DateTimeOffset?> Create(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "time",
        CustomParser = argument =>
        {
            string text = argument.Tokens[0].Value;
            if (DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset instant))
            {
                return instant.ToUniversalTime();
            }

            argument.AddError($"{name} '{text}' is no time of ISO 8601: write 2026-03-01, 2026-03-01T14:30Z or 2026-03-01T14:30:00+01:00 (without an offset it is UTC).");
            return null;
        },
    };
}
