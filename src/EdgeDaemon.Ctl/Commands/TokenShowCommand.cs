using System.CommandLine;
using System.Globalization;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Tokens;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl token show</c>: what a token says, not whether it is true.</summary>
internal static class TokenShowCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "A file with the token, or - for stdin." };
        var command = new CtlCommand(
            "show",
            "Show what a token says. Its signature is not verified: only the device has the key that counts.",
            "edgectl token show token",
            "edgectl token new --key token.key --id ops-2026 --subject unix:0 --audience plant-7 | edgectl token show -");
        command.Add(file);
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file);
            string text = path == "-" ? await Console.In.ReadToEndAsync(cancellation) : await File.ReadAllTextAsync(path, cancellation);
            AccessToken token;
            try
            {
                token = AccessToken.Parse(text.Trim());
            }
            catch (TokenException unread)
            {
                throw new CtlException($"no device would take this token: {unread.Message}", unread);
            }

            Write(token, DateTimeOffset.UtcNow, parsed.InvocationConfiguration.Output);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static void Write(AccessToken token, DateTimeOffset now, TextWriter output)
    {
        TokenClaims claims = token.Claims;
        output.WriteLine("NOT VERIFIED: whoever wrote this may say anything");
        output.WriteLine($"key        {Printable.Of(token.KeyId)}");
        output.WriteLine($"subject    {Printable.Of(claims.Subject)}");
        output.WriteLine($"audience   {string.Join(", ", claims.Audiences.Select(audience => Printable.Of(audience)))}");
        if (claims.Issuer is { } issuer)
        {
            output.WriteLine($"issuer     {Printable.Of(issuer)}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"issued     {claims.IssuedAt:u}"));
        if (claims.NotBefore is { } begin)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"not before {begin:u}"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"expires    {claims.Expires:u}{(claims.Expires <= now ? " (past)" : "")}"));
        if (!claims.Certificate.IsEmpty)
        {
            output.WriteLine($"bound to   certificate sha256:{Convert.ToHexStringLower(claims.Certificate.Span)}");
        }
    }
}
