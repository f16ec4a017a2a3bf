using System.Security.Cryptography;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Whoever takes the device over finds no key whose epoch has ended, neither in any page of the process nor in any file of it: else he could write the past anew and certify his own keys from there on.
/// The first key was read from its file, the second one made by the daemon: the two leave their traces in different places.
/// </summary>
[TestClass]
public sealed class AuditKeyErasureTests
{
    [TestMethod]
    [Timeout(180_000)]
    public async Task AKeyWhoseEpochHasEnded_IsNowhere_AndTheOpenOneIsFound()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        state.Configure("[audit]\nsegment_bytes = 1048576\nmin_free_bytes = 0\nepoch_seconds = 10\ncheckpoint_seconds = 1\ndurability = \"strict\"");
        byte[] first = Number(state, 0);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection connection = daemon.Connect();
        byte[] second = await FollowAsync(1), third = await FollowAsync(2);
        for (int i = 0; i < 50; i++)
        {
            Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        }

        var memory = new ProcessMemory(daemon.Id);
        Assert.IsNotEmpty(memory.Search([.. Forms("open", third)]), "the control: the search finds a key that is in use");
        Assert.IsGreaterThan(20 << 20, memory.Searched);
        Assert.IsEmpty(memory.Search([.. Forms("read at the start", first), .. Forms("made by the daemon", second)]));

        byte[][] files = [.. Directory.EnumerateFiles(state.Audit, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock").Select(File.ReadAllBytes)];
        Assert.IsTrue(files.Any(file => file.AsSpan().IndexOf(third) >= 0), "the same control on the disk");
        Assert.IsFalse(files.Any(file => file.AsSpan().IndexOf(first) >= 0 || file.AsSpan().IndexOf(second) >= 0));
        await daemon.StopAsync();
        AuditTests.Sound(state);

        // Until that epoch has begun and the one before it is erased.
        async Task<byte[]> FollowAsync(int epoch)
        {
            await Waiting.UntilAsync(() => File.Exists(state.At($"audit/epoch-{epoch}.key")) && !File.Exists(state.At($"audit/epoch-{epoch - 1}.key")));
            return Number(state, epoch);
        }
    }

    private static byte[] Number(StateDirectory state, int epoch)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(File.ReadAllBytes(state.At($"audit/epoch-{epoch}.key")), out int read);
        Assert.AreEqual(138, read);
        return key.ExportParameters(includePrivateParameters: true).D!;
    }

    // As files and texts have it, and as the library computes with it; halves, since the begin of what was freed is written over.
    private static IEnumerable<(string What, byte[] Needle)> Forms(string what, byte[] number)
    {
        byte[] reversed = [.. number.AsEnumerable().Reverse()];
        foreach ((string order, byte[] form) in new[] { ("as in files", number), ("as in numbers", reversed) })
        {
            yield return ($"{what}, {order}, first half", form[..16]);
            yield return ($"{what}, {order}, second half", form[16..]);
        }
    }
}
