using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Tests.Monitoring;

[TestClass]
public sealed class RequestCountersTests
{
    [TestMethod]
    public void What_many_threads_count_at_once_is_all_there()
    {
        var counters = new RequestCounters();
        const int Each = 20_000;
        Parallel.For(0, 8, thread =>
        {
            for (int i = 0; i < Each; i++)
            {
                counters.CountAnswer(1 + (thread % 2), 3, 10, 20);
                counters.CountEnd(1, 3, Outcome.Busy);
                counters.CountRefusal(Refusal.AdmissionQueueFull);
            }
        });
        Assert.AreEqual(4 * Each, counters.Requests(1, 3, Outcome.Ok));
        Assert.AreEqual(4 * Each, counters.Requests(2, 3, Outcome.Ok));
        Assert.AreEqual(8 * Each, counters.Requests(1, 3, Outcome.Busy));
        Assert.AreEqual(0, counters.Requests(2, 3, Outcome.Busy));
        Assert.AreEqual(4 * Each * 10L, counters.ReceivedBytes(1, 3));
        Assert.AreEqual(4 * Each * 20L, counters.SentBytes(2, 3));
        Assert.AreEqual(8 * Each, counters.Refusals(Refusal.AdmissionQueueFull));
        Assert.AreEqual(0, counters.Refusals(Refusal.AdmissionMemory));
    }

    [TestMethod]
    [DataRow(RequestCounters.Places)]
    [DataRow(int.MaxValue)]
    [DataRow(-1)]
    public void Beyond_the_places_everybody_is_counted_as_other(int place)
    {
        var counters = new RequestCounters();
        counters.CountAnswer(place, place, 1, 1);
        Assert.AreEqual(1, counters.Requests(0, 0, Outcome.Ok));
    }

    [TestMethod]
    public void Who_has_no_place_of_its_own_is_not_shown_the_others_numbers()
    {
        var counters = new RequestCounters();
        counters.CountAnswer(RequestCounters.Places, 1, 10, 20);
        counters.CountAnswer(3, 1, 1, 2);
        counters.CountAnswer(3, 7, 4, 8);
        Assert.AreEqual(1, counters.Requests(0, 1, Outcome.Ok));
        Assert.AreEqual(0, counters.Requests(RequestCounters.Places, 1, Outcome.Ok));
        Assert.AreEqual(0, counters.SentBytes(RequestCounters.Places, 1));
        Assert.AreEqual((2L, 5L, 10L), (counters.Requests(3, Outcome.Ok), counters.ReceivedBytes(3), counters.SentBytes(3)), "of all models, those that are gone as well");
        Assert.AreEqual(0, counters.Requests(RequestCounters.Places, Outcome.Ok));
    }

    [TestMethod]
    public void Every_outcome_fits_beside_the_bytes() => Assert.IsLessThan(14, Enum.GetValues<Outcome>().Length);

    [TestMethod]
    public void Every_refusal_has_an_outcome_and_only_what_is_the_daemons_fault_is_a_failure()
    {
        Refusal[] failures = [.. Enum.GetValues<Refusal>().Where(refusal => Outcomes.Of(refusal) == Outcome.Failed)];
        CollectionAssert.AreEquivalent(
            new[] { Refusal.None, Refusal.EngineFailed, Refusal.EngineMemory, Refusal.OutputNotFinite, Refusal.OutputNotText, Refusal.OutputTooLarge, Refusal.Internal },
            failures);
        Assert.AreEqual(Outcome.NotPermitted, Outcomes.Of(Refusal.AccessRoleMissing));
        Assert.AreEqual(Outcome.Limited, Outcomes.Of(Refusal.AdmissionRate));
        Assert.AreEqual(Outcome.Busy, Outcomes.Of(Refusal.AdmissionQueueFull));
        Assert.AreEqual(Outcome.Busy, Outcomes.Of(Refusal.AuditUnavailable));
        Assert.AreEqual(Outcome.Late, Outcomes.Of(Refusal.AdmissionDeadline));
        Assert.AreEqual(Outcome.Invalid, Outcomes.Of(Refusal.InputWrongShape));
        Assert.AreEqual(Outcome.Invalid, Outcomes.Of(Refusal.OutputUnknown));
        Assert.AreEqual(Outcome.NotFound, Outcomes.Of(Refusal.ModelNotFound));
    }

    [TestMethod]
    public void Counting_allocates_nothing_once_a_pair_is_known()
    {
        var counters = new RequestCounters();
        counters.CountAnswer(1, 1, 1, 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            counters.CountAnswer(1, 1, 1, 1);
            counters.CountEnd(1, 1, Outcome.Busy);
            counters.CountRefusal(Refusal.AdmissionRate);
        }

        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
