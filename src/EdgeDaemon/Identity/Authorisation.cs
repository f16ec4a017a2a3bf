using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Identity;

/// <summary>The one point, after routing, where it is decided who may do what. Deny by default.</summary>
internal sealed class Authorisation(TenantDirectory tenants, TokenVerifier tokens, TimeProvider clock)
{
    /// <summary>The tenant on whose behalf the exchange goes on; null only where anybody may ask.</summary>
    /// <exception cref="RefusedException">Unknown, without the role, without the token that the role needs, or with a certificate that has expired since.</exception>
    public Tenant? Enter(HttpExchange exchange, Access access)
    {
        Caller caller = exchange.Caller;
        Tenant? tenant = caller.TenantIn(tenants.Now);
        exchange.Tenant = tenant;
        exchange.IsAuthorised = false; // Of a stream, each message is judged anew.
        if (access == Access.Public)
        {
            exchange.IsProbe = true;
            exchange.IsAuthorised = true;
            return tenant;
        }

        DateTimeOffset now = clock.GetUtcNow();
        if (caller.Expires <= now)
        {
            throw new RefusedException(Refusal.AccessExpired, $"the certificate of {caller} expired at {caller.Expires:u}");
        }

        if (tenant is null)
        {
            throw new RefusedException(Refusal.AccessUnknownCaller, $"no tenant has the caller {caller}");
        }

        Require(exchange, tenant, RolesFor(access), now);
        exchange.IsAuthorised = true;
        return tenant;
    }

    /// <summary>Whether whoever asks a model may also see how its answer came about: what members chose tells more of a model than its answer.</summary>
    /// <exception cref="RefusedException">Without one of the roles, or without the token that it needs.</exception>
    public void RequireDetail(HttpExchange exchange) => Require(exchange, exchange.Tenant!, Roles.Observe | Roles.Admin, clock.GetUtcNow());

    private void Require(HttpExchange exchange, Tenant tenant, Roles needed, DateTimeOffset now)
    {
        if (!tenant.Has(needed))
        {
            throw new RefusedException(Refusal.AccessRoleMissing, $"tenant '{tenant.Name}' has none of the roles {needed}");
        }

        // A tenant with two roles that open the same door uses both: what it sees is what both together may see.
        if (tokens.Now is { } second && tenant.Has(needed & second.RequiredFor))
        {
            second.Require(exchange.Authorization, exchange.Caller, now);
        }
    }

    /// <summary>
    /// A model that is not the tenant's is, for the tenant, not there. To be asked before anybody looks whether it is: else the answer, by its text or
    /// its time, would tell names and versions of others' models.
    /// </summary>
    public static void RequireModel(Tenant tenant, ReadOnlySpan<char> model, Access access)
    {
        if (!Sees(tenant, model, access))
        {
            throw new RefusedException(Refusal.ModelNotFound, $"model '{model}' is not granted to tenant '{tenant.Name}'");
        }
    }

    /// <summary>Whether a model exists for the tenant; whoever observes sees all of them.</summary>
    public static bool Sees(Tenant tenant, ReadOnlySpan<char> model, Access access) =>
        (tenant.Has(Roles.Infer) && tenant.Grants(model)) || (access == Access.Describe && tenant.Has(Roles.Observe));

    private static Roles RolesFor(Access access) => access switch
    {
        Access.Infer => Roles.Infer,
        Access.Describe => Roles.Infer | Roles.Observe,
        Access.Observe => Roles.Observe,
        Access.Fleet => Roles.Fleet,
        Access.Admin => Roles.Admin,
        _ => Roles.None, // Nobody has none of the roles.
    };
}
