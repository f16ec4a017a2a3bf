using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Tests.Client;

/// <summary>A server of the framework with whatever answers the test wants: HTTP/2 on a Unix socket, or both versions behind TLS.</summary>
internal sealed class KestrelDaemon : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;

    private KestrelDaemon(WebApplication app, string folder)
    {
        _app = app;
        _folder = folder;
    }

    public string SocketPath => Path.Combine(_folder, "edged.sock");

    public int Port => new Uri(_app.Urls.Single()).Port;

    public static Task<KestrelDaemon> StartAsync(RequestDelegate answer) =>
        StartAsync(answer, (kestrel, path) => kestrel.ListenUnixSocket(path, listen => listen.Protocols = HttpProtocols.Http2));

    public static Task<KestrelDaemon> StartTlsAsync(RequestDelegate answer, HttpsConnectionAdapterOptions tls) =>
        StartAsync(answer, (kestrel, _) => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(tls);
        }));

    /// <summary>One gRPC message, and a good end.</summary>
    public static async Task AnswerAsync(HttpContext context, params byte[][] messages)
    {
        context.Response.ContentType = "application/grpc";
        foreach (byte[] message in messages)
        {
            await context.Response.Body.WriteAsync(Frame(message));
            await context.Response.Body.FlushAsync();
        }

        context.Response.AppendTrailer("grpc-status", "0");
    }

    /// <summary>A refusal in the only header block.</summary>
    public static Task RefuseAsync(HttpContext context, int status, string message, string? pushback = null)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = $"{status}";
        context.Response.Headers["grpc-message"] = message;
        if (pushback is not null)
        {
            context.Response.Headers["grpc-retry-pushback-ms"] = pushback;
        }

        return Task.CompletedTask;
    }

    public static byte[] Frame(byte[] message, byte flag = 0) =>
        [flag, (byte)(message.Length >> 24), (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];

    /// <summary>The next framed message of a request; null at its end.</summary>
    public static async Task<byte[]?> ReadAsync(HttpContext context)
    {
        byte[] prefix = new byte[5];
        if (await context.Request.Body.ReadAtLeastAsync(prefix, 5, throwOnEndOfStream: false) < 5)
        {
            return null;
        }

        byte[] message = new byte[(prefix[1] << 24) | (prefix[2] << 16) | (prefix[3] << 8) | prefix[4]];
        await context.Request.Body.ReadExactlyAsync(message);
        return message;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        now.Cancel();
        try
        {
            await _app.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
            // Requests that a test left open.
        }

        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<KestrelDaemon> StartAsync(RequestDelegate answer, Action<KestrelServerOptions, string> listen)
    {
        string folder = Directory.CreateTempSubdirectory("edged-").FullName;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => listen(kestrel, Path.Combine(folder, "edged.sock")));
        WebApplication app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new KestrelDaemon(app, folder);
    }
}
