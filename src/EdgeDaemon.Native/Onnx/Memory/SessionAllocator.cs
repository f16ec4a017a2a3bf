using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx.Memory;

/// <summary>
/// The allocator that the library finds in its environment (struct OrtAllocator): what a run asks for comes from that run's memory, all else (making
/// sessions, the library's own threads) from the system, zeroed when it is freed. Lives as long as the process: tensors outlive environments.
/// </summary>
internal static unsafe class SessionAllocator
{
    private const uint LayoutVersion = 21; // to Reserve; the fields after it need not exist then
    private const int DeviceAllocator = 0;
    private const int DefaultMemory = 0;

    private static readonly Lock Making = new();
    private static Layout* _allocator;

    [ThreadStatic]
    private static RunMemory? _current;

    private static long _strayBytes;

    /// <summary>Bytes asked for outside of any run, since the start.</summary>
    public static long StrayBytes => Interlocked.Read(ref _strayBytes);

    /// <summary>What this thread's allocations come from; null: from the system.</summary>
    public static RunMemory? Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>Registers it in an environment, whose sessions use it when they are told to (session.use_env_allocators).</summary>
    public static void Register(OrtApi api, nint environment)
    {
        lock (Making)
        {
            if (_allocator is null)
            {
                nint memory;
                fixed (byte* name = "Cpu\0"u8)
                {
                    api.Check(api.CreateMemoryInfo(name, DeviceAllocator, 0, DefaultMemory, &memory), "describe CPU memory");
                }

                var made = (Layout*)NativeMemory.AllocZeroed((nuint)sizeof(Layout));
                made->Version = LayoutVersion;
                made->Alloc = &OnAlloc;
                made->Free = &OnFree;
                made->Info = &OnInfo;
                made->Reserve = &OnReserve;
                made->Memory = memory;
                _allocator = made;
            }
        }

        api.Check(api.RegisterAllocator(environment, (nint)_allocator), "register the allocator");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void* OnAlloc(Layout* self, nuint size) => size == 0 ? null : _current is { } run ? OfRun(run, Checked(size)) : Stray(size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void* OnReserve(Layout* self, nuint size) => size == 0 ? null : Stray(size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnFree(Layout* self, void* piece)
    {
        if (piece is null || OverrunReserve.TryUnmap((nint)piece))
        {
            return;
        }

        RunBlock* block = RunBlock.Of(piece);
        if (block->Owner != 0)
        {
            Unsafe.As<RunMemory>(GCHandle.FromIntPtr(block->Owner).Target!).Free((nint)piece);
            return;
        }

        RunBlock.Clear(block);
        RunBlock.Free(block);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint OnInfo(Layout* self) => self->Memory;

    // A null would end the process, and an exception must not pass through the library's frames. So a run that wants what nobody has stays where it is
    // for ever: the watch gives it up, and its lane with it, as one whose kernel does not return.
    private static void* OfRun(RunMemory run, long size)
    {
        nint piece = run.Alloc(size);
        if (piece == 0)
        {
            Thread.Sleep(Timeout.Infinite);
        }

        return (void*)piece;
    }

    private static void* Stray(nuint size)
    {
        try
        {
            RunBlock* block = RunBlock.Make(Checked(size), owner: 0);
            block->Dirty = (long)size;
            Interlocked.Add(ref _strayBytes, (long)size);
            return RunBlock.Piece(block);
        }
        catch (OutOfMemoryException)
        {
            return null; // While a session is made the library turns it into a status.
        }
    }

    // Half the address space is more than there is: the system refuses it, without an overflow on the way.
    private static long Checked(nuint size) => (long)Math.Min((ulong)size, long.MaxValue / 4);

    [StructLayout(LayoutKind.Sequential)]
    private struct Layout
    {
        public uint Version;
        public delegate* unmanaged[Cdecl]<Layout*, nuint, void*> Alloc;
        public delegate* unmanaged[Cdecl]<Layout*, void*, void> Free;
        public delegate* unmanaged[Cdecl]<Layout*, nint> Info;
        public delegate* unmanaged[Cdecl]<Layout*, nuint, void*> Reserve;
        public nint Memory; // ours, behind what the library knows
    }
}
