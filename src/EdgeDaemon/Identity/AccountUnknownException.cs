namespace EdgeDaemon.Identity;

/// <summary>A tenant's caller cannot be told apart or does not exist on this device; the message is for the operator.</summary>
internal sealed class AccountUnknownException(string message, Exception? cause = null) : Exception(message, cause);
