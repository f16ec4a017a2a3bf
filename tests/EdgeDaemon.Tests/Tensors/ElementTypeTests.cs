using System.Text;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Tensors;

[TestClass]
public sealed class ElementTypeTests
{
    [TestMethod]
    public void A_name_is_read_as_the_type_whose_it_is_and_nothing_near_it_is()
    {
        for (ElementType type = ElementType.Bool; type <= ElementType.Bytes; type++)
        {
            byte[] name = Encoding.ASCII.GetBytes(type.WireName());
            Assert.IsTrue(ElementTypes.TryParse(name, out ElementType read));
            Assert.AreEqual(type, read);
            Assert.IsTrue(ElementTypes.TryParse(type.WireName(), out read));
            Assert.AreEqual(type, read);
            IEnumerable<byte[]> near = Enumerable.Range(0, name.Length).SelectMany(at => Enumerable.Range(0, 256).Where(b => b != name[at]).Select(b => name[..at].Append((byte)b).Concat(name[(at + 1)..]).ToArray()));
            foreach (byte[] other in near.Append([]).Append([0]).Append([.. name, 0]).Append([0, .. name]).Append([.. name, .. name]).Append([.. name, .. new byte[8]]).Append([.. Enumerable.Repeat((byte)0xff, 8)]))
            {
                string text = Encoding.Latin1.GetString(other);
                Assert.AreEqual(ElementTypes.TryParse(text, out ElementType expected), ElementTypes.TryParse(other, out read), text);
                Assert.AreEqual(expected, read);
            }
        }
    }
}
