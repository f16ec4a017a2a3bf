using System.Numerics;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>How a protobuf field is written.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Delimited = 2,
    Fixed32 = 5,
}

/// <summary>The rules of protobuf's encoding that reader and cursor share.</summary>
internal static class WireFormat
{
    public const int MostVarintBytes = 10;

    public static int VarintSize(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>Splits a tag; refuses field number 0, groups (3 and 4, which nest without a length) and what is no wire type.</summary>
    public static (int Field, WireType Wire) Tag(ulong tag)
    {
        ulong field = tag >> 3;
        if (field is 0 or > (1 << 29) - 1)
        {
            Malformed("a field number is out of range");
        }

        var wire = (WireType)(tag & 7);
        if (wire is not (WireType.Varint or WireType.Fixed64 or WireType.Delimited or WireType.Fixed32))
        {
            Malformed("a group, or a wire type that does not exist");
        }

        return ((int)field, wire);
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    public static void Malformed(string detail) => RefusedException.Throw(Refusal.HeadMalformedProtobuf, detail);
}
