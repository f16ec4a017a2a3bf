using System.Runtime.CompilerServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Posix;

[TestClass]
public sealed class ClearingTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    /// <summary>A callee's bytes outlive it on the stack (the control); after the call nothing of them is there.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void What_a_callee_left_on_the_stack_is_gone(bool clears)
    {
        var looked = new Gate();
        LeftOnStack? left = null;
        var thread = new Thread(() =>
        {
            // The first round has everything compiled, on this stack; the second is looked at.
            Round(new LeftOnStack(), clears, new Gate { IsOpen = true });
            var second = new LeftOnStack();
            Volatile.Write(ref left, second);
            Round(second, clears, looked);
        });
        thread.Start();
        try
        {
            Assert.IsTrue(SpinWait.SpinUntil(() => Volatile.Read(ref left) is { IsLeft: true } && looked.IsReached, Long));
            if (clears)
            {
                Assert.AreEqual(0, left!.Count());
            }
            else
            {
                Assert.IsGreaterThan(LeftOnStack.Copies / 2, left!.Count(), "nothing was found although nothing was cleared: the search shows nothing");
            }
        }
        finally
        {
            looked.IsOpen = true;
            thread.Join();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Round(LeftOnStack left, bool clears, Gate gate)
    {
        left.Leave();
        if (clears)
        {
            Clearing.StackBelow();
        }

        // Waits without anything that takes much of a stack.
        gate.IsReached = true;
        while (!gate.IsOpen)
        {
            Thread.SpinWait(20);
        }
    }

    private sealed class Gate
    {
        private volatile bool _isOpen;
        private volatile bool _isReached;

        public bool IsOpen
        {
            get => _isOpen;
            set => _isOpen = value;
        }

        public bool IsReached
        {
            get => _isReached;
            set => _isReached = value;
        }
    }
}
