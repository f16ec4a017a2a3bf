using System.Diagnostics;
using System.Text.Json;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Tests.Audit;

[TestClass]
public sealed class RequestRecordTests
{
    private const string Tenants = "[[tenant]]\nname = \"line\"\ncallers = [\"unix:1000\"]\nroles = [\"infer\"]\nmodels = [\"*\"]";

    private static readonly string Digest = new('a', 64);

    [TestMethod]
    public void An_answer_says_who_asked_what_of_which_release_and_how_long_it_took()
    {
        using var log = new RecordedLog(Tenants);
        HttpExchange exchange = log.Ask("line");
        Draft(exchange);
        JsonElement record = Answered(exchange);
        Assert.AreEqual("request", Text(record, "kind"));
        Assert.AreEqual(exchange.Id, Text(record, "request_id"));
        Assert.AreEqual("line", Text(record, "tenant"));
        Assert.AreEqual("unix:1000", Text(record, "caller"));
        Assert.AreEqual("local", Text(record, "listener"));
        Assert.AreEqual("grpc", Text(record, "protocol"));
        Assert.AreEqual("digits", Text(record, "model"));
        Assert.AreEqual("7", Text(record, "model_version"));
        Assert.AreEqual(Digest, Text(record, "release"));
        Assert.AreEqual("ok", Text(record, "outcome"));
        Assert.AreEqual(3, Number(record, "rows"));
        Assert.AreEqual(192, Number(record, "input_bytes"));
        Assert.AreEqual(120, Number(record, "output_bytes"));
        Assert.AreEqual("[2,0]", record.GetProperty("class").GetRawText(), "the third row has no largest element: the list ends before it");
        Assert.AreEqual(1, Number(record, "durability"));
        Assert.AreEqual(1_000_000, Number(record, "total_microseconds"));
        foreach (string absent in new[] { "input_digest", "output_digest", "digest_algorithm", "members", "votes", "refusal", "left_out_fields", "cut" })
        {
            Assert.IsFalse(record.TryGetProperty(absent, out _), absent);
        }
    }

    [TestMethod]
    public void A_certification_says_what_its_noise_and_its_bound_take_to_be_found_again()
    {
        using var log = new RecordedLog(Tenants);
        HttpExchange exchange = log.Ask("line");
        Draft(exchange);
        exchange.Draft.Votes!.Clear(); // What is smoothed has no votes of members.
        byte[] commitment = [.. Enumerable.Repeat((byte)5, 32)], seed = [.. Enumerable.Repeat((byte)6, 32)];
        exchange.Draft.Certified = new CertificateDraft
        {
            Commitment = commitment, Seed = seed, Sigma = 0.25, Alpha = 0.001, Classes = [7, 3], Agreement = [900_000, 510_000], AbstainedRows = [1], Radii = [0.5000009, 0], Drawn = [(0, 1100), (1, 300)], TopCount = 990,
        };
        JsonElement record = Answered(exchange);
        Assert.AreEqual(Convert.ToHexStringLower(commitment), Text(record, "noise_key_digest"));
        Assert.AreEqual(Convert.ToHexStringLower(seed), Text(record, "noise_key"));
        Assert.AreEqual("[0,1100,1,300]", record.GetProperty("noise_counter").GetRawText());
        Assert.AreEqual(250_000, Number(record, "sigma_millionths"));
        Assert.AreEqual("[500000,0]", record.GetProperty("radius_millionths").GetRawText(), "never more than was certified");
        Assert.AreEqual(1_000_000, Number(record, "alpha_billionths"));
        Assert.AreEqual((1400, 990, 0), (Number(record, "samples"), Number(record, "top_count"), Number(record, "abstained")));
        Assert.AreEqual(("[7,3]", "[900000,510000]", "[1]"), (record.GetProperty("class").GetRawText(), record.GetProperty("agreement_millionths").GetRawText(), record.GetProperty("abstained_row").GetRawText()), "what was decided, of every row");
        exchange.Draft.Begin();
        Draft(exchange);
        Assert.IsFalse(Answered(exchange).TryGetProperty("noise_key", out _), "the next request has no certificate of the last one's");
    }

