using System.Globalization;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>The first place of a log that does not hold.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Name">The segment's name as its bytes' owner calls it (a file's name); empty where no segment is at fault.</param>
/// <param name="Offset">Byte in that segment where the frame or header begins.</param>
/// <param name="Sequence">Sequence that was expected there.</param>
/// <param name="What">What was found.</param>
/// <param name="Remedy">What to do.</param>
public sealed record SpoolFault(SpoolFaultKind Kind, string Name, long Offset, ulong Sequence, string What, string Remedy)
{
    /// <summary><c>segment:offset: sequence N: what; what to do</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Name.Length == 0 ? "" : $"{Name}:{Offset}: ")}sequence {Sequence}: {What}; {Remedy}");
}
