using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Tests.Audit.Records;

/// <summary>Records read one after the other, with what was known from those before: each is judged as if it were alone.</summary>
[TestClass]
public sealed class RecordCheckTests
{
    private static readonly byte[] Release = [.. Enumerable.Range(0, 32).Select(n => (byte)n)];

    [TestMethod]
    public void Who_asked_is_read_once_for_each_of_some_callers()
    {
        const int Callers = 10;
        var check = new RecordCheck();
        for (int id = 0; id < 1000; id++)
        {
            check.Check(Request($"id-{id}", $"tenant-{id % Callers}", "bench"));
        }

        Assert.AreEqual(1000 - Callers, check.Compared);
        for (int id = 0; id < 5000; id++)
        {
            check.Check(Request($"id-{id}", $"tenant-{id % 2500}", "bench"));
        }

        Assert.IsLessThan(3000, (int)check.Compared, "of more than it has places for most are read anew, and hold as well");
        long before = check.Compared;
        check.Check(Request("id", "tenant-0", null));
        check.Check(Request("id", "tenant-0", null));
        Assert.AreEqual(before, check.Compared, "so few bytes are read each time");
    }

    [TestMethod]
    public void Fields_that_are_known_are_refused_where_one_of_them_came_before()
    {
        var check = new RecordCheck();
        byte[] first = Request("id", "tenant", "bench");
        check.Check(first);
        check.Check(first);
        Assert.AreEqual(1, check.Compared, "they are known");

        // As its first field a tenant, where the id was; then all that is known, the tenant with it.
        byte[] known = first[5..];
        byte[] tenant = [1, .. known[..8]];
        RecordReader.Check(tenant);
        RecordReader.Check([1, .. known]);
        byte[] twice = [.. tenant, .. known];
        Assert.Contains("tenant comes twice", Assert.ThrowsExactly<AuditFormatException>(() => check.Check(twice)).Message);

        // And behind what is known one of them again.
        byte[] again = [.. first, .. known[..8]];
        Assert.Contains("tenant comes twice", Assert.ThrowsExactly<AuditFormatException>(() => check.Check(again)).Message);
        Assert.AreEqual(2, check.Compared);
    }

    [TestMethod]
    public void Each_is_judged_as_if_it_were_alone_whatever_was_changed()
    {
        var random = new Random(5);
        var check = new RecordCheck();
        int good = 0, bad = 0;
        for (int round = 0; round < 60_000; round++)
        {
            byte[] record = Any(random);
            for (int changes = random.Next(3); changes > 0; changes--)
            {
                record = Changed(random, record);
            }

            string alone = Verdict(() => RecordReader.Check(record)), inRow = Verdict(() => check.Check(record)), stepped = Verdict(() => Step(record));
            Assert.AreEqual(alone, inRow, Convert.ToHexString(record));
            Assert.AreEqual(alone, stepped, Convert.ToHexString(record));
            _ = alone.Length == 0 ? good++ : bad++;
        }

        Assert.IsGreaterThan(15_000, good, "of too few nothing was changed");
        Assert.IsGreaterThan(15_000, bad, "too few were broken");
        Assert.IsGreaterThan(10_000, (int)check.Compared, "hardly any had known fields");
    }

    private static byte[] Any(Random random) => Request($"id-{random.Next(3)}", random.Next(20) == 0 ? "ténant" : $"tenant-{random.Next(3)}", random.Next(10) == 0 ? null : "bench");

    // Bytes changed, taken away or put in; and a piece of the record once more, at its end or somewhere else.
    private static byte[] Changed(Random random, byte[] record)
    {
        int at = random.Next(record.Length + 1), length = Math.Min(random.Next(1, 12), record.Length - at);
        switch (random.Next(5))
        {
            case 0 when at < record.Length:
                record[at] = (byte)random.Next(256);
                return record;
            case 1 when at < record.Length:
                record[at] ^= (byte)(1 << random.Next(8));
                return record;
            case 2:
                return [.. record[..at], .. record[(at + length)..]];
            case 3:
                return [.. record, .. record[at..(at + length)]];
            default:
                int to = random.Next(record.Length + 1);
                return [.. record[..to], .. record[at..(at + length)], .. record[to..]];
        }
    }

    private static byte[] Request(string id, string tenant, string? model)
    {
        byte[] buffer = new byte[512];
        var writer = new RecordWriter(buffer, RecordKind.Request);
        writer.Text(RecordField.RequestId, id);
        writer.Text(RecordField.Tenant, tenant);
        writer.Text(RecordField.Caller, "unix:1000");
        writer.Text(RecordField.Listener, "local");
        writer.Text(RecordField.Model, model);
        writer.Bytes(RecordField.Release, Release);
        writer.Text(RecordField.Outcome, "ok");
        writer.Number(RecordField.Class, 3UL);
        writer.Number(RecordField.Class, 300UL);
        writer.Number(RecordField.TotalMicroseconds, 70_000UL);
        return buffer[..writer.Finish()];
    }

    private static void Step(byte[] record)
    {
        var reader = new RecordReader(record);
        while (reader.Next())
        {
        }
    }

    private static string Verdict(Action check)
    {
        try
        {
            check();
            return "";
        }
        catch (AuditFormatException broken)
        {
            return broken.Message;
        }
    }
}
