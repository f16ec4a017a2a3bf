using EdgeDaemon.Admission;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What arrives and is no HTTP never becomes a request: the server answers or cuts it by itself, and tells only its log. So its log is read here,
/// the two events of it that name a connection whose caller broke the protocol, and nothing of it is written that was not before.
/// </summary>
internal sealed class ProtocolFaults(ILoggerFactory logs, ConnectionAdmission connections) : ILoggerFactory
{
    private const string BadRequests = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";
    private const string Http2 = "Microsoft.AspNetCore.Server.Kestrel.Http2";

    public ILogger CreateLogger(string categoryName) => categoryName switch
    {
        BadRequests => new Reader(logs.CreateLogger(categoryName), connections, "ConnectionBadRequest"),
        Http2 => new Reader(logs.CreateLogger(categoryName), connections, "Http2ConnectionError"),
        _ => logs.CreateLogger(categoryName),
    };

    public void AddProvider(ILoggerProvider provider) => logs.AddProvider(provider);

    public void Dispose()
    {
        // The log is not this one's to end.
    }

    private sealed class Reader(ILogger log, ConnectionAdmission connections, string fault) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Debug || log.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name == fault && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                foreach ((string name, object? value) in values)
                {
                    if (name == "ConnectionId" && value is string id)
                    {
                        connections.BlameConnection(id, fault);
                    }
                }
            }

            if (log.IsEnabled(logLevel))
            {
                log.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
