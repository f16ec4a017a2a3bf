using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Tests.Audit.Segments;
using EdgeDaemon.Tests.Ctl.Audit;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary><c>edgectl audit</c> on folders, sound and not: what it prints, and how it leaves.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class AuditCommandTests
{
    [TestMethod]
    public void A_sound_log_is_good_and_what_is_not_proven_is_said()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string output = spool.Verify().Succeeded().Output;
        StringAssert.StartsWith(output, "good\n", StringComparison.Ordinal);
        StringAssert.Contains(output, $"records      {spool.Log.Size} (sequences 0 to {spool.Log.Size - 1})", StringComparison.Ordinal);
        StringAssert.Contains(output, "not proven   that nothing was cut off at the end: compare with a checkpoint", StringComparison.Ordinal);
        StringAssert.Contains(output, "not proven   that nobody with the device's present key wrote epoch 1 anew", StringComparison.Ordinal);

        using JsonDocument json = JsonDocument.Parse(spool.Verify("--json").Succeeded().Output);
        Assert.IsTrue(json.RootElement.GetProperty("good").GetBoolean());
        Assert.AreEqual(spool.Log.Size, json.RootElement.GetProperty("size").GetUInt64());
        Assert.AreEqual(1UL, json.RootElement.GetProperty("epoch").GetUInt64());

        spool.Log.Requests(2);
        spool.Save();
        StringAssert.Contains(spool.Verify().Succeeded().Output, "not proven   the newest 2 records: no checkpoint signs them yet\n", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_checkpoint_kept_elsewhere_proves_more()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string kept = spool["checkpoint"];
        File.WriteAllText(kept, spool.Run("checkpoint").Succeeded().Output);
        spool.Log.Requests(9).Checkpoint();
        spool.Save();
        ulong size = Checkpoint.Of(SignedNote.Parse(File.ReadAllBytes(kept))).Size;
        string output = spool.Verify("--since", kept).Succeeded().Output;
        StringAssert.StartsWith(output, $"good, and consistent with the checkpoint of {size} records", StringComparison.Ordinal);
        StringAssert.Contains(output, $"cut off behind record {size - 1}", StringComparison.Ordinal);

        // The same as an exported line.
        string line = spool.Run("export").Succeeded().Output.Split('\n').Last(line => line.Contains("\"kind\":\"checkpoint\"", StringComparison.Ordinal));
        File.WriteAllText(spool["line"], line + "\n");
        StringAssert.StartsWith(spool.Verify("--since", spool["line"]).Succeeded().Output, "good, and consistent", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_cut_tail_is_found_with_a_checkpoint_kept_elsewhere_and_only_so()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string kept = spool["checkpoint"];
        File.WriteAllText(kept, spool.Run("checkpoint").Succeeded().Output);
        (int segment, int offset, _) = spool.Log.Frames[^3];
        spool.Edit(segment, bytes => bytes.AsSpan(offset).Clear());
        StringAssert.StartsWith(spool.Verify().Succeeded().Output, "good\n", StringComparison.Ordinal);
        spool.Verify("--since", kept).Failed(1, "the log ends at size 37", "were cut off");
    }

    [TestMethod]
    public void Whoever_rewrites_the_open_epoch_is_found_with_a_checkpoint_kept_elsewhere_and_only_so()
    {
        var log = new MemorySpool(MemorySpool.NewKeys(1));
        log.Requests(5).Checkpoint();
        using var spool = new SpoolOnDisk(log);
        string kept = spool["checkpoint"];
        File.WriteAllText(kept, spool.Run("checkpoint").Succeeded().Output);
        var forged = new MemorySpool(log.Keys);
        forged.Requests(4).Request(detail: "another one").Checkpoint();
        using var other = new SpoolOnDisk(forged);
        StringAssert.StartsWith(other.Verify().Succeeded().Output, "good\n", StringComparison.Ordinal);
        other.Verify("--since", kept).Failed(1);
    }

    [TestMethod]
    public void A_flipped_bit_is_named_by_file_and_offset()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        for (int frame = 0; frame < spool.Log.Frames.Count - 3; frame += 4)
        {
            (int segment, int offset, int length) = spool.Log.Frames[frame];
            byte[] good = File.ReadAllBytes(spool.Segment(segment));
            spool.Edit(segment, bytes => bytes[offset + (length / 2)] ^= 4);
            spool.Verify().Failed(1, $"{spool.Segment(segment)}:{offset}: sequence {frame}: ");
            File.WriteAllBytes(spool.Segment(segment), good);
        }

        spool.Verify().Succeeded();
    }

    [TestMethod]
    [DataRow("swap")]
    [DataRow("remove")]
    [DataRow("other")]
    [DataRow("header")]
    public void Segments_that_are_not_the_logs_own_are_found(string attack)
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        byte[] first = File.ReadAllBytes(spool.Segment(0));
        byte[] second = File.ReadAllBytes(spool.Segment(1));
        switch (attack)
        {
            case "swap":
                File.WriteAllBytes(spool.Segment(0), second);
                File.WriteAllBytes(spool.Segment(1), first);
                break;
            case "remove":
                File.Delete(spool.Segment(1));
                break;
            case "other":
                using (SpoolOnDisk other = SpoolOnDisk.Usual())
                {
                    File.Copy(other.Segment(1), spool.Segment(1), overwrite: true);
                }

                break;
            default:
                spool.Edit(1, bytes => bytes[30] ^= 1);
                break;
        }

        spool.Verify().Failed(1, ".segment:");
        spool.Verify("--allow-removed").Failed(1, ".segment:");
    }

    [TestMethod]
    public void An_earlier_epoch_that_was_signed_anew_with_todays_key_is_found()
    {
        ECDsa[] keys = MemorySpool.NewKeys(2);
        var log = new MemorySpool(keys, signer: _ => keys[1]);
        log.Requests(5).Checkpoint().NextEpoch().Requests(3).Checkpoint();
        using var spool = new SpoolOnDisk(log);
        spool.Verify().Failed(1, "sequence 0: ");
    }

    [TestMethod]
    public void Another_devices_key_is_said_to_be_one()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        using SpoolOnDisk other = SpoolOnDisk.Usual();
        ToolRun run = spool.Run("verify", "--key", other.Key);
        Assert.AreEqual(1, run.Code);
        StringAssert.Contains(run.Error, "the folder's own first key is another one", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_torn_tail_is_no_fault_and_is_said()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        spool.Log.Requests(1);
        int segment = spool.Log.Segments.Count - 1;
        int offset = spool.Log.Frames[^1].Offset;
        byte[] whole = [.. spool.Log.Segments[segment]];

        // A sector of the last frame never reached the disk.
        int sector = (offset + 512) & ~511;
        whole.AsSpan(Math.Min(sector, whole.Length - 1)).Clear();
        bool torn = whole.AsSpan(offset).IndexOfAnyExcept((byte)0) >= 0 && !whole.AsSpan(offset).SequenceEqual(spool.Log.Segments[segment].AsSpan(offset));
        File.WriteAllBytes(spool.Segment(segment), whole);
        string output = spool.Verify().Succeeded().Output;
        Assert.AreEqual(torn, output.Contains("\ntorn ", StringComparison.Ordinal), output);
    }

    [TestMethod]
    public void Removed_segments_are_refused_unless_they_are_allowed()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        File.Delete(spool.Segment(0));
        File.Delete(spool.Segment(1));
        spool.Verify().Failed(1, spool.Segment(2));
        spool.Verify().Failed(1, "'--allow-removed' where retention");
        StringAssert.Contains(spool.Verify("--allow-removed").Succeeded().Output, "they were removed; that they were these is in the tree", StringComparison.Ordinal);
    }

    [TestMethod]
    public void One_record_is_proven_with_the_first_key_alone()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        foreach (int sequence in (int[])[0, 1, 7, spool.Log.Frames.Count - 2])
        {
            string proof = spool["proof"];
            spool.Run("prove", $"{sequence}", "--key", spool.Key, "--out", proof).Succeeded();
            ToolRun good = ToolRun.Of("audit", "check-proof", proof, "--key", spool.Key).Succeeded();
            StringAssert.StartsWith(good.Output, $"good: record {sequence} of {MemorySpool.Origin} ", StringComparison.Ordinal);
            using JsonDocument record = JsonDocument.Parse(ToolRun.Of("audit", "check-proof", proof, "--key", spool.Key, "--json").Succeeded().Output);
            Assert.AreEqual(sequence, record.RootElement.GetProperty("sequence").GetInt32());
        }
    }

    [TestMethod]
    public void A_record_is_proven_after_the_first_segments_were_removed()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        int sequence = spool.Log.Frames.FindIndex(frame => frame.Segment == 2) + 1;
        File.Delete(spool.Segment(0));
        File.Delete(spool.Segment(1));
        spool.Run("prove", $"{sequence}", "--key", spool.Key, "--out", spool["proof"]).Succeeded();
        ToolRun.Of("audit", "check-proof", spool["proof"], "--key", spool.Key).Succeeded();
        spool.Run("prove", "1", "--key", spool.Key, "--out", spool["proof"]).Failed(1, "record 1 was removed by retention");
    }

    [TestMethod]
    public void A_proof_with_any_byte_changed_proves_nothing()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string proof = spool["proof"];
        spool.Run("prove", "1", "--key", spool.Key, "--out", proof).Succeeded();
        byte[] good = File.ReadAllBytes(proof);
        for (int at = 0; at < good.Length; at += 3)
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            File.WriteAllBytes(proof, bad);
            ToolRun.Of("audit", "check-proof", proof, "--key", spool.Key).Failed(1);
        }

        File.WriteAllBytes(proof, good);
        ToolRun.Of("audit", "check-proof", proof, "--key", spool.Key).Succeeded();
        using SpoolOnDisk other = SpoolOnDisk.Usual();
        ToolRun.Of("audit", "check-proof", proof, "--key", other.Key).Failed(1);
        File.Delete(proof + ".epochs");
        ToolRun.Of("audit", "check-proof", proof, "--key", spool.Key).Failed(1, "the checkpoint is of epoch 1, and the certificates reach to epoch 0", "--epochs");
    }

    [TestMethod]
    public void A_checkpoint_that_a_later_key_signed_for_an_earlier_epoch_proves_nothing()
    {
        // Whoever has the open epoch's key makes a tree of his own as it "was" before that epoch began.
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        var forged = new MemorySpool(spool.Log.Keys, signer: _ => spool.Log.Keys[1]);
        forged.Requests(2).Checkpoint();
        Checkpoint past = forged.MakeCheckpoint(opening: false);
        byte[] note = new Checkpoint { Origin = past.Origin, Size = 3, Root = past.Root, Epoch = 1, Segment = 0, Offset = 8192, Time = past.Time }.Sign(new NoteSigner(past.Origin, spool.Log.Keys[1]));
        var proof = new TlogProof { Index = 0, Hashes = [], Note = SignedNote.Parse(note) };
        File.WriteAllBytes(spool["proof"], proof.Write());
        File.WriteAllBytes(spool["proof"] + ".epochs", [.. spool.Log.Chain]);
        ToolRun.Of("audit", "check-proof", spool["proof"], "--key", spool.Key).Failed(1, "lies outside its epoch 1");
    }

    [TestMethod]
    public void What_is_not_sealed_cannot_be_proven_yet()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        spool.Log.Requests(2);
        spool.Save();
        spool.Run("prove", $"{spool.Log.Size - 1}", "--key", spool.Key, "--out", spool["proof"]).Failed(1, "is not sealed yet");
        Assert.IsFalse(File.Exists(spool["proof"]));
    }

    [TestMethod]
    [DataRow(new[] { "--tenant", "plant" }, 2)]
    [DataRow(new[] { "--tenant", "plant", "--tenant", "office" }, 4)]
    [DataRow(new[] { "--outcome", "refused" }, 1)]
    [DataRow(new[] { "--outcome", "queue_full" }, 1)]
    [DataRow(new[] { "--model", "digits", "--tenant", "plant" }, 2)]
    [DataRow(new[] { "--model", "digits*", "--tenant", "office" }, 1)]
    [DataRow(new[] { "--caller", "unix:100*" }, 4)]
    [DataRow(new[] { "--caller", "unix:1001" }, 1)]
    [DataRow(new[] { "--kind", "refusal" }, 1)]
    [DataRow(new[] { "--kind", "refusal", "--tenant", "plant" }, 0)]
    [DataRow(new[] { "--request", "r-1" }, 1)]
    [DataRow(new[] { "--since", "2026-01-01T00:00:00Z", "--until", "2026-01-01T00:00:30Z", "--kind", "request" }, 2)]
    [DataRow(new[] { "--since", "2026-01-01T01:00:30+01:00", "--tenant", "office" }, 1)]
    [DataRow(new[] { "--until", "2026-01-01", "--tenant", "office" }, 0)]
    public void Query_finds_what_is_asked_for(string[] options, int count)
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string[] lines = spool.Run("query", [.. options, "--json"]).Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(count, lines);
        string[] table = spool.Run("query", options).Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(count + 1, table);
        StringAssert.StartsWith(table[0], "  SEQUENCE  TIME (UTC)", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Tail_shows_the_newest()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        foreach (int count in (int[])[0, 1, 4, 12, 1000])
        {
            long[] shown = Sequences(spool.Run("tail", "-n", $"{count}", "--json").Succeeded().Output);
            CollectionAssert.AreEqual(Enumerable.Range(0, (int)spool.Log.Size).Select(at => (long)at).TakeLast(count).ToArray(), shown);
        }

        CollectionAssert.AreEqual((long[])[1, 2], Sequences(spool.Run("tail", "-n", "2", "--tenant", "plant", "--json").Succeeded().Output));
    }

    [TestMethod]
    public void Export_goes_on_where_the_cursor_stands()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string cursor = spool["cursor"];
        CollectionAssert.AreEqual((long[])[0, 1, 2], Sequences(spool.Run("export", "--cursor", cursor, "--most", "3").Succeeded().Output));
        CollectionAssert.AreEqual((long[])[3, 4], Sequences(spool.Run("export", "--cursor", cursor, "--most", "2").Succeeded().Output));
        Assert.HasCount((int)spool.Log.Size - 5, Sequences(spool.Run("export", "--cursor", cursor).Succeeded().Output));
        Assert.AreEqual("", spool.Run("export", "--cursor", cursor).Succeeded().Output);
        spool.Log.Requests(1);
        spool.Save();
        CollectionAssert.AreEqual((long[])[(long)spool.Log.Size - 1], Sequences(spool.Run("export", "--cursor", cursor).Succeeded().Output));
    }

    [TestMethod]
    public void Export_to_a_file_cuts_off_half_a_line()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string lines = spool["lines"];
        spool.Run("export", "--cursor", spool["cursor"], "--out", lines, "--most", "3").Succeeded();
        File.AppendAllText(lines, "{\"sequence\":3,\"ti");
        Assert.AreEqual("", spool.Run("export", "--cursor", spool["cursor"], "--out", lines).Succeeded().Output);
        CollectionAssert.AreEqual(Enumerable.Range(0, (int)spool.Log.Size).Select(at => (long)at).ToArray(), Sequences(File.ReadAllText(lines)));
    }

    [TestMethod]
    public void Stats_counts()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        using JsonDocument json = JsonDocument.Parse(spool.Run("stats", "--json").Succeeded().Output);
        JsonElement root = json.RootElement;
        Assert.AreEqual((long)spool.Log.Size, root.GetProperty("records").GetInt64());
        Assert.AreEqual(1, root.GetProperty("epoch_changes").GetInt32());
        Assert.AreEqual(3, root.GetProperty("segments").GetInt32());
        Assert.AreEqual(2, root.GetProperty("tenants").GetProperty("office").GetInt32());
        Assert.AreEqual(1, root.GetProperty("refusals").GetProperty("queue_full").GetInt32());
        Assert.AreEqual(3, root.GetProperty("outcomes").GetProperty("ok").GetInt32());
        Assert.AreEqual(1, root.GetProperty("models").GetProperty("cats").GetInt32());
        Assert.AreEqual(spool.Log.Notes.Count, root.GetProperty("kinds").GetProperty("checkpoint").GetInt32());
        StringAssert.Contains(spool.Run("stats").Succeeded().Output, "kind                  1  refusal\n", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_redacted_caller_is_found_with_the_salt_and_only_so()
    {
        byte[] salt = RandomNumberGenerator.GetBytes(Redaction.SaltBytes);
        var log = new MemorySpool(MemorySpool.NewKeys(1));
        SpoolOnDisk.Request(log, "plant", "unix:1000", "digits", "ok", redaction: new Redaction(salt));
        SpoolOnDisk.Request(log, "plant", "unix:1001", "digits", "ok", redaction: new Redaction(salt));
        log.Checkpoint();
        using var spool = new SpoolOnDisk(log);
        string file = spool["salt"];
        File.WriteAllText(file, Convert.ToHexStringLower(salt) + "\n");
        spool.Run("lookup", "unix:1000", "--salt", file).Failed(1, "chmod");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        CollectionAssert.AreEqual((long[])[1], Sequences(spool.Run("lookup", "unix:1000", "--salt", file, "--json").Succeeded().Output));
        CollectionAssert.AreEqual((long[])[2], Sequences(spool.Run("query", "--caller", "unix:1001", "--salt", file, "--json").Succeeded().Output));
        Assert.DoesNotContain("unix:1000", spool.Run("query", "--json").Succeeded().Output);

        // Without the salt it is not found, and that is said.
        ToolRun hidden = spool.Run("query", "--caller", "unix:1000", "--json");
        Assert.AreEqual((0, ""), (hidden.Code, hidden.Output));
        StringAssert.Contains(hidden.Error, "2 record(s) have what you ask for redacted", StringComparison.Ordinal);
        File.WriteAllBytes(file, RandomNumberGenerator.GetBytes(Redaction.SaltBytes));
        ToolRun other = spool.Run("lookup", "unix:1000", "--salt", file, "--json");
        Assert.AreEqual((0, ""), (other.Code, other.Output));
        StringAssert.Contains(other.Error, "2 redacted values were made with another salt", StringComparison.Ordinal);
    }

    [TestMethod]
    public void What_makes_no_sense_is_refused()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        spool.Run("query", "--kind", "no_such").Failed(2, "--kind 'no_such' is none of request, refusal, ");
        spool.Run("query", "--since", "yesterday").Failed(2, "is no time of ISO 8601");
        spool.Run("query", "--since", "2026-03-02", "--until", "2026-03-01").Failed(2, "--until is not after --since");
        spool.Run("verify").Failed(2, "--key");
        spool.Run("verify", "--key", "nothing").Failed(1, "neither a file nor a vkey");
        spool.Run("verify", "--key", spool.Segment(0)).Failed(1);
        spool.Verify("--since", spool.Key).Failed(1, "is no checkpoint");
        ToolRun.Of("audit", "query", "--spool", spool["none"]).Failed(1, "no such folder");
        ToolRun.Of("audit", "check-proof", spool.Key, "--key", spool.Key).Failed(1, "is no tlog-proof");
        File.WriteAllText(spool["cursor"], "7\n");
        spool.Run("export", "--cursor", spool["cursor"]).Failed(1, "is no cursor");
    }

    [TestMethod]
    public void Reading_changes_nothing_in_the_folder()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string before = State(spool);
        spool.Verify().Succeeded();
        spool.Run("query").Succeeded();
        spool.Run("tail").Succeeded();
        spool.Run("export", "--cursor", spool["cursor"]).Succeeded();
        spool.Run("stats").Succeeded();
        spool.Run("prove", "1", "--key", spool.Key, "--out", spool["proof"]).Succeeded();
        Assert.AreEqual(before, State(spool));
    }

    private static string State(SpoolOnDisk spool) => string.Join('\n', Directory.EnumerateFileSystemEntries(spool.Folder).Order(StringComparer.Ordinal)
        .Select(file => $"{file} {new FileInfo(file).LastWriteTimeUtc.Ticks} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"));

    private static long[] Sequences(string lines) => [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
    {
        using JsonDocument record = JsonDocument.Parse(line);
        return record.RootElement.GetProperty("sequence").GetInt64();
    })];
}
