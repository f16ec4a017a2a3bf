using System.Text;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Configuration;

[TestClass]
public sealed class AuditSettingsTests
{
    [TestMethod]
    public void Without_a_table_everything_is_recorded_below_the_state_directory()
    {
        AuditSettings audit = Parse("state_dir = \"/s\"").Audit;
        Assert.IsTrue(audit.Enabled);
        Assert.AreEqual("/s/audit", audit.Directory);
        Assert.IsFalse(audit.Strict);
        Assert.AreEqual((4L << 30, TimeSpan.FromDays(1), TimeSpan.FromSeconds(5)), (audit.MaxBytes, audit.Keep, audit.StallAfter));
        Assert.AreEqual((AuditPolicy.Rotate, AuditPolicy.Rotate, AuditPolicy.Refuse, AuditPolicy.Wait), (audit.OnFull, audit.OnLowSpace, audit.OnError, audit.OnBehind));
    }

    [TestMethod]
    [DataRow("max_bytes = 1048576", "less than four segments")]
    [DataRow("segment_bytes = 262145", "not a multiple of 4096")]
    [DataRow("epoch_seconds = 30", "shorter than checkpoint_seconds 60")]
    [DataRow("input_digest = \"gmac\"", "set 'digest_key'")]
    [DataRow("output_digest = \"gmac\"", "set 'digest_key'")]
    [DataRow("origin = \"https://x\"", "without scheme")]
    [DataRow("origin = \"a b\"", "without scheme")]
    [DataRow("on_error = \"rotate\"", "on_error")]
    [DataRow("on_behind = \"rotate\"", "on_behind")]
    [DataRow("strict_models = [\"\"]", "strict_models")]
    [DataRow("directory = \"audit\"", "absolute")]
    [DataRow("redaction_salt = \"salt\"", "credential:NAME")]
    [DataRow("sync = true", "sync")]
    public void What_makes_no_sense_is_refused(string line, string said)
    {
        var thrown = Assert.ThrowsExactly<TomlInvalidException>(() => Parse($"[audit]\n{line}"));
        StringAssert.Contains(thrown.Diagnostics.Single().Message + thrown.Message, said, StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("", "m", AuditDurability.AsConfigured, false)]
    [DataRow("durability = \"strict\"", "m", AuditDurability.AsConfigured, true)]
    [DataRow("durability = \"strict\"", "m", AuditDurability.Batched, false)]
    [DataRow("", "m", AuditDurability.Strict, true)]
    [DataRow("strict_models = [\"door-*\"]", "door-1", AuditDurability.Batched, true)]
    [DataRow("strict_models = [\"door-*\"]", "m", AuditDurability.Batched, false)]
    public void A_named_model_comes_before_the_tenant_and_the_tenant_before_the_table(string line, string model, AuditDurability tenant, bool strict) =>
        Assert.AreEqual(strict, Parse($"[audit]\n{line}").Audit.IsStrict(tenant, model));

    [TestMethod]
    public void A_tenant_says_how_its_answers_wait()
    {
        Assert.AreEqual(AuditDurability.Strict, Tenant("audit = \"strict\"").Audit);
        Assert.AreEqual(AuditDurability.Batched, Tenant("audit = \"batched\"").Audit);
        Assert.AreEqual(AuditDurability.AsConfigured, Tenant("").Audit);

        static TenantSettings Tenant(string line) => Parse($"[[tenant]]\nname = \"a\"\ncallers = [\"self\"]\nroles = [\"observe\"]\n{line}").Tenants[0];
    }

    private static EdgedSettings Parse(string text) => EdgedSettings.Parse(Encoding.UTF8.GetBytes("format = 1\n" + text + "\n"), "edged.toml");
}
