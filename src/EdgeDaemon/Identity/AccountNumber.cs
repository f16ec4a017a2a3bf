using System.Globalization;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Identity;

/// <summary>The number behind a caller that is a user or a group of the device.</summary>
internal static class AccountNumber
{
    /// <summary>
    /// What the kernel shows for every user and group that has no number in this process's user namespace (user_namespaces(7)); also Debian's nobody and
    /// nogroup. Nobody in particular, so no caller.
    /// </summary>
    public const uint Unmapped = 65534;

    /// <summary>Null when it is written by name.</summary>
    public static uint? Of(CallerPattern caller) =>
        caller.Method != CallerMethod.Self && char.IsAsciiDigit(caller.Value[0]) ? uint.Parse(caller.Value, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    /// <exception cref="AccountUnknownException">There is no such account, or it is nobody in particular.</exception>
    public static uint Of(CallerPattern caller, IAccounts accounts)
    {
        uint number = caller.Method switch
        {
            CallerMethod.Self => accounts.Self,
            CallerMethod.UnixUser => Of(caller) ?? accounts.User(caller.Value),
            _ => Of(caller) ?? accounts.Group(caller.Value),
        };
        return number != Unmapped || caller.Method == CallerMethod.Self
            ? number
            : throw new AccountUnknownException($"is number {Unmapped}, which the kernel shows for everybody it cannot name here; give the caller an account of its own");
    }
}
