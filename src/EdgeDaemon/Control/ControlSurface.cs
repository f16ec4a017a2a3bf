using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Control;

/// <summary>What the device's operator may ask over the control socket: status, models, and why a bundle was refused.</summary>
internal sealed class ControlSurface(ControlDocuments documents, Authorisation authorisation)
{
    private const string ModelPrefix = "/control/models/";

    public ValueTask AnswerAsync(HttpExchange exchange)
    {
        string target = exchange.Target;
        int query = target.IndexOf('?', StringComparison.Ordinal);
        string path = query < 0 ? target : target[..query];
        bool known = path is "/control/status" or "/control/models" || (path.StartsWith(ModelPrefix, StringComparison.Ordinal) && path.Length > ModelPrefix.Length);
        if (!known)
        {
            throw new RefusedException(Refusal.RouteUnknown, $"control: {exchange.Method} {path}");
        }

        if (exchange.Method != "GET")
        {
            exchange.SetHeader("Allow", "GET");
            throw new RefusedException(Refusal.RouteMethodNotAllowed, $"control: {exchange.Method} {path}");
        }

        authorisation.Enter(exchange, Access.Observe);
        return path switch
        {
            "/control/status" => exchange.RespondJsonAsync(200, documents.Status()),
            "/control/models" => exchange.RespondJsonAsync(200, documents.Models()),
            _ => exchange.RespondJsonAsync(200, documents.Model(Uri.UnescapeDataString(path[ModelPrefix.Length..]))),
        };
    }
}
