using EdgeDaemon.Core.Configuration;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Telemetry;

/// <summary>
/// Log lines on standard error: with the journal's priority prefix when it is the journal that reads (JOURNAL_STREAM),
/// with the time when it is a person or a file. Security events go to the journal by its own protocol, with fields, and to
/// whoever records alerts. Nothing is sent anywhere else (design decision 14).
/// </summary>
internal sealed class LogOutput : ILoggerProvider, ILoggerFactory
{
    private volatile int _lowest;
    private readonly bool _journal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };
    private readonly TimeProvider _clock;
    private readonly TextWriter _writer;
    private readonly JournalSocket? _entries;
    private readonly Lock _line = new();

    /// <param name="entries">Takes security events with their fields; null: they are lines as others are.</param>
    public LogOutput(LogLevel lowest, TimeProvider clock, TextWriter writer, JournalSocket? entries = null)
    {
        _lowest = (int)lowest;
        _clock = clock;
        _writer = writer;
        _entries = entries;
    }

    /// <summary>Told of each alert with its text, whatever level is written: a quiet log must not silence the record of it.</summary>
    public Action<SecurityEvent, string>? Alerts { get; set; }

    /// <summary>Lines below it are not written; it can change at any time.</summary>
    public LogLevel Lowest
    {
        get => (LogLevel)_lowest;
        set => _lowest = (int)value;
    }

    public static LogLevel LevelOf(LogVerbosity verbosity) => verbosity switch
    {
        LogVerbosity.Error => LogLevel.Error,
        LogVerbosity.Warning => LogLevel.Warning,
        LogVerbosity.Debug => LogLevel.Debug,
        _ => LogLevel.Information,
    };

    public ILogger CreateLogger(string categoryName) => new Channel(this, categoryName);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose() => _entries?.Dispose();

    // The web server's own information lines are about its internals; ours say what an operator needs. What it says of HTTP/2 connections,
    // up to "critical", is what callers did to their own: a hostile one would fill the log with it.
    private LogLevel LowestOf(string category) => category switch
    {
        _ when Lowest <= LogLevel.Debug => Lowest,
        "Microsoft.AspNetCore.Server.Kestrel.Http2" => LogLevel.None,
        _ when category.StartsWith("Microsoft", StringComparison.Ordinal) => LogLevel.Error,
        _ => Lowest,
    };

    private void Write(LogLevel level, string text, SecurityEvent found, object? values)
    {
        string flat = OneLine(text);
        int priority = level switch { LogLevel.Critical => 2, LogLevel.Error => 3, LogLevel.Warning => 4, LogLevel.Information => 6, _ => 7 };
        if (found.Name is not null)
        {
            if (_entries is not null && _entries.TrySend(priority, flat, found.Name, values as IEnumerable<KeyValuePair<string, object?>> ?? []))
            {
                return;
            }

            flat = $"{flat} [{found.Name}]";
        }

        lock (_line)
        {
            if (_journal)
            {
                _writer.Write($"<{priority}>");
            }
            else
            {
                _writer.Write(_clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z '", null));
                _writer.Write(level switch { LogLevel.Critical => "critical ", LogLevel.Error => "error ", LogLevel.Warning => "warning ", LogLevel.Information => "", _ => "debug " });
            }

            _writer.WriteLine(flat);
            _writer.Flush();
        }
    }

    // Log forging: text that came from outside must not start a line of its own or move a terminal's cursor.
    internal static string OneLine(string text)
    {
        foreach (char c in text)
        {
            if (char.IsControl(c))
            {
                return string.Create(text.Length, text, static (span, source) =>
                {
                    for (int i = 0; i < span.Length; i++)
                    {
                        span[i] = char.IsControl(source[i]) ? '\uFFFD' : source[i];
                    }
                });
            }
        }

        return text;
    }

    private sealed class Channel(LogOutput output, string category) : ILogger
    {
        private readonly bool _ours = !category.StartsWith("Microsoft", StringComparison.Ordinal);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => IsWritten(logLevel) || (_ours && output.Alerts is not null && logLevel is >= LogLevel.Warning and < LogLevel.None);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            SecurityEvent found = default;
            bool written = IsWritten(logLevel);
            bool alert = _ours && SecurityEvents.TryFind(eventId.Id, out found) && found.IsAlert && output.Alerts is not null;
            if (!written && !alert)
            {
                return;
            }

            string text = formatter(state, exception);
            text = exception is null ? text : $"{text}: {exception.GetType().Name}: {exception.Message}";
            if (alert)
            {
                output.Alerts?.Invoke(found, text);
            }

            if (written)
            {
                output.Write(logLevel, _ours ? text : $"{category}: {text}", found, state);
            }
        }

        private bool IsWritten(LogLevel level) => level >= output.LowestOf(category) && level != LogLevel.None;
    }
}
