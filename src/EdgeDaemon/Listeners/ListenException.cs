namespace EdgeDaemon.Listeners;

/// <summary>A listener that cannot be opened; the message is for the operator and says what to do.</summary>
internal sealed class ListenException(string message, Exception? cause = null) : Exception(message, cause);
