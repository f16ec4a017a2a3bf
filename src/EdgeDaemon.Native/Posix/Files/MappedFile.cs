using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace EdgeDaemon.Native.Posix.Files;

/// <summary>
/// A file as memory, read from the disk where it is looked at and nowhere else: for a person's look at large files. Who cuts the file short
/// meanwhile ends the process (SIGBUS), and who writes to it changes what is seen, so a daemon reads what it loads into memory of its own
/// (<see cref="ContentTree"/>).
/// </summary>
public sealed unsafe class MappedFile : MemoryManager<byte>
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly int _length;
    private byte* _start;

    /// <param name="file">Open for reading; closed here.</param>
    /// <exception cref="ContentTreeException">More than 2 GiB - 1: protobuf, and so ONNX, ends there.</exception>
    public MappedFile(FileStream file)
    {
        using (file)
        {
            long length = file.Length;
            if (length > int.MaxValue)
            {
                throw new ContentTreeException(ContentTreeFault.FileTooLarge, $"'{Path.GetFileName(file.Name)}' has {length} bytes; at most {int.MaxValue} are looked at");
            }

            _length = (int)length;
            if (length > 0)
            {
                // A mapping of nothing is an error of the system's.
                _file = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
                _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
                _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
                _start += _view.PointerOffset;
            }
        }
    }

    public override Span<byte> GetSpan() => new(_start, _start is null ? 0 : _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex, pinnable: this);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (_start is not null)
        {
            _start = null;
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view?.Dispose();
        _file?.Dispose();
    }
}
