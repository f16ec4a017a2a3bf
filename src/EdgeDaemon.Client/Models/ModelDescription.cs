using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Models;

/// <summary>How the four dimensions of an image input are laid out.</summary>
public enum ImageFormat
{
    /// <summary>The input is not declared to be an image.</summary>
    None,

    /// <summary>Batch, channels, height, width.</summary>
    Nchw,

    /// <summary>Batch, height, width, channels.</summary>
    Nhwc,
}

/// <summary>One input: its contract, and its layout when it is an image.</summary>
public sealed record InputDescription(TensorContract Contract, ImageFormat Format);

/// <summary>What a served model takes and gives. <see cref="Labels"/> name the classes in order; empty when the model declares none.</summary>
public sealed record ModelDescription(
    string Name,
    ImmutableArray<string> Versions,
    string Platform,
    ImmutableArray<InputDescription> Inputs,
    ImmutableArray<TensorContract> Outputs,
    ImmutableArray<string> Labels);