    [TestMethod]
    [DataRow(Refusal.InputWrongShape, "refusal", "invalid", 400)]
    [DataRow(Refusal.AdmissionRate, "refusal", "limited", 429)]
    [DataRow(Refusal.AccessRoleMissing, "refusal", "not_permitted", 403)]
    [DataRow(Refusal.AccessUnknownCaller, "authentication_failure", "not_permitted", 403)]
    [DataRow(Refusal.AccessTokenInvalid, "authentication_failure", "not_permitted", 401)]
    [DataRow(Refusal.Internal, "refusal", "failed", 500)]
    public void A_refusal_names_its_cause_and_what_was_asked_for(Refusal refusal, string kind, string outcome, int status)
    {
        using var log = new RecordedLog(Tenants);
        HttpExchange exchange = log.Ask("line");
        exchange.Draft.Begin(Stopwatch.GetTimestamp());
        exchange.Draft.Ask("digits", "3");
        JsonElement record = Refused(exchange, null, refusal, status, "tenant 'line' did it\u0001 \ud800");
        Assert.AreEqual(kind, Text(record, "kind"));
        Assert.AreEqual(outcome, Text(record, "outcome"));
        Assert.AreEqual(MetricsPage.Word(refusal), Text(record, "refusal"));
        Assert.AreEqual(status, Number(record, "status"));
        Assert.AreEqual("digits", Text(record, "model"));
        Assert.AreEqual("3", Text(record, "model_version"));
        Assert.AreEqual("tenant 'line' did it\u0001 \ufffd", Text(record, "detail"), "what is no text becomes one, and the record stays readable");
        Assert.IsFalse(record.TryGetProperty("release", out _), "what was not found has none");
    }

    [TestMethod]
    public void Redaction_leaves_no_caller_to_be_read_and_equal_ones_equal()
    {
        using var log = new RecordedLog(Tenants);
        var redaction = new Redaction(new byte[Redaction.SaltBytes]);
        HttpExchange one = log.Ask(), same = log.Ask(), other = log.Ask(user: 1001);
        string[] texts = [.. new[] { one, same, other }.Select(exchange => Refused(exchange, redaction, Refusal.AccessUnknownCaller, 403, $"no tenant has the caller {exchange.Caller}").GetRawText())];
        Assert.IsFalse(texts.Any(text => text.Contains("unix:", StringComparison.Ordinal)), "neither as a field nor within the detail");
        string[] callers = [.. texts.Select(text => Text(JsonDocument.Parse(text).RootElement, "caller"))];
        Assert.AreEqual(callers[0], callers[1]);
        Assert.AreNotEqual(callers[0], callers[2]);
        StringAssert.StartsWith(callers[0], "hmac:");

        // The control: without, all of it is there.
        StringAssert.Contains(Refused(one, null, Refusal.AccessUnknownCaller, 403, $"no tenant has the caller {one.Caller}").GetRawText(), "the caller unix:1000");
    }

