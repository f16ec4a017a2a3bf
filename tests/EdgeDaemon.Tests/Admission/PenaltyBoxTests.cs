using System.Net;
using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Admission;

[TestClass]
public sealed class PenaltyBoxTests
{
    private const string Who = "unix:1001";

    private readonly TestClock _clock = new();

    [TestMethod]
    public void After_so_many_refusals_within_the_window_a_caller_is_outside_for_its_time()
    {
        PenaltyBox box = Make();
        var entered = new List<string>();
        box.Entered = entered.Add;
        Refuse(box, 4);
        Assert.IsFalse(box.IsOutside(Who));
        Assert.IsTrue(box.IsEmpty);
        Refuse(box, 1);
        Assert.IsTrue(box.IsOutside(Who));
        Assert.IsFalse(box.IsOutside("unix:1002"), "others are not meant");
        CollectionAssert.AreEqual((string[])[Who], entered);
        _clock.Advance(TimeSpan.FromSeconds(4.999));
        Assert.IsTrue(box.IsOutside(Who));
        _clock.Advance(TimeSpan.FromSeconds(0.001));
        Assert.IsFalse(box.IsOutside(Who));
        Assert.IsTrue(box.IsEmpty);
    }

    [TestMethod]
    public void Refusals_far_apart_are_forgiven()
    {
        PenaltyBox box = Make();
        for (int i = 0; i < 100; i++)
        {
            Refuse(box, 1);
            _clock.Advance(TimeSpan.FromSeconds(3));
        }

        Assert.IsFalse(box.IsOutside(Who));
    }

    [TestMethod]
    public void Each_time_is_twice_as_long_up_to_the_longest_and_after_a_quiet_time_it_begins_anew()
    {
        PenaltyBox box = Make();
        foreach (int seconds in new[] { 5, 10, 20, 20 })
        {
            Refuse(box, 5);
            Penalty penalty = box.Inside().Single();
            Assert.AreEqual(TimeSpan.FromSeconds(seconds), penalty.Until - penalty.Since);
            _clock.Advance(TimeSpan.FromSeconds(seconds));
            Assert.IsFalse(box.IsOutside(Who));
        }

        _clock.Advance(TimeSpan.FromSeconds(41));
        Refuse(box, 5);
        Assert.AreEqual((1, TimeSpan.FromSeconds(5)), (box.Inside().Single().Times, box.Inside().Single().Until - box.Inside().Single().Since));
    }

    [TestMethod]
    public void What_was_on_its_way_when_it_began_makes_it_no_longer()
    {
        PenaltyBox box = Make();
        Refuse(box, 500);
        Assert.AreEqual(1, box.Inside().Single().Times);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.IsFalse(box.IsOutside(Who));
    }

    [TestMethod]
    public void It_shows_who_and_why_and_can_be_lifted()
    {
        PenaltyBox box = Make();
        DateTimeOffset since = _clock.GetUtcNow();
        Refuse(box, 5);
        Assert.AreEqual(new Penalty(Who, since, since.AddSeconds(5), 1, "HeadMalformedJson"), box.Inside().Single());
        Assert.IsFalse(box.Lift("unix:1002"));
        Assert.IsTrue(box.Lift(Who));
        Assert.IsFalse(box.IsOutside(Who));
        Assert.IsTrue(box.IsEmpty);
        Assert.IsEmpty(box.Inside());
        Refuse(box, 4);
        Assert.IsFalse(box.IsOutside(Who), "it begins anew");
    }

    [TestMethod]
    public void Zero_refusals_means_never()
    {
        PenaltyBox box = Make("after = 0");
        Refuse(box, 10_000);
        Assert.IsFalse(box.IsOutside(Who));
    }

