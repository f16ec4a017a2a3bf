using System.Diagnostics;
using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Admission;

[TestClass]
public sealed class RequestAdmissionTests
{
    private static readonly long Second = Stopwatch.Frequency;

    [TestMethod]
    public void Over_its_rate_a_tenant_is_told_when_to_come_again_and_another_is_not()
    {
        using var bench = new Bench("requests_per_second = 2\nburst_requests = 3", "");
        for (int i = 0; i < 3; i++)
        {
            bench.Enter(0, 10, now: Second);
        }

        RefusedException refused = bench.Refuses(0, 10, now: Second);
        Assert.AreEqual((Refusal.AdmissionRate, TimeSpan.FromSeconds(0.5)), (refused.Refusal, refused.RetryAfter));
        bench.Enter(1, 10, now: Second);
        bench.Enter(0, 10, now: Second + (Second / 2));
    }

    [TestMethod]
    public void Bytes_have_a_rate_of_their_own_and_a_refusal_for_them_costs_no_request()
    {
        using var bench = new Bench("bytes_per_second = 100000000\nrequests_per_second = 1\nburst_requests = 2");
        bench.Enter(0, 60_000_000, now: Second);
        RefusedException refused = bench.Refuses(0, 60_000_000, now: Second);
        Assert.AreEqual(Refusal.AdmissionBytesRate, refused.Refusal);
        Assert.AreEqual(0.2, refused.RetryAfter!.Value.TotalSeconds, 1e-6);
        bench.Enter(0, 1000, now: Second);
        Assert.AreEqual(Refusal.AdmissionRate, bench.Refuses(0, 1000, now: Second).Refusal);
    }

    [TestMethod]
    public void A_body_of_unknown_length_is_charged_when_it_has_come_and_the_next_waits_for_the_debt()
    {
        using var bench = new Bench("bytes_per_second = 1048576");
        Entry entry = bench.Enter(0, null, Stopwatch.GetTimestamp());
        entry.Close(200L << 20);
        RefusedException refused = bench.Refuses(0, null, Stopwatch.GetTimestamp());
        Assert.AreEqual(Refusal.AdmissionBytesRate, refused.Refusal);
        Assert.AreEqual(200 - 64, refused.RetryAfter!.Value.TotalSeconds, 5);
    }

    [TestMethod]
    public void A_body_at_the_limit_is_never_too_large_for_the_burst()
    {
        using var bench = new Bench("bytes_per_second = 1000\nburst_bytes = 10");
        bench.Enter(0, 64L << 20, now: Second);
        Assert.AreEqual(Refusal.AdmissionBytesRate, bench.Refuses(0, 1, now: Second).Refusal);
    }

    [TestMethod]
    public void Only_so_many_are_in_flight_and_each_that_leaves_makes_room()
    {
        using var bench = new Bench("max_requests = 2\nrequests_per_second = 1\nburst_requests = 3", "");
        Entry first = bench.Enter(0, 0, Second);
        bench.Enter(0, 0, Second);
        RefusedException refused = bench.Refuses(0, 0, Second);
        Assert.AreEqual((Refusal.AdmissionRequests, TimeSpan.FromSeconds(1)), (refused.Refusal, refused.RetryAfter));
        first.Close(0);
        first.Close(0);
        bench.Enter(0, 0, Second);
        TenantUsage usage = bench.Accounts.UsageOf(bench.Tenants[0]);
        Assert.AreEqual((2L, 3L), (usage.InFlight, usage.Admitted));
        Assert.AreEqual((0L, 0L), (bench.Accounts.UsageOf(bench.Tenants[1]).InFlight, bench.Accounts.UsageOf(bench.Tenants[1]).Admitted));
    }

