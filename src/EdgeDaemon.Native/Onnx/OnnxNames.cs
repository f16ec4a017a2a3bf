using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeDaemon.Native.Onnx;

/// <summary>The names of a session's inputs or outputs as the C API wants them, made once: pointers, then the zero-terminated text.</summary>
internal sealed unsafe class OnnxNames : SafeHandle
{
    public OnnxNames(ImmutableArray<OnnxTensorInfo> tensors)
        : base(0, ownsHandle: true)
    {
        int pointers = tensors.Length * sizeof(byte*);
        int text = tensors.Sum(tensor => Encoding.UTF8.GetByteCount(tensor.Name) + 1);
        byte* block = (byte*)NativeMemory.AllocZeroed((nuint)(pointers + text + 1));
        SetHandle((nint)block);
        byte* next = block + pointers;
        for (int i = 0; i < tensors.Length; i++)
        {
            Pointers[i] = next;
            next += Encoding.UTF8.GetBytes(tensors[i].Name, new Span<byte>(next, (int)(block + pointers + text - next))) + 1;
        }
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Valid while this object lives.</summary>
    public byte** Pointers => (byte**)handle;

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
