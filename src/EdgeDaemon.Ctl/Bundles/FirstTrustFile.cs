using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>A trust.toml that trusts one key.</summary>
internal static class FirstTrustFile
{
    /// <param name="name">The operator's name for the key.</param>
    /// <param name="models">Patterns of model names, separated by commas.</param>
    /// <param name="publicKeyPem">PEM of the SPKI.</param>
    /// <param name="path">Where it will stand, for messages.</param>
    /// <param name="now">It expires one year from then.</param>
    /// <exception cref="CtlException">The name or a pattern is not one that a trust file can hold.</exception>
    public static byte[] Text(string name, string models, string publicKeyPem, string path, DateTimeOffset now)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $""""
            # Which keys may release which models on this device. A bundle that no key listed here has signed is refused.
            format = 1
            version = 1                       # raise it with every change
            expires = {now.UtcDateTime.AddYears(1):yyyy-MM-ddTHH:mm:ssZ}    # from then on nothing new is accepted under this file; install a newer one before

            [[key]]
            name = {TomlQuote.Of(name)}
            roles = ["release"]
            models = [{string.Join(", ", models.Split(',', StringSplitOptions.TrimEntries).Select(TomlQuote.Of))}]
            public_key = """
            {publicKeyPem}
            """

            """");
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            // Judged by the reader that the device has: what is written here must be accepted there.
            TrustPolicy.Parse(bytes, path);
            return bytes;
        }
        catch (TomlInvalidException invalid)
        {
            throw new CtlException(ExitCode.Usage, $"--name or --models: {string.Join("; ", invalid.Diagnostics.Select(d => d.Message))}", invalid);
        }
    }
}
