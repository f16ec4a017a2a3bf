using System.CommandLine;
using EdgeDaemon.Ctl.Pki;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>What the commands of <c>edgectl pki</c> share.</summary>
internal static class PkiOptions
{
    /// <summary>Ten years: beyond that nobody who knows the key is left.</summary>
    public const int MostDays = 3660;

    public static Argument<string> Folder() => new("dir") { Description = "The authority's folder." };

    public static KeyOptions Key() => new("--key", "The authority's key, where it is not DIR/root.key.", required: false);

    public static Option<int> Days(string description, int usual) => NumberOption.Create("--days", description, "days", 1, MostDays, usual);

    public static Option<string> Name(string description)
    {
        var name = new Option<string>("--name") { Description = description, HelpName = "name", Required = true };
        name.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && CommonName.Fault(token.Value) is string fault)
            {
                result.AddError($"--name {fault}.");
            }
        });
        return name;
    }

    /// <summary>Before anything is made or recorded; whoever writes them makes sure once more.</summary>
    public static void RefuseToOverwrite(params string[] paths)
    {
        if (paths.FirstOrDefault(Path.Exists) is { } taken)
        {
            throw new CtlException($"{taken} exists and is not overwritten: choose another name");
        }
    }
}
