using EdgeDaemon.Identity;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Tests.Identity;

/// <summary>What a change of the device's accounts does to callers who are written by name.</summary>
[TestClass]
public sealed class TenantDirectoryTests
{
    private const string Both = "camera:x:1001:1001::/:/bin/sh\nrobot:x:1002:1002::/:/bin/sh\n";

    private static readonly string Text =
        $"format = 1\ntenant = [{TenantTableTests.Entry("a", "unix:camera")}, {TenantTableTests.Entry("b", "unix:robot")}, {TenantTableTests.Entry("c", "unix-group:video")}]";

    private readonly MovedClock _clock = new();
    private readonly Lines _log = new();

    [TestMethod]
    public void Who_gets_the_number_of_an_account_that_was_removed_is_a_stranger()
    {
        using var accounts = new TestAccounts(Both, "video:x:44:\n");
        TenantDirectory tenants = Start(accounts);
        Caller caller = Caller.OfUser(1001, []);
        Assert.AreEqual("a", caller.TenantIn(tenants.Now)?.Name);

        // userdel camera; useradd guest: the number is the next account's.
        accounts.Write("passwd", "guest:x:1001:1001::/:/bin/sh\nrobot:x:1002:1002::/:/bin/sh\n");
        Assert.AreEqual("a", caller.TenantIn(tenants.Now)?.Name, "looked at again within the same second");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsNull(caller.TenantIn(tenants.Now), "the open connection of the account before");
        Assert.IsNull(Caller.OfUser(1001, []).TenantIn(tenants.Now), "the new account");
        Assert.AreEqual("b", Caller.OfUser(1002, []).TenantIn(tenants.Now)?.Name, "everybody else goes on");
        StringAssert.Contains(_log.Text, "[[tenant]] 'a': \"unix:camera\": there is no user 'camera' in ");
        Assert.AreEqual(1, _log.Count);
    }

    [TestMethod]
    public void An_account_that_has_another_number_now_is_known_by_it()
    {
        using var accounts = new TestAccounts(Both, "video:x:44:\n");
        TenantDirectory tenants = Start(accounts);
        accounts.Write("passwd", "camera:x:2001:2001::/:/bin/sh\nrobot:x:1002:1002::/:/bin/sh\n");
        accounts.Write("group", "video:x:45:\n");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual("a", Name(tenants, 2001));
        Assert.IsNull(Name(tenants, 1001));
        Assert.AreEqual("c", Name(tenants, 7, 45));
        Assert.IsNull(Name(tenants, 7, 44));
        Assert.AreEqual(0, _log.Count);
    }

    [TestMethod]
    public void Two_tenants_whose_accounts_became_one_user_have_nobody_of_that_number()
    {
        using var accounts = new TestAccounts(Both, "video:x:44:\n");
        TenantDirectory tenants = Start(accounts);
        accounts.Write("passwd", "camera:x:1002:1001::/:/bin/sh\nrobot:x:1002:1002::/:/bin/sh\n");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsNull(Name(tenants, 1002));
        Assert.IsNull(Name(tenants, 1002, 44), "by a group instead");
        StringAssert.Contains(_log.Text, "is user 1002, who belongs to tenant 'a' already");
    }

    [TestMethod]
    public void Accounts_that_cannot_be_read_are_nobodys_until_they_can()
    {
        using var accounts = new TestAccounts(Both, "video:x:44:\n");
        TenantDirectory tenants = Start(accounts);
        accounts.Write("passwd", "");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsNull(Name(tenants, 1001));
        accounts.Write("passwd", Both);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual("a", Name(tenants, 1001));
    }

    [TestMethod]
    public void Where_no_name_is_written_the_files_are_not_looked_at()
    {
        using var accounts = new TestAccounts(Both);
        var tenants = new TenantDirectory(TenantTableTests.Parse($"format = 1\ntenant = [{TenantTableTests.Entry("a", "unix:1001")}]").Tenants, accounts.Files, _clock, _log);
        TenantTable before = tenants.Now;
        accounts.Write("passwd", "");
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.AreSame(before, tenants.Now);
    }

    [TestMethod]
    public void A_tenant_keeps_its_place_over_reloads_and_changes_of_accounts()
    {
        using var accounts = new TestAccounts(Both, "video:x:44:\n");
        TenantDirectory tenants = Start(accounts);
        int place = tenants.Now.Tenants.Single(tenant => tenant.Name == "b").Index;
        tenants.Replace(tenants.Prepare(TenantTableTests.Parse($"format = 1\ntenant = [{TenantTableTests.Entry("new", "unix:1")}, {TenantTableTests.Entry("b", "unix:robot")}]").Tenants));
        accounts.Write("group", "");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(place, tenants.Now.Tenants.Single(tenant => tenant.Name == "b").Index);
        CollectionAssert.AllItemsAreUnique(tenants.Now.Tenants.Select(tenant => tenant.Index).ToArray());
        Assert.AreEqual(3, tenants.Now.Tenants.Single(tenant => tenant.Name == "new").Index, "places of tenants that are gone are not given again");
    }

    private TenantDirectory Start(TestAccounts accounts) => new(TenantTableTests.Parse(Text).Tenants, accounts.Files, _clock, _log);

    private static string? Name(TenantDirectory tenants, uint user, params uint[] groups) => tenants.Now.Find(Caller.OfUser(user, [.. groups]))?.Name;

    private sealed class Lines : ILogger
    {
        public int Count { get; private set; }

        public string Text { get; private set; } = "";

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Count++;
            Text += formatter(state, exception) + "\n";
        }
    }
}
