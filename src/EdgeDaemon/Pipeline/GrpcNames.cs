using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Pipeline;

/// <summary>Model names and versions that came in a message, where no path has checked them.</summary>
internal static class GrpcNames
{
    public static void Check(ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        if (!RestRoute.IsModelName(name))
        {
            throw new RefusedException(Refusal.ModelNotFound, "the message's model_name is none that a model can have");
        }

        if (!version.IsEmpty && !RestRoute.IsVersion(version))
        {
            throw new RefusedException(Refusal.ModelVersionNotFound, $"the message's version of '{name}' is none that a model can have");
        }
    }
}
