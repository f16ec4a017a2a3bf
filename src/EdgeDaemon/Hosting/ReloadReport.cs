using System.Collections.Immutable;

namespace EdgeDaemon.Hosting;

/// <summary>What a reload found and did, or would.</summary>
/// <param name="Applied">Everything of the files counts now; else nothing of them does.</param>
/// <param name="Errors">Why not, as <c>file:line:column: what, and what to do</c>.</param>
/// <param name="Restart">Keys that are good and changed, and count only from the next start: with one or more, nothing is applied.</param>
internal sealed record ReloadReport(bool Applied, ImmutableArray<string> Errors, ImmutableArray<string> Restart, int Serving, int Refused)
{
    /// <summary>The files could be applied.</summary>
    public bool Good => Errors.IsEmpty && Restart.IsEmpty;
}
