namespace EdgeDaemon.Audit;

/// <summary>The log cannot be opened or gone on with. The message names the file and the place in it, and says what to do.</summary>
internal sealed class AuditSpoolException(string message, Exception? cause = null) : IOException(message, cause);
