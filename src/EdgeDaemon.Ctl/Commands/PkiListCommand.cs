using System.CommandLine;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Pki;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl pki list</c>: what an authority has issued.</summary>
internal static class PkiListCommand
{
    public static Command Create()
    {
        Argument<string> folder = PkiOptions.Folder();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("list", "Print what an authority has issued, and what of it is good.", "edgectl pki list ca") { folder, json };
        command.SetAction(parsed =>
        {
            using AuthorityFolder authority = AuthorityFolder.Open(parsed.GetRequiredValue(folder), change: false);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(AuthorityText.Json(authority, DateTimeOffset.UtcNow));
            }
            else
            {
                AuthorityText.Write(authority, DateTimeOffset.UtcNow, output);
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }
}
