using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace EdgeDaemon.Client.Inference;

/// <summary>What a daemon certified of one input.</summary>
/// <param name="Class">Null when it abstained.</param>
/// <param name="Radius">In the units of the tensor that received the noise; 0 when it abstained.</param>
/// <param name="CertifiedRadius">The same in units of the input as it was sent.</param>
/// <param name="Samples">All that were used.</param>
/// <param name="Stopped">Why no more were drawn.</param>
/// <param name="Certificate">UTF-8; empty unless it was asked for.</param>
public sealed record CertifiedInput(int? Class, double Radius, double CertifiedRadius, int Samples, string Stopped, ReadOnlyMemory<byte> Certificate)
{
    /// <summary>One for each input of the request, in their order.</summary>
    /// <exception cref="EdgeClientException">The answer is none to a request with <see cref="InferenceRequest.Certify"/>.</exception>
    public static ImmutableArray<CertifiedInput> Each(InferenceAnswer answer)
    {
        try
        {
            JsonElement classes = Array(answer, "class"), radii = Array(answer, "radius"), certified = Array(answer, "certified_radius");
            JsonElement samples = Array(answer, "samples"), stopped = Array(answer, "stopped");
            JsonElement? certificates = answer.Parameters.ContainsKey("certificates") ? Array(answer, "certificates") : null;
            var inputs = ImmutableArray.CreateBuilder<CertifiedInput>();
            for (int i = 0; i < classes.GetArrayLength(); i++)
            {
                inputs.Add(new CertifiedInput(
                    classes[i].ValueKind == JsonValueKind.Null ? null : classes[i].GetInt32(),
                    radii[i].GetDouble(),
                    certified[i].GetDouble(),
                    samples[i].GetInt32(),
                    stopped[i].GetString()!,
                    certificates is { } all ? Encoding.UTF8.GetBytes(all[i].GetRawText()) : ReadOnlyMemory<byte>.Empty));
            }

            return inputs.ToImmutable();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw OutputPlaces.Invalid("what it says of certification has another form than this client knows", error);
        }
    }

    // The text of a JSON array: parameters of the protocol have no arrays.
    private static JsonElement Array(InferenceAnswer answer, string name)
    {
        if (!answer.Parameters.TryGetValue(name, out JsonElement parameter) || parameter.ValueKind != JsonValueKind.String)
        {
            throw OutputPlaces.Invalid($"it has no parameter {name}; was it asked to certify, and does the model?");
        }

        using JsonDocument text = JsonDocument.Parse(parameter.GetString()!);
        return text.RootElement.Clone();
    }
}
