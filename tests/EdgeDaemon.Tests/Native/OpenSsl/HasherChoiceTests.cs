using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Tests.Native.OpenSsl;

[TestClass]
public sealed class HasherChoiceTests
{
    [TestMethod]
    public void Libcrypto_is_taken_where_one_message_after_the_other_is_faster()
    {
        Assert.AreNotSame(TreeHasher.Lanes, HasherChoice.Choose(single: true, HasherChoice.Export));
        Assert.AreSame(TreeHasher.Lanes, HasherChoice.Choose(single: false, HasherChoice.Export));
    }

    [TestMethod]
    [DataRow("SHA256_Init")]
    [DataRow("SHA256_Update")]
    [DataRow("SHA256_Final")]
    public void Without_one_of_the_functions_it_is_lanes(string missing) =>
        Assert.AreSame(TreeHasher.Lanes, HasherChoice.Choose(single: true, name => name == missing ? 0 : HasherChoice.Export(name)));

    [TestMethod]
    public void A_function_that_is_nowhere_is_none() => Assert.AreEqual(0, HasherChoice.Export("SHA256_Nothing"));

    // SHA-224 is the same but for its beginning: what a library that means something else would do.
    [TestMethod]
    public void Functions_that_make_another_hash_are_not_taken() =>
        Assert.AreSame(TreeHasher.Lanes, HasherChoice.Choose(single: true, name => HasherChoice.Export(name.Replace("SHA256_Init", "SHA224_Init", StringComparison.Ordinal))));

    [TestMethod]
    public void The_processor_decides()
    {
        string[] flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];
        bool single = flags.Contains("sha_ni") || !flags.Contains("avx2");
        Assert.AreEqual(single, HasherChoice.Fastest != TreeHasher.Lanes);
    }
}
