using System.Buffers;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Core.Protocol;

/// <summary>What every answer of one model begins with, on each wire: rendered once, when the model is loaded, since it is the same in all of them.</summary>
public sealed class ModelHead
{
    private readonly byte[] _json;
    private readonly byte[] _protobuf;

    /// <param name="name">As it is served.</param>
    /// <param name="version">As it is served.</param>
    public ModelHead(string name, string version)
    {
        var json = new ArrayBufferWriter<byte>();
        json.Write("{\"model_name\":"u8);
        JsonStringWriter.Write(json, name);
        json.Write(",\"model_version\":"u8);
        JsonStringWriter.Write(json, version);
        _json = json.WrittenSpan.ToArray();

        var protobuf = new ProtobufWriter();
        protobuf.Text(1, name);
        protobuf.Text(2, version);
        _protobuf = protobuf.Written.ToArray();
    }

    /// <summary>The beginning of an object, up to a comma.</summary>
    public ReadOnlySpan<byte> Json => _json;

    /// <summary>The first fields of a ModelInferResponse.</summary>
    public ReadOnlySpan<byte> Protobuf => _protobuf;
}
