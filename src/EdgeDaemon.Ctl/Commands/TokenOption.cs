using System.CommandLine;
using System.Text;
using EdgeDaemon.Core.Tokens;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>The second factor that a daemon may ask for. A file, never the token itself: a command line is everybody's to read.</summary>
internal static class TokenOption
{
    private const int LargestFile = 2 * AccessToken.MaxLength;

    public static Option<string?> Create() => new("--token")
    {
        Description = "A file of mode 0600 with the bearer token that the daemon wants for this; - reads stdin.",
        HelpName = "file",
    };

    /// <summary>Null without the option.</summary>
    /// <exception cref="CtlException">The file holds something else.</exception>
    public static async Task<string?> ReadAsync(ParseResult parsed, Option<string?> option, CancellationToken cancellation)
    {
        if (parsed.GetValue(option) is not { } file)
        {
            return null;
        }

        string text = file == "-"
            ? await ReadInputAsync(cancellation)
            : Encoding.UTF8.GetString(SafeFileRead.Read(file, LargestFile, secret: true));
        text = text.Trim();
        return text.Length is > 0 and <= AccessToken.MaxLength && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? text
            : throw new CtlException($"{(file == "-" ? "stdin" : file)} holds no token: one line of letters, digits, '-', '_' and two dots ('edgectl token new' makes one)");
    }

    private static async Task<string> ReadInputAsync(CancellationToken cancellation)
    {
        await using Stream input = Console.OpenStandardInput();
        byte[] buffer = new byte[LargestFile];
        int read = await input.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        return Encoding.UTF8.GetString(buffer.AsSpan(0, read));
    }
}
