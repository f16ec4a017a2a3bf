namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>The fixed texts of OMS v1.0 and of the formats it stands on.</summary>
internal static class OmsNames
{
    /// <summary>Sigstore bundle, protobuf-specs sigstore_bundle.proto.</summary>
    public const string MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";

    public const string PayloadType = "application/vnd.in-toto+json";
    public const string StatementType = "https://in-toto.io/Statement/v1";
    public const string PredicateType = "https://model_signing/signature/v1.0";
    public const string Files = "files";
    public const string Shards = "shards";
    public const string Sha256 = "sha256";

    /// <summary>The name that Python gives to the file when the model is one file.</summary>
    public const string SingleFile = ".";
}
