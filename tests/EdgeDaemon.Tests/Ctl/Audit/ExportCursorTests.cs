using System.Text;
using EdgeDaemon.Ctl;
using EdgeDaemon.Ctl.Audit;

namespace EdgeDaemon.Tests.Ctl.Audit;

/// <summary>The cursor's file: what was written is read, and nothing else is.</summary>
[TestClass]
public sealed class ExportCursorTests
{
    private static readonly byte[] One = [.. Enumerable.Range(0, 32).Select(at => (byte)at)];
    private static readonly byte[] Two = [.. Enumerable.Range(100, 32).Select(at => (byte)at)];

    [TestMethod]
    public void What_is_written_is_read()
    {
        var cursor = new ExportCursor("plant.example/edge/7", 12, [new LogPoint(11, One), new LogPoint(4, Two)]);
        ExportCursor read = ExportCursor.Parse(cursor.ToBytes(), "c");
        Assert.AreEqual(("plant.example/edge/7", 12L, 2), (read.Origin, read.Next, read.Points.Count));
        Assert.AreEqual(4, read.Points[1].Sequence);
        CollectionAssert.AreEqual(Two, read.Points[1].Leaf);
        Assert.AreEqual("edged-audit-cursor 1\norigin o\nnext 0\n", Encoding.UTF8.GetString(new ExportCursor("o", 0, []).ToBytes()));
        Assert.AreEqual(0, ExportCursor.Parse(new ExportCursor("o", 0, []).ToBytes(), "c").Points.Count);
    }

    [TestMethod]
    public void No_torn_cursor_is_taken()
    {
        byte[] whole = new ExportCursor("plant.example/edge/7", 12, [new LogPoint(11, One), new LogPoint(4, Two)]).ToBytes();
        int lastLine = Encoding.UTF8.GetString(whole).IndexOf("record 4", StringComparison.Ordinal);
        for (int length = 0; length < whole.Length; length++)
        {
            // Without its last line it is the cursor of somebody who remembers less: no place is lost by that.
            if (length != lastLine)
            {
                Assert.ThrowsExactly<CtlException>(() => ExportCursor.Parse(whole.AsSpan(0, length), "c"), $"{length}");
            }
        }
    }

    [TestMethod]
    [DataRow("edged-audit-cursor 2\norigin o\nnext 0\n")]
    [DataRow("edged-audit-cursor 1\norigin o\nnext 5\n")]
    [DataRow("edged-audit-cursor 1\norigin o\nnext 05\nrecord 4 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")]
    [DataRow("edged-audit-cursor 1\norigin o\nnext 6\nrecord 4 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")]
    [DataRow("edged-audit-cursor 1\norigin o\nnext 5\nrecord 4 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n")]
    [DataRow("edged-audit-cursor 1\norigin o\nnext 5\nrecord 4 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nrecord 4 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")]
    [DataRow("edged-audit-cursor 1\norigin o\nnext -1\n")]
    [DataRow("edged-audit-cursor 1\norigin o\nnext 0\n\n")]
    public void Nor_one_that_nothing_wrote(string text)
    {
        CtlException refused = Assert.ThrowsExactly<CtlException>(() => ExportCursor.Parse(Encoding.UTF8.GetBytes(text), "my.cursor"));
        StringAssert.StartsWith(refused.Message, "my.cursor: ", StringComparison.Ordinal);
    }
}
