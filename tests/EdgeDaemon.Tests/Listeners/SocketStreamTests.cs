namespace EdgeDaemon.Tests.Listeners;

/// <summary>The socket without pipes.</summary>
[TestClass]
public sealed class SocketStreamTests
{
    [TestMethod]
    public async Task A_read_that_is_called_off_does_not_take_the_news_of_what_has_come_with_it()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        byte[] buffer = new byte[100];
        for (int i = 0; i < 200; i++)
        {
            await held.Client.SendAsync(new byte[1]);
            Assert.AreEqual(1, await held.Connection.ReceiveAsync(buffer, CancellationToken.None).AsTask().WaitAsync(TlsBench.Patience));
            await held.Client.SendAsync(new byte[1]);
            try
            {
                // It may also find the byte: what was read was read.
                Assert.AreEqual(1, await held.Connection.ReceiveAsync(buffer, new CancellationToken(canceled: true)));
                continue;
            }
            catch (OperationCanceledException)
            {
                // Before it came, or with the news.
            }

            Assert.AreEqual(1, await held.Connection.ReceiveAsync(buffer, CancellationToken.None).AsTask().WaitAsync(TlsBench.Patience));
        }
    }
}
