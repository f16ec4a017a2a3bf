using System.Globalization;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Identity;

/// <summary>
/// Users and groups by <c>/etc/passwd</c> and <c>/etc/group</c> (passwd(5), group(5)). Directories beyond these files are not asked: looking there
/// would load code and open connections, and a service's callers are local accounts.
/// </summary>
/// <param name="self">Who runs the daemon, where that is not this process.</param>
internal sealed class AccountFiles(string users = AccountFiles.UsersFile, string groups = AccountFiles.GroupsFile, uint? self = null) : IAccounts
{
    private const string UsersFile = "/etc/passwd";
    private const string GroupsFile = "/etc/group";

    public uint Self { get; } = self ?? ProcessUser.Effective;

    public AccountStamp Stamp => new(FileStamp.Of(users), FileStamp.Of(groups));

    public uint User(string name) => Find(users, name) ?? throw new AccountUnknownException($"there is no user '{name}' in {users}; use its number, or make the account first");

    public uint Group(string name) => Find(groups, name) ?? throw new AccountUnknownException($"there is no group '{name}' in {groups}; use its number, or make the group first");

    // Both files: name, password, number, ...
    private static uint? Find(string file, string name)
    {
        try
        {
            foreach (string line in File.ReadLines(file))
            {
                string[] fields = line.Split(':', 4);
                if (fields.Length >= 3 && fields[0] == name && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
                {
                    return id;
                }
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new AccountUnknownException($"{file} cannot be read: {unreadable.Message}", unreadable);
        }

        return null;
    }
}
