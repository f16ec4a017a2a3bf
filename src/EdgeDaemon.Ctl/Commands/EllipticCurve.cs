using System.CommandLine;
using System.Security.Cryptography;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>--curve</c>: the three curves of OMS.</summary>
internal static class EllipticCurve
{
    public static Option<string> Option(string usual)
    {
        var curve = new Option<string>("--curve") { Description = "p256, p384 or p521.", DefaultValueFactory = _ => usual };
        curve.AcceptOnlyFromAmong("p256", "p384", "p521");
        return curve;
    }

    public static ECCurve Named(string name) => name switch
    {
        "p384" => ECCurve.NamedCurves.nistP384,
        "p521" => ECCurve.NamedCurves.nistP521,
        _ => ECCurve.NamedCurves.nistP256,
    };
}
