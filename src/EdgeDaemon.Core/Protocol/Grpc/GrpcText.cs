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
}
