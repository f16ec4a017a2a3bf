using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// One object of the library and the function that releases it: released once, also when a constructor throws half way, and
/// never before what was made from it (a session holds its environment, a run its session).
/// </summary>
internal sealed unsafe class OnnxHandle : SafeHandle
{
    private readonly delegate* unmanaged[Cdecl]<nint, void> _release;
    private readonly OnnxHandle? _parent;

    public OnnxHandle(delegate* unmanaged[Cdecl]<nint, void> release, nint value, OnnxHandle? parent = null)
        : base(0, ownsHandle: true)
    {
        _release = release;
        if (parent is not null)
        {
            bool held = false;
            parent.DangerousAddRef(ref held);
            _parent = parent;
        }

        SetHandle(value);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The raw pointer, for as long as the caller keeps this object or a child of it alive.</summary>
    /// <exception cref="ObjectDisposedException">It was released: disposed, and no child holds it.</exception>
    public nint Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    protected override bool ReleaseHandle()
    {
        _release(handle);
        _parent?.DangerousRelease();
        return true;
    }
}
