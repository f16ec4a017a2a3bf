using System.Collections.Immutable;

namespace EdgeDaemon.Client.Models;

/// <summary>The daemon's name, version and the protocol extensions it serves.</summary>
public sealed record ServerDescription(string Name, string Version, ImmutableArray<string> Extensions);
