using System.Text;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>
/// The requests that are no inference: at most a name and a version, in fields 1 and 2 (ModelReady, ModelMetadata, ModelConfig, ModelStatistics;
/// HealthCheck has its service in field 1, RepositoryIndex its repository). Everything else in them is skipped.
/// </summary>
/// <param name="Name">Field 1; empty when absent.</param>
/// <param name="Version">Field 2, when it is text.</param>
public readonly record struct SmallRequest(string Name, string Version)
{
    /// <summary>Bytes of the largest one that is read.</summary>
    public const int MostBytes = 4096;

    public static SmallRequest Read(ReadOnlySpan<byte> message)
    {
        string name = "";
        string version = "";
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            if (fields.Is(1, WireType.Delimited))
            {
                name = Encoding.UTF8.GetString(fields.Text());
            }
            else if (fields.Is(2, WireType.Delimited))
            {
                version = Encoding.UTF8.GetString(fields.Text());
            }
        }

        return new SmallRequest(name, version);
    }
}
