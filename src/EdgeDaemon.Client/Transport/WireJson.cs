using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeDaemon.Client.Control;

namespace EdgeDaemon.Client.Transport;

/// <summary>Every JSON form that the client reads or writes whole, generated at build time (no reflection in an AOT program).</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 32)]
[JsonSerializable(typeof(ErrorForm))]
[JsonSerializable(typeof(ServerForm))]
[JsonSerializable(typeof(ModelForm))]
[JsonSerializable(typeof(ConfigForm))]
[JsonSerializable(typeof(AnswerForm))]
[JsonSerializable(typeof(DaemonStatus))]
[JsonSerializable(typeof(ModelStatus))]
[JsonSerializable(typeof(ModelStatusList))]
[JsonSerializable(typeof(TenantStatusList))]
[JsonSerializable(typeof(PenaltyStatusList))]
[JsonSerializable(typeof(ReloadStatus))]
[JsonSerializable(typeof(DrainStatus))]
[JsonSerializable(typeof(LogLevelStatus))]
internal sealed partial class WireJson : JsonSerializerContext;

internal sealed record ErrorForm(string Error);

internal sealed record ServerForm(string Name, string Version, string[] Extensions);

internal sealed record ModelForm(string Name, string Platform, TensorForm[] Inputs, TensorForm[] Outputs, string[]? Versions = null);

internal sealed record TensorForm(string Name, string Datatype, long[] Shape);

/// <summary>The parts of Triton's ModelConfig that say more than the metadata.</summary>
internal sealed record ConfigForm(ConfigInputForm[]? Input = null, Dictionary<string, ConfigParameterForm>? Parameters = null);

internal sealed record ConfigInputForm(string Name, string? Format = null);

internal sealed record ConfigParameterForm(string? StringValue = null);

/// <summary>The head of an inference answer.</summary>
internal sealed record AnswerForm(
    string ModelName, AnswerTensorForm[] Outputs, string? ModelVersion = null, string? Id = null, Dictionary<string, JsonElement>? Parameters = null);

internal sealed record AnswerTensorForm(string Name, string Datatype, long[] Shape, AnswerTensorParametersForm? Parameters = null);

internal sealed record AnswerTensorParametersForm(long? BinaryDataSize = null);
