using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Tests.Protocol;

[TestClass]
public sealed class RestRouteTests
{
    [TestMethod]
    [DataRow("/v2", RestRouteKind.ServerMetadata, "", "", "GET")]
    [DataRow("/v2?x=/v2/models/m", RestRouteKind.ServerMetadata, "", "", "GET")]
    [DataRow("/v2/health/live", RestRouteKind.ServerLive, "", "", "GET")]
    [DataRow("/v2/health/ready", RestRouteKind.ServerReady, "", "", "GET")]
    [DataRow("/v2/repository/index", RestRouteKind.RepositoryIndex, "", "", "POST")]
    [DataRow("/v2/models/digits", RestRouteKind.ModelMetadata, "digits", "", "GET")]
    [DataRow("/v2/models/digits/ready", RestRouteKind.ModelReady, "digits", "", "GET")]
    [DataRow("/v2/models/digits/config", RestRouteKind.ModelConfig, "digits", "", "GET")]
    [DataRow("/v2/models/digits/infer", RestRouteKind.ModelInfer, "digits", "", "POST")]
    [DataRow("/v2/models/digits/versions/12", RestRouteKind.ModelMetadata, "digits", "12", "GET")]
    [DataRow("/v2/models/digits/versions/1/ready", RestRouteKind.ModelReady, "digits", "1", "GET")]
    [DataRow("/v2/models/digits/versions/1/infer?y=1", RestRouteKind.ModelInfer, "digits", "1", "POST")]
    [DataRow("/v2/models/a%2Db%5f%2E1/infer", RestRouteKind.ModelInfer, "a-b_.1", "", "POST")]
    [DataRow("/v2/models/stats/infer", RestRouteKind.ModelInfer, "stats", "", "POST")]
    [DataRow("/v2/models/stats", RestRouteKind.AllStatistics, "", "", "GET")]
    [DataRow("/v2/models/digits/stats", RestRouteKind.ModelStatistics, "digits", "", "GET")]
    [DataRow("/v2/models/digits/versions/1/stats", RestRouteKind.ModelStatistics, "digits", "1", "GET")]
    [DataRow("/v2/models/versions/versions/1", RestRouteKind.ModelMetadata, "versions", "1", "GET")]
    public void Matches_the_protocols_paths(string path, RestRouteKind kind, string model, string version, string method)
    {
        Assert.IsTrue(RestRoute.TryParse(path, out RestRoute route));
        Assert.AreEqual(kind, route.Kind);
        Assert.AreEqual(model, route.Model.ToString());
        Assert.AreEqual(version, route.Version.ToString());
        Assert.AreEqual(method, route.Method);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("/")]
    [DataRow("v2")]
    [DataRow("/v2/")]
    [DataRow("/V2")]
    [DataRow("//v2")]
    [DataRow("/v2/health")]
    [DataRow("/v2/health/live/")]
    [DataRow("/v2/health//live")]
    [DataRow("/v2/models")]
    [DataRow("/v2/models/")]
    [DataRow("/v2/models/m/")]
    [DataRow("/v2/models//infer")]
    [DataRow("/v2/models/m/infer/")]
    [DataRow("/v2/models/m//infer")]
    [DataRow("/v2/models/m/Infer")]
    [DataRow("/v2/models/m/generate")]
    [DataRow("/v2/models/m/versions")]
    [DataRow("/v2/models/m/versions/")]
    [DataRow("/v2/models/m/versions//infer")]
    [DataRow("/v2/models/m/versions/latest")]
    [DataRow("/v2/models/m/versions/-1")]
    [DataRow("/v2/models/m/versions/%31")]
    [DataRow("/v2/models/m/versions/1.0")]
    [DataRow("/v2/models/m/versions/١")]
    [DataRow("/v2/models/m/versions/12345678901234567890")]
    [DataRow("/v2/models/m/%69nfer")]
    [DataRow("/%762")]
    [DataRow("http://host/v2")]
    public void Refuses_every_other_path(string path) => Assert.IsFalse(RestRoute.TryParse(path, out _));

    [TestMethod]
    [DataRow(".")]
    [DataRow("..")]
    [DataRow(".hidden")]
    [DataRow("%2E%2E")]
    [DataRow("%2e")]
    [DataRow("a%2Fb")]
    [DataRow("..%2f..%2fetc%2fpasswd")]
    [DataRow("a%00")]
    [DataRow("a%5Cb")]
    [DataRow("a%252Fb")]
    [DataRow("%")]
    [DataRow("a%2")]
    [DataRow("a%zz")]
    [DataRow("a%2G")]
    [DataRow("a b")]
    [DataRow("a%20b")]
    [DataRow("é")]
    [DataRow("%C3%A9")]
    [DataRow("a;b")]
    [DataRow("a+b")]
    public void Refuses_names_that_no_model_has(string name)
    {
        Assert.IsFalse(RestRoute.TryParse($"/v2/models/{name}/infer", out _));
        Assert.IsFalse(RestRoute.TryParse($"/v2/models/{name}", out _));
    }

    [TestMethod]
    public void Names_are_at_most_64_characters()
    {
        string longest = new('m', RestRoute.MaxModelName);
        Assert.IsTrue(RestRoute.TryParse($"/v2/models/{longest}/infer", out _));
        Assert.IsFalse(RestRoute.TryParse($"/v2/models/{longest}m/infer", out _));
        Assert.IsTrue(RestRoute.TryParse($"/v2/models/{string.Concat(Enumerable.Repeat("%6D", 64))}", out RestRoute route));
        Assert.AreEqual(longest, route.Model.ToString());
        Assert.IsFalse(RestRoute.TryParse($"/v2/models/{string.Concat(Enumerable.Repeat("%6D", 65))}", out _));
    }

    [TestMethod]
    public void Matching_a_plain_path_allocates_nothing()
    {
        const string Path = "/v2/models/digits/versions/1/infer";
        Assert.IsTrue(RestRoute.TryParse(Path, out _));
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool matched = true;
        for (int i = 0; i < 1000; i++)
        {
            matched &= RestRoute.TryParse(Path, out _);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.IsTrue(matched);
        Assert.AreEqual(0, allocated);
    }
}
