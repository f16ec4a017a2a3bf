using System.Reflection;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class OnnxLibraryTests
{
    private static readonly string Zeros = new('0', 64);

    [TestMethod]
    public void The_pinned_library_loads_and_says_what_it_is()
    {
        OnnxRuntime runtime = TestRuntime.Get();
        Assert.AreEqual("1.30.0", runtime.Version);
        Assert.AreEqual(OrtApi.Highest, runtime.ApiVersion);
        Assert.AreEqual(OnnxLibraryPins.Current, runtime.Digest);
    }

    [TestMethod]
    public void Another_digest_is_refused_with_path_both_digests_and_what_to_do()
    {
        string path = TestRuntime.Library();
        string message = Refusal(path, Zeros);
        foreach (string part in new[] { path, OnnxLibraryPins.Current, Zeros, "runtime.sha256" })
        {
            StringAssert.Contains(message, part);
        }
    }

    [TestMethod]
    public void One_changed_bit_one_byte_more_or_less_is_another_library()
    {
        byte[] bytes = File.ReadAllBytes(TestRuntime.Library());
        using var folder = new Folder();
        bytes[bytes.Length / 2] ^= 1;
        StringAssert.Contains(Refusal(folder.File("flipped", bytes), OnnxLibraryPins.Current), "is pinned");
        bytes[bytes.Length / 2] ^= 1;
        StringAssert.Contains(Refusal(folder.File("longer", [.. bytes, 0]), OnnxLibraryPins.Current), "is pinned");
        StringAssert.Contains(Refusal(folder.File("shorter", bytes[..^1]), OnnxLibraryPins.Current), "is pinned");
        StringAssert.Contains(Refusal(folder.File("empty", []), OnnxLibraryPins.Current), "is pinned");
    }

    [TestMethod]
    public void Paths_that_are_no_safe_file_are_refused_before_they_are_read()
    {
        using var folder = new Folder();
        StringAssert.Contains(Refusal("libonnxruntime.so.1", Zeros), "not an absolute path");
        StringAssert.Contains(Refusal(Path.Combine(folder.Path, "absent"), Zeros), "cannot be read");
        StringAssert.Contains(Refusal(folder.Path, Zeros), "no regular file");
        StringAssert.Contains(Refusal("/dev/zero", Zeros), "no regular file");
        string shared = folder.File("shared", [1, 2, 3]);
        File.SetUnixFileMode(shared, UnixFileMode.UserRead | UnixFileMode.GroupWrite);
        StringAssert.Contains(Refusal(shared, Zeros), "chmod go-w");
        File.SetUnixFileMode(shared, UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        StringAssert.Contains(Refusal(shared, Zeros), "chmod go-w");
    }

    [TestMethod]
    public void A_pipe_that_nobody_writes_does_not_hold_the_start()
    {
        using var folder = new Folder();
        string pipe = Path.Combine(folder.Path, "pipe");
        using (System.Diagnostics.Process made = System.Diagnostics.Process.Start("mkfifo", pipe))
        {
            made.WaitForExit();
        }

        StringAssert.Contains(Refusal(pipe, Zeros), "no regular file");
    }

    [TestMethod]
    public void Pinned_bytes_that_are_no_runtime_are_refused()
    {
        using var folder = new Folder();
        string text = folder.File("text", "not a library"u8.ToArray());
        (int exitCode, string output) = ChildProcess.Run("load", $"{text}|{DigestOf(text)}");
        Assert.AreEqual(3, exitCode);
        StringAssert.Contains(output, "OnnxLibraryRefusedException");
        StringAssert.Contains(output, "cannot be loaded as a shared library");

        string other = new[] { "/lib/x86_64-linux-gnu/libz.so.1", "/lib/aarch64-linux-gnu/libz.so.1", "/usr/lib64/libz.so.1" }.First(File.Exists);
        (exitCode, output) = ChildProcess.Run("load", $"{other}|{DigestOf(other)}");
        Assert.AreEqual(3, exitCode);
        StringAssert.Contains(output, "exports no OrtGetApiBase");
    }

    [TestMethod]
    public void One_process_holds_one_library()
    {
        string library = TestRuntime.Library();
        using var folder = new Folder();
        string copy = folder.File("copy", [.. File.ReadAllBytes(library), 0]);
        (int exitCode, string output) = ChildProcess.Run("load-two", $"{library}|{OnnxLibraryPins.Current}|{copy}|{DigestOf(copy)}");
        StringAssert.Contains(output, "loaded 1.30.0 twice");
        Assert.AreEqual(3, exitCode);
        StringAssert.Contains(output, "loaded already");
    }

    [TestMethod]
    public void The_oldest_table_gives_the_same_answers()
    {
        string path = TestRuntime.Library();
        _ = TestRuntime.Get();
        using OnnxRuntime oldest = OnnxRuntime.LoadAt(OrtApi.Lowest, path, OnnxLibraryPins.Current, text => TestRuntime.Messages.Enqueue(text));
        Assert.AreEqual(OrtApi.Lowest, oldest.ApiVersion);
        foreach ((byte[] model, byte[] bytes) in new[]
        {
            (Graph.Identity(Graph.Float, "N", 1), Running.Floats(1, 2, 3)),
            (Graph.Identity(8, "N", 1), Running.Bytes("a", "", "c")),
        })
        {
            using OnnxSession session = oldest.CreateSession(model, new OnnxSessionOptions());
            CollectionAssert.AreEqual(new long[] { -1, 1 }, session.Outputs[0].Shape);
            using OnnxRun run = session.NewRun(TestRuntime.Pool);
            (_, long[] shape, byte[] data) = Running.Once(run, Running.Shape(3, 1), bytes);
            CollectionAssert.AreEqual(new long[] { 3, 1 }, shape);
            CollectionAssert.AreEqual(bytes, data);
        }
    }

    [TestMethod]
    [DataRow("1.30.0", 30u)]
    [DataRow("1.31.0-dev", 30u)]
    [DataRow("1.29.1", 29u)]
    [DataRow("1.21.0", 21u)]
    [DataRow("1.20.2", 0u)]
    [DataRow("2.0.0", 0u)]
    [DataRow("nonsense", 0u)]
    [DataRow("1", 0u)]
    [DataRow("", 0u)]
    public void Asks_a_library_for_no_more_than_it_offers_and_needs_1_21(string version, uint expected) =>
        Assert.AreEqual(expected, OrtApi.VersionToAskFor(version));

    [TestMethod]
    public void Slots_are_distinct_and_those_of_every_library_lie_in_the_oldest_table()
    {
        int[] always = Constants(typeof(OrtSlots)).Where(slot => slot != OrtSlots.CountAtLowest).ToArray();
        int[] newer = Constants(typeof(OrtSlots.Since24));
        Assert.IsTrue(always.All(slot => slot is >= 0 and < OrtSlots.CountAtLowest));
        Assert.IsTrue(newer.All(slot => slot >= OrtSlots.CountAtLowest));
        Assert.DoesNotContain(11, always, "SetOptimizedModelFilePath: what the library makes of a signed graph is nothing that anybody signed, and is never on a disk");
        Assert.HasCount(always.Length + newer.Length, always.Concat(newer).Distinct());

        static int[] Constants(Type type) =>
            [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (int)field.GetRawConstantValue()!)];
    }

    [TestMethod]
    public void The_packaging_notes_name_the_library_that_is_pinned()
    {
        string folder = Path.Combine(Conformance.ProjectRoot(), "packaging", "runtime");
        StringAssert.Contains(File.ReadAllText(Path.Combine(folder, "README.md")), OnnxLibraryPins.Current);
        StringAssert.Contains(File.ReadAllText(Path.Combine(folder, "package.json")), "\"onnxruntime-node\": \"1.30.0\"");
        Assert.DoesNotContain("\"resolved\"", File.ReadAllText(Path.Combine(folder, "package-lock.json")), "addresses would tie the build to one registry");
    }

    private static string Refusal(string path, string digest) =>
        Assert.ThrowsExactly<OnnxLibraryRefusedException>(() => OnnxRuntime.Load(path, digest, _ => { })).Message;

    private static string DigestOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("edged-library-").FullName;

        public string File(string name, byte[] bytes)
        {
            string file = System.IO.Path.Combine(Path, name);
            System.IO.File.WriteAllBytes(file, bytes);
            System.IO.File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return file;
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
