namespace EdgeDaemon.Core.Tls;

/// <summary>What is wrong with a client's chain; the text is for logs, never for the client.</summary>
/// <param name="Fault"><see cref="ClientFault.None"/> for a good one.</param>
/// <param name="Text">One line, fit for a log; empty for a good one.</param>
public readonly record struct ClientFinding(ClientFault Fault, string Text)
{
    /// <summary>
    /// The client may be as good as ever: a list or a root of this device is out of date, or its clock is. It is turned away all the same, and nobody holds it against it.
    /// </summary>
    public bool IsDevices { get; init; }

    public static ClientFinding Good => new(ClientFault.None, "");

    public bool IsGood => Fault == ClientFault.None;
}
