namespace EdgeDaemon.Ctl.Pki;

/// <summary>Kinds of subjectAltName; the numbers are their tags (RFC 5280, 4.2.1.6).</summary>
internal enum AlternativeNameKind
{
    Email = 1,
    Dns = 2,
    Uri = 6,
    Ip = 7,
}
