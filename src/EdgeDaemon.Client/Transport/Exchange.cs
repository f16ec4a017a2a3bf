using System.Net.Http.Headers;

namespace EdgeDaemon.Client.Transport;

/// <summary>One call with one daemon, over either wire: deadline, tries, and every failure as <see cref="EdgeClientException"/>.</summary>
internal sealed class Exchange : IDisposable
{
    private readonly HttpClient _http;

    public Exchange(EdgeAddress address, EdgeClientOptions options)
    {
        Address = address;
        Options = options;
        _http = new HttpClient(DaemonHandler.Create(address, options))
        {
            BaseAddress = address.Uri,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Authorization = options.BearerToken is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
    }

    public EdgeAddress Address { get; }

    public EdgeClientOptions Options { get; }

    public void Dispose() => _http.Dispose();

    public CallClock Clock(TimeSpan? deadline, CancellationToken cancellation) => new(deadline ?? Options.Deadline, Options.Time, cancellation);

    /// <summary>Asks, as often as the policy allows, and reads the answer.</summary>
    /// <param name="ask">Makes the request of one try, told the time that is left (null: all).</param>
    /// <param name="read">Makes the result of the answer; its failures say themselves whether they may be tried again.</param>
    /// <param name="deadline">Null for the client's own.</param>
    /// <param name="cancellation">The caller's.</param>
    public async Task<T> CallAsync<T>(
        Func<TimeSpan?, HttpRequestMessage> ask,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        TimeSpan? deadline,
        CancellationToken cancellation)
    {
        using CallClock clock = Clock(deadline, cancellation);
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan? wait;
            try
            {
                return await TryAsync(ask, read, clock);
            }
            catch (EdgeClientException failure)
            {
                wait = RetryRule.Wait(failure, attempt, Options.Retry, clock.Left, Random.Shared.NextDouble());
                if (wait is null)
                {
                    throw;
                }
            }

            await GuardAsync(() => WaitAsync(clock, wait.Value), clock, null);
        }
    }

    /// <summary>Sends one request whose answer is read later; the caller disposes what comes.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CallClock clock) =>
        GuardAsync(() => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, clock.Token), clock, null);

    /// <summary>Runs a piece of a call, and puts every failure of HTTP in this library's words.</summary>
    /// <param name="work">The piece.</param>
    /// <param name="clock">The call's.</param>
    /// <param name="unanswered">The request while nothing of its answer has come; null when that does not matter any more.</param>
    public async Task<T> GuardAsync<T>(Func<Task<T>> work, CallClock clock, Func<HttpRequestMessage?>? unanswered)
    {
        try
        {
            return await work();
        }
        catch (Exception error) when (error is OperationCanceledException or HttpRequestException or IOException)
        {
            clock.ThrowIfCancelled();
            HttpRequestMessage? request = unanswered?.Invoke();
            bool leftover = request is not null && !request.Options.TryGetValue(DaemonHandler.Opened, out _);
            throw FailureMapping.Of(error, Address, clock, leftover);
        }
    }

    private static async Task<bool> WaitAsync(CallClock clock, TimeSpan wait)
    {
        await clock.WaitAsync(wait);
        return true;
    }

    private async Task<T> TryAsync<T>(
        Func<TimeSpan?, HttpRequestMessage> ask, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CallClock clock)
    {
        using HttpRequestMessage request = ask(clock.Left);
        bool answered = false;
        return await GuardAsync(
            async () =>
            {
                using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, clock.Token);
                answered = true;
                return await read(response, clock.Token);
            },
            clock,
            () => answered ? null : request);
    }
}
