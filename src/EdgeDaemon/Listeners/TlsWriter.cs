namespace EdgeDaemon.Listeners;

/// <summary>Encrypts what is flushed record by record.</summary>
internal sealed class TlsWriter(TlsStream tls, SocketConnection connection) : ConnectionWriter(connection)
{
    protected override ValueTask GiveAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => tls.WriteAsync(bytes, cancel);

    protected override void SayEnd() => tls.SayEnd();
}
