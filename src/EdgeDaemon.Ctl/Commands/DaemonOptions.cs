using System.CommandLine;
using System.CommandLine.Parsing;
using EdgeDaemon.Client;
using EdgeDaemon.Ctl.Keys;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>Where the daemon is (the option, else the environment, else where the service has it), and over TLS who this client is and whom it trusts.</summary>
internal sealed class DaemonOptions
{
    private readonly Option<string> _address;
    private readonly Option<string?> _certificate = File("--tls-cert", "With https: this client's certificate in PEM, its intermediates behind it.");
    private readonly Option<string?> _key = File("--tls-key", "With https: the certificate's private key, a file of mode 0600.");
    private readonly Option<string?> _passphrase = KeyOptions.PassphraseFile("--tls-passphrase-file", "The passphrase of an encrypted --tls-key: the first line of a file of mode 0600.");
    private readonly Option<string?> _authorities = File("--tls-ca", "With https: the roots that the daemon's certificate must come from, in PEM.");
    private readonly Option<string?> _name = new("--tls-name") { Description = "With https: the name in the daemon's certificate. Default: the address's host.", HelpName = "name" };

    private readonly Option<string?> _token = TokenOption.Create();

    private DaemonOptions(string variable, string usual, string what) => _address = new("--socket", "--address")
    {
        Description = $"The daemon's {what}, or https://HOST:PORT; the environment variable {variable} changes the default.",
        HelpName = "address",
        CustomParser = argument => argument.Tokens[0].Value,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? path : usual,
    };

    public static DaemonOptions Inference() => new("EDGED_SOCKET", "/run/edged/edged.sock", "inference socket");

    public static DaemonOptions Control() => new("EDGED_CONTROL", "/run/edged/control.sock", "control socket");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_address, _certificate, _key, _passphrase, _authorities, _name, _token])
        {
            command.Add(option);
        }

        command.Validators.Add(Check);
    }

    /// <summary>Opens the daemon's address for the time of <paramref name="use"/>, which is given the token besides, null without one.</summary>
    /// <exception cref="CtlException">The address is none, or a file is not what it should be.</exception>
    public async Task<T> WithAsync<T>(ParseResult parsed, Func<EdgeAddress, string?, Task<T>> use, CancellationToken cancellation)
    {
        using ClientIdentity? identity = parsed.GetValue(_authorities) is { } authorities
            ? ClientIdentity.Read(parsed.GetValue(_certificate), parsed.GetValue(_key), parsed.GetValue(_passphrase), authorities, parsed.GetValue(_name))
            : null;
        EdgeAddress address;
        try
        {
            address = EdgeAddress.Parse(parsed.GetRequiredValue(_address), identity?.Tls);
        }
        catch (FormatException error)
        {
            throw new CtlException(error.Message, error);
        }

        return await use(address, await TokenOption.ReadAsync(parsed, _token, cancellation));
    }

    private static Option<string?> File(string name, string description) => new(name) { Description = description, HelpName = "file" };

    private void Check(CommandResult result)
    {
        bool secure = result.GetValue(_address)?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true;
        if (secure && result.GetResult(_authorities) is null)
        {
            result.AddError("https needs --tls-ca: the machine's own roots are not trusted.");
        }

        if (!secure && ((Option[])[_certificate, _key, _passphrase, _authorities, _name]).Any(option => result.GetResult(option) is not null))
        {
            result.AddError("The --tls options go with an address https://HOST:PORT.");
        }

        if ((result.GetResult(_certificate) is null) != (result.GetResult(_key) is null))
        {
            result.AddError("--tls-cert and --tls-key go together.");
        }
    }
}
