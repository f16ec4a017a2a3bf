using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Tests.Identity;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>What leaves by an exchange whose route never asked who may have it: refusals, and nothing else. The control is the same after somebody has decided.</summary>
[TestClass]
public sealed class HttpExchangeTests
{
    [TestMethod]
    [DataRow(200)]
    [DataRow(204)]
    [DataRow(301)]
    public void What_nobody_has_authorised_is_no_answer(int status)
    {
        HttpExchange exchange = AuthorisationTests.Ask(Caller.OfUser(1, []));
        Assert.ThrowsExactly<InvalidOperationException>(() => exchange.StartResponse(status, 0));
        exchange.StartResponse(403, 0);
        exchange.IsAuthorised = true;
        exchange.StartResponse(status, 0);
    }

    // The body cannot be written here: who comes so far was let through.
    [TestMethod]
    public void Nor_is_it_a_message_of_a_call()
    {
        HttpExchange exchange = AuthorisationTests.Ask(Caller.OfUser(1, []));
        Assert.ThrowsExactly<InvalidOperationException>(() => GrpcAnswer.Begin(exchange, 0));
        Assert.ThrowsExactly<InvalidOperationException>(() => GrpcAnswer.End(exchange));
        exchange.IsAuthorised = true;
        Assert.ThrowsExactly<NotSupportedException>(() => GrpcAnswer.Begin(exchange, 0));
    }

    [TestMethod]
    public void What_was_decided_of_one_request_is_not_of_the_next()
    {
        HttpExchange exchange = AuthorisationTests.Ask(Caller.OfUser(1, []), out var features);
        exchange.IsAuthorised = true;
        exchange.End();
        exchange.Begin(features);
        Assert.ThrowsExactly<InvalidOperationException>(() => exchange.StartResponse(200, 0));
    }

    // A connection's parts are looked for once: another's must not be answered for this one's caller.
    [TestMethod]
    public void Who_asks_is_the_callers_of_the_connection_that_it_begins_on()
    {
        HttpExchange exchange = AuthorisationTests.Ask(Caller.OfUser(1, []), out var first);
        AuthorisationTests.Ask(Caller.OfUser(2, []), out var second);
        Caller one = exchange.Caller;
        exchange.End();
        exchange.Begin(first);
        Assert.AreSame(one, exchange.Caller);
        exchange.End();
        exchange.Begin(second);
        Assert.AreSame(second.Get<Arrival>()!.Caller, exchange.Caller);
        Assert.AreNotSame(one, exchange.Caller);
        exchange.StartResponse(403, 0);
        Assert.AreEqual(403, second.Get<IHttpResponseFeature>()!.StatusCode);
        Assert.AreEqual(500, first.Get<IHttpResponseFeature>()!.StatusCode);
    }

    // The server's own word for what is left unanswered is 200.
    [TestMethod]
    public void What_nobody_answers_is_an_error()
    {
        AuthorisationTests.Ask(Caller.OfUser(1, []), out var features);
        Assert.AreEqual(500, features.Get<IHttpResponseFeature>()!.StatusCode);
    }
}
