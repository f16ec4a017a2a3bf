using EdgeDaemon.Pipeline;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeDaemon.Listeners;

/// <summary>What the server calls for each request: one reusable <see cref="HttpExchange"/> per connection, then the router.</summary>
internal sealed class HttpApplication(RequestRouter router) : IHttpApplication<HttpExchange>
{
    private int _running;

    /// <summary>No request is being worked on, on whatever connection, open or not.</summary>
    public bool IsIdle => Volatile.Read(ref _running) == 0;

    public HttpExchange CreateContext(IFeatureCollection contextFeatures)
    {
        Interlocked.Increment(ref _running);

        // The server keeps this object with its own per-connection state: a keep-alive connection allocates it once.
        if (contextFeatures is IHostContextContainer<HttpExchange> container)
        {
            HttpExchange exchange = container.HostContext ??= new HttpExchange();
            exchange.Begin(contextFeatures);
            return exchange;
        }

        var single = new HttpExchange();
        single.Begin(contextFeatures);
        return single;
    }

    public Task ProcessRequestAsync(HttpExchange context) => router.RouteAsync(context);

    public void DisposeContext(HttpExchange context, Exception? exception)
    {
        context.End();
        Interlocked.Decrement(ref _running);
    }
}
