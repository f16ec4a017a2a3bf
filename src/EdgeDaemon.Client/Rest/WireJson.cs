using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeDaemon.Client.Control;

namespace EdgeDaemon.Client.Rest;

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
[JsonSerializable(typeof(StatisticsForm))]
[JsonSerializable(typeof(IndexForm[]))]
[JsonSerializable(typeof(DaemonStatus))]
[JsonSerializable(typeof(ModelStatus))]
[JsonSerializable(typeof(ModelStatusList))]
[JsonSerializable(typeof(TenantStatusList))]
[JsonSerializable(typeof(PenaltyStatusList))]
[JsonSerializable(typeof(AuditStatus))]
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

internal sealed record StatisticsForm(StatisticsModelForm[] ModelStats);

internal sealed record StatisticsModelForm(
    string Name, string Version, ulong LastInference, ulong InferenceCount, ulong ExecutionCount, DurationsForm InferenceStats, BatchForm[]? BatchStats = null);

internal sealed record BatchForm(ulong BatchSize, DurationForm? ComputeInput = null, DurationForm? ComputeInfer = null, DurationForm? ComputeOutput = null);

internal sealed record DurationsForm(
    DurationForm? Success = null,
    DurationForm? Fail = null,
    DurationForm? Queue = null,
    DurationForm? ComputeInput = null,
    DurationForm? ComputeInfer = null,
    DurationForm? ComputeOutput = null);

internal sealed record DurationForm(ulong Count, ulong Ns);

internal sealed record IndexForm(string Name, string? Version = null, string? State = null, string? Reason = null);
