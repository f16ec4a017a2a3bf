namespace EdgeDaemon.Core.Toml;

/// <summary>
/// A date-time with an offset. Kept as written, because TOML allows offsets (to 23:59) and instants (before year 1)
/// that <see cref="DateTimeOffset"/> cannot hold.
/// </summary>
public sealed class TomlOffsetDateTime(DateTime local, TimeSpan offset, TomlPosition position) : TomlValue(position)
{
    /// <summary>The clock's reading at the offset, to 100 ns (finer digits are cut off, as TOML says).</summary>
    public DateTime Local { get; } = local;

    public TimeSpan Offset { get; } = offset;

    public override string TypeName => "an offset date-time";

    /// <summary>The instant in UTC; false when it lies outside the years 1 to 9999.</summary>
    public bool TryGetInstant(out DateTimeOffset instant)
    {
        long ticks = Local.Ticks - Offset.Ticks;
        bool fits = ticks >= DateTime.MinValue.Ticks && ticks <= DateTime.MaxValue.Ticks;
        instant = fits ? new DateTimeOffset(ticks, TimeSpan.Zero) : default;
        return fits;
    }
}

public sealed class TomlLocalDateTime(DateTime value, TomlPosition position) : TomlValue(position)
{
    public DateTime Value { get; } = value;

    public override string TypeName => "a local date-time";
}

public sealed class TomlLocalDate(DateOnly value, TomlPosition position) : TomlValue(position)
{
    public DateOnly Value { get; } = value;

    public override string TypeName => "a local date";
}

public sealed class TomlLocalTime(TimeOnly value, TomlPosition position) : TomlValue(position)
{
    public TimeOnly Value { get; } = value;

    public override string TypeName => "a local time";
}
