using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace EdgeDaemon.Tests.Ctl.Images;

/// <summary>Makes PNG files from samples, bit by bit and with a filter of choice for each row: shares no code with the reader.</summary>
internal static class PngWriter
{
    public static readonly byte[] Signature = [137, 80, 78, 71, 13, 10, 26, 10];

    /// <param name="samples">Row by row, every channel as the file has it.</param>
    public static byte[] Write(int width, int height, int depth, int color, int[] samples, int[] filters, params byte[][] extraChunks)
    {
        var file = new List<byte>(Signature);
        file.AddRange(Header(width, height, depth, color, 0));
        foreach (byte[] chunk in extraChunks)
        {
            file.AddRange(chunk);
        }

        byte[] data = Compress(Rows(width, height, depth, color, samples, filters));

        // Two IDAT chunks, so that the reader has to join them.
        file.AddRange(Chunk("IDAT", data[..(data.Length / 2)]));
        file.AddRange(Chunk("IDAT", data[(data.Length / 2)..]));
        file.AddRange(Chunk("IEND", []));
        return [.. file];
    }

    public static byte[] Header(int width, int height, int depth, int color, int interlace)
    {
        byte[] content = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(content, width);
        BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(4), height);
        content[8] = (byte)depth;
        content[9] = (byte)color;
        content[12] = (byte)interlace;
        return Chunk("IHDR", content);
    }

    public static byte[] Chunk(string type, byte[] content)
    {
        byte[] covered = [.. Encoding.ASCII.GetBytes(type), .. content];
        byte[] chunk = [0, 0, 0, 0, .. covered, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc(covered));
        return chunk;
    }

    public static byte[] Compress(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var zlib = new ZLibStream(buffer, CompressionLevel.Fastest))
        {
            zlib.Write(bytes);
        }

        return buffer.ToArray();
    }

    public static int Channels(int color) => color switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    private static byte[] Rows(int width, int height, int depth, int color, int[] samples, int[] filters)
    {
        int channels = Channels(color);
        int rowBytes = ((width * channels * depth) + 7) / 8;
        int step = Math.Max(1, channels * depth / 8);
        byte[] above = new byte[rowBytes];
        var rows = new List<byte>();
        for (int y = 0; y < height; y++)
        {
            byte[] row = new byte[rowBytes];
            for (int i = 0; i < width * channels; i++)
            {
                for (int bit = 0; bit < depth; bit++)
                {
                    int at = (i * depth) + bit;
                    row[at / 8] |= (byte)(((samples[(y * width * channels) + i] >> (depth - 1 - bit)) & 1) << (7 - (at % 8)));
                }
            }

            int filter = filters[y % filters.Length];
            rows.Add((byte)filter);
            for (int i = 0; i < rowBytes; i++)
            {
                int a = i < step ? 0 : row[i - step];
                int b = above[i];
                int c = i < step ? 0 : above[i - step];
                int p = a + b - c;
                int[] candidates = [a, b, c];
                int paeth = candidates.MinBy(v => Math.Abs(p - v));
                rows.Add((byte)(row[i] - filter switch { 0 => 0, 1 => a, 2 => b, 3 => (a + b) >> 1, _ => paeth }));
            }

            above = row;
        }

        return [.. rows];
    }

    /// <summary>CRC-32 a bit at a time, as a remainder of polynomials.</summary>
    private static uint Crc(byte[] bytes)
    {
        uint remainder = 0xFFFFFFFF;
        foreach (byte value in bytes)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                uint top = (remainder ^ ((uint)value >> bit)) & 1;
                remainder >>= 1;
                if (top == 1)
                {
                    remainder ^= 0xEDB88320;
                }
            }
        }

        return ~remainder;
    }
}
