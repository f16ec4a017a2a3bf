using EdgeDaemon.Engine;

namespace EdgeDaemon.Tests.Engine;

[TestClass]
public sealed class RunSizesTests
{
    [TestMethod]
    [DataRow(1, 1L)]
    [DataRow(64, 64L)]
    [DataRow(65, 128L)]
    [DataRow(128, 128L)]
    [DataRow(129, 256L)]
    [DataRow(1 << 30, 1L << 30)]
    [DataRow(int.MaxValue, 1L << 31)]
    public void Every_number_of_rows_has_its_place(int rows, long counted)
    {
        int slot = RunSizes.SlotOf(rows);
        Assert.IsTrue(slot is >= 0 and < RunSizes.Slots);
        Assert.AreEqual(counted, RunSizes.RowsOf(slot));
    }

    [TestMethod]
    public void Slots_grow_with_their_rows()
    {
        for (int slot = 1; slot < RunSizes.Slots; slot++)
        {
            Assert.IsGreaterThan(RunSizes.RowsOf(slot - 1), RunSizes.RowsOf(slot));
            Assert.AreEqual(slot, RunSizes.SlotOf((int)Math.Min(RunSizes.RowsOf(slot), int.MaxValue)));
        }
    }
}
