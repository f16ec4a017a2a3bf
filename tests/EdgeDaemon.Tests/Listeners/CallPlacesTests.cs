using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>Threads that say which core they run on, and are there when the test wants them to be.</summary>
[TestClass]
public sealed class CallPlacesTests : IDisposable
{
    [ThreadStatic]
    private static int _core;

    private readonly CallPlaces _places = new(2, () => _core);
    private readonly List<Member> _members = [];

    public void Dispose() => _members.ForEach(member => member.Dispose());

    [TestMethod]
    public void What_is_left_to_a_core_is_begun_by_the_thread_that_runs_there()
    {
        Member first = New(core: 0);
        Member second = New(core: 1);
        Assert.IsTrue(first.LeavesTo(1, 7, present: second));
        Assert.IsTrue(_places.SomeoneIsBehind);
        Assert.AreEqual(7ul, second.Taken());
        Assert.IsFalse(_places.SomeoneIsBehind);
        Assert.IsNull(second.Taken());
    }

    [TestMethod]
    public void Nothing_is_left_to_oneself_nor_where_nobody_is()
    {
        Member first = New(core: 0);
        Member second = New(core: 1);
        Assert.IsFalse(first.LeavesTo(0, 7, present: second), "its own core");
        Assert.IsFalse(first.LeavesTo(5, 7, present: second), "nobody's core");
        second.Do(() => _core = 5);
        second.Arrive();
        Assert.IsTrue(first.LeavesTo(5, 7, present: second), "it was moved there");
        Assert.IsFalse(first.LeavesTo(1, 7, present: second), "it was moved away");
    }

    /// <summary>A thread that does what nobody knew to be long keeps no caller waiting.</summary>
    [TestMethod]
    public void Who_is_away_is_left_nothing_and_what_was_left_to_him_is_anybodys()
    {
        Member first = New(core: 0);
        Member second = New(core: 1);
        Assert.IsTrue(first.LeavesTo(1, 7, present: second));
        CallPlace place = second.Arrive();
        Assert.IsTrue(SpinWait.SpinUntil(() => place.IsAway, TimeSpan.FromSeconds(10)));
        Assert.IsFalse(first.Do(() => _places.TryLeave(1, new SocketChange(8, Readiness.Input))));
        Assert.AreEqual(7ul, first.Taken());
    }

    [TestMethod]
    public void A_thread_without_work_takes_over_what_another_has_not_begun()
    {
        Member first = New(core: 0);
        Member second = New(core: 1);
        Member third = New(core: 2);
        Assert.IsTrue(first.LeavesTo(1, 7, present: second));
        Assert.AreEqual(7ul, third.Do(() => _places.TryTakeOver(out SocketChange news) ? news.Token : 0));
    }

    /// <summary>With few callers there is always a thread without work.</summary>
    [TestMethod]
    public void Where_threads_are_mostly_idle_nothing_is_left_for_a_while()
    {
        Member first = New(core: 0);
        Member second = New(core: 1);
        CallPlace mine = first.Arrive();
        Assert.IsNull(first.Do(() => _places.Patience(mine)), "nobody is behind");
        Assert.IsTrue(first.LeavesTo(1, 7, present: second));
        Assert.IsLessThan(TimeSpan.FromMilliseconds(1), first.Do(() => _places.Patience(mine))!.Value);
        Assert.AreEqual(7ul, second.Taken());

        int before = 0;
        while (!first.LeavesTo(1, 8, present: second))
        {
            Assert.IsLessThan(1000, ++before, "never again");
        }

        Assert.IsGreaterThan(100, before);
        CallPlace its = second.Arrive();
        Assert.AreEqual(TimeSpan.Zero, second.Do(() => _places.Patience(its)), "it has something to do");
    }

    [TestMethod]
    public void Whoever_comes_has_the_place_of_a_thread_that_has_ended()
    {
        Member first = New(core: 0);
        Member second = New(core: 1);
        int number = second.Arrive().Number;
        second.Dispose();
        Member third = New(core: 1);
        Assert.AreEqual(number, third.Arrive().Number);
        Assert.IsTrue(first.LeavesTo(1, 7, present: third));
        Assert.AreEqual(7ul, third.Taken());
    }

    private Member New(int core)
    {
        var member = new Member(_places, core);
        _members.Add(member);
        member.Arrive();
        return member;
    }

    /// <summary>A thread that does what it is told.</summary>
    private sealed class Member : IDisposable
    {
        private readonly System.Collections.Concurrent.BlockingCollection<Action> _orders = [];
        private readonly CallPlaces _places;
        private readonly Thread _thread;

        public Member(CallPlaces places, int core)
        {
            _places = places;
            _thread = new Thread(() =>
            {
                _core = core;
                foreach (Action order in _orders.GetConsumingEnumerable())
                {
                    order();
                }
            });
            _thread.Start();
        }

        public CallPlace Arrive() => Do(_places.Arrive);

        /// <summary>Whether this one leaves something while the other has just been there: asked until the millisecond did not pass between.</summary>
        public bool LeavesTo(int core, ulong token, Member present)
        {
            CallPlace other = present.Arrive();
            while (true)
            {
                bool left = Do(() => _places.TryLeave(core, new SocketChange(token, Readiness.Input)));
                if (left || !other.IsAway)
                {
                    return left;
                }

                present.Arrive();
            }
        }

        public ulong? Taken() => Do(() => _places.TryTake(_places.Arrive(), out SocketChange news) ? news.Token : (ulong?)null);

        public T Do<T>(Func<T> order)
        {
            var done = new TaskCompletionSource<T>();
            _orders.Add(() =>
            {
                try
                {
                    done.SetResult(order());
                }
                catch (Exception failed)
                {
                    done.SetException(failed);
                }
            });
            return done.Task.GetAwaiter().GetResult();
        }

        public void Dispose()
        {
            _orders.CompleteAdding();
            _thread.Join();
        }
    }
}
