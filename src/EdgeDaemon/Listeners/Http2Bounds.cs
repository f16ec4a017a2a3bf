using EdgeDaemon.Core.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EdgeDaemon.Listeners;

/// <summary>What one HTTP/2 connection may make the server hold. Header sizes and times are the same as of HTTP/1.1.</summary>
internal static class Http2Bounds
{
    /// <summary>Calls at a time on one connection. The server closes a connection that resets so many more that twice this are still being cleaned up (CVE-2023-44487).</summary>
    public const int Streams = 100;

    /// <summary>Frames of this size are taken, so that a tensor is not cut in pieces of 16 KiB.</summary>
    public const int FrameBytes = 64 * 1024;

    /// <summary>Bytes that a call may send before they are read: a 600 KB image without waiting for leave in between.</summary>
    public const int StreamWindow = 1 << 20;

    /// <summary>The same for all calls of a connection together: the most that it can make the server hold unread.</summary>
    public const int ConnectionWindow = 2 << 20;

    private const int LeastWindow = 65_535;
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingAnswer = TimeSpan.FromSeconds(20);

    public static void Apply(Http2Limits http2, LimitSettings limits)
    {
        http2.MaxStreamsPerConnection = Streams;
        http2.MaxFrameSize = FrameBytes;
        http2.MaxRequestHeaderFieldSize = HttpFrontEnd.HeaderBytes; // Less would end the connection, with all its calls, for one long token.
        http2.HeaderTableSize = 4096;
        http2.InitialStreamWindowSize = (int)Math.Clamp(limits.MaxBodyBytes, LeastWindow, StreamWindow);
        http2.InitialConnectionWindowSize = ConnectionWindow;

        // Whoever holds a stream open without a word is asked whether it is still there.
        http2.KeepAlivePingDelay = PingAfter;
        http2.KeepAlivePingTimeout = PingAnswer;
    }
}
