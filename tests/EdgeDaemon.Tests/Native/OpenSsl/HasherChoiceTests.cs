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

    // Where the one or the other is several times as fast, whatever else the machine does meanwhile.
    [TestMethod]
    public void Measured_it_is_the_one_that_the_processor_has_instructions_for()
    {
        string[] flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];
        bool? libcrypto = (flags.Contains("sha_ni"), flags.Contains("avx2")) switch
        {
            (true, false) => true,
            (false, true) => false,
            _ => null,
        };
        Assert.IsGreaterThan(0, HasherChoice.Time(TreeHasher.Lanes));
        Assert.AreEqual(libcrypto ?? (HasherChoice.Fastest != TreeHasher.Lanes), HasherChoice.Fastest != TreeHasher.Lanes);
    }
}
