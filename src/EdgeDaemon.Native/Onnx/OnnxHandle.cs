using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx;

/// <summary>One object of the library with the slot of its release function: freed once, also when a constructor throws half way.</summary>
internal sealed class OnnxHandle : SafeHandle
{
    private readonly OrtApi _api;
    private readonly int _releaseSlot;

    public OnnxHandle(OrtApi api, int releaseSlot, nint value)
        : base(0, ownsHandle: true)
    {
        _api = api;
        _releaseSlot = releaseSlot;
        SetHandle(value);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The raw pointer; the caller keeps this object alive for as long as it uses it.</summary>
    public nint Value => handle;

    protected override bool ReleaseHandle()
    {
        _api.Release(_releaseSlot, handle);
        return true;
    }
}
