using System.Globalization;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Listeners;

/// <summary>gRPC's shape of an answer: HTTP 200, messages in frames, the status behind them, or in the only header block when there are none.</summary>
internal static class GrpcAnswer
{
    private const string ContentType = "application/grpc";
    private const string Pushback = "grpc-retry-pushback-ms";

    /// <summary>Whether a content type is gRPC with protobuf, the only kind that is spoken here.</summary>
    public static bool IsGrpc(string contentType)
    {
        ReadOnlySpan<char> type = contentType.AsSpan();
        int parameters = type.IndexOf(';');
        type = (parameters < 0 ? type : type[..parameters]).TrimEnd();
        return type.Equals(ContentType, StringComparison.OrdinalIgnoreCase) || type.Equals("application/grpc+proto", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Begins a message of that length; its bytes follow with <see cref="HttpExchange.Send"/>.</summary>
    public static void Begin(HttpExchange exchange, int length)
    {
        exchange.RequireAuthorised();
        Start(exchange);
        Span<byte> prefix = stackalloc byte[GrpcFrame.PrefixSize];
        GrpcFrame.WritePrefix(prefix, length);
        exchange.Send(prefix);
    }

    /// <summary>Sends one whole message.</summary>
    public static ValueTask SendAsync(HttpExchange exchange, ProtobufWriter message)
    {
        Begin(exchange, message.Written.Length);
        exchange.Send(message.Written);
        return exchange.FlushAsync();
    }

    /// <summary>Ends a call well.</summary>
    public static void End(HttpExchange exchange)
    {
        exchange.RequireAuthorised();
        Start(exchange);
        exchange.SetTrailer("grpc-status", "0");
    }

    /// <summary>Ends a call with a refusal: in the trailers if anything was sent, else in the headers.</summary>
    /// <param name="exchange">The call.</param>
    /// <param name="status">Not OK.</param>
    /// <param name="text">For the caller.</param>
    /// <param name="retryAfter">When the same may succeed; clients that retry by themselves wait so long (gRPC A6: grpc-retry-pushback-ms).</param>
    public static void Refuse(HttpExchange exchange, GrpcStatus status, string text, TimeSpan? retryAfter = null)
    {
        string code = ((int)status).ToString(CultureInfo.InvariantCulture);
        string message = GrpcText.Encode(text);
        if (exchange.ResponseStarted)
        {
            exchange.SetTrailer("grpc-status", code);
            exchange.SetTrailer("grpc-message", message);
            if (retryAfter is { } later)
            {
                exchange.SetTrailer("retry-after", HttpExchange.WholeSeconds(later));
                exchange.SetTrailer(Pushback, Milliseconds(later));
            }

            return;
        }

        Start(exchange);
        exchange.SetHeader("grpc-status", code);
        exchange.SetHeader("grpc-message", message);
        if (retryAfter is { } wait)
        {
            exchange.SetRetryAfter(wait);
            exchange.SetHeader(Pushback, Milliseconds(wait));
        }

        if (status == GrpcStatus.Unimplemented)
        {
            exchange.SetHeader("grpc-accept-encoding", "identity");
        }
    }

    private static string Milliseconds(TimeSpan wait) => Math.Ceiling(wait.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture);

    private static void Start(HttpExchange exchange)
    {
        if (!exchange.ResponseStarted)
        {
            exchange.StartCall();
            exchange.SetHeader("Content-Type", ContentType);
        }
    }
}
