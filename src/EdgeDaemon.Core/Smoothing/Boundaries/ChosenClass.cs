namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>The class that a <see cref="Selection"/> chose, and the first draw that may certify it.</summary>
public readonly record struct ChosenClass
{
    /// <summary>No sample had a class: nothing can be certified. The default value, so that nobody has a class without having chosen it.</summary>
    public static readonly ChosenClass None;

    private readonly int _number;

    internal ChosenClass(int index, int firstSample)
    {
        (_number, FirstSample) = (index + 1, firstSample);
    }

    /// <summary>-1 for none.</summary>
    public int Index => _number - 1;

    /// <summary>Draws before this one chose the class and certify nothing.</summary>
    public int FirstSample { get; }
}
