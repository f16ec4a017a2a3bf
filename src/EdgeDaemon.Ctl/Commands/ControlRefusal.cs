using System.Net;
using EdgeDaemon.Client;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>What a daemon's refusal means to whoever typed a command: the daemon itself says little to callers.</summary>
internal static class ControlRefusal
{
    /// <param name="role">What the command needs.</param>
    /// <exception cref="CtlException">The daemon refused, and it is known what that means.</exception>
    public static async Task<T> ExplainAsync<T>(string role, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (EdgeClientException refused) when (refused.Status is HttpStatusCode.Forbidden)
        {
            throw new CtlException($"the daemon does not permit it{Id(refused)}: this needs the role {role}. Which tenant you are, and its roles, stand in edged.toml ([[tenant]])", refused);
        }
        catch (EdgeClientException refused) when (refused.Status is HttpStatusCode.Unauthorized)
        {
            throw new CtlException($"the daemon refused it{Id(refused)}: {refused.PublicText}. The role {role} may need a token ([token] of edged.toml); 'edgectl token' makes one", refused);
        }
        catch (EdgeClientException refused) when (refused.Status is HttpStatusCode.NotFound && refused.PublicText == "no such endpoint")
        {
            throw new CtlException($"nothing of that kind is behind this socket{Id(refused)}: is it the control socket, and the daemon as new as this tool?", refused);
        }
    }

    private static string Id(EdgeClientException refused) => refused.RequestId is { } id ? $" (request {id})" : "";
}
