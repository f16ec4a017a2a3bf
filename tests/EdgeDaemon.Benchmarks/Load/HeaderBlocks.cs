using System.Text;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>
/// HPACK (RFC 7541) for one connection, as far as a load client needs it: two prepared blocks for the calls (the first fills the server's
/// table, every other names what is in it, as gRPC's own clients do), and of the answers' blocks :status and grpc-status.
/// </summary>
internal sealed class HeaderBlocks
{
    private const int StaticEntries = 61;
    private const int EntryOverhead = 32;
    private const int TableBytes = 4096; // What both sides begin with.

    // Lengths of the static table's names and values: they are all that counting an entry of our table takes.
    private static readonly string[] StaticNames =
    [
        ":authority", ":method", ":method", ":path", ":path", ":scheme", ":scheme", ":status", ":status", ":status", ":status", ":status", ":status", ":status",
        "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "accept", "access-control-allow-origin", "age", "allow", "authorization",
        "cache-control", "content-disposition", "content-encoding", "content-language", "content-length", "content-location", "content-range", "content-type",
        "cookie", "date", "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
        "last-modified", "link", "location", "max-forwards", "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh", "retry-after", "server",
        "set-cookie", "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "www-authenticate",
    ];

    private readonly List<(string Name, string Value)> _table = []; // Newest last.
    private int _tableBytes;

    /// <summary>Literals that go into the server's table.</summary>
    public static byte[] First { get; } =
    [
        0x83, 0x86, // :method POST, :scheme http
        .. Literal(0x44, "/inference.GRPCInferenceService/ModelInfer"), // :path
        .. Literal(0x41, "localhost"), // :authority
        .. Literal(0x5F, "application/grpc"), // content-type
        0x40, .. Text("te"), .. Text("trailers"),
        .. Literal(0x7A, "bench-load"), // user-agent
    ];

    /// <summary>The same fields by their numbers.</summary>
    public static byte[] Next { get; } = [0x83, 0x86, 0x80 | 66, 0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62];

    /// <summary>The status that an answer's block says, if it says one, and gRPC's.</summary>
    public (string? Http, string? Grpc, string? Message) Read(ReadOnlySpan<byte> block)
    {
        string? http = null, grpc = null, message = null;
        while (!block.IsEmpty)
        {
            if ((block[0] & 0xE0) == 0x20)
            {
                Number(ref block, 5); // The table's new size: nobody here makes it smaller than what is in it.
                continue;
            }

            (string name, string value) = Field(ref block);
            http = name == ":status" ? value : http;
            grpc = name == "grpc-status" ? value : grpc;
            message = name == "grpc-message" ? value : message;
        }

        return (http, grpc, message);
    }

    private static IEnumerable<byte> Literal(byte name, string value) => [name, .. Text(value)];

    private static IEnumerable<byte> Text(string value) => [(byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private (string Name, string Value) Field(ref ReadOnlySpan<byte> block)
    {
        byte first = block[0];
        if (first >= 0x80)
        {
            return Entry(Number(ref block, 7));
        }

        bool keep = first >= 0x40;
        int index = Number(ref block, keep ? 6 : 4);
        string name = index == 0 ? String(ref block) : Entry(index).Name;
        string value = String(ref block);
        if (keep)
        {
            _table.Add((name, value));
            _tableBytes += name.Length + value.Length + EntryOverhead;
            while (_tableBytes > TableBytes)
            {
                _tableBytes -= _table[0].Name.Length + _table[0].Value.Length + EntryOverhead;
                _table.RemoveAt(0);
            }
        }

        return (name, value);
    }

    private (string Name, string Value) Entry(int index) => index switch
    {
        8 => (":status", "200"),
        > 0 and <= StaticEntries => (StaticNames[index - 1], ""), // Another status, or nothing that is looked at.
        > StaticEntries when index - StaticEntries <= _table.Count => _table[^(index - StaticEntries)],
        _ => throw new LoadException($"the answer's headers name entry {index}, which is none"),
    };

    private static int Number(ref ReadOnlySpan<byte> block, int bits)
    {
        int most = (1 << bits) - 1;
        int value = block[0] & most;
        block = block[1..];
        if (value == most)
        {
            int shift = 0;
            byte next;
            do
            {
                next = block[0];
                value += (next & 0x7F) << shift;
                shift += 7;
                block = block[1..];
            }
            while (next >= 0x80);
        }

        return value;
    }

    private static string String(ref ReadOnlySpan<byte> block)
    {
        if (block[0] >= 0x80)
        {
            throw new LoadException("the answer's headers are Huffman-coded, which no server does that is measured here");
        }

        int length = Number(ref block, 7);
        string text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }
}
