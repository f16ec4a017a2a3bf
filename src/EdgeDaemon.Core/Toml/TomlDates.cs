using System.Buffers;

namespace EdgeDaemon.Core.Toml;

/// <summary>
/// Dates and times of RFC 3339 as TOML 1.0 takes them: seconds are required, T may be t or one space, Z may be z.
/// A leap second (:60) and the year 0 are refused: no clock of this program can hold them.
/// </summary>
internal static class TomlDates
{
    private static readonly SearchValues<byte> TimeBytes = SearchValues.Create("0123456789:.+-Zz"u8);

    private const int DateLength = 10;
    private const int TimeLength = 8;
    private const int TickDigits = 7;

    /// <summary><c>1979-05-27 07:32:00</c> is one value: the token goes on behind a space when a digit follows a date.</summary>
    public static ReadOnlySpan<byte> WithSpaceAndTime(ReadOnlySpan<byte> token, ReadOnlySpan<byte> rest)
    {
        if (token.Length != DateLength || token[4] != '-' || rest.Length < DateLength + 2 || rest[DateLength] != ' '
            || !char.IsAsciiDigit((char)rest[DateLength + 1]))
        {
            return token;
        }

        int time = rest[(DateLength + 1)..].IndexOfAnyExcept(TimeBytes);
        return time < 0 ? rest : rest[..(DateLength + 1 + time)];
    }

    public static bool LooksLikeOne(ReadOnlySpan<byte> token) =>
        (token.Length > 4 && token[4] == '-' && token[..4].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        || (token.Length > 2 && token[2] == ':' && token[..2].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0);

    public static TomlValue Read(ref TomlCursor cursor, ReadOnlySpan<byte> token, TomlPosition position)
    {
        if (token[2] == ':')
        {
            return TryTime(token, out long ticks, out int length) && length == token.Length
                ? new TomlLocalTime(new TimeOnly(ticks), position)
                : throw cursor.Error(position, "not a time: write hh:mm:ss, with a fraction of a second if need be");
        }

        if (!TryDate(token, out DateTime date))
        {
            throw cursor.Error(position, "not a date: write yyyy-mm-dd, a day that exists");
        }

        if (token.Length == DateLength)
        {
            return new TomlLocalDate(DateOnly.FromDateTime(date), position);
        }

        if (token[DateLength] is not ((byte)'T' or (byte)'t' or (byte)' ')
            || !TryTime(token[(DateLength + 1)..], out long timeTicks, out int timeLength))
        {
            throw cursor.Error(position, "not a date-time: write yyyy-mm-ddThh:mm:ss, seconds included");
        }

        DateTime local = date.AddTicks(timeTicks);
        ReadOnlySpan<byte> offset = token[(DateLength + 1 + timeLength)..];
        if (offset.IsEmpty)
        {
            return new TomlLocalDateTime(local, position);
        }

        return TryOffset(offset, out TimeSpan value)
            ? new TomlOffsetDateTime(local, value, position)
            : throw cursor.Error(position, "not a date-time: its offset is Z or +hh:mm");
    }

    private static bool TryDate(ReadOnlySpan<byte> text, out DateTime date)
    {
        date = default;
        if (text.Length < DateLength || text[4] != '-' || text[7] != '-' || !TryNumber(text[..4], out int year)
            || !TryNumber(text[5..7], out int month) || !TryNumber(text[8..10], out int day)
            || year is 0 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        date = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Unspecified);
        return true;
    }

    private static bool TryTime(ReadOnlySpan<byte> text, out long ticks, out int length)
    {
        ticks = 0;
        length = TimeLength;
        if (text.Length < TimeLength || text[2] != ':' || text[5] != ':' || !TryNumber(text[..2], out int hour)
            || !TryNumber(text[3..5], out int minute) || !TryNumber(text[6..8], out int second)
            || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        ticks = new TimeSpan(hour, minute, second).Ticks;
        if (text.Length == TimeLength || text[TimeLength] != '.')
        {
            return true;
        }

        ReadOnlySpan<byte> fraction = text[(TimeLength + 1)..];
        int digits = fraction.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? fraction.Length : digits;
        long scale = TimeSpan.TicksPerSecond;
        for (int i = 0; i < Math.Min(digits, TickDigits); i++)
        {
            scale /= 10;
            ticks += (fraction[i] - '0') * scale;
        }

        length = TimeLength + 1 + digits;
        return digits > 0;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text.Length == 1 && text[0] is (byte)'Z' or (byte)'z')
        {
            return true;
        }

        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':' || !TryNumber(text[1..3], out int hours)
            || !TryNumber(text[4..6], out int minutes) || hours > 23 || minutes > 59)
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            number = (number * 10) + (digit - '0');
        }

        return true;
    }
}
