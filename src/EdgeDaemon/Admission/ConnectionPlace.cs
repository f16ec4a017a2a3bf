using System.Diagnostics.CodeAnalysis;
using EdgeDaemon.Identity;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace EdgeDaemon.Admission;

/// <summary>One open connection among those that there may be.</summary>
/// <param name="admission">Where it is counted.</param>
/// <param name="forOperators">Whether its door also lets those in who are outside.</param>
[SuppressMessage("Design", "CA1001", Justification = "A token source without a timer holds nothing.")]
internal sealed class ConnectionPlace(ConnectionAdmission admission, bool forOperators)
{
    private readonly CancellationTokenSource _outside = new(); // Without a timer it holds nothing.
    private int _left;

    /// <summary>Null until it is known.</summary>
    public Caller? Caller { get; private set; }

    /// <summary>Null until the caller is known, and for strangers.</summary>
    public Tenant? Tenant { get; private set; }

    /// <summary>Null until it goes on to the HTTP server.</summary>
    public ConnectionContext? Connection { get; private set; }

    /// <summary>Of the places that are kept for those who have yet to prove who they are.</summary>
    public bool IsReserved { get; set; }

    /// <summary>It is cut for where it comes from, or for what that address has taken; not for what it said.</summary>
    public bool IsTurnedAway { get; set; }

    public bool ForOperators => forOperators;

    /// <summary>Fires when the caller is put outside: for calls that wait for its next message, or for anything else to say to it.</summary>
    public CancellationToken Outside => _outside.Token;

    /// <summary>Whose connection it is, now that it is known; false when it is to be cut. Nothing when it was known before.</summary>
    public bool TryIdentify(Caller caller) => Caller is not null || admission.Identify(this, caller);

    /// <summary>Names what is to be closed if the caller is put outside; false when it is to be cut now. After <see cref="TryIdentify"/>.</summary>
    public bool TryAttach(ConnectionContext connection)
    {
        Connection = connection;
        return admission.Attach(this, connection);
    }

    /// <summary>The connection has ended.</summary>
    public void Leave()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            admission.Leave(this);
        }
    }

    /// <summary>Answers that are on their way go out; nothing else begins.</summary>
    public void Close()
    {
        try
        {
            _outside.Cancel();
        }
        catch (AggregateException)
        {
            // Who was told broke over it: the connection ends all the same.
        }

        try
        {
            if (Connection?.Features.Get<IConnectionLifetimeNotificationFeature>() is { } lifetime)
            {
                lifetime.RequestClose();
            }
            else
            {
                Connection?.Abort(new ConnectionAbortedException("the caller is outside for a while"));
            }
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself.
        }
    }

    internal void Identified(Caller caller, Tenant? tenant)
    {
        Tenant = tenant;
        Caller = caller;
    }
}
