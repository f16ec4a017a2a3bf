using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Admission;

/// <summary>
/// Callers whose requests are refused again and again, by their own fault, are left outside for a while, each time twice as long. Who is outside is
/// asked before the first byte of a connection is parsed. Bounded: of so many callers that there is no room for all, the longest silent is forgotten.
/// </summary>
internal sealed class PenaltyBox(PenaltySettings settings, TimeProvider clock, ILogger log)
{
    public const int MostEntries = 4096;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private volatile PenaltySettings _settings = settings;
    private readonly Lock _forgetting = new();
    private int _count; // of entries; the dictionary's own takes all of its locks
    private int _inside;
    private long _lastEnd; // no penalty lasts longer

    /// <summary>Called with the name of each that is put outside: its connections are to be closed.</summary>
    public Action<string>? Entered { get; set; }

    /// <summary>What counts from now on; who is outside stays there for as long as it was told.</summary>
    public PenaltySettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    /// <summary>Whether anybody may be outside: most often nobody is, and then nothing has to be looked up.</summary>
    public bool IsEmpty => Volatile.Read(ref _inside) == 0 || clock.GetTimestamp() >= Volatile.Read(ref _lastEnd);

    /// <summary>The name that a network address has here: of IPv6 its /64, for a host can choose any address of that.</summary>
    public static string NameOf(IPAddress source)
    {
        IPAddress address = source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source;
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return $"from:{address}";
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return $"from:{new IPAddress(bytes)}/64";
    }

    /// <summary>One more refusal of this caller that is its own fault.</summary>
    public void Blame(string name, string reason)
    {
        PenaltySettings settings = _settings;
        if (settings.After == 0)
        {
            return;
        }

        Penalty? entered;
        while (!TryBlame(settings, name, reason, out entered))
        {
            // Its entry was taken away in between: what is counted there, nobody would see.
        }

        if (entered is not null)
        {
            Log.PenaltyBegins(log, entered.Name, entered.Until, entered.Times, settings.After, settings.Window.TotalSeconds, reason);
            Entered?.Invoke(name);
        }

        if (Volatile.Read(ref _count) > MostEntries)
        {
            ForgetOldest();
        }
    }

    /// <summary>The same of a network address, whose handshakes fail.</summary>
    public void Blame(IPAddress source, string reason) => Blame(NameOf(source), reason);

    /// <summary>Whether it is to be cut.</summary>
    public bool IsOutside(string name)
    {
        if (IsEmpty || !_entries.TryGetValue(name, out Entry? entry))
        {
            return false;
        }

        lock (entry)
        {
            if (entry.Penalty is null)
            {
                return false;
            }

            if (clock.GetTimestamp() < entry.Until)
            {
                return true;
            }

            Forgive(entry);
            return false;
        }
    }

    public bool IsOutside(IPAddress source) => !IsEmpty && IsOutside(NameOf(source));

    /// <summary>Everybody who is outside now, the latest first.</summary>
    public ImmutableArray<Penalty> Inside()
    {
        var inside = ImmutableArray.CreateBuilder<Penalty>();
        foreach ((string name, Entry entry) in _entries)
        {
            if (IsOutside(name) && entry.Penalty is { } penalty)
            {
                inside.Add(penalty);
            }
        }

        inside.Sort((one, other) => other.Since.CompareTo(one.Since));
        return inside.ToImmutable();
    }

    /// <summary>Lets a caller in again, and forgets what was. False when it was not outside.</summary>
    public bool Lift(string name)
    {
        bool outside = IsOutside(name);
        if (_entries.TryGetValue(name, out Entry? entry))
        {
            Remove(name, entry);
        }

        return outside;
    }

    private bool TryBlame(PenaltySettings settings, string name, string reason, out Penalty? entered)
    {
        entered = null;
        long now = clock.GetTimestamp();
        Entry entry = EntryOf(name);
        lock (entry)
        {
            if (entry.Removed)
            {
                return false;
            }

            long quietSince = Math.Max(entry.LastRefusal, entry.Until);
            entry.LastRefusal = now;
            if (entry.Penalty is not null)
            {
                if (now < entry.Until)
                {
                    return true; // What was on its way already.
                }

                Forgive(entry);
            }

            if (entry.Times > 0 && clock.GetElapsedTime(quietSince, now) > 2 * settings.Longest)
            {
                entry.Times = 0;
            }

            if (entry.Recent.Add(now, Ticks(settings.Window)) >= settings.After)
            {
                TimeSpan time = TimeFor(settings, ++entry.Times);
                DateTimeOffset since = clock.GetUtcNow();
                entered = entry.Penalty = new Penalty(name, since, since + time, entry.Times, reason);
                entry.Until = now + Ticks(time);
                entry.Recent.Clear();
                Extend(entry.Until);
                Interlocked.Increment(ref _inside);
            }
        }

        return true;
    }

    private Entry EntryOf(string name)
    {
        Entry? entry;
        while (!_entries.TryGetValue(name, out entry))
        {
            entry = new Entry();
            if (_entries.TryAdd(name, entry))
            {
                Interlocked.Increment(ref _count);
                break;
            }
        }

        return entry;
    }

    // Before the penalty counts: whoever sees one sees its end, too.
    private void Extend(long until)
    {
        for (long seen = Volatile.Read(ref _lastEnd); seen < until;)
        {
            long before = Interlocked.CompareExchange(ref _lastEnd, until, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    // This entry and no later one of the same name.
    private void Remove(string name, Entry entry)
    {
        if (_entries.TryRemove(KeyValuePair.Create(name, entry)))
        {
            Interlocked.Decrement(ref _count);
            lock (entry)
            {
                entry.Removed = true;
                Forgive(entry);
            }
        }
    }

    private static TimeSpan TimeFor(PenaltySettings settings, int times)
    {
        TimeSpan time = settings.First;
        for (int i = 1; i < times && time < settings.Longest; i++)
        {
            time *= 2;
        }

        return time < settings.Longest ? time : settings.Longest;
    }

    private void Forgive(Entry entry)
    {
        if (entry.Penalty is not null)
        {
            entry.Penalty = null;
            Interlocked.Decrement(ref _inside);
        }
    }

    // A quarter at once, so that it is seldom, and by one thread: others would sort the same entries. Who is outside goes last.
    private void ForgetOldest()
    {
        if (!_forgetting.TryEnter())
        {
            return;
        }

        try
        {
            long now = clock.GetTimestamp();
            foreach ((string name, Entry entry) in _entries.OrderBy(each => each.Value.Penalty is not null && now < each.Value.Until).ThenBy(each => each.Value.LastRefusal).Take(MostEntries / 4))
            {
                Remove(name, entry);
            }
        }
        finally
        {
            _forgetting.Exit();
        }
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);

    /// <summary>One caller; its fields belong to whoever holds its lock.</summary>
    private sealed class Entry
    {
        public RecentCount Recent { get; } = new();

        /// <summary>It is nobody's any more.</summary>
        public bool Removed { get; set; }

        public Penalty? Penalty { get; set; }

        public long Until { get; set; }

        public int Times { get; set; }

        public long LastRefusal { get; set; }
    }
}
