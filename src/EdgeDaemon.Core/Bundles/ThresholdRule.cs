using System.Collections.Immutable;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>More signers for some models.</summary>
/// <param name="Models">Patterns of model names.</param>
/// <param name="Threshold">Distinct signers.</param>
public sealed record ThresholdRule(ImmutableArray<string> Models, int Threshold)
{
    internal static ThresholdRule Read(TomlSection table) => new(
        table.RequiredStrings("models", TrustedKey.MostPatterns, ModelName.MaxLength, NamePattern.Fault),
        (int)table.RequiredInteger("threshold", 1, TrustPolicy.MostSigners));
}
