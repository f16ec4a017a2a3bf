using System.Globalization;
using System.Text;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>Text in the trailer <c>grpc-message</c>: UTF-8, everything but printable ASCII percent-encoded, the percent sign too.</summary>
public static class GrpcText
{
    public static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            if (value is >= 0x20 and <= 0x7E and not (byte)'%')
            {
                encoded.Append((char)value);
            }
            else
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
            }
        }

        return encoded.ToString();
    }

    /// <summary>The text behind what <see cref="Encode"/> made. Never fails: what is no escape stands for itself, as gRPC's law has it.</summary>
    public static string Decode(string encoded)
    {
        if (!encoded.Contains('%', StringComparison.Ordinal))
        {
            return encoded;
        }

        var bytes = new List<byte>(encoded.Length);
        for (int i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%' && i + 2 < encoded.Length
                && byte.TryParse(encoded.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                bytes.Add(encoded[i] <= 0x7F ? (byte)encoded[i] : (byte)'?');
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
