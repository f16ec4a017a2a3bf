namespace EdgeDaemon.Listeners;

/// <summary>
/// While the daemon drains: cuts every connection that nobody has worked for since <see cref="Grace"/>. The server ends such connections
/// itself, but a caller that ignores GOAWAY may keep it from noticing that its last stream has ended, until the drain's time is over.
/// </summary>
internal sealed class IdleSweep(OpenConnections connections)
{
    /// <summary>Longer than the server takes when it notices (its heart beats once a second), and than an answer lies in a buffer.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<SocketConnection, Sight> _seen = [];

    /// <summary>Sweeps until <paramref name="drained"/> fires.</summary>
    public async Task RunAsync(CancellationToken drained)
    {
        using var step = new PeriodicTimer(Step);
        try
        {
            while (await step.WaitForNextTickAsync(drained))
            {
                foreach (SocketConnection connection in connections.All)
                {
                    Look(connection);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Everything has ended.
        }
    }

    private void Look(SocketConnection connection)
    {
        long begun = connection.Requests.Begun;
        if (connection.Requests.Any || connection.AnswerWaits || !_seen.TryGetValue(connection, out Sight before) || before.Begun != begun)
        {
            _seen[connection] = new Sight(begun, 0);
            return;
        }

        _seen[connection] = before with { Idle = before.Idle + 1 };
        if ((before.Idle + 1) * Step >= Grace)
        {
            connection.Abort(new Microsoft.AspNetCore.Connections.ConnectionAbortedException("the daemon stops, and the connection has no request"));
        }
    }

    /// <param name="Begun">Requests begun on the connection when it was looked at.</param>
    /// <param name="Idle">Steps since then without any work.</param>
    private readonly record struct Sight(long Begun, int Idle);
}
