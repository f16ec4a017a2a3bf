namespace EdgeDaemon.Core.Tls;

/// <summary>What is wrong with a client's chain; the text is for logs, never for the client.</summary>
/// <param name="Fault"><see cref="ClientFault.None"/> for a good one.</param>
/// <param name="Text">One line, fit for a log; empty for a good one.</param>
public readonly record struct ClientFinding(ClientFault Fault, string Text)
{
    public static ClientFinding Good => new(ClientFault.None, "");

    public bool IsGood => Fault == ClientFault.None;
}
