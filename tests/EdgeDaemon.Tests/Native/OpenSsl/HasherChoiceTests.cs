using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Tests.Native.OpenSsl;

[TestClass]
public sealed class HasherChoiceTests
{
    [TestMethod]
    public void Libcrypto_is_taken_where_it_is_not_slower()
    {
        Assert.AreNotSame(TreeHasher.Lanes, HasherChoice.Choose(HasherChoice.Export, hasher => hasher == TreeHasher.Lanes ? 11 : 10));
        Assert.AreSame(TreeHasher.Lanes, HasherChoice.Choose(HasherChoice.Export, hasher => hasher == TreeHasher.Lanes ? 9 : 10));
    }

    [TestMethod]
    [DataRow("SHA256_Init")]
    [DataRow("SHA256_Update")]
    [DataRow("SHA256_Final")]
    public void Without_one_of_the_functions_it_is_lanes(string missing)
    {
        Assert.IsNotNull(HasherChoice.OfLibcrypto(HasherChoice.Export), "control");
        Assert.IsNull(HasherChoice.OfLibcrypto(name => name == missing ? 0 : HasherChoice.Export(name)));
        Assert.AreSame(TreeHasher.Lanes, HasherChoice.Choose(name => name == missing ? 0 : HasherChoice.Export(name), _ => 0));
    }

    [TestMethod]
    public void A_function_that_is_nowhere_is_none() => Assert.AreEqual(0, HasherChoice.Export("SHA256_Nothing"));

    // SHA-224 is the same but for its beginning: what a library that means something else would do.
    [TestMethod]
    public void Functions_that_make_another_hash_are_not_taken() =>
        Assert.IsNull(HasherChoice.OfLibcrypto(name => HasherChoice.Export(name.Replace("SHA256_Init", "SHA224_Init", StringComparison.Ordinal))));

    [TestMethod]
    public void The_best_of_several_times_counts()
    {
        int calls = 0;
        Assert.AreNotSame(TreeHasher.Lanes, HasherChoice.Choose(HasherChoice.Export, hasher => hasher == TreeHasher.Lanes ? 10 : ++calls == 7 ? 9 : 1000));
        Assert.IsGreaterThan(7, calls);
    }

    // Whatever the processor has: a way that does its work ten times takes longer, also while everything else runs.
    [TestMethod]
    public void The_time_is_of_the_hashing()
    {
        TreeHasher[] ways = [TreeHasher.Lanes, HasherChoice.OfLibcrypto(HasherChoice.Export)!];
        CollectionAssert.Contains(ways.Select(way => way.GetType()).ToArray(), HasherChoice.Fastest.GetType());
        foreach (TreeHasher way in ways)
        {
            long Best(TreeHasher of) => Enumerable.Range(0, 50).Min(_ => HasherChoice.Time(of));
            long once = Best(way);
            Assert.IsGreaterThan(once, Best(new Tenfold(way)));
        }
    }

    private sealed class Tenfold(TreeHasher way) : TreeHasher
    {
        public override void Hash(ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> digests)
        {
            for (int run = 0; run < 10; run++)
            {
                way.Hash(memory, messages, digests);
            }
        }

        public override void Hash(ReadOnlySpan<byte> message, Span<byte> digest) => way.Hash(message, digest);

        public override void Nodes(ReadOnlySpan<byte> pairs, Span<byte> nodes) => way.Nodes(pairs, nodes);
    }
}
