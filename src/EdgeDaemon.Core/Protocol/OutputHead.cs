using System.Buffers;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>What stands before an output's shape in every answer of its model, on each wire: rendered once, as <see cref="ModelHead"/> is.</summary>
public sealed class OutputHead
{
    private readonly byte[] _json;
    private readonly byte[] _protobuf;

    /// <param name="name">Of the output.</param>
    /// <param name="type">Of its elements.</param>
    public OutputHead(string name, ElementType type)
    {
        Type = type;
        var json = new ArrayBufferWriter<byte>();
        json.Write(",{\"name\":"u8);
        JsonStringWriter.Write(json, name);
        json.Write(",\"datatype\":"u8);
        JsonStringWriter.Write(json, type.WireName());
        json.Write(",\"shape\":["u8);
        _json = json.WrittenSpan.ToArray();

        var protobuf = new ProtobufWriter();
        protobuf.Text(1, name);
        protobuf.Text(2, type.WireName());
        _protobuf = protobuf.Written.ToArray();
    }

    public ElementType Type { get; }

    /// <summary>The beginning of an object up to its shape's dimensions, behind the comma that follows the output before it.</summary>
    public ReadOnlySpan<byte> Json => _json;

    /// <summary>The first fields of an InferOutputTensor.</summary>
    public ReadOnlySpan<byte> Protobuf => _protobuf;
}
