using System.Text;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Tests.Admission;

/// <summary>Tenants as a configuration would make them: unix:1001, unix:1002 and so on, in order.</summary>
internal sealed class TestTenants
{
    public TestTenants(params string[] extras) => Directory = new TenantDirectory(Settings(extras).Tenants, new NoAccounts());

    public TenantDirectory Directory { get; }

    public Tenant this[int index] => Directory.Now.Tenants.Single(tenant => tenant.Index == index);

    /// <summary>A configuration with a tenant for each of <paramref name="extras"/>: the lines of its table.</summary>
    public static EdgedSettings Settings(params string[] extras)
    {
        var text = new StringBuilder("format = 1\n");
        for (int i = 0; i < extras.Length; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"[[tenant]]\nname = \"t{i}\"\ncallers = [\"unix:{1001 + i}\"]\nroles = [\"infer\"]\nmodels = [\"*\"]\n{extras[i]}\n");
        }

        return EdgedSettings.Parse(Encoding.UTF8.GetBytes(text.ToString()), "edged.toml");
    }

    /// <summary>A reload with these instead.</summary>
    public void Replace(params string[] extras) => Directory.Replace(Directory.Prepare(Settings(extras).Tenants));

    private sealed class NoAccounts : IAccounts
    {
        public uint Self => 1000;

        public AccountStamp Stamp => default;

        public uint User(string name) => throw new AccountUnknownException(name);

        public uint Group(string name) => throw new AccountUnknownException(name);
    }
}
