using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>Writes the head of one ModelInferRequest: everything but the tensors' bytes, which their caller sends from where they lie.</summary>
public static class ModelInferRequestWriter
{
    private const int RawContents = 7;

    /// <param name="output">Takes the message.</param>
    /// <param name="modelName">The model's name.</param>
    /// <param name="modelVersion">Empty for the one that is served.</param>
    /// <param name="id">Empty for none.</param>
    public static void Begin(ProtobufWriter output, string modelName, string modelVersion, string id)
    {
        output.Text(1, modelName);
        output.Text(2, modelVersion);
        output.Text(3, id);
    }

    public static void Parameter(ProtobufWriter output, string name, bool value)
    {
        int start = output.Begin(4);
        output.Text(1, name);
        int content = output.Begin(2);
        output.Choice(1, value ? 1UL : 0);
        output.End(content);
        output.End(start);
    }

    /// <param name="value">Not empty.</param>
    public static void Parameter(ProtobufWriter output, string name, string value)
    {
        int start = output.Begin(4);
        output.Text(1, name);
        int content = output.Begin(2);
        output.Text(3, value);
        output.End(content);
        output.End(start);
    }

    public static void Input(ProtobufWriter output, string name, ElementType type, ReadOnlySpan<long> shape)
    {
        int start = output.Begin(5);
        output.Text(1, name);
        output.Text(2, type.WireName());
        output.Packed(3, shape);
        output.End(start);
    }

    /// <summary>An output that is wanted; without any, all are.</summary>
    public static void Output(ProtobufWriter output, string name)
    {
        int start = output.Begin(6);
        output.Text(1, name);
        output.End(start);
    }

    /// <summary>What comes before the bytes of the next input.</summary>
    public static void RawPrefix(ProtobufWriter output, int length) => output.Prefix(RawContents, length);
}
