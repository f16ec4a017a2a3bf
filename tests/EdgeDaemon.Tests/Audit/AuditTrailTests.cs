using System.Diagnostics;
using System.Net;
using System.Text.Json;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Telemetry;

namespace EdgeDaemon.Tests.Audit;

[TestClass]
public sealed class AuditTrailTests
{
    private const string Tenants =
        """
        strict_models = ["exact*"]
        [[tenant]]
        name = "line"
        callers = ["unix:1000"]
        roles = ["infer"]
        models = ["*"]
        [[tenant]]
        name = "sure"
        audit = "strict"
        callers = ["unix:1001"]
        roles = ["infer"]
        models = ["*"]
        """;

    [TestMethod]
    public async Task A_request_has_one_record_whatever_is_told_of_it_afterwards()
    {
        using var log = new RecordedLog(Tenants);
        HttpExchange answered = Infer(log, "line");
        Assert.IsTrue((await log.Trail.AnswerAsync(answered, RequestTimes.Begin(), Stopwatch.GetTimestamp())).Permits);
        log.Trail.Refuse(answered, Refusal.None, Outcome.Cancelled, 0, "its caller went away while it was sent");
        HttpExchange refused = Infer(log, "line");
        log.Trail.Refuse(refused, Refusal.EngineFailed, Outcome.Failed, 500, "once");
        log.Trail.Refuse(refused, Refusal.Internal, Outcome.Failed, 500, "twice");
        HttpExchange probe = log.Ask();
        probe.IsProbe = true;
        log.Trail.Refuse(probe, Refusal.Draining, Outcome.Draining, 503, "health is no decision");

        // The same exchange again: the next message of a stream.
        refused.Draft.Begin(Stopwatch.GetTimestamp());
        log.Trail.Refuse(refused, Refusal.InputMissing, Outcome.Invalid, 400, "another one");
        JsonElement[] records = log.Read("request", "refusal");
        CollectionAssert.AreEqual(
            new[] { "request ok", "refusal engine_failed", "refusal input_missing" },
            records.Select(record => $"{record.GetProperty("kind")} {(record.TryGetProperty("refusal", out JsonElement refusal) ? refusal : record.GetProperty("outcome"))}").ToArray());
    }

    [TestMethod]
    [DataRow("line", "digits", false)]
    [DataRow("line", "exact-1", true)]
    [DataRow("sure", "digits", true)]
    public async Task Who_is_strict_is_said_by_tenant_and_model(string tenant, string model, bool strict)
    {
        using var log = new RecordedLog(Tenants);
        HttpExchange exchange = Infer(log, tenant, model);
        AuditPlace place = await log.Trail.AnswerAsync(exchange, RequestTimes.Begin(), Stopwatch.GetTimestamp());
        Assert.IsTrue(place.Permits);
        if (strict)
        {
            Assert.IsGreaterThanOrEqualTo(0, place.Sequence, "of what is on the disk the number is known");
        }

        Assert.AreEqual(strict ? 1 : 0, log.Read("request").Single().GetProperty("durability").GetInt32());
    }

    [TestMethod]
    public async Task A_receipt_says_where_the_record_is_and_what_the_tree_was()
    {
        using var log = new RecordedLog(Tenants);
        HttpExchange exchange = Infer(log, "line");
        AuditReceipt receipt = await log.Trail.ReceiptAsync(exchange, RequestTimes.Begin());
        Assert.IsTrue((await log.Trail.AnswerAsync(exchange, RequestTimes.Begin(), Stopwatch.GetTimestamp())).Permits);
        HttpExchange unsent = Infer(log, "line");
        await log.Trail.ReceiptAsync(unsent, RequestTimes.Begin());
        log.Trail.Refuse(unsent, Refusal.OutputTooLarge, Outcome.Failed, 500, "it could not be written after all");
        JsonElement[] records = log.Read("request", "refusal");
        Assert.HasCount(3, records);
        Assert.AreEqual((ulong)receipt.Sequence, records[0].GetProperty("sequence").GetUInt64());
        Assert.IsNotNull(receipt.Checkpoint);
        CollectionAssert.AreEqual(new[] { "audit_sequence", "audit_tree_size", "audit_root" }, receipt.Parameters().Select(parameter => parameter.Name).ToArray());
        Assert.AreEqual(records[1].GetProperty("request_id").GetString(), records[2].GetProperty("request_id").GetString());
        Assert.AreEqual("refusal", records[2].GetProperty("kind").GetString(), "decided, recorded, and then refused: both are true");
    }

