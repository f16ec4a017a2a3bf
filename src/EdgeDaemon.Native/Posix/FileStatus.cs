namespace EdgeDaemon.Native.Posix;

internal enum FileKind
{
    Regular,
    Directory,
    SymbolicLink,
    Pipe,
    Socket,
    CharacterDevice,
    BlockDevice,
    Unknown,
}

/// <summary>
/// What statx says of one file. <see cref="SameFile"/> tells whether a name still stands for what it stood for;
/// <paramref name="Changed"/> is the inode's change time, nanoseconds since 1970, which no user can set back.
/// </summary>
internal readonly record struct FileStatus(
    FileKind Kind, int Permissions, uint User, long Size, uint Links, ulong Inode, uint DeviceMajor, uint DeviceMinor, long Changed)
{
    public bool SameFile(in FileStatus other) =>
        Inode == other.Inode && DeviceMajor == other.DeviceMajor && DeviceMinor == other.DeviceMinor && Kind == other.Kind;

    internal static FileStatus From(in FileCalls.StatxBuffer statx) => new(
        (statx.Mode & 0xF000) switch
        {
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Directory,
            0xA000 => FileKind.SymbolicLink,
            0x1000 => FileKind.Pipe,
            0xC000 => FileKind.Socket,
            0x2000 => FileKind.CharacterDevice,
            0x6000 => FileKind.BlockDevice,
            _ => FileKind.Unknown,
        },
        statx.Mode & 0xFFF,
        statx.User,
        checked((long)statx.Size),
        statx.Links,
        statx.Inode,
        statx.DeviceMajor,
        statx.DeviceMinor,
        (statx.ChangeSeconds * 1_000_000_000) + statx.ChangeNanoseconds);
}
