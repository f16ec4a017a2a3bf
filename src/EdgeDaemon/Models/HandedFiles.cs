using System.Buffers.Binary;
using System.Text;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Models;

/// <summary>
/// What the daemon hands to the child through a pipe, and the child reads: for each file 4 bytes of its name's length, the name, 8 bytes of
/// its size (little-endian), its bytes; a name of length 0 ends it.
/// </summary>
internal static class HandedFiles
{
    public static void Write(Stream pipe, ReceivedBundle bundle)
    {
        IEnumerable<string> files = bundle.Manifest.Members.Select(member => member.File)
            .Concat(bundle.Manifest.SelfTests.SelectMany(test => test.Inputs.Concat(test.Outputs)).Select(tensor => tensor.File))
            .Prepend(ModelManifest.FileName)
            .Distinct(StringComparer.Ordinal);
        Span<byte> number = stackalloc byte[sizeof(long)];
        foreach (string file in files)
        {
            byte[] name = Encoding.UTF8.GetBytes(file);
            ReadOnlyMemory<byte> content = bundle.Bytes(file);
            BinaryPrimitives.WriteInt32LittleEndian(number, name.Length);
            pipe.Write(number[..sizeof(int)]);
            pipe.Write(name);
            BinaryPrimitives.WriteInt64LittleEndian(number, content.Length);
            pipe.Write(number);
            pipe.Write(content.Span);
        }

        number.Clear();
        pipe.Write(number[..sizeof(int)]);
        pipe.Flush();
    }

    /// <exception cref="EndOfStreamException">The pipe ended before its end mark.</exception>
    /// <exception cref="BundleException">Not what <see cref="Write"/> writes.</exception>
    public static Dictionary<string, byte[]> Read(Stream pipe)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        Span<byte> number = stackalloc byte[sizeof(long)];
        while (true)
        {
            pipe.ReadExactly(number[..sizeof(int)]);
            int length = BinaryPrimitives.ReadInt32LittleEndian(number);
            if (length == 0)
            {
                return files;
            }

            if (length is < 0 or > ResourceName.MaxBytes)
            {
                throw new BundleException($"a name of {length} bytes was handed over");
            }

            byte[] name = new byte[length];
            pipe.ReadExactly(name);
            pipe.ReadExactly(number);
            long size = BinaryPrimitives.ReadInt64LittleEndian(number);
            if (size < 0 || size > Array.MaxLength)
            {
                throw new BundleException($"a file of {size} bytes was handed over");
            }

            byte[] content = GC.AllocateUninitializedArray<byte>((int)size);
            pipe.ReadExactly(content);
            files.Add(Encoding.UTF8.GetString(name), content);
        }
    }
}