    [TestMethod]
    public void Addresses_are_their_own_and_of_IPv6_a_host_cannot_choose_another()
    {
        PenaltyBox box = Make();
        for (int i = 0; i < 5; i++)
        {
            box.Blame(IPAddress.Parse($"2001:db8:0:1::{i + 1:x}"), "handshake");
            box.Blame(IPAddress.Parse("192.0.2.7"), "handshake");
        }

        Assert.IsTrue(box.IsOutside(IPAddress.Parse("2001:db8:0:1:ffff::1")));
        Assert.IsFalse(box.IsOutside(IPAddress.Parse("2001:db8:0:2::1")));
        Assert.IsTrue(box.IsOutside(IPAddress.Parse("::ffff:192.0.2.7")), "the same host by another spelling");
        Assert.IsFalse(box.IsOutside(IPAddress.Parse("192.0.2.8")));
        Assert.IsTrue(box.Lift("from:192.0.2.7"));
        Assert.IsTrue(box.Lift("from:2001:db8:0:1::/64"));
    }

    [TestMethod]
    public void Memory_is_bounded_and_who_is_outside_is_forgotten_last()
    {
        PenaltyBox box = Make();
        Refuse(box, 5);
        for (int i = 0; i < 3 * PenaltyBox.MostEntries; i++)
        {
            box.Blame($"unix:{5000 + i}", "RouteUnknown");
            _clock.Advance(TimeSpan.FromMilliseconds(0.1));
        }

        Assert.IsTrue(box.IsOutside(Who));
        Assert.HasCount(1, box.Inside());
    }

    [TestMethod]
    public void From_many_threads_it_begins_once()
    {
        PenaltyBox box = Make("after = 1000");
        int entered = 0;
        box.Entered = _ => Interlocked.Increment(ref entered);
        Parallel.For(0, 999, _ => Refuse(box, 1));
        Assert.AreEqual(0, entered);
        Parallel.For(0, 999, _ => Refuse(box, 1));
        Assert.AreEqual(1, entered);
    }

    [TestMethod]
    public void A_penalty_that_is_over_costs_nobody_a_look_although_its_caller_never_came_again()
    {
        PenaltyBox box = Make();
        Refuse(box, 5);
        Assert.IsFalse(box.IsEmpty);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.IsTrue(box.IsEmpty);
        Assert.IsEmpty(box.Inside());
        Refuse(box, 5);
        Assert.IsFalse(box.IsEmpty);
        Assert.HasCount(1, box.Inside());
    }

    /// <summary>Blamed, lifted and forgotten at the same time by many: in the end who is outside is counted, and nobody else.</summary>
    [TestMethod]
    public void Lifting_in_the_middle_of_blame_leaves_no_count_behind()
    {
        PenaltyBox box = Make("after = 1\nlongest_seconds = 20");
        for (int round = 0; round < 20; round++)
        {
            Parallel.For(0, 8, thread =>
            {
                for (int i = 0; i < 2_000; i++)
                {
                    string who = $"unix:{(round * 1000) + (i % 400)}";
                    if (thread % 2 == 0)
                    {
                        box.Blame(who, "HeadMalformedJson");
                    }
                    else
                    {
                        box.Lift(who);
                    }
                }
            });
            foreach (Penalty penalty in box.Inside())
            {
                Assert.IsTrue(box.Lift(penalty.Name));
            }

            Assert.IsTrue(box.IsEmpty, $"round {round}");
        }
    }

    [TestMethod]
    public void New_settings_count_from_the_next_refusal()
    {
        PenaltyBox box = Make();
        Refuse(box, 4);
        box.Settings = Settings("after = 2\nfirst_seconds = 7");
        Refuse(box, 1);
        Assert.AreEqual(TimeSpan.FromSeconds(7), box.Inside().Single().Until - box.Inside().Single().Since);
    }

    private static PenaltySettings Settings(string text) =>
        EdgedSettings.Parse(System.Text.Encoding.UTF8.GetBytes($"format = 1\n[penalty]\n{text}"), "t").Penalty;

    private static void Refuse(PenaltyBox box, int times)
    {
        for (int i = 0; i < times; i++)
        {
            box.Blame(Who, "HeadMalformedJson");
        }
    }

    private PenaltyBox Make(string text = "after = 5\nwindow_seconds = 10\nfirst_seconds = 5\nlongest_seconds = 20") => new(Settings(text), _clock, NullLogger.Instance);
}
