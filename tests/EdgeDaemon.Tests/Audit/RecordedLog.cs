using System.Buffers;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeDaemon.Tests.Audit;

/// <summary>A trail over a log in a scratch folder, and what stands in it once it has ended.</summary>
internal sealed class RecordedLog : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("audit-").FullName;

    /// <param name="settings">More keys of <c>[audit]</c>, and tables behind it.</param>
    /// <param name="redaction">Null: nothing is redacted.</param>
    /// <param name="key">Of GMAC.</param>
    public RecordedLog(string settings = "", Redaction? redaction = null, byte[]? key = null)
    {
        Settings = EdgedSettings.Parse(Encoding.UTF8.GetBytes($"format = 1\nstate_dir = \"{_folder}\"\n[audit]\ndirectory = \"{_folder}\"\nsegment_bytes = 262144\nmin_free_bytes = 0\n{settings}"), "edged.toml");
        var files = new SpoolFolder(_folder);
        var keys = new HeldKeys();
        SpoolRecovery.Initialise(files, keys, "test.example/log");
        Spool = AuditSpool.Open(Settings.Audit, files, keys, TimeProvider.System);
        Trail = new AuditTrail(Settings.Audit, Spool, redaction, new TensorHasher(Settings.Audit.InputDigest, Settings.Audit.OutputDigest, key ?? []));
    }

    public EdgedSettings Settings { get; }

    public AuditSpool Spool { get; }

    public AuditTrail Trail { get; }

    /// <summary>An exchange of a caller of the configuration's first tenant; of nobody's for a null.</summary>
    public HttpExchange Ask(string? tenant = null, uint user = 1000)
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature());
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new Microsoft.AspNetCore.Http.StreamResponseBodyFeature(Stream.Null));
        features.Set(new Arrival(Settings.Listeners[0], Caller.OfUser(user, [])));
        var exchange = new HttpExchange();
        exchange.Begin(features);
        exchange.Tenant = tenant is null ? null : new Tenant(Settings.Tenants.First(each => each.Name == tenant), 0);
        return exchange;
    }

    /// <summary>Ends the trail and gives its records as JSON, but for what the spool writes of itself.</summary>
    public JsonElement[] Read(params string[] kinds)
    {
        Trail.Dispose();
        var records = new List<JsonElement>();
        foreach (string file in Directory.GetFiles(_folder, "*.segment").Order(StringComparer.Ordinal))
        {
            var walk = new SegmentWalk(new WholeFile(file));
            while (walk.Next())
            {
                records.Add(Json(walk.Sequence, Frame.Time(walk.Frame), Frame.Record(walk.Frame)));
            }

            Assert.AreEqual(SegmentEnd.Clean, walk.End, walk.Fault?.ToString());
        }

        return [.. records.Where(record => kinds.Contains(record.GetProperty("kind").GetString()))];
    }

    public static JsonElement Json(ReadOnlySpan<byte> record) => Json(0, 0, record);

    public void Dispose()
    {
        Trail.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static JsonElement Json(ulong sequence, long time, ReadOnlySpan<byte> record)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            RecordJson.Write(json, sequence, time, record);
        }

        return JsonDocument.Parse(text.WrittenMemory).RootElement;
    }

    private sealed class WholeFile(string file) : ISegmentBytes
    {
        private readonly byte[] _bytes = File.ReadAllBytes(file);

        public string Name => Path.GetFileName(file);

        public long Length => _bytes.Length;

        public int Read(long offset, Span<byte> into)
        {
            int count = (int)Math.Min(into.Length, Math.Max(0, _bytes.Length - offset));
            _bytes.AsSpan((int)offset, count).CopyTo(into);
            return count;
        }
    }

    private sealed class HeldKeys : AuditKeyStore
    {
        private readonly Dictionary<long, byte[]> _keys = [];

        public override byte[]? Read(long epoch) => _keys.TryGetValue(epoch, out byte[]? key) ? [.. key] : null;

        public override void Keep(long epoch, ReadOnlySpan<byte> key) => _keys[epoch] = key.ToArray();

        public override void Erase(long epoch) => _keys.Remove(epoch);
    }
}
