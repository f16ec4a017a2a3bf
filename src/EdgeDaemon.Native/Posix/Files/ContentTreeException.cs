namespace EdgeDaemon.Native.Posix.Files;

/// <summary>A directory that is refused as a content tree. The message names the path and the cause.</summary>
public sealed class ContentTreeException : IOException
{
    public ContentTreeException(ContentTreeFault fault, string detail, Exception? cause = null)
        : base(detail, cause) => Fault = fault;

    public ContentTreeFault Fault { get; }
}
