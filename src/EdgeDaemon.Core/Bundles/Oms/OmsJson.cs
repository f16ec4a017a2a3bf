using System.Text.Json;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>Reads one level of JSON with its place in the message, for one part (bundle or statement) with its shape fault.</summary>
internal readonly struct OmsJson(JsonElement element, string path, OmsFault shape)
{
    public JsonElement Element => element;

    public string Path => path;

    public OmsJson Object(string name) => Require(name, JsonValueKind.Object, "an object");

    public OmsJson Array(string name) => Require(name, JsonValueKind.Array, "an array");

    public string Text(string name) => Require(name, JsonValueKind.String, "a string").Element.GetString()!;

    /// <summary>The member's text; null when it is absent or JSON's null, which protobuf's JSON takes for absent.</summary>
    public string? OptionalText(string name) => Has(name) ? Text(name) : null;

    /// <summary>True when the member is there and not null.</summary>
    public bool Has(string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>An element of this array, which must be an object.</summary>
    public OmsJson ObjectAt(int index)
    {
        var item = new OmsJson(element[index], $"{path}[{index}]", shape);
        return item.Element.ValueKind == JsonValueKind.Object ? item : throw item.Wrong("an object");
    }

    public OmsException Wrong(string expected) => new(shape, $"{path} is not {expected}");

    private OmsJson Require(string name, JsonValueKind kind, string expected)
    {
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            throw new OmsException(shape, $"{path}.{name} is missing");
        }

        var member = new OmsJson(value, $"{path}.{name}", shape);
        return value.ValueKind == kind ? member : throw member.Wrong(expected);
    }
}
