namespace EdgeDaemon.Benchmarks.Load;

/// <summary>The server did not do what it is measured for: another status, another answer, no answer.</summary>
internal sealed class LoadException(string message) : Exception(message);
