using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Listeners;

/// <summary>Every listener over TLS, with what they share: places for handshakes, limits of sources, the record of who was turned away.</summary>
internal sealed class TlsDoors
{
    private readonly FrozenDictionary<string, TlsGreeting> _greetings;
    private readonly HandshakeRecord _record;

    /// <param name="settings">Its listeners with <c>tcp</c> are the doors.</param>
    /// <param name="material">For each of them, by its name.</param>
    /// <param name="log">For those who are turned away.</param>
    /// <param name="audit">The same.</param>
    /// <param name="clock">For limits and times.</param>
    /// <param name="isOutside">Whether an address is left outside for what it did before; null: nobody is.</param>
    /// <param name="blame">Is told of each address that was turned away for what it did, and why; null: nobody keeps account.</param>
    public TlsDoors(
        EdgedSettings settings, ImmutableDictionary<string, TlsMaterial> material, ILogger log, AuditTrail audit, TimeProvider clock, Func<IPAddress, bool>? isOutside = null, Action<IPAddress, string>? blame = null)
    {
        var sources = new SourceLimits(settings.Limits, clock);
        var places = new HandshakePlaces(settings.Limits.MaxHandshakes);
        _record = new HandshakeRecord(log, clock, audit, blame);
        _greetings = settings.Listeners.Where(listen => listen.Tcp is not null).ToFrozenDictionary(
            listen => listen.Name,
            listen => new TlsGreeting(listen, settings.Limits, material[listen.Name], sources, places, _record, clock, isOutside),
            StringComparer.Ordinal);
    }

    /// <summary>What became of connections over TLS since the start.</summary>
    public HandshakeCounts Counts => _record.Counts;

    public IGreeting For(ListenSettings listen) => _greetings[listen.Name];

    /// <summary>
    /// Puts new material in the place of the old, whole: connections made from now on get it. Open ones stay, but for those that it would not let in: these are closed, soon after
    /// this returns. Listeners are told by their names; one that was not there at the start is left out, for it has no socket.
    /// </summary>
    /// <param name="settings">Their <c>allow_from</c> counts from now on.</param>
    /// <param name="material">For each listener with <c>tcp</c>, by its name.</param>
    public void Apply(EdgedSettings settings, ImmutableDictionary<string, TlsMaterial> material)
    {
        foreach (ListenSettings listen in settings.Listeners)
        {
            if (listen.Tcp is not null && _greetings.TryGetValue(listen.Name, out TlsGreeting? greeting))
            {
                greeting.Apply(listen, material[listen.Name]);
            }
        }
    }
}
