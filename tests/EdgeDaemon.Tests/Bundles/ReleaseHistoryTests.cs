using System.Text;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ReleaseHistoryTests
{
    private const long Jump = 100;

    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void The_first_release_of_a_name_may_have_any_sequence() => Assert.IsNull(ReleaseHistory.Empty.Fault(Release(long.MaxValue), A, Jump));

    [TestMethod]
    public void Sequences_only_grow_and_not_by_leaps()
    {
        ReleaseHistory history = ReleaseHistory.Empty.Accept(Release(10), A, Now);
        Assert.IsNull(history.Fault(Release(10), A, Jump), "the same again");
        Assert.IsNull(history.Fault(Release(11), B, Jump));
        Assert.IsNull(history.Fault(Release(110), B, Jump));
        StringAssert.Contains(history.Fault(Release(111), B, Jump), "more than 100 above 10", StringComparison.Ordinal);
        StringAssert.Contains(history.Fault(Release(long.MaxValue), B, Jump), "more than 100", StringComparison.Ordinal);
        StringAssert.Contains(history.Fault(Release(9), B, Jump), "below 10", StringComparison.Ordinal);
        StringAssert.Contains(history.Fault(Release(10), B, Jump), "another release of 'm' with sequence 10", StringComparison.Ordinal);
        Assert.IsNull(history.Fault(Release(1, name: "other"), B, Jump), "another name has its own");
    }

    [TestMethod]
    public void A_release_that_served_before_may_come_back_until_the_floor_closes_it()
    {
        ReleaseHistory history = ReleaseHistory.Empty.Accept(Release(10), A, Now).Accept(Release(11), B, Now);
        Assert.IsNull(history.Fault(Release(10), A, Jump));
        Assert.AreEqual(11, history.Accept(Release(10), A, Now).Models["m"].Sequence, "going back lowers nothing");
        history = history.Accept(Release(12, floor: 11), C, Now);
        StringAssert.Contains(history.Fault(Release(10), A, Jump), "below the security floor 11", StringComparison.Ordinal);
        Assert.IsNull(history.Fault(Release(11), B, Jump));
        Assert.AreEqual(11, history.Accept(Release(13), D, Now).Models["m"].SecurityFloor, "a later release without a floor lowers nothing");
    }

    [TestMethod]
    public void Only_the_last_sixteen_are_a_way_back()
    {
        ReleaseHistory history = ReleaseHistory.Empty;
        for (int i = 1; i <= 20; i++)
        {
            history = history.Accept(Release(i), i.ToString("x64", null), Now);
        }

        Assert.AreEqual(16, history.Models["m"].Releases.Length);
        Assert.IsNotNull(history.Fault(Release(4), 4.ToString("x64", null), Jump));
        Assert.IsNull(history.Fault(Release(5), 5.ToString("x64", null), Jump));
    }

    [TestMethod]
    public void Time_and_trust_version_only_grow_and_time_by_400_days_at_most()
    {
        ReleaseHistory history = ReleaseHistory.Empty.See(3, Now);
        Assert.AreEqual((3L, Now), (history.TrustVersion, history.Time));
        history = history.See(2, Now.AddYears(-10));
        Assert.AreEqual((3L, Now), (history.TrustVersion, history.Time));
        Assert.AreEqual(Now.AddDays(400), history.See(3, Now.AddYears(50)).Time, "a clock gone wild must not expire everything for good");
    }

    [TestMethod]
    public void A_clock_behind_the_floor_is_not_believed_and_by_more_than_a_day_counts_as_unset()
    {
        Assert.AreEqual(new TrustedTime(Now, true, true), TrustedTime.Of(Now.AddYears(-10), Now));
        Assert.AreEqual(new TrustedTime(Now, true, true), TrustedTime.Of(Now.AddDays(-1).AddTicks(-1), Now));
        Assert.AreEqual(new TrustedTime(Now, true, false), TrustedTime.Of(Now.AddDays(-1), Now), "a clock corrected by an hour opens nothing");
        Assert.AreEqual(new TrustedTime(Now, false, false), TrustedTime.Of(Now, Now));
        Assert.AreEqual(new TrustedTime(Now.AddTicks(1), false, false), TrustedTime.Of(Now.AddTicks(1), Now));
        Assert.AreEqual(Now.AddDays(1), TrustedTime.Of(Now, Now).Latest);
        Assert.AreEqual(Now.AddDays(400), TrustedTime.Of(Now.AddYears(-10), Now).Latest);
        Assert.AreEqual(DateTimeOffset.MaxValue, TrustedTime.Of(DateTimeOffset.MaxValue, Now).Latest);
    }

    [TestMethod]
    public void What_a_signer_says_of_the_time_moves_no_clock_that_is_set()
    {
        ReleaseHistory history = ReleaseHistory.Empty.See(1, Now);
        foreach (TrustedTime set in (TrustedTime[])[TrustedTime.Of(Now, Now), TrustedTime.Of(Now.AddHours(-23), Now)])
        {
            for (int start = 0; start < 3; start++)
            {
                Assert.AreEqual(Now, history.Accept(Release(10, created: Now.AddYears(50)), A, set).Time);
                Assert.AreEqual(Now, history.Accept(Release(10, created: Now.AddHours(20)), A, set).Time);
            }
        }

        // A day ahead each day, the floor would run away from the clock, and a clock behind the floor is an unset one.
        for (int day = 1; day <= 30; day++)
        {
            history = history.Accept(Release(10 + day, created: history.Time.AddDays(1)), day.ToString("x64", null), TrustedTime.Of(Now, history.Time));
        }

        Assert.AreEqual(Now, history.Time);
    }

    [TestMethod]
    public void A_device_with_an_unset_clock_learns_the_time_from_new_releases_a_step_at_a_time()
    {
        TrustedTime unset = TrustedTime.Of(Now.AddYears(-20), Now);
        ReleaseHistory history = ReleaseHistory.Empty.See(1, Now);
        Assert.AreEqual(Now.AddDays(200), history.Accept(Release(10, created: Now.AddDays(200)), A, unset).Time, "the control: it does learn");
        Assert.AreEqual(Now, history.Accept(Release(10, created: Now.AddDays(-200)), A, unset).Time, "and never goes back");

        ReleaseHistory once = history.Accept(Release(10, created: Now.AddYears(50)), A, unset);
        Assert.AreEqual(Now.AddDays(400), once.Time);
        Assert.AreEqual(once.Time, once.Accept(Release(11, created: Now.AddYears(50)), B, unset).Time, "another one of the same start counts from the same floor");
        for (int start = 0; start < 3; start++)
        {
            once = once.See(1, once.Time).Accept(Release(10, created: Now.AddYears(50)), A, TrustedTime.Of(Now.AddYears(-20), once.Time));
        }

        Assert.AreEqual(Now.AddDays(400), once.Time, "the same release at every start moved it again");
    }

    [TestMethod]
    public void The_file_gives_back_what_was_written()
    {
        ReleaseHistory history = ReleaseHistory.Empty.See(7, Now).Accept(Release(10, floor: 3), A, Now).Accept(Release(11), B, Now.AddDays(1)).Accept(Release(0, name: "z"), C, Now);
        byte[] bytes = ReleaseHistoryFile.Write(history);
        ReleaseHistory read = ReleaseHistoryFile.Parse(bytes, "f");
        Assert.AreEqual((history.TrustVersion, history.Time), (read.TrustVersion, read.Time));
        CollectionAssert.AreEqual(bytes, ReleaseHistoryFile.Write(read));
        Assert.IsTrue(read.Holds(A) && read.Holds(B) && read.Holds(C) && !read.Holds(D));
        CollectionAssert.AreEqual(ReleaseHistoryFile.Write(ReleaseHistory.Empty), ReleaseHistoryFile.Write(ReleaseHistoryFile.Parse(ReleaseHistoryFile.Write(ReleaseHistory.Empty), "f")));
    }

    [TestMethod]
    public void Torn_or_edited_anywhere_it_is_refused()
    {
        byte[] bytes = ReleaseHistoryFile.Write(ReleaseHistory.Empty.See(7, Now).Accept(Release(10), A, Now));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.ThrowsExactly<BundleException>(() => ReleaseHistoryFile.Parse(bytes.AsSpan(0, length), "f"), $"cut to {length}");
        }

        for (int at = 0; at < bytes.Length; at++)
        {
            byte[] changed = [.. bytes];
            changed[at] ^= 1;
            Assert.ThrowsExactly<BundleException>(() => ReleaseHistoryFile.Parse(changed, "f"), $"changed at {at}");
        }

        Assert.ThrowsExactly<BundleException>(() => ReleaseHistoryFile.Parse([.. bytes, (byte)'\n'], "f"));
    }

    private static readonly string A = new('a', 64), B = new('b', 64), C = new('c', 64), D = new('d', 64);

    private static ModelManifest Release(long sequence, long floor = 0, string name = "m", DateTimeOffset? created = null) => ModelManifest.Parse(
        Encoding.UTF8.GetBytes($$"""
            format = 1
            name = "{{name}}"
            version = "1"
            sequence = {{sequence}}
            security_floor = {{floor}}
            created = {{created ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero):yyyy-MM-dd'T'HH:mm:ss'Z'}}
            file = [{ path = "a.onnx", size = 3 }]
            member = [{ name = "a", file = "a.onnx" }]
            input = [{ name = "x", datatype = "FP32", shape = [-1] }]
            output = [{ name = "y", datatype = "FP32", shape = [-1] }]
            """),
        "m");
}
