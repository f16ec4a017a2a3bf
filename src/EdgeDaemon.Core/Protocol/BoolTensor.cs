namespace EdgeDaemon.Core.Protocol;

/// <summary>The wire form of BOOL: one byte an element, 0 or 1.</summary>
public static class BoolTensor
{
    /// <summary>Refuses any other byte: native code that compares a bool with a bool disagrees with itself on a 2.</summary>
    /// <exception cref="RefusedException"><see cref="Refusal.InputNumberOutOfRange"/>.</exception>
    public static void Validate(ReadOnlySpan<byte> raw)
    {
        int bad = raw.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (bad >= 0)
        {
            RefusedException.Throw(Refusal.InputNumberOutOfRange, $"element {bad} of BOOL is neither 0 nor 1");
        }
    }
}