    /// <summary>Who asks is taken over from the record before: never another one's, and never as it was with another salt.</summary>
    [TestMethod]
    public void A_record_names_its_own_caller_model_and_wire_whatever_the_one_before_named()
    {
        using var log = new RecordedLog(Tenants + "\n[[tenant]]\nname = \"other\"\ncallers = [\"unix:1001\"]\nroles = [\"infer\"]\nmodels = [\"*\"]");
        HttpExchange exchange = log.Ask("line");
        Draft(exchange);
        string first = Names(Answered(exchange));
        StringAssert.StartsWith(first, "line unix:1000 local grpc digits 7", StringComparison.Ordinal);
        Assert.AreEqual(first, Names(Answered(exchange)), "the same again");

        exchange.Draft.Model = new AuditedModel("cats", "9", new string('b', 64), strict: false);
        JsonElement changed = Answered(exchange);
        Assert.AreEqual(("cats", "9", new string('b', 64), "line"), (Text(changed, "model"), Text(changed, "model_version"), Text(changed, "release"), Text(changed, "tenant")));
        exchange.Draft.Wire = RequestWire.Rest;
        Assert.AreEqual("rest", Text(Answered(exchange), "protocol"));
        exchange.Tenant = log.Ask("other", 1001).Tenant;
        Assert.AreEqual("other", Text(Answered(exchange), "tenant"));

        byte[] room = new byte[RequestRecord.MostBytes];
        var salts = new[] { new Redaction([.. Enumerable.Repeat((byte)1, 32)]), new Redaction([.. Enumerable.Repeat((byte)2, 32)]) };
        string[] callers = [.. salts.Append(salts[0]).Select(salt =>
            Text(RecordedLog.Json(room.AsSpan(0, RequestRecord.Answered(room, salt, exchange, RequestTimes.Begin(), Stopwatch.GetTimestamp(), strict: false))), "caller"))];
        Assert.AreNotEqual(callers[0], callers[1]);
        Assert.AreEqual(callers[0], callers[2]);
        StringAssert.StartsWith(callers[0], "hmac:", StringComparison.Ordinal);
    }

    private static string Names(JsonElement record) =>
        string.Join(' ', ((string[])["tenant", "caller", "listener", "protocol", "model", "model_version", "release"]).Select(field => Text(record, field)));

    [TestMethod]
    public void The_longest_texts_fit_and_composing_allocates_nothing()
    {
        using var log = new RecordedLog(Tenants);
        HttpExchange exchange = log.Ask("line");
        Draft(exchange, new string('m', 64), new string('9', 64));
        byte[] room = new byte[RequestRecord.MostBytes];
        RequestTimes times = RequestTimes.Begin();
        string detail = new('d', 5000);
        for (int i = 0; i < 3; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            int length = RequestRecord.Answered(room, null, exchange, times, times.Begun, strict: false);
            int refused = RequestRecord.Refused(room, null, exchange, Refusal.Internal, Outcome.Failed, 500, detail, times.Begun);
            if (i == 2)
            {
                Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
                Assert.IsLessThan(RequestRecord.MostBytes / 2, Math.Max(length, refused));
                Assert.AreEqual("[\"detail\"]", RecordedLog.Json(room.AsSpan(0, refused)).GetProperty("cut").GetRawText());
            }
        }
    }

    private static void Draft(HttpExchange exchange, string model = "digits", string version = "7")
    {
        RequestDraft draft = exchange.Draft;
        draft.Wire = RequestWire.Grpc;
        draft.Begin(Stopwatch.GetTimestamp());
        draft.Model = new AuditedModel(model, version, Digest, strict: true, classifies: 0);
        draft.Rows = 3;
        draft.InputBytes = 192;
        draft.OutputBytes = 120;
        draft.Choose([0, 1, 5, 9, 2, 2, 1, float.NaN, 0], 3);
    }

    private static JsonElement Answered(HttpExchange exchange)
    {
        byte[] room = new byte[RequestRecord.MostBytes];
        RequestTimes times = RequestTimes.Begin();
        return RecordedLog.Json(room.AsSpan(0, RequestRecord.Answered(room, null, exchange, times, times.Begun + Stopwatch.Frequency, strict: true)));
    }

    private static JsonElement Refused(HttpExchange exchange, Redaction? redaction, Refusal refusal, int status, string detail)
    {
        byte[] room = new byte[RequestRecord.MostBytes];
        return RecordedLog.Json(room.AsSpan(0, RequestRecord.Refused(room, redaction, exchange, refusal, Outcomes.Of(refusal), status, detail, Stopwatch.GetTimestamp())));
    }

    private static string Text(JsonElement record, string name) => record.GetProperty(name).GetString()!;

    private static long Number(JsonElement record, string name) => record.GetProperty(name).GetInt64();
}
