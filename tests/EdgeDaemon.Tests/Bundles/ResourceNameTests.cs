using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ResourceNameTests
{
    [TestMethod]
    [DataRow("a")]
    [DataRow("a/b.bin")]
    [DataRow("...")]
    [DataRow("..a/a..")]
    [DataRow(".hidden")]
    [DataRow("name with spaces")]
    [DataRow("colon:1:2")]
    [DataRow("z\uff5e\U0001f600")]
    public void Admits_canonical_names(string name)
    {
        Assert.IsNull(ResourceName.Fault(name));
        Assert.IsNull(ResourceName.Fault(new string('a', 255)));
        Assert.IsNull(ResourceName.Fault(string.Join('/', Enumerable.Repeat(new string('a', 255), 16))));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("/")]
    [DataRow("/a")]
    [DataRow("a/")]
    [DataRow("a//b")]
    [DataRow(".")]
    [DataRow("..")]
    [DataRow("./a")]
    [DataRow("a/.")]
    [DataRow("a/../b")]
    [DataRow("../a")]
    [DataRow("a\\b")]
    [DataRow("nul\0x")]
    [DataRow("line\n")]
    [DataRow("\u0085")]
    [DataRow("\ufffd")]
    [DataRow("\ud800")]
    public void Refuses_every_other_spelling(string name)
    {
        Assert.IsNotNull(ResourceName.Fault(name));
        Assert.IsNotNull(ResourceName.Fault(new string('a', 256)));
        Assert.IsNotNull(ResourceName.Fault(new string('\u00e9', 128)));
        Assert.IsNotNull(ResourceName.Fault(string.Join('/', Enumerable.Repeat(new string('a', 255), 16)) + "/a"));
    }

    [TestMethod]
    public void Git_names_count_at_the_top_only_and_whole()
    {
        foreach (string name in new[] { ".git", ".git/x", ".gitignore", ".github/ci.yml", ".gitattributes" })
        {
            Assert.IsTrue(ResourceName.IsGit(name), name);
        }

        foreach (string name in new[] { "sub/.git", ".gitmodules", ".git2", ".GIT" })
        {
            Assert.IsFalse(ResourceName.IsGit(name), name);
        }
    }
}
