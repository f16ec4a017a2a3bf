using EdgeDaemon.Core.Configuration;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Telemetry;

/// <summary>
/// Log lines on standard error: with the journal's priority prefix when it is the journal that reads (JOURNAL_STREAM),
/// with the time when it is a person or a file. Nothing is sent anywhere else (design decision 14).
/// </summary>
internal sealed class LogOutput : ILoggerProvider, ILoggerFactory
{
    private volatile int _lowest;
    private readonly bool _journal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };
    private readonly TimeProvider _clock;
    private readonly TextWriter _writer;
    private readonly Lock _line = new();

    public LogOutput(LogLevel lowest, TimeProvider clock, TextWriter writer)
    {
        _lowest = (int)lowest;
        _clock = clock;
        _writer = writer;
    }

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

    public void Dispose()
    {
    }

    // The web server's own information lines are about its internals; ours say what an operator needs. What it says of HTTP/2 connections,
    // up to "critical", is what callers did to their own: a hostile one would fill the log with it.
    private LogLevel LowestOf(string category) => category switch
    {
        _ when Lowest <= LogLevel.Debug => Lowest,
        "Microsoft.AspNetCore.Server.Kestrel.Http2" => LogLevel.None,
        _ when category.StartsWith("Microsoft", StringComparison.Ordinal) => LogLevel.Error,
        _ => Lowest,
    };

    private void Write(LogLevel level, string text, Exception? exception)
    {
        string flat = OneLine(exception is null ? text : $"{text}: {exception.GetType().Name}: {exception.Message}");
        lock (_line)
        {
            if (_journal)
            {
                _writer.Write(level switch { LogLevel.Critical => "<2>", LogLevel.Error => "<3>", LogLevel.Warning => "<4>", LogLevel.Information => "<6>", _ => "<7>" });
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
    private static string OneLine(string text)
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
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= output.LowestOf(category) && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                string text = formatter(state, exception);
                output.Write(logLevel, category.StartsWith("Microsoft", StringComparison.Ordinal) ? $"{category}: {text}" : text, exception);
            }
        }
    }
}
