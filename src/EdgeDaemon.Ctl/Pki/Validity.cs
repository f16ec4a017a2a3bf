namespace EdgeDaemon.Ctl.Pki;

/// <summary>From one second to another, both included; certificates know no fractions.</summary>
internal readonly record struct Validity(DateTimeOffset From, DateTimeOffset Until)
{
    public static Validity Days(DateTimeOffset now, int days)
    {
        DateTimeOffset from = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        return new Validity(from, from.AddDays(days));
    }
}
