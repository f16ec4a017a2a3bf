namespace EdgeDaemon.Native.Posix.Files;

/// <summary>Why a directory is not a content tree, closed.</summary>
public enum ContentTreeFault
{
    None = 0,

    /// <summary>The root is missing, is a link, or is no directory.</summary>
    RootInvalid,
    SymbolicLink,
    HardLink,
    SpecialFile,
    NameNotUtf8,
    NameNotCanonical,
    TooManyEntries,
    TooDeep,
    TooManyBytes,

    /// <summary>One file beyond what one block of memory can hold (2 GiB - 1).</summary>
    FileTooLarge,

    /// <summary>A file grew, shrank, vanished or was replaced between being listed and being read.</summary>
    Changed,

    /// <summary>The system refused: permission, I/O error.</summary>
    Unreadable,
}
