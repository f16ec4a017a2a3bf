using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Identity;

/// <summary>The users and groups of the device.</summary>
internal interface IAccounts
{
    /// <summary>Who runs the daemon.</summary>
    uint Self { get; }

    /// <summary>Another one when users or groups may be others than they were.</summary>
    AccountStamp Stamp { get; }

    /// <exception cref="AccountUnknownException">There is no such user.</exception>
    uint User(string name);

    /// <exception cref="AccountUnknownException">There is no such group.</exception>
    uint Group(string name);
}

/// <summary>One state of the files that name users and groups.</summary>
internal readonly record struct AccountStamp(FileStamp Users, FileStamp Groups);
