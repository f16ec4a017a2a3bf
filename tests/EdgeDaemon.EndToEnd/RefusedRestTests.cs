using System.Diagnostics;
using System.Globalization;

namespace EdgeDaemon.EndToEnd;

/// <summary>Bodies of refused requests over HTTP/1.1: what is small is read past and the connection kept, what is not is not read.</summary>
[TestClass]
public sealed class RefusedRestTests
{
    /// <summary>The body never ends; the server by itself would read on for five seconds.</summary>
    [TestMethod]
    [DataRow("Content-Length: 10000000", "/v2/models/absent/infer", 404)]
    [DataRow("Content-Length: 900000000", "/v2/models/digits/infer", 413)]
    [DataRow("Transfer-Encoding: chunked", "/v2/nowhere", 404)]
    public async Task LargeOrEndless_AreNotReadOn(string length, string target, int status)
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        connection.Send(HttpConnection.Request("POST", target, default, length));
        connection.Send(length.StartsWith('C') ? "{"u8 : "1\r\n{\r\n"u8);
        HttpAnswer answer = connection.Read()!;
        Assert.AreEqual(status, answer.Status, answer.Text);
        Assert.IsTrue(answer.Closes);
        var waited = Stopwatch.StartNew();
        byte[] more = length.StartsWith('C') ? new byte[100] : [.. "64\r\n"u8, .. new byte[100], .. "\r\n"u8];
        await Waiting.UntilAsync(() => !connection.Send(more));
        Assert.IsNull(connection.Read());
        Assert.IsLessThan(TimeSpan.FromSeconds(3), waited.Elapsed, "the rest of a refused body was read");
    }

    /// <summary>The control: what is there or small costs nothing to read past.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Small_LeaveTheirConnection(bool chunked)
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        byte[] json = [.. "{"u8, .. new byte[10_000]];
        byte[] bad = chunked
            ? HttpConnection.Request("POST", "/v2/models/digits/infer", [.. System.Text.Encoding.ASCII.GetBytes(json.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. json, .. "\r\n0\r\n\r\n"u8], "Transfer-Encoding: chunked")
            : Digits.Infer("digits", json);
        for (int i = 0; i < 3; i++)
        {
            HttpAnswer answer = connection.Ask(bad);
            Assert.AreEqual(400, answer.Status);
            Assert.IsFalse(answer.Closes);
        }

        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 1)).Status);
    }
}
