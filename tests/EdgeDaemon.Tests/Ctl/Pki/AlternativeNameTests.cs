using System.Formats.Asn1;
using EdgeDaemon.Ctl.Pki;

namespace EdgeDaemon.Tests.Ctl.Pki;

[TestClass]
public sealed class AlternativeNameTests
{
    [TestMethod]
    [DataRow("dns:localhost")]
    [DataRow("dns:a-1.example.com")]
    [DataRow("dns:*.example.com")]
    [DataRow("dns:xn--bcher-kva.example")]
    [DataRow("ip:10.0.0.7")]
    [DataRow("ip:2001:db8::1")]
    [DataRow("ip:::1")]
    [DataRow("uri:spiffe://example.com/ns/prod/camera-7")]
    [DataRow("uri:https://example.com/a?b=c")]
    [DataRow("email:alice.b+c@example.com")]
    public void Plain_names_are_kept_letter_by_letter(string text)
    {
        AlternativeName name = AlternativeName.Parse(text);
        Assert.AreEqual(text, name.ToString());
        var writer = new AsnWriter(AsnEncodingRules.DER);
        name.Write(writer);
        Assert.AreEqual((byte)(0x80 | (int)name.Kind), writer.Encode()[0]);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("example.com", DisplayName = "no kind")]
    [DataRow("DNS:example.com")]
    [DataRow("dns:")]
    [DataRow("dns:Example.com", DisplayName = "capitals: a second spelling")]
    [DataRow("dns:a b")]
    [DataRow("dns:-a.example")]
    [DataRow("dns:a..b")]
    [DataRow("dns:a.")]
    [DataRow("dns:*")]
    [DataRow("dns:*.com")]
    [DataRow("dns:a.*.com")]
    [DataRow("dns:b\u00fccher.example")]
    [DataRow("dns:a\0b")]
    [DataRow("dns:a\nb")]
    [DataRow("ip:1", DisplayName = "0.0.0.1 to some parsers")]
    [DataRow("ip:0x7f.1")]
    [DataRow("ip:010.0.0.1")]
    [DataRow("ip:10.0.0.7/24")]
    [DataRow("ip:2001:DB8::1")]
    [DataRow("ip:2001:db8:0::1")]
    [DataRow("ip:fe80::1%1")]
    [DataRow("ip:[::1]")]
    [DataRow("uri:example.com")]
    [DataRow("uri:SPIFFE://example.com/a")]
    [DataRow("uri:spiffe://example.com")]
    [DataRow("uri:spiffe://Example.com/a")]
    [DataRow("uri:spiffe://example.com:80/a")]
    [DataRow("uri:spiffe://u@example.com/a")]
    [DataRow("uri:spiffe://example.com/a/../b")]
    [DataRow("uri:spiffe://example.com/a//b")]
    [DataRow("uri:spiffe://example.com/a?b")]
    [DataRow("uri:spiffe://example.com/a%2Fb")]
    [DataRow("email:alice")]
    [DataRow("email:@example.com")]
    [DataRow("email:a@b@c")]
    [DataRow("email:a@*.example.com")]
    [DataRow("other:1.2.3")]
    public void Whatever_could_be_read_as_another_name_is_refused(string text) =>
        Assert.ThrowsExactly<FormatException>(() => AlternativeName.Parse(text));

    [TestMethod]
    public void Names_too_long_are_refused()
    {
        string label = new('a', 63);
        AlternativeName.Parse($"dns:{label}.{label}.{label}");
        Assert.ThrowsExactly<FormatException>(() => AlternativeName.Parse($"dns:{label}a.example"));
        Assert.ThrowsExactly<FormatException>(() => AlternativeName.Parse($"dns:{label}.{label}.{label}.{label}"));
    }
}
