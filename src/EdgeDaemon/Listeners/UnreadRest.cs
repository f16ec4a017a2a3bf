using System.IO.Pipelines;

namespace EdgeDaemon.Listeners;

/// <summary>What of a body nobody has read when its answer is ready.</summary>
internal static class UnreadRest
{
    // As much as waits for a connection's answers: reading past it is cheaper than a new connection.
    private const int SmallRest = 64 * 1024;
    private static readonly TimeSpan RestTime = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// So much of the body was not read that the server would spend seconds on it, or for ever: HTTP/1.1's next request lies behind it. Of a body without
    /// a stated length, what has come already is read past.
    /// </summary>
    public static bool IsMuch(HttpExchange exchange)
    {
        if (exchange.ContentLength is { } length)
        {
            return length - exchange.BodyClock.Bytes > SmallRest;
        }

        if (!exchange.HasBody || exchange.BodyClock.Ended)
        {
            return false;
        }

        if (exchange.Header("Expect").Length > 0)
        {
            return true; // To read would be to ask for it.
        }

        try
        {
            PipeReader body = exchange.Body;
            for (long passed = 0; passed <= SmallRest && body.TryRead(out ReadResult rest);)
            {
                bool ended = rest.IsCompleted;
                bool nothing = rest.Buffer.IsEmpty;
                passed += rest.Buffer.Length;
                body.AdvanceTo(rest.Buffer.End);
                if (ended || nothing)
                {
                    return !ended;
                }
            }
        }
        catch (Exception broken) when (broken is IOException or InvalidOperationException or OperationCanceledException)
        {
            // It is no body: what lies behind it is no request either.
        }

        return true;
    }

    /// <summary>
    /// HTTP/2: a call that is answered before its body has ended is reset behind the answer, without an error (RFC 9113, 8.1), and there are clients that throw the answer away
    /// then (curl 7.88). A small body is all but there when its head is: it is read past, and waited for a moment.
    /// </summary>
    public static async ValueTask ReadSmallAsync(HttpExchange exchange)
    {
        if (!exchange.IsHttp2 || exchange.ResponseStarted || !exchange.HasBody || exchange.BodyClock.Ended || exchange.ContentLength > SmallRest)
        {
            return;
        }

        using var moment = new CancellationTokenSource(RestTime);
        try
        {
            PipeReader body = exchange.Body;
            using CancellationTokenRegistration over = moment.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), body);
            for (long passed = 0; passed <= SmallRest;)
            {
                ReadResult rest = await body.ReadAsync();
                bool done = rest.IsCompleted || rest.IsCanceled;
                passed += rest.Buffer.Length;
                body.AdvanceTo(rest.Buffer.End);
                if (done)
                {
                    return;
                }
            }
        }
        catch (Exception broken) when (broken is IOException or InvalidOperationException or OperationCanceledException)
        {
            // There is no more of it, or nobody to answer.
        }
    }
}