    [TestMethod]
    public async Task A_certificate_that_is_not_in_the_log_keeps_its_answer_back()
    {
        byte[] text = "{\"format\":1}"u8.ToArray(), digest = System.Security.Cryptography.SHA256.HashData(text);
        using var log = new RecordedLog(Tenants);
        await log.Trail.CertifyAsync(Infer(log, "line"), 3, digest, text);

        // As long as may be, whole; longer, cut off, it would be nobody's certificate: no answer may name it.
        byte[] longest = [.. Enumerable.Repeat((byte)'x', EventRecord.LongestText)];
        await log.Trail.CertifyAsync(Infer(log, "line"), 4, digest, longest);
        RefusedException refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => log.Trail.CertifyAsync(Infer(log, "line"), 4, digest, new byte[EventRecord.LongestText + 1]).AsTask());
        Assert.AreEqual(Refusal.AuditUnavailable, refused.Refusal);
        JsonElement[] records = log.Read("certificate");
        Assert.HasCount(2, records);
        Assert.AreEqual(longest.Length, records[1].GetProperty("certificate_text").GetString()!.Length);
        Says(records[0], ("certificate", Convert.ToHexStringLower(digest)), ("certificate_text", "{\"format\":1}"), ("model", "digits"), ("tenant", "line"));
        refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => log.Trail.CertifyAsync(Infer(log, "line"), 5, digest, text).AsTask());
        Assert.AreEqual(Refusal.AuditUnavailable, refused.Refusal, "the log has ended");
        await AuditTrail.Off.CertifyAsync(Infer(log, "line"), 6, digest, text);
    }

    [TestMethod]
    public async Task Off_it_does_nothing_and_permits_everything()
    {
        using var log = new RecordedLog(Tenants);
        HttpExchange exchange = Infer(log, "line");
        AuditTrail.Off.RequireOpen();
        Assert.IsTrue(AuditTrail.Off.Accepts);
        Assert.IsTrue((await AuditTrail.Off.AnswerAsync(exchange, RequestTimes.Begin(), 0)).Permits);
        AuditTrail.Off.Refuse(exchange, Refusal.Internal, Outcome.Failed, 500, "");
        AuditTrail.Off.Alert(new SecurityEvent("lane_lost", true), "");
        await AuditTrail.Off.ActAsync(exchange, "drain");
        Assert.IsFalse(exchange.Draft.IsRecorded);
        Assert.IsEmpty(log.Read("request", "refusal", "alert", "admin_action"));
    }

    [TestMethod]
    public void A_log_that_has_ended_refuses_before_any_work()
    {
        using var log = new RecordedLog(Tenants);
        log.Trail.RequireOpen();
        log.Trail.Dispose();
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(log.Trail.RequireOpen);
        Assert.AreEqual(Refusal.AuditUnavailable, refused.Refusal);
        Assert.IsFalse(log.Trail.Accepts);
    }

    [TestMethod]
    public async Task What_happens_beside_requests_is_recorded_with_its_fields()
    {
        using var log = new RecordedLog(Tenants);
        byte[] first = [.. Enumerable.Repeat((byte)1, 32)], second = [.. Enumerable.Repeat((byte)2, 32)];
        log.Trail.Start("0.9", first, second, 4, "b00f", second, first);
        log.Trail.TurnAway("fleet", new IPEndPoint(IPAddress.Parse("192.0.2.7"), 55555), HandshakeOutcome.CertificateRefused, "revoked", 3);
        log.Trail.Change(ModelStep.Committed, "digits", new AuditedModel("digits", "2", new string('c', 64), false), 9, "signed by dev");
        log.Trail.Reject("evil", null, null, 0, "it has no signature");
        log.Trail.ChangeTrust(5, first, second, "SIGHUP");
        log.Trail.ChangeConfiguration(second, "edged.toml:3:1: unknown key", "SIGHUP");
        log.Trail.Alert(new SecurityEvent("lane_lost", true), "model digits: a run did not end");
        await log.Trail.ActAsync(log.Ask("line"), "log_level", after: "debug", before: "info");
        log.Trail.Stop("SIGTERM", TimeSpan.FromSeconds(61));
        string[] kinds = ["start", "authentication_failure", "model_change", "trust_change", "configuration_change", "alert", "admin_action", "stop"];
        JsonElement[] records = log.Read(kinds);
        CollectionAssert.AreEqual(
            new[] { "start", "authentication_failure", "model_change", "model_change", "trust_change", "configuration_change", "alert", "admin_action", "stop" },
            records.Select(record => record.GetProperty("kind").GetString()).ToArray());
        Says(records[0], ("version", "0.9"), ("configuration", Convert.ToHexStringLower(first)), ("trust", Convert.ToHexStringLower(second)), ("trust_version", "4"), ("boot", "b00f"), ("program", Convert.ToHexStringLower(second)), ("runtime", Convert.ToHexStringLower(first)));
        Says(records[1], ("listener", "fleet"), ("peer", "192.0.2.7:55555"), ("protocol", "tls"), ("outcome", "certificate_refused"), ("detail", "revoked"), ("count", "3"));
        Says(records[2], ("action", "committed"), ("subject", "digits"), ("model", "digits"), ("model_version", "2"), ("release", new string('c', 64)), ("release_sequence", "9"), ("outcome", "accepted"));
        Says(records[3], ("action", "rejected"), ("subject", "evil"), ("outcome", "rejected"), ("detail", "it has no signature"));
        Says(records[4], ("trust_version", "5"), ("trust", Convert.ToHexStringLower(second)), ("old_value", Convert.ToHexStringLower(first)), ("cause", "SIGHUP"));
        Says(records[5], ("outcome", "refused"), ("configuration", Convert.ToHexStringLower(second)), ("detail", "edged.toml:3:1: unknown key"));
        Says(records[6], ("alert", "lane_lost"), ("detail", "model digits: a run did not end"));
        Says(records[7], ("action", "log_level"), ("tenant", "line"), ("caller", "unix:1000"), ("old_value", "info"), ("new_value", "debug"), ("role", "admin"));
        Says(records[8], ("cause", "SIGTERM"), ("uptime_seconds", "61"));
    }

    /// <summary>Whom an operator let in again is a caller, and redacted as callers are; without redaction it stands there.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Whom_an_admins_action_is_about_is_redacted_as_callers_are(bool redacts)
    {
        var redaction = new Core.Audit.Records.Redaction([.. Enumerable.Repeat((byte)9, 32)]);
        using var log = new RecordedLog(Tenants, redacts ? redaction : null);
        await log.Trail.ActAsync(log.Ask("line"), "penalty_lifted", whom: "unix:4711");
        JsonElement record = log.Read("admin_action").Single();
        Assert.AreEqual(!redacts, record.ToString().Contains("4711", StringComparison.Ordinal), record.ToString());
        StringAssert.StartsWith(record.GetProperty("peer").GetString()!, redacts ? "hmac:" : "unix:4711", StringComparison.Ordinal);
        Assert.AreEqual(redacts, record.GetProperty("caller").GetString()!.StartsWith("hmac:", StringComparison.Ordinal));
    }

    /// <summary>A stranger's port is another at each attempt: redacted with it, his address could not be found again.</summary>
    [TestMethod]
    public void Who_was_turned_away_can_be_looked_up_by_his_address()
    {
        byte[] salt = [.. Enumerable.Repeat((byte)9, 32)];
        using var log = new RecordedLog(Tenants, new Core.Audit.Records.Redaction(salt));
        foreach (int port in new[] { 40001, 40002 })
        {
            log.Trail.TurnAway("fleet", new IPEndPoint(IPAddress.Parse("192.0.2.7"), port), HandshakeOutcome.CertificateRefused, "revoked", 0);
        }

        byte[] message = [5, .. "192.0.2.7"u8];
        string hmac = Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(salt, message));
        JsonElement[] records = log.Read("authentication_failure");
        Assert.HasCount(2, records);
        Assert.IsTrue(records.All(record => record.GetProperty("peer").GetString()!.EndsWith(hmac, StringComparison.Ordinal)));
        Assert.IsFalse(records.Any(record => record.ToString().Contains("192.0.2", StringComparison.Ordinal)));
    }

    private static void Says(JsonElement record, params (string Name, string Value)[] fields)
    {
        foreach ((string name, string value) in fields)
        {
            Assert.AreEqual(value, record.TryGetProperty(name, out JsonElement found) ? found.ToString() : "(absent)", $"{record.GetProperty("kind")}: {name}");
        }
    }

    private static HttpExchange Infer(RecordedLog log, string tenant, string model = "digits")
    {
        HttpExchange exchange = log.Ask(tenant);
        exchange.Draft.Begin(Stopwatch.GetTimestamp());
        exchange.Draft.Model = new AuditedModel(model, "1", new string('0', 64), log.Trail.IsStrict(model));
        return exchange;
    }
}
