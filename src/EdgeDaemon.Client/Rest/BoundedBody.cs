namespace EdgeDaemon.Client.Rest;

/// <summary>Reads a body whole, never more than the limit: a wrong peer must not fill this process's memory.</summary>
internal static class BoundedBody
{
    private const int FirstGuess = 4096;

    public static async Task<byte[]> ReadAsync(HttpContent content, int limit, CancellationToken cancellation)
    {
        long? announced = content.Headers.ContentLength;
        if (announced > limit)
        {
            throw TooLarge(limit);
        }

        await using Stream stream = await content.ReadAsStreamAsync(cancellation);
        if (announced is long length)
        {
            var body = new byte[length];
            await stream.ReadExactlyAsync(body, cancellation);
            return body;
        }

        return await ReadChunkedAsync(stream, limit, cancellation);
    }

    private static async Task<byte[]> ReadChunkedAsync(Stream stream, int limit, CancellationToken cancellation)
    {
        var buffer = new byte[Math.Min(FirstGuess, limit + 1)];
        int filled = 0;
        while (true)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(filled), cancellation);
            if (read == 0)
            {
                return buffer.AsSpan(0, filled).ToArray();
            }

            filled += read;
            if (filled > limit)
            {
                throw TooLarge(limit);
            }

            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(2L * buffer.Length, limit + 1L));
            }
        }
    }

    public static EdgeClientException TooLarge(int limit) =>
        new(EdgeClientFailure.AnswerInvalid, $"the answer is larger than the {limit} bytes that this client accepts");
}
