namespace EdgeDaemon.Identity;

/// <summary>The users and groups of the device.</summary>
internal interface IAccounts
{
    /// <summary>Who runs the daemon.</summary>
    uint Self { get; }

    /// <exception cref="AccountUnknownException">There is no such user.</exception>
    uint User(string name);

    /// <exception cref="AccountUnknownException">There is no such group.</exception>
    uint Group(string name);
}
