using System.Runtime.Versioning;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Posix.Files;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class FolderPlaceTests
{
    [TestMethod]
    public void Within_means_really_within_whatever_the_path_looks_like()
    {
        using var tree = new TestTree();
        Directory.CreateDirectory(tree["a/b/c"]);
        Directory.CreateDirectory(tree["ab"]);
        tree.Link("to-c", "a/b/c");
        tree.Link("to-a", "a");
        tree.Link("a/out", "../ab");
        foreach (string inside in (string[])["a", "a/", "a/b", "a/b/c", "to-c", "to-a/b", "ab/../a/b", "a/../to-c"])
        {
            Assert.IsTrue(FolderPlace.IsWithin(tree[inside], tree["a"]), inside);
            Assert.IsTrue(FolderPlace.IsWithin(tree[inside], tree["to-a"]), inside);
        }

        foreach (string outside in (string[])["", "ab", "a/..", "a/out", "a/b/../.."])
        {
            Assert.IsFalse(FolderPlace.IsWithin(tree[outside], tree["a"]), outside);
        }

        Assert.IsTrue(FolderPlace.IsWithin(tree["a"], "/"));
        Assert.IsFalse(FolderPlace.IsWithin("/", tree["a"]));
    }
}
