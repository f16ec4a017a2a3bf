using System.Security.Cryptography;
using EdgeDaemon.Client;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Ctl.Images;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl;

/// <summary>Any failure -> one line on stderr (for a file with several errors one for each) and an exit code.</summary>
internal static class FailureReport
{
    /// <summary>Set to 1, the stack trace follows the line: for bug reports.</summary>
    private const string DebugVariable = "EDGECTL_DEBUG";

    /// <summary>A daemon's or a bundle's text may be long, but not a screenful.</summary>
    private const int MaxRunes = 2000;

    /// <summary>Something that the user should know of though the command goes on.</summary>
    public static void Warn(string text, TextWriter error) => error.WriteLine($"edgectl: warning: {Printable.Of(text, MaxRunes)}");

    public static ExitCode Write(Exception failure, TextWriter error)
    {
        (ExitCode code, string message) = failure switch
        {
            CtlException known => (known.Code, known.Message),
            EdgeClientException { Failure: EdgeClientFailure.Unreachable } client => (ExitCode.Unreachable, client.Message),
            EdgeClientException client => (ExitCode.Failed, client.Message),
            AuditFormatException or ImageException or OmsException or BundleException or ManifestException or CertificateException or OnnxLibraryRefusedException or ContentTreeException => (ExitCode.Failed, failure.Message),

            // file:line:column: message, one a line: a file's author sees everything at once.
            TomlException or TomlInvalidException => (ExitCode.Failed, failure.Message),
            OperationCanceledException => (ExitCode.Failed, "interrupted"),
            IOException or UnauthorizedAccessException => (ExitCode.Failed, failure.Message),

            // Its text may come from deep inside a key parser.
            CryptographicException => (ExitCode.Failed, "a cryptographic operation failed; set EDGECTL_DEBUG=1 for where"),
            _ => (ExitCode.Failed, $"unexpected {failure.GetType().Name}: {failure.Message} (set {DebugVariable}=1 for where)"),
        };

        foreach (string line in message.Split('\n'))
        {
            error.WriteLine($"edgectl: {Printable.Of(line, MaxRunes)}");
        }

        if (Environment.GetEnvironmentVariable(DebugVariable) == "1")
        {
            error.WriteLine(failure);
        }

        return code;
    }
}
