using System.Buffers;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Admission;
using EdgeDaemon.Control;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Control;

/// <summary>What the operator is told of tenants, when they come and go and are more than there are places to count them in.</summary>
[TestClass]
public sealed class TenantDocumentTests
{
    [TestMethod]
    public void Requests_of_models_that_are_gone_are_still_there()
    {
        var tenants = new TestTenants("", "");
        using var pool = new TensorBlockPool(1 << 20);
        MetricsSources sources = Sources(tenants.Directory, pool);
        sources.Requests.CountAnswer(1, 5, 10, 20);
        sources.Requests.CountEnd(1, 0, Outcome.NotFound);
        JsonElement first = Document(sources).GetProperty("tenants")[0];
        Assert.AreEqual((1L, 1L), (first.GetProperty("requests").GetProperty("ok").GetInt64(), first.GetProperty("requests").GetProperty("not_found").GetInt64()));
        Assert.AreEqual((10L, 20L), (first.GetProperty("request_body_bytes").GetInt64(), first.GetProperty("response_body_bytes").GetInt64()));
        Assert.AreEqual(0, Document(sources).GetProperty("tenants")[1].GetProperty("requests").GetProperty("ok").GetInt64());
    }

    [TestMethod]
    public void A_tenant_beyond_the_places_is_not_told_the_numbers_of_all_who_are()
    {
        TenantDirectory directory = Many(0, 250);
        directory.Replace(directory.Prepare(Settings(250, 250).Tenants));
        directory.Replace(directory.Prepare(Settings(500, 20).Tenants));
        Tenant[] now = [.. directory.Now.Tenants];
        using var pool = new TensorBlockPool(1 << 20);
        MetricsSources sources = Sources(directory, pool);
        foreach (Tenant tenant in now)
        {
            sources.Requests.CountAnswer(tenant.Index + 1, 0, 3, 4);
        }

        JsonElement document = Document(sources).GetProperty("tenants");
        int apart = 0;
        for (int i = 0; i < now.Length; i++)
        {
            bool counted = now[i].Index + 1 < RequestCounters.Places;
            apart += counted ? 1 : 0;
            Assert.AreEqual(counted, document[i].GetProperty("requests").TryGetProperty("ok", out JsonElement ok), now[i].Name);
            Assert.AreEqual(counted ? 3 : 0, document[i].GetProperty("request_body_bytes").GetInt64());
            Assert.IsTrue(!counted || ok.GetInt64() == 1);
        }

        Assert.AreEqual(11, apart);
        string page = Encoding.UTF8.GetString(new MetricsPage(sources, TimeProvider.System).Write());
        Assert.HasCount(apart, now.Where(tenant => page.Contains($"edged_requests_total{{tenant=\"{tenant.Name}\",model=\"(other)\",outcome=\"ok\"}} 1\n", StringComparison.Ordinal)).ToArray());
        StringAssert.Contains(page, $"edged_requests_total{{tenant=\"(other)\",model=\"(other)\",outcome=\"ok\"}} {now.Length - apart}\n", StringComparison.Ordinal);
        Assert.IsFalse(page.Contains($"edged_requests_total{{tenant=\"{now[^1].Name}\"", StringComparison.Ordinal));
    }

    [TestMethod]
    public void In_flight_are_those_of_tenants_that_are_gone_as_well()
    {
        var tenants = new TestTenants("", "");
        var accounts = new TenantAccounts(tenants.Directory, LimitSettings.Default);
        Assert.AreEqual(0, accounts.InFlight);
        Assert.IsTrue(accounts.Of(tenants[0]).Usage.TryEnter(0));
        Assert.IsTrue(accounts.Of(tenants[1]).Usage.TryEnter(0));
        Assert.IsTrue(accounts.Of(tenants[1]).Usage.TryEnter(0));
        tenants.Replace("");
        Assert.AreEqual(3, accounts.InFlight);
    }

    private static TenantDirectory Many(int from, int count) => new(Settings(from, count).Tenants, new AccountFiles());

    private static EdgedSettings Settings(int from, int count) => EdgedSettings.Parse(
        Encoding.UTF8.GetBytes("format = 1\nengine.queue = 300\n" + string.Concat(Enumerable.Range(from, count).Select(i => $"[[tenant]]\nname = \"u{i}\"\ncallers = [\"unix:{1000 + i}\"]\nroles = [\"infer\"]\nmodels = [\"*\"]\n"))), "t");

    private static MetricsSources Sources(TenantDirectory tenants, TensorBlockPool pool) => new(new RequestCounters(), new ModelRegistry(), tenants, pool, new SegmentPool());

    private static JsonElement Document(MetricsSources sources)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            TenantDocument.Write(json, sources);
            json.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }
}
