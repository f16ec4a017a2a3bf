using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Answers;

/// <summary>How the members of an ensemble voted on one picture, for people and for programs; the daemon's parameters are JSON texts with one element for each row.</summary>
internal static class VoteText
{
    private static readonly string[] Names = ["agreement", "entropy", "members", "failed_members"];

    /// <summary>A line for the whole, and one for each member: its name and the class it chose.</summary>
    /// <param name="answer">To a request that asked for votes.</param>
    /// <param name="label">A class's label, or null where it has none.</param>
    /// <exception cref="CtlException">The daemon said nothing of votes.</exception>
    public static string Lines(InferenceAnswer answer, Func<int, string?> label)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"agreement {Number(First(answer, "agreement"))}, entropy {Number(First(answer, "entropy"))}\n");
        using JsonDocument failed = Parse(answer, "failed_members");
        string?[] missing = [.. failed.RootElement.EnumerateArray().Select(name => name.GetString())];
        using JsonDocument members = Parse(answer, "members");
        foreach (JsonProperty member in members.RootElement.EnumerateObject())
        {
            JsonElement choice = member.Value.GetArrayLength() == 0 ? default : member.Value[0];
            string said = choice.ValueKind == JsonValueKind.Number
                ? label(choice.GetInt32()) ?? choice.GetInt32().ToString(CultureInfo.InvariantCulture)
                : missing.Contains(member.Name) ? "(failed)" : "(no vote)";
            text.Append(CultureInfo.InvariantCulture, $"  {Printable.Of(member.Name)}  {Printable.Of(said)}\n");
        }

        return text.ToString();
    }

    /// <summary><c>"votes": {"agreement", "entropy", "members", "failed_members"}</c>, each as the daemon gave it.</summary>
    public static void Write(Utf8JsonWriter json, InferenceAnswer answer)
    {
        json.WriteStartObject("votes");
        foreach (string name in Names)
        {
            using JsonDocument value = Parse(answer, name);
            json.WritePropertyName(name);
            value.RootElement.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static string Number(double? value) => value is { } number ? number.ToString("0.0000", CultureInfo.InvariantCulture) : "-";

    private static double? First(InferenceAnswer answer, string name)
    {
        using JsonDocument rows = Parse(answer, name);
        return rows.RootElement.GetArrayLength() > 0 && rows.RootElement[0].ValueKind == JsonValueKind.Number ? rows.RootElement[0].GetDouble() : null;
    }

    private static JsonDocument Parse(InferenceAnswer answer, string name)
    {
        if (!answer.Parameters.TryGetValue(name, out JsonElement value) || value.ValueKind != JsonValueKind.String)
        {
            throw new CtlException($"the daemon's answer says nothing of {name}");
        }

        try
        {
            return JsonDocument.Parse(value.GetString()!);
        }
        catch (JsonException broken)
        {
            throw new CtlException($"the daemon's {name} is no JSON: {broken.Message}", broken);
        }
    }
}
