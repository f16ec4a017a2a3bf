using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// The C API of one loaded library: its function table, and the one place where a status becomes an exception. Functions
/// are called through pointers taken by slot, so no delegate is made and no code is generated at run time.
/// </summary>
internal sealed unsafe class OrtApi
{
    /// <summary>The version this binding was written against; the table of an older library is asked for down to <see cref="Lowest"/>.</summary>
    public const uint Highest = 30;

    /// <summary>Debian 13's library; everything used here exists from this version on.</summary>
    public const uint Lowest = 21;

    private readonly void** _table;

    private OrtApi(void** table, uint version, string libraryVersion)
    {
        _table = table;
        Version = version;
        LibraryVersion = libraryVersion;
    }

    public uint Version { get; }

    public string LibraryVersion { get; }

    /// <summary>Takes the table out of a loaded library.</summary>
    public static OrtApi Of(nint library, string path)
    {
        if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out nint export))
        {
            throw new OnnxLibraryRefusedException($"{path} is no ONNX Runtime library: it exports no OrtGetApiBase. Name the right file in runtime.library.");
        }

        void** apiBase = ((delegate* unmanaged[Cdecl]<void**>)export)();
        string libraryVersion = Text(((delegate* unmanaged[Cdecl]<byte*>)apiBase[1])());

        // The library answers null, and grumbles on standard error, for a version above its own: "1.N" offers API N.
        uint offered = OfferedBy(libraryVersion);
        if (offered < Lowest)
        {
            throw new OnnxLibraryRefusedException($"{path} is ONNX Runtime {libraryVersion}; version 1.{Lowest} or newer is needed.");
        }

        uint version = Math.Min(offered, Highest);
        void** table = ((delegate* unmanaged[Cdecl]<uint, void**>)apiBase[0])(version);
        return table is null
            ? throw new OnnxLibraryRefusedException($"{path} (ONNX Runtime {libraryVersion}) does not offer API version {version}.")
            : new OrtApi(table, version, libraryVersion);
    }

    public void* this[int slot] => _table[slot];

    /// <summary>Null is success; anything else is read, released and thrown.</summary>
    public void Check(void* status, string doing)
    {
        if (status is null)
        {
            return;
        }

        int code = ((delegate* unmanaged[Cdecl]<void*, int>)_table[OrtSlots.GetErrorCode])(status);
        string message = Text(((delegate* unmanaged[Cdecl]<void*, byte*>)_table[OrtSlots.GetErrorMessage])(status));
        ((delegate* unmanaged[Cdecl]<void*, void>)_table[OrtSlots.ReleaseStatus])(status);
        throw new OnnxException(code, message, doing);
    }

    /// <summary>Frees a handle; every release function takes the handle and returns nothing, and accepts null.</summary>
    public void Release(int slot, nint handle) => ((delegate* unmanaged[Cdecl]<nint, void>)_table[slot])(handle);

    public static string Text(byte* utf8) => Marshal.PtrToStringUTF8((nint)utf8) ?? "";

    private static uint OfferedBy(string libraryVersion)
    {
        string[] parts = libraryVersion.Split('.');
        return parts.Length >= 2 && parts[0] == "1" && uint.TryParse(parts[1], out uint minor) ? minor : 0;
    }
}
