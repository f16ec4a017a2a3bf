using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>POST /infer: the body is the input tensor's bytes, the answer is the output tensor's.</summary>
internal sealed class InferEndpoint(Model model, Lanes lanes)
{
    public async Task Handle(HttpContext context)
    {
        int batch = model.BatchOf(context.Request.ContentLength ?? 0);
        if (batch == 0)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        int inputBytes = batch * model.InputItemBytes;
        int outputBytes = batch * model.OutputItemBytes;
        byte[] input = ArrayPool<byte>.Shared.Rent(inputBytes);
        byte[] output = ArrayPool<byte>.Shared.Rent(outputBytes);
        try
        {
            PipeReader body = context.Request.BodyReader;
            int filled = 0;
            while (filled < inputBytes)
            {
                ReadResult read = await body.ReadAsync(context.RequestAborted);
                read.Buffer.CopyTo(input.AsSpan(filled));
                filled += (int)read.Buffer.Length;
                body.AdvanceTo(read.Buffer.End);
            }

            await lanes.RunAsync(input, output, batch, context.RequestAborted);

            context.Response.ContentLength = outputBytes;
            context.Response.ContentType = "application/octet-stream";
            await context.Response.BodyWriter.WriteAsync(output.AsMemory(0, outputBytes), context.RequestAborted);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
            ArrayPool<byte>.Shared.Return(input);
        }
    }
}
