using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Native.Onnx;
using Microsoft.AspNetCore.Http;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The bytes of one request body, in order: the JSON head into scratch memory, tensors straight into tensor memory (one
/// copy, socket buffer to tensor). Every way in which a body can fail to arrive has its own refusal.
/// </summary>
internal readonly struct RequestBody(PipeReader reader, long? contentLength, LimitSettings limits, BodyClock clock)
{
    public long? Length => contentLength;

    /// <summary>Refuses a body over the limit before any of it is read; the server enforces the same on bodies of unstated length.</summary>
    public void RefuseTooLarge()
    {
        if (contentLength > limits.MaxBodyBytes)
        {
            throw new RefusedException(Refusal.BodyTooLarge, $"Content-Length {contentLength} is over max_body_bytes {limits.MaxBodyBytes}");
        }
    }

    /// <summary>Reads exactly as many bytes as <paramref name="destination"/> holds.</summary>
    public ValueTask ReadExactlyAsync(Memory<byte> destination)
    {
        // Small bodies are there with their heads: no state is laid aside for a wait that there is not.
        while (!destination.IsEmpty)
        {
            if (!TryRead(out ReadResult ready))
            {
                return FillAsync(destination);
            }

            destination = destination[Take(ready, destination.Span)..];
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Waits, as long as it takes, for more of the body; false at its end. Nothing is read.</summary>
    public async ValueTask<bool> WaitForMoreAsync(CancellationToken cancel)
    {
        try
        {
            ReadResult result = await reader.ReadAsync(cancel);
            bool more = !result.Buffer.IsEmpty;
            reader.AdvanceTo(result.Buffer.Start);
            return more;
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested && Refused(failure) is { } refused)
        {
            throw refused;
        }
    }

    /// <summary>The length of the gRPC message that begins here.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadGrpcPrefixAsync()
    {
        while (true)
        {
            ReadResult result = await ReadAsync();
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (buffer.Length >= GrpcFrame.PrefixSize)
            {
                ReadOnlySequence<byte> prefix = buffer.Slice(0, GrpcFrame.PrefixSize);
                int length = Prefix(prefix);
                reader.AdvanceTo(prefix.End);
                clock.Count(GrpcFrame.PrefixSize);
                return length;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                throw new RefusedException(Refusal.BodyTruncated, "the call ended before its message");
            }
        }
    }

    /// <summary>Feeds the message that has begun, to its end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FeedAsync(ModelInferRequestReader message)
    {
        while (message.Remaining > 0)
        {
            ReadResult result = await ReadAsync();
            long before = message.Remaining;
            ReadOnlySequence<byte> piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, before));
            try
            {
                foreach (ReadOnlyMemory<byte> segment in piece)
                {
                    message.Feed(segment.Span);
                }
            }
            finally
            {
                // Also after a refusal: whoever goes on with the next message must find where this one stands.
                clock.Count(before - message.Remaining);
                reader.AdvanceTo(piece.GetPosition(before - message.Remaining));
            }

            if (result.IsCompleted && message.Remaining > 0)
            {
                throw new RefusedException(Refusal.BodyTruncated, $"the message ended {message.Remaining} bytes early");
            }
        }
    }

    /// <summary>Reads a body of unstated length to its end, into memory that grows up to max_body_bytes.</summary>
    public async ValueTask<BlockWriter> ReadToEndAsync(TensorBlockPool pool, TensorAccount? account)
    {
        var all = new BlockWriter(pool, limits.MaxBodyBytes, Refusal.BodyTooLarge) { Account = account };
        try
        {
            while (true)
            {
                ReadResult result = await ReadAsync();
                foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                {
                    all.Write(segment.Span);
                }

                clock.Count(result.Buffer.Length);
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return all;
                }
            }
        }
        catch
        {
            all.Dispose();
            throw;
        }
    }

    /// <summary>The body must end here: bytes that no length accounts for are how a second request hides in the first.</summary>
    public ValueTask ExpectEndAsync() =>
        contentLength is not null ? ValueTask.CompletedTask : SeeEndAsync(); // The plan's sizes were checked against the stated length, and the server delivers no more than that.

    private async ValueTask SeeEndAsync()
    {
        ReadResult result = await ReadAsync();
        bool trailing = result.Buffer.Length > 0;
        reader.AdvanceTo(result.Buffer.End);
        if (trailing)
        {
            throw new RefusedException(Refusal.BodyTrailingBytes, "bytes follow the last tensor");
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(Memory<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadResult result = await ReadAsync();
            destination = destination[Take(result, destination.Span)..];
        }
    }

    /// <summary>Copies what is there, and is wanted. Bytes.</summary>
    private int Take(in ReadResult result, Span<byte> destination)
    {
        ReadOnlySequence<byte> buffer = result.Buffer;
        ReadOnlySpan<byte> first = buffer.FirstSpan;
        int take;
        if (first.Length >= destination.Length)
        {
            take = destination.Length;
            first[..take].CopyTo(destination);
        }
        else
        {
            take = (int)Math.Min(buffer.Length, destination.Length);
            buffer.Slice(0, take).CopyTo(destination);
        }

        reader.AdvanceTo(buffer.GetPosition(take));
        clock.Count(take);
        return result.IsCompleted && take < destination.Length
            ? throw new RefusedException(Refusal.BodyTruncated, $"the body ended {destination.Length - take} bytes early")
            : take;
    }

    private int Prefix(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> prefix = stackalloc byte[GrpcFrame.PrefixSize];
        bytes.CopyTo(prefix);
        return GrpcFrame.ReadPrefix(prefix, limits.MaxBodyBytes);
    }

    // Most bodies are there already: then nothing waits and no clock runs.
    private ValueTask<ReadResult> ReadAsync() => TryRead(out ReadResult ready) ? ValueTask.FromResult(ready) : WaitAsync();

    private bool TryRead(out ReadResult ready)
    {
        try
        {
            if (!reader.TryRead(out ready))
            {
                return false;
            }
        }
        catch (Exception failure) when (Refused(failure) is { } refused)
        {
            throw refused;
        }

        RequireInTime(ready);
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync()
    {
        // The read is called off, not cancelled by a token: the server would take a cancelled read for one that still goes on, could not
        // read the rest of the body, and would log that as a fault of the daemon's.
        using CancellationTokenRegistration end = clock.Start(limits.BodyTimeout).UnsafeRegister(static state => ((PipeReader)state!).CancelPendingRead(), reader);
        try
        {
            ReadResult result = await reader.ReadAsync();
            RequireInTime(result);
            return result;
        }
        catch (Exception failure) when (Refused(failure) is { } refused)
        {
            throw refused;
        }
    }

    private void RequireInTime(in ReadResult result)
    {
        if (!result.IsCanceled)
        {
            if (result.IsCompleted)
            {
                clock.End();
            }

            return;
        }

        reader.AdvanceTo(result.Buffer.Start);
        throw clock.DeadlinePassed
            ? new RefusedException(Refusal.AdmissionDeadline, "the request's time was over while its body arrived")
            : new RefusedException(Refusal.BodyTooSlow, $"the body did not arrive within body_timeout_seconds {limits.BodyTimeout.TotalSeconds}");
    }

    /// <summary>The server's exceptions as refusals; null for what is none of the caller's doing.</summary>
    private RefusedException? Refused(Exception failure) => failure switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            new RefusedException(Refusal.BodyTooLarge, $"the body is over max_body_bytes {limits.MaxBodyBytes}", failure),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } =>
            new RefusedException(Refusal.BodyTooSlow, $"the body came slower than min_body_bytes_per_second {limits.MinBodyBytesPerSecond}", failure),
        // The server wraps a chunk size that overflows as if the connection had failed.
        BadHttpRequestException or IOException { InnerException: OverflowException } => new RefusedException(Refusal.BodyTruncated, failure.Message, failure),
        OperationCanceledException or IOException =>
            new RefusedException(Refusal.BodyAborted, "the caller closed the connection while sending the body", failure),
        _ => null,
    };
}
