using System.Text;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>Key and value pairs: for people and tools, never for the runtime.</summary>
internal static class OnnxMetadata
{
    private const int MostEntries = 1024;

    private const int LongestValue = 1 << 20;

    public static void Entry(ReadOnlySpan<byte> entry, OnnxFindings findings, string place)
    {
        (string key, _) = Pair(entry, findings, place);

        // The runtime reads load options from here when its environment says so (ORT_LOAD_CONFIG_FROM_MODEL).
        if (key == "ort_config")
        {
            findings.Danger(OnnxRule.Metadata, place, "the key 'ort_config' carries load options");
        }
    }

    /// <summary>One of many: over <see cref="MostEntries"/> is a finding, once.</summary>
    public static void Entry(ReadOnlySpan<byte> entry, ref int count, OnnxFindings findings, string place)
    {
        Entry(entry, findings, place);
        if (++count == MostEntries + 1)
        {
            findings.Danger(OnnxRule.Metadata, place, $"there are more than {MostEntries} entries");
        }
    }

    public static (string Key, string Value) Pair(ReadOnlySpan<byte> entry, OnnxFindings findings, string place)
    {
        string key = "", value = "";
        var fields = new OnnxFields(entry, OnnxMessage.Entry, findings, place);
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                key = OnnxText.Name(fields.Content, findings, place);
            }
            else
            {
                OnnxText.Check(fields.Content, LongestValue, OnnxRule.Metadata, findings, place);
                value = Encoding.UTF8.GetString(fields.Content[..Math.Min(fields.Content.Length, OnnxText.LongestName)]);
            }
        }

        return (key, value);
    }
}
