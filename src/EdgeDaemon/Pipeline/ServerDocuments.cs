using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Identity;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>What both wires say of the server and its models.</summary>
internal sealed class ServerDocuments(ModelRegistry models)
{
    public const string Name = "edged";

    /// <summary>Only what is really served: clients use the list as a switch.</summary>
    public static readonly string[] Extensions = ["binary_tensor_data", "model_configuration", "parameters", "schedule_policy", "statistics"];

    /// <summary>What an unprivileged caller may know: the names that serve. Refused bundles and reasons are the control surface's.</summary>
    public ModelIndexEntry[] Index(Tenant tenant) => [.. models.Serving.Where(model => Sees(tenant, model)).Select(model => new ModelIndexEntry(model.Name, model.Manifest.Version, "READY", ""))];

    public ModelStatistics[] Statistics(Tenant tenant) => [.. models.Serving.Where(model => Sees(tenant, model)).Select(StatisticsOf)];

    public static ModelStatistics StatisticsOf(ServedModel model) => model.Engine.Statistics(model.Name, model.Manifest.Version);

    private static bool Sees(Tenant tenant, ServedModel model) => Authorisation.Sees(tenant, model.Name, Access.Describe);
}
