using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using EdgeDaemon.Client.Grpc;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Transport;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Client;

/// <summary>
/// Many inferences over one gRPC call (ModelStreamInfer): an answer for each request, in their order. Sending and reading go on at the same
/// time; sends may come from several threads, reading is one loop. Nothing is tried again.
/// </summary>
public sealed class EdgeInferenceStream : IAsyncDisposable
{
    private readonly Exchange _exchange;
    private readonly GrpcWire _wire;
    private readonly CallClock _clock;
    private readonly DuplexContent _content = new();
    private readonly HttpRequestMessage _request;
    private readonly Task<HttpResponseMessage> _response;
    private readonly ConcurrentQueue<InferenceRequest> _asked = new();
    private readonly SemaphoreSlim _sending = new(1);
    private bool _completed;
    private volatile bool _ended;
    private int _reading;
    private int _disposed;

    internal EdgeInferenceStream(Exchange exchange, GrpcWire wire, TimeSpan deadline, CancellationToken cancellation)
    {
        _exchange = exchange;
        _wire = wire;
        _clock = exchange.Clock(deadline, cancellation);
        _request = GrpcRequest.Of(GrpcMethod.ModelStreamInfer, _content, _clock.Left);
        _response = OpenAsync();
    }

    /// <summary>Sends one request, from the caller's memory. A send that fails or is cancelled leaves half a message, and so ends the stream.</summary>
    /// <exception cref="EdgeClientException">The stream has ended; reading tells why, when the daemon said so.</exception>
    public async Task SendAsync(InferenceRequest request, CancellationToken cancellation = default)
    {
        await _sending.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_completed, this);
            if (_ended)
            {
                // HTTP takes what is sent for a while after it knows better.
                throw new EdgeClientException(EdgeClientFailure.ConnectionLost, "the stream has ended; reading it told why");
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _clock.Token);
            bool whole = false;
            try
            {
                whole = await _exchange.GuardAsync(
                    async () =>
                    {
                        Stream stream = await _content.Opened.WaitAsync(either.Token);
                        _asked.Enqueue(request);
                        await RequestMessage.WriteAsync(stream, request, either.Token);
                        return true;
                    },
                    _clock,
                    null);
            }
            catch (EdgeClientException) when (cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellation);
            }
            catch (ObjectDisposedException error)
            {
                throw new EdgeClientException(EdgeClientFailure.ConnectionLost, "the stream has ended; reading it tells why", error);
            }
            finally
            {
                if (!whole && cancellation.IsCancellationRequested)
                {
                    _clock.Stop();
                }
            }
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>No more requests: the daemon ends the stream after the last answer.</summary>
    public async Task CompleteAsync()
    {
        await _sending.WaitAsync();
        _completed = true;
        _content.Complete();
        _sending.Release();
    }

    /// <summary>The answers in the order of the requests, until the daemon ends the stream. To be read once.</summary>
    /// <exception cref="EdgeClientException">The stream ended with an error. A single request that was refused is an answer that says so.</exception>
    public async IAsyncEnumerable<StreamedAnswer> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // What one reader has buffered, another would miss.
        if (Interlocked.Exchange(ref _reading, 1) != 0)
        {
            throw new InvalidOperationException("the answers of a stream are read once");
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _clock.Token);
            HttpResponseMessage response = await ReadAsync(() => _response.WaitAsync(either.Token), cancellation);
            GrpcResponse.CheckHead(response);
            Stream body = await ReadAsync(() => response.Content.ReadAsStreamAsync(either.Token), cancellation);
            using var messages = new MessageReader(body, _exchange.Options.MaxAnswerBytes);
            while (await ReadAsync(() => _wire.NextAsync(messages, either.Token), cancellation))
            {
                yield return await ReadAsync(() => AnswerAsync(messages, either.Token), cancellation);
            }

            GrpcResponse.End(response);
        }
        finally
        {
            _ended = true;
        }
    }

    /// <summary>Ends the call; when the daemon has not ended it, by resetting the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _clock.Stop();
        _content.Complete();
        try
        {
            (await _response).Dispose();
        }
        catch (Exception error) when (error is EdgeClientException or OperationCanceledException)
        {
            // Whoever reads was told.
        }

        _request.Dispose();
        _clock.Dispose();
    }

    private async Task<HttpResponseMessage> OpenAsync()
    {
        try
        {
            return await _exchange.SendAsync(_request, _clock);
        }
        catch (Exception error)
        {
            _content.Fail(error);
            throw;
        }
    }

    private async Task<T> ReadAsync<T>(Func<Task<T>> read, CancellationToken cancellation)
    {
        try
        {
            return await _exchange.GuardAsync(read, _clock, null);
        }
        catch (EdgeClientException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (RefusedException refused)
        {
            throw GrpcResponse.Malformed(refused, _exchange.Options.MaxAnswerBytes);
        }
    }

    private async Task<StreamedAnswer> AnswerAsync(MessageReader message, CancellationToken cancellation)
    {
        if (!_asked.TryDequeue(out InferenceRequest? asked))
        {
            throw OutputPlaces.Invalid("an answer that nobody asked for");
        }

        string? error = null;
        InferenceAnswer? answer = null;
        while (message.Left > 0)
        {
            ProtobufField field = await message.FieldAsync(0, cancellation);
            if (field is { Number: 1, IsDelimited: true })
            {
                error = System.Text.Encoding.UTF8.GetString(await message.SmallAsync((long)field.Value, cancellation));
            }
            else if (field is { Number: 2, IsDelimited: true })
            {
                answer = await InferAnswerReader.ReadAsync(message, message.Left - (long)field.Value, asked.Outputs, cancellation);
            }
            else if (field.IsDelimited)
            {
                await message.SmallAsync((long)field.Value, cancellation);
            }
        }

        return error is null && answer is null
            ? throw OutputPlaces.Invalid("a message of the stream holds neither answer nor error")
            : new StreamedAnswer(asked.Id ?? answer?.Id, string.IsNullOrEmpty(error) ? answer : null, string.IsNullOrEmpty(error) ? null : error);
    }
}
