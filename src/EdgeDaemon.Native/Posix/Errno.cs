namespace EdgeDaemon.Native.Posix;

/// <summary>The error numbers that decide something; their values are common to Linux's 64-bit processors.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int Input = 5; // EIO
    public const int NoDevice = 6;
    public const int WouldBlock = 11; // EAGAIN
    public const int Exists = 17;
    public const int CrossDevice = 18; // what openat2 answers to an escape from beneath
    public const int NotDirectory = 20;
    public const int TooLarge = 27; // EFBIG
    public const int NoSpace = 28; // ENOSPC
    public const int Range = 34;
    public const int NoSystemCall = 38;
    public const int NotSupported = 95; // EOPNOTSUPP
    public const int QuotaUsed = 122; // EDQUOT
    public const int ConnectionReset = 104;
    public const int TooManyLinks = 40; // ELOOP: a link where none is followed
}
