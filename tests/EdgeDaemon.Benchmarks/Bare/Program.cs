using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Benchmarks.Bare;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// The bare contender: what a capable developer writes in an afternoon, Kestrel compiled ahead of time over ONNX Runtime. No models
// but one, no contract, no limits, no record. And the rawest one: the C API in a loop.
if (args is not [string verb and ("serve" or "raw"), .. string[] words])
{
    Console.Error.WriteLine(Arguments.Usage);
    return 2;
}

Arguments arguments = Arguments.Parse(words);
if (arguments.Hash)
{
    using FileStream library = File.OpenRead(arguments.Library);
    Console.Error.WriteLine($"library sha256 {Convert.ToHexStringLower(SHA256.HashData(library))}");
}

var model = new Model(new Ort(arguments.Library), File.ReadAllBytes(arguments.Model));
if (verb == "raw")
{
    Console.WriteLine(new RawLoop(model, arguments).Measure());
    return 0;
}

string socket = arguments.TlsPort > 0 ? "" : arguments.Socket ?? throw new ArgumentException("--socket is missing");
if (socket.Length > 0)
{
    File.Delete(socket);
    File.Delete(socket + ".counter");
}

WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
{
    options.AddServerHeader = false;
    if (arguments.TlsPort > 0)
    {
        MutualTls.Listen(options, arguments.TlsPort, arguments.Certificates ?? throw new ArgumentException("--certificates is missing"));
        return;
    }

    options.ListenUnixSocket(socket, endpoint => endpoint.Protocols = arguments.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1);
    if (arguments.Grpc)
    {
        options.ListenUnixSocket(socket + ".counter", endpoint => endpoint.Protocols = HttpProtocols.Http1); // /allocated is asked over HTTP/1.1.
    }
});
builder.Services.AddRoutingCore();
await using WebApplication application = builder.Build();
var lanes = new Lanes(model, arguments.Lanes);
RequestDelegate infer = new InferEndpoint(model, lanes).Handle;
RequestDelegate grpc = new GrpcEndpoint(model, lanes).Handle;
RequestDelegate json = new JsonEndpoint(model, lanes).Handle;

// For the benchmark: managed memory taken since the start, as edged's control surface says it.
RequestDelegate allocated = context =>
{
    byte[] text = Encoding.ASCII.GetBytes($"{{\"managed_allocated_bytes\":{GC.GetTotalAllocatedBytes()}}}");
    context.Response.ContentLength = text.Length;
    return context.Response.Body.WriteAsync(text).AsTask();
};
if (arguments.Echo)
{
    // Without routing: it would allocate, and edged has its own.
    RequestDelegate echo = arguments.Grpc ? new GrpcEndpoint(model, lanes: null).Handle : new EchoEndpoint(model).Handle;
    application.Run(context => context.Request.Path == "/allocated" ? allocated(context) : echo(context));
}
else
{
    application.MapPost("/infer", infer);
    application.MapPost("/inference.GRPCInferenceService/ModelInfer", grpc);
    application.MapPost("/v2/models/{model}/infer", json);
    application.MapGet("/allocated", allocated);
}

await application.StartAsync();
Console.WriteLine("ready");
await application.WaitForShutdownAsync();
return 0;
