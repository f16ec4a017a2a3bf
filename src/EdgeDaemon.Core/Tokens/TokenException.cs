namespace EdgeDaemon.Core.Tokens;

/// <summary>A token that proves nothing. The message says why, for the operator, and quotes nothing that could be used again: no token, no signature.</summary>
public sealed class TokenException(TokenFault fault, string message, Exception? cause = null) : Exception(message, cause)
{
    public TokenFault Fault { get; } = fault;
}