    [TestMethod]
    public void Tensor_memory_beyond_a_tenants_own_limit_and_beyond_what_all_share_are_two_refusals()
    {
        using var bench = new Bench("max_tensor_bytes = 100000", "");
        Entry entry = bench.Enter(0, 0, Second);
        TensorBlock held = bench.Pool.Rent(65536, entry.Account);
        Assert.AreEqual(65536, bench.Accounts.UsageOf(bench.Tenants[0]).TensorBytes);
        Assert.AreEqual(Refusal.AdmissionTensorBytes, Assert.ThrowsExactly<RefusedException>(() => bench.Pool.Rent(65536, entry.Account)).Refusal);
        held.Return();
        Entry other = bench.Enter(1, 0, Second);
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => bench.Pool.Rent(240 << 20, other.Account));
        Assert.AreEqual((Refusal.AdmissionMemory, TimeSpan.FromSeconds(1)), (refused.Refusal, refused.RetryAfter));
        Assert.AreEqual((0L, 0L), (bench.Accounts.TensorMemory.HeldByAll, bench.Pool.InUse));
        TenantUsage usage = bench.Accounts.UsageOf(bench.Tenants[0]);
        Assert.AreEqual((0L, 65536L), (usage.TensorBytes, usage.TensorBytesPeak));
    }

    [TestMethod]
    public void While_one_holds_all_it_can_another_has_its_part_and_alone_he_would_have_it_all()
    {
        // The default of 256 MiB: 64 kept for each of two, 128 common.
        using var bench = new Bench("", "");
        Entry flood = bench.Enter(0, 0, Second);
        var held = new List<TensorBlock>();
        while (bench.Pool.TryRent(16 << 20, flood.Account, out TensorBlock? block))
        {
            held.Add(block);
        }

        Assert.HasCount(12, held);
        Entry modest = bench.Enter(1, 0, Second);
        TensorBlock[] mine = [.. Enumerable.Range(0, 4).Select(_ => bench.Pool.Rent(16 << 20, modest.Account))];
        Array.ForEach(mine, block => block.Return());

        // The negative control: without division, as one tenant, the flood leaves nothing.
        using var alone = new Bench("");
        Entry one = alone.Enter(0, 0, Second);
        var all = new List<TensorBlock>();
        while (alone.Pool.TryRent(16 << 20, one.Account, out TensorBlock? block))
        {
            all.Add(block);
        }

        Assert.HasCount(16, all);
        Assert.AreEqual(Refusal.AdmissionMemory, Assert.ThrowsExactly<RefusedException>(() => alone.Pool.Rent(16 << 20, alone.Enter(0, 0, Second).Account)).Refusal);
        held.ForEach(block => block.Return());
        all.ForEach(block => block.Return());
    }

    [TestMethod]
    public void The_places_of_a_models_queue_are_divided_and_come_back()
    {
        using var bench = new Bench("", "");
        DividedBudget queue = bench.Admission.QueueOf("m");
        Assert.AreSame(queue, bench.Admission.QueueOf("m"));
        Assert.AreNotSame(queue, bench.Admission.QueueOf("n"));
        Entry[] flood = [.. Enumerable.Range(0, 48).Select(_ => bench.Enter(0, 0, Second))];
        Array.ForEach(flood, entry => entry.TakePlace(queue, "m"));
        Entry tooMany = bench.Enter(0, 0, Second);
        Assert.AreEqual(Refusal.AdmissionQueueFull, Assert.ThrowsExactly<RefusedException>(() => tooMany.TakePlace(queue, "m")).Refusal);
        Assert.AreEqual(Refusal.AdmissionQueueFull, Assert.ThrowsExactly<RefusedException>(() => tooMany.RequirePlace(queue, "m")).Refusal);
        Assert.AreEqual(48, bench.Accounts.UsageOf(bench.Tenants[0]).Queued);
        Entry modest = bench.Enter(1, 0, Second);
        modest.RequirePlace(queue, "m");
        modest.TakePlace(queue, "m");
        modest.Close(0);
        Array.ForEach(flood, entry => entry.Close(0));
        Assert.AreEqual((0L, 0L), (queue.HeldByAll, bench.Accounts.UsageOf(bench.Tenants[0]).Queued));
    }

    [TestMethod]
    public void Counts_and_debts_outlive_a_reload_and_new_settings_count_at_once()
    {
        using var bench = new Bench("requests_per_second = 1\nburst_requests = 1\nmax_requests = 5", "");
        Entry before = bench.Enter(0, 0, Second);
        bench.Tenants.Replace("requests_per_second = 1\nburst_requests = 1\nmax_requests = 1", "");
        Assert.AreEqual(Refusal.AdmissionRate, bench.Refuses(0, 0, Second).Refusal, "nobody starts afresh by a reload");
        Assert.AreEqual(Refusal.AdmissionRequests, bench.Refuses(0, 0, 3 * Second).Refusal);
        before.Close(0);
        bench.Enter(0, 0, 3 * Second);
    }

    [TestMethod]
    public void An_admitted_request_allocates_nothing()
    {
        using var bench = new Bench("requests_per_second = 1000000\nbytes_per_second = 1000000000\nmax_requests = 10\nmax_tensor_bytes = 10000000", "");
        var entry = new Entry();
        var grant = new Grant();
        long before = 0;
        for (int i = 0; i < 1200; i++)
        {
            if (i == 200)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            bench.Admission.Enter(entry, bench.Tenants.Directory.Now.Tenants[0], 1000, Stopwatch.GetTimestamp());
            bench.Admission.Open(grant, entry, 1000);
            grant.Rent(1000);
            grant.Close();
            entry.Close(1000);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void Nobody_enters_while_the_daemon_drains()
    {
        using var bench = new Bench("");
        bench.Admission.Drain();
        Assert.AreEqual(Refusal.Draining, bench.Refuses(0, 0, Second).Refusal);
    }

    [TestMethod]
    public void What_only_reads_costs_what_a_request_costs_and_is_answered_while_the_daemon_drains()
    {
        using var bench = new Bench("bytes_per_second = 100000000\nrequests_per_second = 1\nburst_requests = 4\nmax_requests = 2");
        Entry first = bench.Read(0, 60_000_000, Second);
        Assert.AreEqual(Refusal.AdmissionBytesRate, Assert.ThrowsExactly<RefusedException>(() => bench.Read(0, 60_000_000, Second)).Refusal);
        bench.Enter(0, 0, Second);
        Assert.AreEqual(Refusal.AdmissionRequests, Assert.ThrowsExactly<RefusedException>(() => bench.Read(0, 0, Second)).Refusal);
        first.Close(0);
        bench.Admission.Drain();
        first = bench.Read(0, 0, Second);
        first.Close(0);
        bench.Read(0, 0, Second).Close(0);
        Assert.AreEqual(Refusal.AdmissionRate, Assert.ThrowsExactly<RefusedException>(() => bench.Read(0, 0, Second)).Refusal);
    }

    [TestMethod]
    public void A_large_answer_is_on_its_tenants_account_until_the_request_is_over_and_a_small_one_is_not()
    {
        using var bench = new Bench("max_tensor_bytes = 100000", "");
        TenantUsage usage = bench.Accounts.UsageOf(bench.Tenants[0]);
        Entry large = bench.Read(0, 0, Second);
        large.Owe(60_000);
        Assert.AreEqual((true, 60_000L), (large.OwesAnswer, usage.TensorBytes));
        Entry another = bench.Read(0, 0, Second);
        Assert.AreEqual(Refusal.AdmissionTensorBytes, Assert.ThrowsExactly<RefusedException>(() => another.Owe(60_000)).Refusal);
        another.Owe(4096);
        Assert.AreEqual((false, 60_000L), (another.OwesAnswer, usage.TensorBytes));
        another.Close(0);
        large.Close(0);
        large.Close(0);
        Assert.AreEqual((0L, 0L), (usage.TensorBytes, bench.Accounts.TensorMemory.HeldByAll));
    }

    private sealed class Bench : IDisposable
    {
        public Bench(params string[] tenants)
        {
            EdgedSettings settings = TestTenants.Settings(tenants);
            Tenants = new TestTenants(tenants);
            Pool = new TensorBlockPool(settings.Limits.MaxTensorBytes);
            Accounts = new TenantAccounts(Tenants.Directory, settings.Limits);
            Admission = new RequestAdmission(Pool, Accounts, settings.Limits, settings.Engine);
        }

        public TestTenants Tenants { get; }

        public TensorBlockPool Pool { get; }

        public TenantAccounts Accounts { get; }

        public RequestAdmission Admission { get; }

        public Entry Enter(int tenant, long? bytes, long now)
        {
            var entry = new Entry();
            Admission.Enter(entry, Tenants[tenant], bytes, now);
            return entry;
        }

        public Entry Read(int tenant, long? bytes, long now)
        {
            var entry = new Entry();
            Admission.EnterToRead(entry, Tenants[tenant], bytes, now);
            return entry;
        }

        public RefusedException Refuses(int tenant, long? bytes, long now) => Assert.ThrowsExactly<RefusedException>(() => Enter(tenant, bytes, now));

        public void Dispose() => Pool.Dispose();
    }
}
