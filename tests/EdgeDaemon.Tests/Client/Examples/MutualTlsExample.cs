using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Client;

namespace EdgeDaemon.Tests.Client.Examples;

internal static class MutualTlsExample
{
    public static async Task<bool> RunAsync(string host, int port, string certificateFile, string keyFile, string rootFile)
    {
        // README: begin
        using X509Certificate2 own = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(rootFile);
        var address = EdgeAddress.Https(host, port, new EdgeTls(roots) { Certificate = own });
        using var client = new EdgeClient(address, new EdgeClientOptions { Wire = EdgeWire.Grpc });
        bool ready = await client.IsReadyAsync();
        // README: end
        return ready;
    }
}
