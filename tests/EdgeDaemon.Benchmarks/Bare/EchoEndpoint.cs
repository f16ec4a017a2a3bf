using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>Kestrel alone: reads the body to its end and answers so many bytes that are always the same. No inference, nothing allocated here.</summary>
internal sealed class EchoEndpoint(Model model)
{
    private readonly byte[] _answer = new byte[model.OutputItemBytes];

    public async Task Handle(HttpContext context)
    {
        PipeReader body = context.Request.BodyReader;
        ReadResult read;
        do
        {
            read = await body.ReadAsync(context.RequestAborted);
            body.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);

        context.Response.ContentLength = _answer.Length;
        await context.Response.BodyWriter.WriteAsync(_answer, context.RequestAborted);
    }
}
