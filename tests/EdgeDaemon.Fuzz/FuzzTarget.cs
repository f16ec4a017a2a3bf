namespace EdgeDaemon.Fuzz;

/// <summary>
/// One parser under attack. <see cref="Judge"/> gives our verdict in one line of text; the oracle script, which shares
/// no code with us, gives its own for the same bytes, and the two lines must be equal.
/// </summary>
internal abstract class FuzzTarget
{
    /// <summary>Name on the command line, and the folder of its corpus below corpus/.</summary>
    public abstract string Name { get; }

    /// <summary>The Python script below oracles/ that judges independently.</summary>
    public abstract string Oracle { get; }

    /// <summary>Tokens that the mutator splices in, beside byte-level mutations of the corpus.</summary>
    public abstract IReadOnlyList<byte[]> Dictionary { get; }

    /// <summary>
    /// "reject", or "accept " and a canonical form of the value without line breaks. Any exception but the parser's own
    /// documented one is a finding. Oracles may answer "either" where the rule leaves freedom, and
    /// end a line with a question mark where they cannot tell the rest of it.
    /// </summary>
    public abstract string Judge(ReadOnlySpan<byte> input);
}
