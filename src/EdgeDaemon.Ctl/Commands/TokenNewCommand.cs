using System.CommandLine;
using System.Security.Cryptography;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Tokens;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl token new</c>: a bearer token for one caller, on standard output.</summary>
internal static class TokenNewCommand
{
    public static Command Create()
    {
        var keyOptions = new KeyOptions("--key", "The private key (P-256, as 'edgectl keygen' writes it) whose public half is a [[token_key]] of the device.");
        var id = new Option<string>("--id") { Description = "The key's id in edged.toml (kid).", HelpName = "kid", Required = true };
        var subject = new Option<string>("--subject") { Description = "Who may show it, as the daemon's log names the caller: unix:1000, cert:spiffe://plant.example/operator.", HelpName = "caller", Required = true };
        var audience = new Option<string[]>("--audience") { Description = "The device or fleet it is for ('audience' of [token]); may be given again.", HelpName = "name", Required = true };
        var issuer = new Option<string?>("--issuer") { Description = "Who issues it, where the device asks ('issuer' of [token]).", HelpName = "name" };
        Option<int> minutes = NumberOption.Create("--minutes", "How long it lasts, from now; the device allows an hour unless it says otherwise.", "n", 1, 1440, 10);
        var certificate = new Option<string?>("--certificate") { Description = "Bind it to this client certificate (PEM), as every caller over TLS needs it.", HelpName = "file" };
        var command = new CtlCommand(
            "new",
            "Make a bearer token (JWT, ES256) for one caller and print it.",
            "edgectl token new --key token.key --id ops-2026 --subject unix:0 --audience plant-7",
            "edgectl token new --key token.key --id ops-2026 --subject cert:spiffe://plant.example/operator --certificate operator.pem --audience plant-7 --minutes 60")
        {
            keyOptions.Key, keyOptions.Passphrase, id, subject, audience, issuer, minutes, certificate,
        };
        command.Details =
            """
            A token is a second factor: it counts only together with the connection of the
            caller that it names, and over TLS only with the certificate that it is bound
            to. Still, keep it in a file of mode 0600 and let it be short-lived. Devices
            hold the public key alone ('edgectl keygen' writes it to FILE.pub).
            """;
        command.SetAction(parsed =>
        {
            string caller = parsed.GetRequiredValue(subject);
            string? file = parsed.GetValue(certificate);
            Check(caller, file);
            DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
            var claims = new TokenClaims
            {
                Subject = caller,
                Audiences = [.. parsed.GetRequiredValue(audience)],
                Issuer = parsed.GetValue(issuer),
                IssuedAt = now,
                Expires = now.AddMinutes(parsed.GetValue(minutes)),
                Certificate = file is null ? default : SHA256.HashData(CertificateFiles.Certificates(file)[0].Der.Span),
            };
            using ECDsa key = keyOptions.Open(parsed);
            try
            {
                parsed.InvocationConfiguration.Output.WriteLine(TokenSigner.Sign(key, parsed.GetRequiredValue(id), claims));
            }
            catch (TokenException unusable)
            {
                throw new CtlException(unusable.Message, unusable);
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }

    // A caller is one: what edged.toml allows as a pattern is nobody's name.
    private static void Check(string caller, string? certificate)
    {
        if (CallerPattern.Fault(caller) is { } fault)
        {
            throw new CtlException($"--subject {fault}");
        }

        CallerPattern pattern = CallerPattern.Parse(caller);
        if (pattern.IsWildcard || pattern.Method is CallerMethod.Self or CallerMethod.UnixGroup || (pattern.Method == CallerMethod.UnixUser && !char.IsAsciiDigit(pattern.Value[0])))
        {
            throw new CtlException("--subject names one caller as the daemon does: a user by number (unix:1000), a certificate by its whole name");
        }

        if ((pattern.Method == CallerMethod.UnixUser) != (certificate is null))
        {
            throw new CtlException(certificate is null
                ? "a caller over TLS needs a token that is bound to its certificate: name the file with --certificate"
                : "a caller of the Unix socket has no certificate: leave --certificate out");
        }
    }
}
