using System.Buffers;
using System.Text;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class FirstBytesTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    [TestMethod]
    public void The_preface_is_told_from_all_else_at_the_first_byte_that_differs()
    {
        byte[] preface = Encoding.ASCII.GetBytes(Preface);
        for (int length = 0; length < preface.Length; length++)
        {
            Assert.IsNull(Sort(preface[..length]), $"{length} bytes");
            byte[] other = [.. preface[..length], (byte)(preface[length] ^ 1)];
            Assert.AreEqual(Wire.Http1, Sort(other), $"{length} bytes and another");
        }

        Assert.AreEqual(Wire.Http2, Sort(preface));
        Assert.AreEqual(Wire.Http2, Sort([.. preface, 0, 0, 0, 4]));
    }

    [TestMethod]
    [DataRow("GET / HTTP/1.1\r\n", Wire.Http1)]
    [DataRow("POST /", Wire.Http1)]
    [DataRow("PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n", Wire.Http1)]
    [DataRow("\u0016\u0003\u0001", Wire.Http1)]
    public void Other_beginnings_are_http1(string text, object wire) => Assert.AreEqual((Wire)wire, Sort(Encoding.Latin1.GetBytes(text)));

    [TestMethod]
    public void A_preface_in_segments_is_the_same()
    {
        byte[] preface = Encoding.ASCII.GetBytes(Preface);
        for (int cut = 1; cut < preface.Length; cut++)
        {
            var first = new Segment(preface.AsMemory(0, cut), 0);
            Segment last = first.Append(preface.AsMemory(cut));
            Assert.AreEqual(Wire.Http2, FirstBytes.Sort(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length)));
        }
    }

    private static Wire? Sort(byte[] bytes) => FirstBytes.Sort(new ReadOnlySequence<byte>(bytes));

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
